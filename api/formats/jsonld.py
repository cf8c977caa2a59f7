"""Records as JSON-LD, in the terms of schema.org, PROV and Web Annotation where they fit."""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from django.http import HttpRequest
from rest_framework.relations import PrimaryKeyRelatedField
from rest_framework.renderers import JSONRenderer
from rest_framework.serializers import BaseSerializer, Serializer

from api.addresses import absolute, record_url
from api.serializers.base import RecordKey
from api.shaping import JsonObject
from policy.evidence import sha256
from policy.models.registry import RecordKind, kind_of, list_name, served_models
from policy.models.relations import ENDS

TERMS: JsonObject = json.loads(Path(__file__).with_name("terms.json").read_text())
"""The terms that records use of published vocabularies; some hold within one type only."""
OWN = "/api/v1/terms"
"""The path of the document that defines all other terms."""
OF_ANY_KIND = (*ENDS, "other", "claim")
"""The keys that lead to a record of the kind which stands beside them."""
PASSAGE = "oa:SpecificResource"
"""The type of a passage, by itself and as the evidence of a fact."""


class JsonLd(JSONRenderer):
    """JSON-LD 1.1 in the terms of schema.org, PROV and Web Annotation.

    A list has the page's release, count, links and facets beside its graph, not in it.
    """

    media_type = "application/ld+json"
    format = "jsonld"
    schema: ClassVar = {
        "type": "object",
        "required": ["@context"],
        "additionalProperties": True,
        "properties": {
            "@context": {"type": "object", "description": "What the terms in the answer mean."}
        },
    }


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


def _meanings(serializer: Any) -> Iterator[tuple[str, str]]:
    for name, field in serializer.fields.items():
        yield name, str(field.help_text)
        inner = getattr(field, "child", field)
        if isinstance(inner, Serializer):
            yield from _meanings(inner)


def own_terms(request: HttpRequest, views: Iterable[Any]) -> JsonObject:
    """Return the definitions of the terms that records use and no published vocabulary has."""
    meanings: dict[str, set[str]] = {}
    for view in views:
        for name, meaning in _meanings(view.serializer_class()):
            if name not in TERMS:
                meanings.setdefault(name, set()).add(meaning)
    address = absolute(request, OWN)
    graph = [
        {
            "id": f"{address}#{name}",
            "type": "rdf:Property",
            "label": name,
            "rdfs:comment": sorted(meanings[name]),
            "rdfs:isDefinedBy": {"id": address},
        }
        for name in sorted(meanings)
    ]
    return {"@context": TERMS, "@graph": graph}


def context(view: Any, page: Iterable[str] = ()) -> JsonObject:
    """Return the context of a list; a name without a published term is one of our own.

    ``page`` names the members around the records of a list. They say nothing about the records, so
    they have no term, and the graph alone is read as data.
    """
    link = {"@type": "@id"}
    vocabulary = absolute(view.request._request, f"{OWN}#")
    terms = {"@version": 1.1, "@vocab": vocabulary, **TERMS}
    others = {name: link for name in references(view.serializer_class) if name not in terms}
    return {**terms, **others, **dict.fromkeys(OF_ANY_KIND, link), **dict.fromkeys(page)}


def linked(view: Any, record: JsonObject) -> JsonObject:
    """Return a record as a node, its keys turned into URLs and its passages into selectors."""
    request = view.request._request
    if view.linked_type == PASSAGE:
        return _passage(request, record)
    url = record_url(request, view.resource, record["id"])
    members = _members(request, record, references(view.serializer_class))
    return {"id": url, "type": view.linked_type, **members}


def _members(request: HttpRequest, record: JsonObject, lists: Mapping[str, str]) -> JsonObject:
    kinds = {name: record[f"{name}_kind"] for name in OF_ANY_KIND if f"{name}_kind" in record}

    def written(name: str, value: Any) -> Any:
        if isinstance(value, list):
            return [written(name, entry) for entry in value]
        if name == "evidence":
            return _passage(request, value)
        # No constraint of the database keeps other writers to the kinds.
        if kinds.get(name) in RecordKind.values:
            return record_url(request, list_name(served_models()[kinds[name]]), value)
        if name in lists and value:
            return record_url(request, lists[name], value)
        if not isinstance(value, dict):
            return value
        own = {"id": record_url(request, name, value["id"])} if name == "relations" else {}
        return {**own, **_members(request, value, lists)}

    return {name: written(name, value) for name, value in record.items() if name != "id"}


def _passage(request: HttpRequest, record: JsonObject) -> JsonObject:
    """Return a passage as a node whose selectors all select just its span or its entry.

    The quote does so where it is the whole span, which its digest tells.
    """
    apart = {"id", "source", "start", "end", "facts"}
    selectors: list[JsonObject] = []
    if record["entry"] is not None:
        selectors = [{"type": "oa:FragmentSelector", "value": record["entry"]}]
    else:
        place = {"start": record["start"], "end": record["end"]}
        selectors = [{"type": "oa:TextPositionSelector", **place}]
        if sha256(record["quote"]) == record["sha256"]:
            selectors.append({"type": "oa:TextQuoteSelector", "exact": record["quote"]})
    return {
        "id": record_url(request, "passages", record["id"]),
        "type": PASSAGE,
        "source": record_url(request, "sources", record["source"]),
        "selector": selectors,
        **{name: value for name, value in record.items() if name not in apart},
    }
