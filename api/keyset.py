"""A walk through a list, page by page, that neither repeats nor loses a row: keyset cursors."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q, QuerySet

from api.parameters import DayField, ParameterField, refusal
from api.problems import InvalidParametersError, StaleCursorError, error

VERSION = 1
PARTS = [int, str, str, bool, list]
"""What a cursor holds: version, release, digest of the asking, direction, values."""
MAX_CURSOR = 2000
MAX_ASKED = 14_000
"""Greatest length of a query that a page is asked for by, so that a cursor fits into its links."""
RANK = "rank"
"""The annotation by which a search puts the best match first."""
PRESENTATION = {"cursor", "page_size", "format", "fields", "omit", "expand", "facets"}
"""Parameters that change how a page looks and not which rows a list holds, or in what order."""

DAY = DayField()
NO_CURSOR = "This is no cursor of ours: leave it out to start over."
OTHER_QUESTION = (
    "The cursor was made for other filters or another ordering: follow next and previous as they "
    "are, or leave it out to start over."
)

CursorScope = tuple[str, str]
"""What a cursor is bound to beside its parameters: content hash of the release, path of a list."""
Lookups = list[tuple[str, Any]]
"""Conditions that hold together, as filter takes them."""
RowType = TypeVar("RowType")


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a list is ordered by; rows without a value come last, unless read backwards."""

    name: str
    field: models.Field[Any, Any]
    descending: bool
    nulls_first: bool = False

    def reversed(self) -> Column:
        """Return the column as one reads it from the end."""
        return Column(self.name, self.field, not self.descending, not self.nulls_first)

    @property
    def expression(self) -> Any:
        """What to order by, with the place of NULL said, since the engines differ in it."""
        f = F(self.name)
        if not self.field.null:
            return f.desc() if self.descending else f.asc()
        nulls = {"nulls_first": True} if self.nulls_first else {"nulls_last": True}
        return f.desc(**nulls) if self.descending else f.asc(**nulls)

    def all(self) -> list[Lookups]:
        """Return the conditions that take all rows apart, in order: with a value, and without."""
        if not self.field.null:
            return [[]]
        parts = [[(f"{self.name}__isnull", empty)] for empty in (False, True)]
        return parts[::-1] if self.nulls_first else parts

    def after(self, value: Any) -> list[Lookups]:
        """Return the conditions, in order, that a row comes strictly after one with this value."""
        parts = self.all()
        if value is None:
            return parts[1:] if self.nulls_first else []
        behind = [(f"{self.name}__{'lt' if self.descending else 'gt'}", value)]
        return [behind, *([] if self.nulls_first else parts[1:])]

    def same(self, value: Any) -> Lookups:
        """Return the condition that a row has this value."""
        return [(f"{self.name}__isnull", True)] if value is None else [(self.name, value)]

    def read(self, value: Any) -> Any:
        """Return the value a cursor holds for this column; raises ValueError if it is invalid."""
        if value is None and self.field.null:
            return None
        if isinstance(self.field, models.DateField) and isinstance(value, str):
            return DAY.to_python(value)
        if isinstance(self.field, models.IntegerField):
            # A condition that no row can fail would find the rows without a value too.
            least = 0 if isinstance(self.field, models.PositiveIntegerField) else -(2**31)
            if type(value) is int and least <= value < 2**31:
                return value
        elif isinstance(self.field, models.FloatField):
            if type(value) is float and isfinite(value):
                return value
        elif isinstance(value, str) and len(value) <= 500 and "\0" not in value:
            value.encode()
            return value
        raise ValueError(value)


@dataclass(frozen=True, slots=True)
class Page(Generic[RowType]):
    """The rows of one page, in order, and the addresses of its neighbours."""

    rows: list[RowType]
    next: str | None
    previous: str | None


@dataclass(frozen=True, slots=True)
class KeysetPager:
    """What all pages of a list share, as long as the release is the same.

    ``asked`` are the parameters without the cursor, ``address`` returns the list's own address.
    """

    columns: list[Column]
    size: int
    place: CursorScope
    asked: Mapping[str, str]
    address: Callable[[], str]

    def begin(self, cursor: str | None) -> tuple[bool, list[Any] | None]:
        """Tell where a page begins: whether it is read backwards, and after which values.

        Raises InvalidParametersError and StaleCursorError.
        """
        length = len(self._query())
        if length > MAX_ASKED:
            detail = (
                f"The query of a page, percent-encoded and without its cursor, is {length} "
                f"characters long; at most {MAX_ASKED} leave next its room for a cursor."
            )
            raise InvalidParametersError([error("", detail)])
        if cursor is None:
            return False, None
        wrong = NO_CURSOR
        try:
            release, digest, backwards, values = _decoded(cursor)
            if release != self.place[0][:12]:
                raise StaleCursorError
            fits = digest == _digest(self.place[1], self.asked)
            if not fits:
                wrong = OTHER_QUESTION
            read = [column.read(value) for column, value in zip(self.columns, values, strict=True)]
        except (ValidationError, ValueError, TypeError, RecursionError) as invalid:
            raise InvalidParametersError([error("cursor", wrong)]) from invalid
        if not fits:
            raise InvalidParametersError([error("cursor", wrong)])
        return backwards, read

    def read(self, *, backwards: bool) -> list[Column]:
        """Return the columns in the direction that a page is read."""
        return [column.reversed() for column in self.columns] if backwards else self.columns

    def page(
        self,
        rows: list[RowType],
        values_of: Callable[[RowType], list[Any]],
        *,
        backwards: bool,
        begun: bool,
    ) -> Page[RowType]:
        """Return a page of rows as they were read, one more than it holds if there are more.

        ``values_of`` gives what a row has in the columns; ``begun`` tells that the page follows
        upon another.
        """
        more = len(rows) > self.size
        rows = rows[: self.size]
        if not rows:
            return Page(rows, None, None)
        if backwards:
            rows.reverse()
        forward, backward = (True, more) if backwards else (more, begun)
        return Page(
            rows,
            self._link(values_of(rows[-1]), backwards=False) if forward else None,
            self._link(values_of(rows[0]), backwards=True) if backward else None,
        )

    def _link(self, values: list[Any], *, backwards: bool) -> str:
        cursor = encoded(self.place, self.asked, values, backwards=backwards)
        return f"{self.address()}?{self._query(cursor=cursor)}"

    def _query(self, **cursor: str) -> str:
        return urlencode([*sorted(self.asked.items()), *cursor.items()], safe=",")


def index_ranges(
    read: list[Column], values: list[Any] | None
) -> Iterator[tuple[Lookups, list[Any]]]:
    """Yield the rows after one with these values as ranges of an index, in order.

    Each is a condition and what to order by. One condition for all of them, with its alternatives
    and its place for what is empty, would have both engines sort the whole list.
    """
    starts = range(len(read) - 1, -1, -1) if values else [0]
    for at in starts:
        column = read[at]
        alike = [pair for n in range(at) for pair in read[n].same(values[n])] if values else []
        inner = [one.expression for one in read[at + 1 :]]
        for condition in column.after(values[at]) if values else column.all():
            empty = condition == [(f"{column.name}__isnull", True)]
            f = F(column.name)
            here = [] if empty else [f.desc() if column.descending else f.asc()]
            yield [*alike, *condition], [*here, *inner]


def read_rows(
    queryset: QuerySet[Any], read: list[Column], values: list[Any] | None, number: int
) -> list[Any]:
    """Return the first rows after the one with these values."""
    found: list[Any] = []
    for conditions, order in index_ranges(read, values):
        found += queryset.filter(*map(Q, conditions)).order_by(*order)[: number - len(found)]
        if len(found) == number:
            break
    return found


def order_columns(
    queryset: QuerySet[Any], allowed: Mapping[str, str], names: list[str]
) -> list[Column]:
    """Return the columns a list is ordered by, ending in the key so that no two rows tie.

    ``allowed`` maps the names a client may write to columns; ``names`` are what it wrote, such as
    ``-time_earliest``, and none where it left the order to the list.
    """
    meta = queryset.model._meta
    paths = [(allowed[name.removeprefix("-")], name.startswith("-")) for name in names]
    columns = [
        Column(path, _field(queryset, path), descending)
        for path, descending in paths or [(name, False) for name in own_order(queryset.model)]
    ]
    if not paths and RANK in queryset.query.annotations:
        columns.insert(0, Column(RANK, models.IntegerField(), descending=True))
    if not any(column.field.primary_key for column in columns):
        columns.append(Column("pk", meta.pk, columns[-1].descending))
    return columns


def own_order(model: type[models.Model]) -> list[str]:
    """Return the columns that a model is ordered by, all of them ascending and nulls last."""
    ordering: Any = model._meta.ordering
    return [getattr(getattr(one, "expression", None), "name", one) for one in ordering]


def _field(queryset: QuerySet[Any], path: str) -> models.Field[Any, Any]:
    """Return the field of a column, which may be a computed one."""
    meta: Any = queryset.model._meta
    computed: Any = queryset.query.annotations.get(path)
    found: models.Field[Any, Any] = (
        computed.output_field
        if computed is not None
        else meta.pk
        if path == "pk"
        else meta.get_field(path)
    )
    return found


def encoded(
    place: CursorScope, asked: Mapping[str, str], values: list[Any], *, backwards: bool = False
) -> str:
    """Return the cursor for the page beside a row with these values.

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


class CursorField(ParameterField):
    """A cursor, as text; whether it fits its list is found by ``KeysetPager.begin``."""

    schema: Mapping[str, Any] = {"type": "string", "maxLength": MAX_CURSOR}

    def to_python(self, text: Any) -> Any:
        """Return the text of a cursor that can be taken apart."""
        try:
            _decoded(text)
        except (ValueError, TypeError, RecursionError) as invalid:
            raise refusal(NO_CURSOR) from invalid
        return text


def _digest(path: str, asked: Mapping[str, str]) -> str:
    shape = sorted((name, value) for name, value in asked.items() if name not in PRESENTATION)
    return _digest_of(path, tuple(shape))


@lru_cache(256)
def _digest_of(path: str, shape: tuple[tuple[str, str], ...]) -> str:
    return hashlib.sha256(json.dumps([path, *shape]).encode()).hexdigest()[:12]
