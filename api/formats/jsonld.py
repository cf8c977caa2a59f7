"""Records as JSON-LD, in the terms of schema.org, PROV and Web Annotation where they fit."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from api.addresses import absolute
from api.shaping import JsonObject

TYPES = {
    "countries": "schema:Country",
    "officials": "schema:Person",
    "statements": "schema:Claim",
    "bilateral-issues": "prov:Entity",
    "events": "schema:Event",
    "trips": "schema:Trip",
    "sources": "schema:CreativeWork",
    "passages": "oa:SpecificResource",
}
REFERENCES = {
    "source": "sources",
    "country": "countries",
    "attributed_country": "countries",
    "about": "countries",
    "speaker": "officials",
    "traveller": "officials",
    "host": "officials",
    "issues": "bilateral-issues",
    "event": "events",
}
"""The fields that hold keys, and the list whose records these lead to."""


def context(request: HttpRequest, page: Iterable[str] = ()) -> JsonObject:
    """Return the context; what no published vocabulary has a term for is a term of the codebook.

    ``page`` names what stands around the records of a list. It says nothing about them, so it has
    no term, and the graph stays the only thing that is said.
    """
    link = {"@type": "@id"}
    return {
        "@version": 1.1,
        "@vocab": absolute(request, "/api/v1/codebook#"),
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
        **dict.fromkeys(page),
    }


def linked(request: HttpRequest, resource: str, record: JsonObject) -> JsonObject:
    """Return a record as a node, its keys turned into addresses and its passages into selectors."""
    address = absolute(request, f"/api/v1/{resource}/{record['id']}")
    if resource == "passages":
        return _passage(request, record)
    return {"id": address, "type": TYPES[resource], **_members(request, record)}


def _members(request: HttpRequest, record: JsonObject) -> JsonObject:
    members: JsonObject = {}
    for name, value in record.items():
        if name == "id":
            continue
        if name == "evidence":
            members[name] = [_passage(request, passage) for passage in value]
        elif name in REFERENCES and value:
            members[name] = _addresses(request, REFERENCES[name], value)
        elif isinstance(value, list):
            members[name] = [
                _members(request, part) if isinstance(part, dict) else part for part in value
            ]
        else:
            members[name] = value
    return members


def _addresses(request: HttpRequest, resource: str, keys: Any) -> Any:
    if isinstance(keys, list):
        return [_addresses(request, resource, key) for key in keys]
    return absolute(request, f"/api/v1/{resource}/{keys}")


def _passage(request: HttpRequest, record: JsonObject) -> JsonObject:
    apart = {"id", "source", "start", "end", "quote", "facts"}
    return {
        "id": absolute(request, f"/api/v1/passages/{record['id']}"),
        "type": TYPES["passages"],
        "source": absolute(request, f"/api/v1/sources/{record['source']}"),
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
