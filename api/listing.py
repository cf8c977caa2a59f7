"""A list as it was asked for: which rows it has, how many, and how a page of them is read."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import islice
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, ClassVar, Self, cast

from django.db.models import F, Field, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request

from api.addresses import absolute
from api.database.release import ServedRelease, served
from api.keyset import RANK, Column, CursorField, KeysetPager, order_columns, read_rows
from api.parameters import OrderingField, ParameterField, Values, WholeNumberField, once
from api.rendering.bitmaps import WORDS, Criterion, axis, counts, matching
from api.rendering.walks import IndexedRows
from policy.models.registry import kind_of
from policy.release.contents import file_name

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 500
FEW = 5000
"""So few records are ordered by a column sooner where SQL finds them."""


@dataclass(frozen=True)
class Listing:
    """A list that filters have narrowed.

    ``records`` is the list before that, ``rows`` after it. ``criteria`` are what the filters ask
    of the bitmap index, None where it does not hold all of them.
    """

    records: QuerySet[Any]
    rows: QuerySet[Any]
    criteria: tuple[Criterion, ...] | None = ()

    @classmethod
    def of(cls, records: QuerySet[Any], filters: Mapping[str, Any], values: Values) -> Self:
        """Return a list with every filter applied that there is a value for."""
        listing = cls(records, records)
        given = {name: value for name, value in values.items() if name in filters}
        for name in sorted(given):
            listing = filters[name].narrow(listing, given, name)
            asked = filters[name].criteria(records.model, name, given[name])
            known = (
                None if asked is None or listing.criteria is None else (*listing.criteria, *asked)
            )
            listing = replace(listing, criteria=known)
        if RANK in listing.rows.query.annotations and "ordering" not in values:
            # What a list is ordered by has to be read too.
            listing = replace(listing, rows=listing.rows.annotate(**{RANK: F(RANK)}))
        return listing

    @cached_property
    def indexed(self) -> IndexedRows | None:
        """The rows as the bitmap index tells them, None where it does not."""
        if self.criteria is None or not served().rendered:
            return None
        model = self.records.model
        found = matching(model, self.criteria)
        words = tuple(one.values[0] for one in self.criteria if one.axis == WORDS)
        return None if found is None else IndexedRows(model, found, words)

    def count(self, state: ServedRelease) -> int:
        """Return the exact number of rows; the release tells that of a list nobody narrowed."""
        # What else wrote the tables may have left rows beside records that are gone.
        if not (self.rows.query.where or state.modified):
            told: int | None = state.release.counts.get(file_name(self.rows.model))  # type: ignore[arg-type]
            if told is not None:
                return told
        if self.indexed is not None:
            return len(self.indexed.records)
        return self.rows.count()

    def counts(self, name: str, facet: Any) -> "Counter[Any]":
        """Return how many rows have each value of a facet; None counts those without one."""
        if self.indexed is None:
            return cast("Counter[Any]", facet.counts(self.rows))
        found: Counter[Any] = Counter()
        narrowed = self.indexed.records if self.criteria else None
        for value, number in counts(axis(self.records.model, facet.column(name)), narrowed):
            found[facet.item.shown(value)] += number
        return found

    def places(self) -> list[int] | None:
        """Return where the rows stand among all records, in the order of keys, from 0.

        None where the bitmap index does not tell.
        """
        whole = matching(self.records.model, ()) if self.indexed is not None else None
        if self.indexed is None or whole is None:
            return None
        first = whole.min() if whole else 0
        return [entry - first for entry in self.indexed.records]

    def columns(self, allowed: Mapping[str, str], names: list[str]) -> list[Column]:
        """Return the columns that the rows are ordered by, as ``order_columns`` takes them."""
        return order_columns(self.rows, allowed, names)

    def indexed_by(self, columns: list[Column], total: int) -> IndexedRows | None:
        """Return the rows if the bitmap index reads a page in this order sooner than SQL.

        An index of the database has whole lists in the order of one column.
        """
        wanted = self.criteria or columns[2:]
        if (_by_key(columns) and self.criteria) or (total > FEW and wanted):
            return self.indexed if self.indexed and self.indexed.orders(columns) else None
        return None

    def read(
        self,
        columns: list[Column],
        values: list[Any] | None,
        number: int,
        *,
        total: int,
        keys_only: bool,
    ) -> list[Any]:
        """Return the first rows after the one with these values in the columns.

        ``total`` is the number of all rows. With ``keys_only`` a row may have no more than its key
        and what is in the columns.
        """
        if (indexed := self.indexed_by(columns, total)) is not None:
            found = indexed.read(columns, values, number)
            return self._found(indexed, columns, found, keys_only=keys_only)
        return read_rows(self.rows, columns, values, number)

    def chunks(
        self, columns: list[Column], size: int, *, total: int, keys_only: bool
    ) -> Iterator[list[Any]]:
        """Yield all rows, so many at a time, as ``read`` returns those of a page.

        SQL sorts a whole list once, which is sooner than to look for one value after the other.
        """
        indexed = self.indexed_by(columns, total) if _by_key(columns) else None
        if indexed is not None:
            for found in indexed.chunks(columns, size):
                yield self._found(indexed, columns, found, keys_only=keys_only)
            return
        rows = iter(self.rows.order_by(*(column.expression for column in columns)).iterator(size))
        while some := list(islice(rows, size)):
            yield some

    def _found(
        self,
        indexed: IndexedRows,
        columns: list[Column],
        found: list[tuple[Any, ...]],
        *,
        keys_only: bool,
    ) -> list[Any]:
        """Return rows of which the index tells what is in the columns, the last being the key.

        What is ordered by rank is told it, and so is each search entry.
        """
        if keys_only:
            names = [*(column.name for column in columns[:-1]), "pk"]
            rows = (dict(zip(names, row, strict=True)) for row in found)
            return [SimpleNamespace(**row, id=row["pk"]) for row in rows]
        records, by_entry = self.records, kind_of(self.records.model) is None
        if by_entry:
            records = records.model._base_manager.defer("words")
        ranked = columns[0].name == RANK
        by_key = {row.pk: row for row in records.filter(pk__in=[row[-1] for row in found])}
        for row in found:
            if ranked or by_entry:
                by_key[row[-1]].rank = row[0] if ranked else int(row[-1] in indexed.titled)
        return [by_key[row[-1]] for row in found]


def _by_key(columns: Sequence[Column]) -> bool:
    """Return whether rows are ordered by their key, those of a search by their rank before."""
    *before, last = columns
    return last.field.primary_key and all(column.name == RANK for column in before)


@dataclass(frozen=True, slots=True)
class RowsListing:
    """A list of rows that are no records of the database; ``fields`` are their columns."""

    rows: Sequence[Any]
    fields: "Mapping[str, Field[Any, Any]]"

    def count(self, state: ServedRelease) -> int:
        """Return the exact number of rows."""
        return len(self.rows)

    def columns(self, allowed: Mapping[str, str], names: list[str]) -> list[Column]:
        """Return the columns that the rows are ordered by, ending in the key ``id``."""
        by = [(allowed[name.removeprefix("-")], name.startswith("-")) for name in names]
        if "id" not in dict(by):
            by.append(("id", by[-1][1] if by else False))
        return [Column(name, self.fields[name], descending) for name, descending in by]

    def read(
        self,
        columns: list[Column],
        values: list[Any] | None,
        number: int,
        **options: Any,
    ) -> list[Any]:
        """Return the first rows after the one with these values in the columns."""
        rows = list(self.rows)
        for column in reversed(columns):
            rows.sort(key=attrgetter(column.name), reverse=column.descending)
        if values is not None:
            rows = [row for row in rows if _follows(row, columns, values)]
        return rows[:number]


def _follows(row: Any, columns: list[Column], values: list[Any]) -> bool:
    """Return whether a row comes after the one with these values."""
    for column, value in zip(columns, values, strict=True):
        own = getattr(row, column.name)
        if own != value:
            return bool((own < value) == column.descending)
    return False


class ListPage:
    """One page of a list, and the way to its neighbours."""

    def __init__(
        self, listing: Listing | RowsListing, request: Request, values: Values, ordering: Any
    ) -> None:
        """Take a list, and the parameters of the request for it as their fields read them.

        ``ordering`` has the columns to order by, by their names. Raises InvalidParametersError and
        StaleCursorError.
        """
        asked = request.query_params
        self.release = served().release
        self.pager = KeysetPager(
            listing.columns(ordering, values.get("ordering", [])),
            values.get("page_size", DEFAULT_PAGE_SIZE),
            (served().state, request.path_info),
            {name: once(asked.getlist(name)) for name in asked if name != "cursor"},
            partial(absolute, request._request, request.path_info),
        )
        self.backwards, self.after = self.pager.begin(values.get("cursor"))
        self.count = listing.count(served())
        self.listing = listing

    def read(self, *, keys_only: bool) -> list[Any]:
        """Return the rows of the page; with ``keys_only`` only the key of each is needed."""
        columns = self.pager.columns
        read = self.pager.read(backwards=self.backwards)
        number = self.pager.size + 1
        rows = self.listing.read(read, self.after, number, total=self.count, keys_only=keys_only)
        self.page = self.pager.page(
            rows,
            lambda row: [getattr(row, column.name) for column in columns],
            backwards=self.backwards,
            begun=self.after is not None,
        )
        return self.page.rows

    def envelope(self, facets: dict[str, Any]) -> dict[str, Any]:
        """Return what stands around the records: release, count, links and facets."""
        return {
            "release": self.release.version,
            "count": self.count,
            "next": self.page.next,
            "previous": self.page.previous,
            "facets": facets,
        }


class KeysetPagination(BasePagination):
    """What the schema tells of paging: its parameters, and what stands around the records."""

    fixed_fields: ClassVar[dict[str, ParameterField]] = {
        "cursor": CursorField(
            help_text="Where a page begins: taken from next or previous, never made by hand. It is "
            "bound to its filters, its ordering and its release."
        ),
        "page_size": WholeNumberField(
            1,
            MAX_PAGE_SIZE,
            default=DEFAULT_PAGE_SIZE,
            help_text="Greatest number of records on a page.",
        ),
    }

    @classmethod
    def fields(cls, ordering: Any) -> dict[str, ParameterField]:
        """Return the parameters of paging by name; ``ordering`` has the names to order by."""
        text = (
            "Columns to order by, the first one first; a minus sign turns one round. Records "
            "without a value come last. The key decides between equals."
        )
        return {**cls.fixed_fields, "ordering": OrderingField(ordering, help_text=text)}

    def get_paginated_response_schema(self, schema: Any) -> Any:
        """Return the JSON schema of a page."""
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
                    "allOf": [{"$ref": "#/components/schemas/Facets"}],
                    "description": "Per facet that was asked for, the number of records in the "
                    "whole list by value, the most frequent first.",
                    "examples": [{"topic": [{"value": "migration", "count": 7}]}],
                },
                "results": {**schema, "description": "The records of this page, in order."},
            },
        }
