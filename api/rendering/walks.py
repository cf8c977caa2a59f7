"""Pages by the bitmap index: the first records of a list after a place in its order."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import islice
from typing import Any

from django.db import connections, router
from django.db.models import Model
from pyroaring import BitMap

from api.keyset import RANK, Column, read_rows
from api.rendering.bitmaps import Criterion, axis, bitmap_of, holding, is_held, values_on
from policy.models import SearchEntry
from policy.models.registry import kind_of

SOME = 50
"""How many values of a column are looked through at a time."""
SORTED_BY_SQL = 500
"""So few records with one value are ordered by further columns sooner where SQL does it."""


@dataclass(frozen=True)
class IndexedRows:
    """The rows of a list as their numbers; ``words`` are those that it was searched for."""

    model: type[Model]
    records: BitMap
    words: tuple[str, ...] = ()

    @cached_property
    def titled(self) -> BitMap:
        """The rows whose titles hold all the words."""
        return self.records & holding(self.words, titled=True)

    def orders(self, columns: Sequence[Column]) -> bool:
        """Return whether the index has all columns."""
        return all(one.name == RANK or is_held(self._axis(one)) for one in columns[:-1])

    def read(
        self, columns: Sequence[Column], values: Sequence[Any] | None, number: int
    ) -> list[tuple[Any, ...]]:
        """Return what the first rows after the one with these values have in the columns.

        The last of these is the key.
        """
        return self._keyed(list(islice(self._walk(self.records, columns, values, number), number)))

    def chunks(self, columns: Sequence[Column], size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Yield what all rows have in the columns, in order, so many at a time."""
        found = self._walk(self.records, columns, None, len(self.records))
        while some := list(islice(found, size)):
            yield self._keyed(some)

    def _keyed(self, found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Return rows with their keys at the end, in place of their numbers at the beginning."""
        keys = self._keys([entry for entry, *_ in found])
        return [(*before, keys[entry]) for entry, *before in found]

    def _keys(self, entries: Sequence[int]) -> dict[int, Any]:
        """Return the keys of records by their numbers."""
        by_entry = self.model is SearchEntry
        return {entry: entry for entry in entries} if by_entry else keys_of(entries)

    def _walk(
        self,
        records: BitMap,
        columns: Sequence[Column],
        values: Sequence[Any] | None,
        number: int,
    ) -> Iterator[tuple[Any, ...]]:
        """Yield numbers of records in order, each with its values in all columns but the key."""
        column, rest = columns[0], columns[1:]
        if not rest:
            yield from ((entry,) for entry in self._in_key_order(records, column, values, number))
            return
        first = values and (str(values[0]) if isinstance(values[0], date) else values[0])
        left_to_sql = bool(rest[1:]) and column.name != RANK
        few = BitMap()
        for value, having in self._having(column, values is not None, first):
            found = records & having
            if left_to_sql and len(found) <= SORTED_BY_SQL:
                few |= found
                if len(few) < min(number, SORTED_BY_SQL):
                    continue
                found = BitMap()
            if few:
                yield from self._by_sql(few, columns, values)
                few = BitMap()
            begun = values[1:] if values and value == first else None
            for entry, *others in self._walk(found, rest, begun, number) if found else ():
                yield entry, value, *others
        yield from self._by_sql(few, columns, values)

    def _by_sql(
        self, records: BitMap, columns: Sequence[Column], values: Sequence[Any] | None
    ) -> Iterator[tuple[Any, ...]]:
        """Yield of few records what ``_walk`` does; SQL orders them sooner by many columns."""
        keys = self._keys(list(records))
        entries = {key: entry for entry, key in keys.items()}
        names = [column.name for column in columns[:-1]]
        begun = None if values is None else [*values]
        rows = self.model._base_manager.filter(pk__in=entries).only("pk", *names)
        for row in read_rows(rows, [*columns], begun, len(keys)) if keys else ():
            yield entries[row.pk], *(getattr(row, name) for name in names)

    def _having(self, column: Column, begun: bool, first: Any) -> Iterator[tuple[Any, BitMap]]:
        """Yield values of a column with their records, in order, from one where that is given."""
        of_rank = column.name == RANK
        values = [
            one for one in ([0, 1] if of_rank else values_on(self._axis(column))) if one is not None
        ]
        values.sort(reverse=column.descending)
        empty: list[Any] = [] if of_rank else [None]
        values = [*empty, *values] if column.nulls_first else [*values, *empty]
        left = iter([one for one in values if not begun or _reached(column, one, first)])
        while some := list(islice(left, SOME)):
            if of_rank:
                found = [self.titled if one else self.records - self.titled for one in some]
            else:
                found = bitmap_of(Criterion(self._axis(column), some))
            yield from zip(some, found, strict=True)

    def _axis(self, column: Column) -> str:
        return axis(self.model, column.name.removesuffix("_id"))

    def _in_key_order(
        self, records: BitMap, column: Column, values: Sequence[Any] | None, number: int
    ) -> Iterable[int]:
        """Return the first of some records after a key, or before it where the order descends."""
        begin, end = 0, len(records)
        if values and (entry := self._entry(values[0], descending=column.descending)) is not None:
            begin = records.rank(entry) if entry >= 0 else 0
            end = records.rank(entry - 1) if entry > 0 else 0
        if not column.descending:
            return records[begin : begin + number]
        return reversed(records[max(0, end - number) : end])

    def _entry(self, key: Any, *, descending: bool) -> int | None:
        """Return the number of a record, or of the next one that a page leaves out; or None."""
        if self.model is SearchEntry:
            return int(key)
        compared, direction = (">=", "ASC") if descending else ("<=", "DESC")
        sql = "SELECT id FROM machinery_searchentry WHERE kind = %s AND record"
        rest = f"{compared} %s ORDER BY record {direction} LIMIT 1"
        found = _rows(f"{sql} {rest}", [str(kind_of(self.model)), key])
        return int(found[0][0]) if found else None


def keys_of(entries: Sequence[int]) -> dict[int, str]:
    """Return the keys of the records of some entries, by these."""
    if not entries:
        return {}
    marks = ", ".join(["%s"] * len(entries))
    sql = f"SELECT id, record FROM machinery_searchentry WHERE id IN ({marks})"  # noqa: S608
    return dict(_rows(sql, entries))


def _rows(sql: str, values: Sequence[Any]) -> list[Any]:
    with connections[router.db_for_read(SearchEntry)].cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _reached(column: Column, value: Any, first: Any) -> bool:
    """Return whether a value is that one, or comes after it."""
    if value is None or first is None:
        return value is first or (first is None) == column.nulls_first
    return bool(value == first or (value > first) != column.descending)
