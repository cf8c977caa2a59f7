"""Hooks for schemathesis: parameters that exclude each other, which OpenAPI cannot express.

OpenAPI describes each parameter by itself. That a cursor must come from a response, or that a
stream has no pages, is written in descriptions only, so requests that they rule out would count
as valid. The hooks change valid cases alone: they remove parameters, or replace a query that has no
word.
"""

from collections.abc import Iterator
from typing import Any

import django
import pycountry
import schemathesis
from django.core.exceptions import ValidationError
from schemathesis import Case, GenerationMode, HookContext

django.setup()

from api.parameters import WordsField  # noqa: E402 - models need the settings first

PAGING = ("cursor", "page_size", "facets", "expand")
SHAPING = ("fields", "omit", "expand")
STREAMS = ("csv", "ndjson")
WHOLE = ("geojson", "jsonld")


def named(code: str) -> str:
    """Return the country of a code, or the code itself if it is unknown."""
    try:
        return str(pycountry.countries.lookup(code).alpha_3)
    except LookupError:
        return code.upper()


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
    if len({named(code) for code in query.get("between", [])}) < 2:
        yield "between"


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """Remove from a valid case the parameters that its description rules out."""
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    query = case.query
    described = {each.name: each.definition for each in case.operation.query}
    # schemathesis keeps what a schema refers to in x-bundled.
    referred = described.get("omit", {}).get("schema", {}).get("x-bundled", {}).values()
    every = [name for keys in referred for name in keys["enum"]]
    for name in set(ruled_out(query, every)) & query.keys():
        del query[name]
    if "q" in query:
        query["q"] = query["q"].replace("\0", "")
        try:
            WordsField().to_python(query["q"])
        except ValidationError:
            query["q"] = "word"
