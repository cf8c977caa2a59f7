"""Records as JSON-LD, in the terms of schema.org, PROV and Web Annotation where they fit."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from django.http import HttpRequest
from rest_framework.relations import PrimaryKeyRelatedField
from rest_framework.serializers import BaseSerializer, Serializer

from api.addresses import absolute, record_url
from api.serializers.base import RecordKey
from api.shaping import JsonObject
from policy.models.registry import kind_of, list_name

PASSAGE = "oa:SpecificResource"
"""The type of a passage, by itself and as the evidence of a fact."""


@cache
def references(serializer: type[BaseSerializer[Any]]) -> dict[str, str]:
    """Return the list that the keys in a field lead to, by the field's name; parts included."""
    return dict(_references(serializer()))


def _references(serializer: Any) -> Iterator[tuple[str, str]]:
    for name, field in serializer.fields.items():
        inner = getattr(field, "child_relation", getattr(field, "child", field))
        if isinstance(inner, Serializer) and name != "evidence":
            yield from _references(inner)
        elif isinstance(inner, RecordKey):
            yield name, list_name(inner.model)
        elif isinstance(inner, PrimaryKeyRelatedField):
            model = serializer.Meta.model._meta.get_field(field.source).related_model
            if kind_of(model):
                yield name, list_name(model)


def context(view: Any, page: Iterable[str] = ()) -> JsonObject:
    """Return the context of a list; a name without a published term is a term of the codebook.

    ``page`` names the members around the records of a list. They say nothing about the records, so
    they have no term, and the graph alone is read as data.
    """
    link = {"@type": "@id"}
    terms = {
        "@version": 1.1,
        "@vocab": absolute(view.request._request, "/api/v1/codebook#"),
        "schema": "https://schema.org/",
        "prov": "http://www.w3.org/ns/prov#",
        "oa": "http://www.w3.org/ns/oa#",
        "id": "@id",
        "type": "@type",
        "name": "schema:name",
        "label": "schema:name",
        "title": "schema:name",
        "aliases": "schema:alternateName",
        "summary": "schema:abstract",
        "note": "schema:disambiguatingDescription",
        "quotation": "schema:text",
        "language": "schema:inLanguage",
        "published": "schema:datePublished",
        "publisher": "schema:publisher",
        "author": "schema:author",
        "url": {"@id": "schema:url", **link},
        "country": {"@id": "schema:nationality", **link},
        "speaker": {"@id": "schema:creator", **link},
        "about": {"@id": "schema:about", **link},
        "traveller": {"@id": "schema:participant", **link},
        "source": {"@id": "oa:hasSource", **link},
        "evidence": {"@id": "prov:wasDerivedFrom", **link},
        "selector": "oa:hasSelector",
        "start": {"@id": "oa:start"},
        "end": {"@id": "oa:end"},
        "exact": "oa:exact",
        **dict.fromkeys(("attributed_country", "host", "issues", "event"), link),
    }
    others = {name: link for name in references(view.serializer_class) if name not in terms}
    return {**terms, **others, **dict.fromkeys(page)}


def linked(view: Any, record: JsonObject) -> JsonObject:
    """Return a record as a node, its keys turned into URLs and its passages into selectors."""
    request = view.request._request
    if view.linked_type == PASSAGE:
        return _passage(request, record)
    url = record_url(request, view.resource, record["id"])
    members = _members(request, record, references(view.serializer_class))
    return {"id": url, "type": view.linked_type, **members}


def _members(request: HttpRequest, record: JsonObject, lists: Mapping[str, str]) -> JsonObject:
    members: JsonObject = {}
    for name, value in record.items():
        if name == "id":
            continue
        if name == "evidence":
            members[name] = [_passage(request, passage) for passage in value]
        elif name in lists and value:
            members[name] = _urls(request, lists[name], value)
        elif isinstance(value, list):
            members[name] = [
                _members(request, part, lists) if isinstance(part, dict) else part for part in value
            ]
        else:
            members[name] = value
    return members


def _urls(request: HttpRequest, resource: str, keys: Any) -> Any:
    if isinstance(keys, list):
        return [record_url(request, resource, key) for key in keys]
    return record_url(request, resource, keys)


def _passage(request: HttpRequest, record: JsonObject) -> JsonObject:
    apart = {"id", "source", "start", "end", "quote", "facts"}
    return {
        "id": record_url(request, "passages", record["id"]),
        "type": PASSAGE,
        "source": record_url(request, "sources", record["source"]),
        "selector": [
            {
                "type": "oa:TextPositionSelector",
                "start": record["start"],
                "end": record["end"],
            },
            {"type": "oa:TextQuoteSelector", "exact": record["quote"]},
        ],
        **{name: value for name, value in record.items() if name not in apart},
    }
