"""Pages that neither repeat nor lose a row: keyset cursors over a total order."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import or_
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db import models
from django.db.models import F, Q, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request

from api.asking import Code, Day, RefusedError, Whole, read_list
from api.links import absolute
from api.problems import InvalidParametersError, StaleCursorError, error
from api.release import current
from policy.hits import Hits
from policy.models import SearchEntry
from policy.models.search import KIND_OF
from policy.searching import entry_key

VERSION = 1
PARTS = [int, str, str, bool, list]
"""What a cursor holds: version, release, digest of the asking, direction, values."""
MAX_CURSOR = 2000
PAGE_SIZE = Whole(1, 500)
DEFAULT_PAGE_SIZE = 50
RANK = "rank"
"""The annotation by which a search puts the best match first."""
PRESENTATION = {"cursor", "page_size", "format", "fields", "omit", "expand", "facets"}
"""Parameters that change how a page looks and not which rows a list holds, or in what order."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a list is ordered by; rows without a value come last, unless read backwards."""

    name: str
    field: models.Field[Any, Any]
    descending: bool
    nulls_first: bool = False

    def reversed(self) -> Column:
        """Give the column as one reads it from the end."""
        return Column(self.name, self.field, not self.descending, not self.nulls_first)

    @property
    def expression(self) -> Any:
        """What to order by, with the place of NULL said, since the engines differ in it."""
        f = F(self.name)
        if not self.field.null:
            return f.desc() if self.descending else f.asc()
        nulls = {"nulls_first": True} if self.nulls_first else {"nulls_last": True}
        return f.desc(**nulls) if self.descending else f.asc(**nulls)

    def after(self, value: Any) -> Q:
        """Give the condition that a row comes strictly after one with this value."""
        if value is None:
            return Q(**{f"{self.name}__isnull": False}) if self.nulls_first else Q(pk__in=[])
        condition = Q(**{f"{self.name}__{'lt' if self.descending else 'gt'}": value})
        if self.field.null and not self.nulls_first:
            condition |= Q(**{f"{self.name}__isnull": True})
        return condition

    def same(self, value: Any) -> Q:
        """Give the condition that a row has this value."""
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})

    def read(self, value: Any) -> Any:
        """Give the value a cursor holds for this column; raises ValueError if it cannot be one."""
        if value is None and self.field.null:
            return None
        if isinstance(self.field, models.DateField) and isinstance(value, str):
            return Day().read(value)
        if isinstance(self.field, models.IntegerField):
            if type(value) is int and -(2**31) <= value < 2**31:
                return value
        elif isinstance(value, str) and len(value) <= 500 and "\0" not in value:
            value.encode()
            return value
        raise ValueError(value)


class KeysetPagination(BasePagination):
    """Cuts a list into pages and links each to its neighbours."""

    parameters: ClassVar = ("cursor", "ordering", "page_size")

    def paginate_queryset(
        self, queryset: QuerySet[Any], request: Request, view: Any = None
    ) -> list[Any]:
        """Give one page of the list; raises InvalidParametersError and StaleCursorError."""
        self.request = request
        asked = request.query_params
        size = DEFAULT_PAGE_SIZE
        errors = []
        try:
            size = PAGE_SIZE.read(asked["page_size"]) if "page_size" in asked else size
        except RefusedError as refused:
            errors.append(error("page_size", refused.detail))
        columns = []
        try:
            columns = order_of(queryset, view.ordering_fields, asked.get("ordering", ""))
        except RefusedError as refused:
            errors.append(error("ordering", refused.detail, refused.nearest, refused.allowed))
        if errors:
            raise InvalidParametersError(errors)
        self.release = current()
        self.digest = _digest(request.path, asked)
        backwards, values = False, None
        if "cursor" in asked:
            backwards, values = self._read_cursor(asked["cursor"], columns)
        found: Hits | None = getattr(view, "found", None)
        counted = getattr(view, "counted", None)
        if found is not None:
            self.count = _number(self.release.content_hash, found)
        else:
            self.count = self._counted(queryset if counted is None else counted)
        read = [column.reversed() for column in columns] if backwards else columns
        if found is not None and _by_rank_and_key(read):
            rows = self._found(view.get_queryset(), found, read, values, size + 1)
        else:
            rows = list(_cut(queryset, read, values, size + 1))
        more = len(rows) > size
        rows = rows[:size]
        if backwards:
            rows.reverse()
        self.columns = columns
        forward_exists = bool(rows) and (more if not backwards else True)
        backward_exists = bool(rows) and (more if backwards else values is not None)
        self.next = self._link(rows[-1], backwards=False) if forward_exists else None
        self.previous = self._link(rows[0], backwards=True) if backward_exists else None
        return rows

    def _counted(self, queryset: QuerySet[Any]) -> int:
        """Give the number of records; the release tells that of a list nobody narrowed."""
        if queryset.query.where:
            return queryset.count()
        kind = str(queryset.model._meta.verbose_name_plural).replace(" ", "_")
        told: int | None = self.release.counts.get(kind)
        return queryset.count() if told is None else told

    def _found(
        self,
        records: QuerySet[Any],
        found: Hits,
        read: list[Column],
        values: list[Any] | None,
        number: int,
    ) -> list[Any]:
        """Give the first records after the one with these values, looked up by what was found."""
        by_entry = records.model is SearchEntry
        place = None
        if values is not None:
            rank, key = values
            place = rank, key if by_entry else entry_key(KIND_OF[records.model], key)
        places = found.after(place, number, self.count, backwards=not read[0].descending)
        entries = [entry for _, entry in places]
        keys = dict(zip(entries, entries, strict=True))
        if not by_entry:
            keys = dict(SearchEntry.objects.filter(pk__in=entries).values_list("pk", "record"))
        by_key = {row.pk: row for row in records.filter(pk__in=keys.values())}
        for rank, entry in places:
            by_key[keys[entry]].rank = rank
        return [by_key[keys[entry]] for entry in entries]

    def page(self, facets: dict[str, Any]) -> dict[str, Any]:
        """Give what stands around the records: release, count, links and facets."""
        return {
            "release": self.release.version,
            "count": self.count,
            "next": self.next,
            "previous": self.previous,
            "facets": facets,
        }

    def get_paginated_response_schema(self, schema: Any) -> Any:
        """Give the JSON schema of a page."""
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "description": "One page of a list, and the way to the others.",
            "required": ["release", "count", "next", "previous", "facets", "results"],
            "properties": {
                "release": {
                    "type": "string",
                    "description": "Version of the release the page was read from.",
                    "examples": ["1.0.0"],
                },
                "count": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "Number of records in the whole list, all pages together.",
                    "examples": [11],
                },
                "next": {**link, "description": "URL of the next page; null on the last."},
                "previous": {**link, "description": "URL of the page before; null on the first."},
                "facets": {
                    "type": "object",
                    "description": "Per facet that was asked for, the number of records in the "
                    "whole list by value, the most frequent first.",
                    "additionalProperties": {
                        "type": "array",
                        "items": {"$ref": "#/components/schemas/FacetCount"},
                    },
                    "examples": [{"topic": [{"value": "migration", "count": 7}]}],
                },
                "results": {**schema, "description": "The records of this page, in order."},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the parameters of paging."""
        names = [f"{sign}{name}" for name in view.ordering_fields for sign in ("", "-")]
        return [
            {
                "name": "cursor",
                "in": "query",
                "description": "Where a page begins: taken from next or previous, never made by "
                "hand. It is bound to its filters, its ordering and its release.",
                "schema": {"type": "string", "maxLength": MAX_CURSOR},
            },
            {
                "name": "ordering",
                "in": "query",
                "description": "Columns to order by, the first one first; a minus sign turns one "
                "round. Records without a value come last. The key decides between equals.",
                "schema": {
                    "type": "array",
                    "items": {"type": "string", "enum": names},
                    "minItems": 1,
                    "uniqueItems": True,
                },
                "style": "form",
                "explode": False,
            },
            {
                "name": "page_size",
                "in": "query",
                "description": "Greatest number of records on a page.",
                "schema": {**PAGE_SIZE.schema, "default": DEFAULT_PAGE_SIZE},
            },
        ]

    def _read_cursor(self, text: str, columns: list[Column]) -> tuple[bool, list[Any]]:
        wrong = "This is no cursor of ours: leave it out to start over."
        try:
            release, digest, backwards, values = _decoded(text)
            if release != self.release.content_hash[:12]:
                raise StaleCursorError
            if digest != self.digest:
                wrong = (
                    "The cursor was made for other filters or another ordering: follow next and "
                    "previous as they are, or leave it out to start over."
                )
            read = [column.read(value) for column, value in zip(columns, values, strict=True)]
        except (ValueError, TypeError, RecursionError) as invalid:
            raise InvalidParametersError([error("cursor", wrong)]) from invalid
        if digest != self.digest:
            raise InvalidParametersError([error("cursor", wrong)])
        return backwards, read

    def _link(self, row: models.Model, *, backwards: bool) -> str:
        values = [getattr(row, column.name) for column in self.columns]
        asked: dict[str, Any] = dict(sorted(self.request.query_params.items()))
        place = (self.release.content_hash, self.request.path)
        cursor = encoded(place, asked, values, backwards=backwards)
        query = urlencode({**asked, "cursor": cursor}, safe=",")
        return absolute(self.request._request, f"{self.request.path}?{query}")


def _cut(
    queryset: QuerySet[Any], read: list[Column], values: list[Any] | None, number: int
) -> QuerySet[Any]:
    """Give the first rows after the one with these values."""
    page = queryset.order_by(*(column.expression for column in read))
    return (page if values is None else page.filter(_after(read, values)))[:number]


def _by_rank_and_key(columns: list[Column]) -> bool:
    return columns[0].name == RANK and len(columns) == 2 and columns[1].field.primary_key


@lru_cache(1000)
def _number(content_hash: str, found: Hits) -> int:
    """Give the number of hits, which a release never changes: every page of a search tells it."""
    return found.count()


def order_of(queryset: QuerySet[Any], allowed: Mapping[str, str], text: str) -> list[Column]:
    """Give the columns a list is ordered by, ending in the key so that no two rows tie.

    ``allowed`` maps the names a client may write to columns, ``text`` is what it wrote, such as
    ``-time_earliest,title``. Raises RefusedError.
    """
    meta = queryset.model._meta
    names = [f"{sign}{name}" for name in allowed for sign in ("", "-")]
    asked = read_list(Code(names), text) if text else []
    bare = [name.removeprefix("-") for name in text.split(",")]
    if len(set(bare)) < len(bare):
        raise RefusedError("The ordering names a column twice.")
    paths = [(allowed[name.removeprefix("-")], name.startswith("-")) for name in asked]
    columns = [
        Column(path, meta.pk if path == "pk" else meta.get_field(path), descending)
        for path, descending in paths or [(str(name), False) for name in meta.ordering]
    ]
    if not paths and RANK in queryset.query.annotations:
        columns.insert(0, Column(RANK, models.IntegerField(), descending=True))
    if not any(column.field.primary_key for column in columns):
        columns.append(Column("pk", meta.pk, columns[-1].descending))
    return columns


def ordered(
    queryset: QuerySet[Any], allowed: Mapping[str, str], asked: Mapping[str, str]
) -> QuerySet[Any]:
    """Give a whole list in the order that was asked for; raises InvalidParametersError."""
    try:
        columns = order_of(queryset, allowed, asked.get("ordering", ""))
    except RefusedError as refused:
        wrong = error("ordering", refused.detail, refused.nearest, refused.allowed)
        raise InvalidParametersError([wrong]) from refused
    return queryset.order_by(*(column.expression for column in columns))


def encoded(
    place: tuple[str, str],
    asked: Mapping[str, str],
    values: list[Any],
    *,
    backwards: bool = False,
) -> str:
    """Give the cursor for the page beside a row with these values.

    ``place`` is the content hash of the release and the path of the list, ``asked`` its parameters.
    """
    content_hash, path = place
    content = [VERSION, content_hash[:12], _digest(path, asked), backwards, values]
    raw = json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str).encode()
    return _text(raw)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> tuple[str, str, bool, list[Any]]:
    """Take a cursor apart; raises ValueError or TypeError when it is none."""
    if len(text) > MAX_CURSOR:
        raise ValueError(len(text))
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _text(raw) != text:
        raise ValueError(text)
    parts = json.loads(raw)
    if not isinstance(parts, list) or [type(part) for part in parts] != PARTS:
        raise ValueError(parts)
    version, release, digest, backwards, values = parts
    if version != VERSION:
        raise ValueError(version)
    return release, digest, backwards, values


def _after(columns: list[Column], values: list[Any]) -> Q:
    ways, equal = [], Q()
    for column, value in zip(columns, values, strict=True):
        ways.append(equal & column.after(value))
        equal &= column.same(value)
    return reduce(or_, ways)


def _digest(path: str, asked: Mapping[str, str]) -> str:
    shape = sorted((name, value) for name, value in asked.items() if name not in PRESENTATION)
    return hashlib.sha256(json.dumps([path, *shape]).encode()).hexdigest()[:12]
