"""Whole lists as CSV and NDJSON, and records that are written in JSON already."""

import json
import sys
import unicodedata
from array import array
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.renderers import BaseRenderer, JSONRenderer

from api.database.connections import renew
from api.models import LineLengths
from api.rendering.pages import render_json
from api.schema import SELECTION
from api.shaping import JsonObject

JsonObjects = list[JsonObject]
CHUNK = 500
"""How many records a stream holds at a time."""

GUARDED = frozenset("=+-@\t\r\n'")
"""What begins a formula in a spreadsheet, and the apostrophe that guards against it."""


class Csv(BaseRenderer):
    """The whole list as RFC 4180 CSV: a line of keys, then a line per record.

    Null is an empty cell, an empty text is two quotes, and every list or object is JSON. A text
    that a spreadsheet could take for a formula, or that begins with an apostrophe, has an
    apostrophe before it: take off the first one of a cell.
    """

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"
    schema: ClassVar = {"type": "string"}

    @staticmethod
    def head(keys: Sequence[str]) -> str:
        """Return what comes before the records."""
        return ",".join(keys) + "\r\n"

    @staticmethod
    def line(record: JsonObject, keys: Sequence[str]) -> str:
        """Return the line; null is an empty cell, an empty text is two quotes."""
        return ",".join(cell(record[key]) for key in keys) + "\r\n"


class Ndjson(Csv):
    """The whole list, one record of JSON on each line."""

    media_type = "application/x-ndjson"
    format = "ndjson"

    @staticmethod
    def head(keys: Sequence[str]) -> str:  # noqa: ARG004
        """Return what comes before the records."""
        return ""

    @staticmethod
    def line(record: JsonObject, keys: Sequence[str]) -> str:
        """Return the line."""
        return render_json({key: record[key] for key in keys}) + "\n"


class Selection(JSONRenderer):
    """JSON under the media type of answers with chosen keys, for those who ask for it by name."""

    media_type = SELECTION
    format = "selection"


STREAMS = (Csv, Ndjson)


def cell(value: Any) -> str:
    """Return the CSV cell of a value: lists and objects as JSON, formulas behind an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    elif unicodedata.normalize("NFKC", value[:1]) in GUARDED:
        # The full-width forms of the signs begin a formula too.
        text = f"'{value}"
    else:
        text = value
    escaped = text.replace('"', '""')
    return f'"{escaped}"'


def chunks(queryset: QuerySet[Any], size: int) -> Iterator[list[Any]]:
    """Return the rows of a list so many at a time, holding no more than these."""
    rows = iter(queryset.iterator(chunk_size=size))
    while chunk := list(islice(rows, size)):
        yield chunk
        renew()


def stream(
    rows: Iterable[list[Any]], head: str, lines: Callable[[list[Any]], Iterable[str]]
) -> Generator[bytes]:
    """Return a whole list, some rows at a time, from the snapshot that is open."""
    yield head.encode()
    for some in rows:
        yield "".join(lines(some)).encode()
        renew()


def in_bytes(lengths: "array[int]") -> bytes:
    """Return lengths as they are stored, the least byte of each first."""
    if sys.byteorder == "big":
        lengths = array("I", lengths)
        lengths.byteswap()
    return lengths.tobytes()


def length(place: str, renderer: type[Csv], keys: Sequence[str], rows: Iterable[int] | None) -> int:
    """Return the length in bytes of a list of rendered records, without making it.

    ``rows`` are the places of its records in the order of keys, from 0; None stands for all.
    """
    stored = LineLengths.objects.filter(pk=f"{place}.{renderer.format}")
    head = len(renderer.head(keys).encode())
    if rows is None:
        return head + int(stored.values_list("total", flat=True).get())
    lengths = array("I", bytes(stored.values_list("lengths", flat=True).get()))
    if sys.byteorder == "big":
        lengths.byteswap()
    return head + sum(map(lengths.__getitem__, rows))
