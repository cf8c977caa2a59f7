"""Hooks for schemathesis: parameters that exclude each other, which OpenAPI cannot express.

OpenAPI describes each parameter by itself. That a cursor must come from a response, or that a
stream has no pages, is written in descriptions only, so requests that they rule out would count
as valid. The hooks change valid cases alone: they remove parameters, or replace a query that has no
word, codes that no country has, versions that were never published, and text that is no batch of
reconciliation queries.
"""

import json
from collections.abc import Iterator
from typing import Any

import django
import schemathesis
from django.core.exceptions import ValidationError
from schemathesis import Case, GenerationMode, HookContext

django.setup()

from api.keys import CountryField, VersionField  # noqa: E402 - models need the settings first
from api.parameters import WordsField  # noqa: E402 - models need the settings first
from policy.country_codes import ALPHA3  # noqa: E402
from policy.plover import CODEBOOK  # noqa: E402

PAGING = ("cursor", "page_size", "facets", "expand")
SHAPING = ("fields", "omit", "expand")
COUNTRY = CountryField.schema["pattern"]
VERSION = VersionField().schema["pattern"]
STREAMS = ("csv", "ndjson")
WHOLE = ("geojson", "jsonld", "html")


def ruled_out(query: dict[str, Any], every: list[str]) -> Iterator[str]:
    """Yield the parameters that the others exclude; ``every`` names all keys of a record."""
    yield "cursor"
    if query.get("format") in STREAMS:
        yield from PAGING
    if query.get("format") in WHOLE:
        yield from SHAPING
    if "fields" in query or "expand" in query or set(query.get("omit", [])) >= set(every):
        yield "omit"
    if "fields" in query:
        yield "expand"
    bare = [name.removeprefix("-") for name in query.get("ordering", [])]
    if len(set(bare)) < len(bare):
        yield "ordering"
    if len({ALPHA3[code.upper()] for code in listed(query, "between")}) < 2:
        yield "between"
    for first, last, kind in (("from", "to", str), ("score_from", "score_to", float)):
        if {first, last} <= query.keys() and kind(query[first]) > kind(query[last]):
            yield last
    modes = {mode.code for code in listed(query, "event_type") for mode in CODEBOOK[code].modes}
    if "event_type" in query and not modes.issuperset(listed(query, "mode")):
        yield "mode"


def listed(query: dict[str, Any], name: str) -> list[str]:
    """Return the values of a parameter that takes a list, whether it is written already or not."""
    value = query.get(name, [])
    return value if isinstance(value, list) else str(value).split(",")


def batch(text: Any) -> str:
    """Return a batch that asks for a text, as far as a query may hold it."""
    asked = str(text).replace("\0", "").encode(errors="ignore").decode()[:500]
    return json.dumps({"q0": {"query": asked or "word"}})


def ask_in_batches(*given: Any) -> None:
    """Put a batch in place of the queries among some parameters."""
    for parameters in given:
        if isinstance(parameters, dict) and "queries" in parameters:
            parameters["queries"] = batch(parameters["queries"])


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """Remove from a valid case the parameters that its description rules out."""
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    query = case.query
    ask_in_batches(query, case.body)
    described = {each.name: each.definition for each in case.operation.query}
    # schemathesis keeps what a schema refers to in x-bundled.
    referred = described.get("omit", {}).get("schema", {}).get("x-bundled", {}).values()
    every = [name for keys in referred for name in keys["enum"]]
    for name in query.keys() & described.keys():
        schema = described[name]["schema"]
        if VERSION in (schema.get("pattern"), schema.get("items", {}).get("pattern")):
            query[name] = "1.0.0" if "pattern" in schema else ["1.0.0"]
        if schema.get("items", {}).get("pattern") == COUNTRY:
            codes = listed(query, name)
            if any(code.upper() not in ALPHA3 for code in codes):
                query[name] = [code if code.upper() in ALPHA3 else "PAN" for code in codes]
    for name in set(ruled_out(query, every)) & query.keys():
        del query[name]
    if "q" in query:
        query["q"] = query["q"].replace("\0", "")
        try:
            WordsField().to_python(query["q"])
        except ValidationError:
            query["q"] = "word"
