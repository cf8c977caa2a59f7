"""Whole lists as CSV and NDJSON, and records that are written in JSON already."""

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.renderers import BaseRenderer, JSONRenderer

from api.database.connections import renew
from api.schema import SELECTION
from api.shaping import JsonObject

JsonObjects = list[JsonObject]
CHUNK = 500
"""How many records a stream holds at a time."""
PIECE = 65536
"""How many characters of a stream are handed on at a time."""

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
    def lines(records: Iterable[JsonObject], keys: list[str]) -> Iterator[str]:
        """Return the lines; null is an empty cell, an empty text is two quotes."""
        yield ",".join(keys) + "\r\n"
        for record in records:
            yield ",".join(cell(record[key]) for key in keys) + "\r\n"


class Ndjson(Csv):
    """The whole list, one record of JSON on each line."""

    media_type = "application/x-ndjson"
    format = "ndjson"

    @staticmethod
    def lines(records: Iterable[JsonObject], keys: list[str]) -> Iterator[str]:
        """Return the lines."""
        for record in records:
            kept = {key: record[key] for key in keys}
            yield json.dumps(kept, ensure_ascii=False, separators=(",", ":")) + "\n"


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
    queryset: QuerySet[Any],
    written: Callable[[list[Any]], list[JsonObject]],
    renderer: type[Csv],
    keys: list[str],
) -> Iterator[bytes]:
    """Return a whole list, a chunk of records at a time, from the snapshot that is open."""
    records = (record for rows in chunks(queryset, CHUNK) for record in written(rows))
    piece: list[str] = []
    size = 0
    for line in renderer.lines(records, keys):
        piece.append(line)
        size += len(line)
        if size >= PIECE:
            yield "".join(piece).encode()
            piece, size = [], 0
    yield "".join(piece).encode()
