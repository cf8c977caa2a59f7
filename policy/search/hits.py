"""The hits of a search in their order, read from the index."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connections, models
from django.db.models import Case, When

from policy.models import SearchEntry
from policy.models.registry import RecordKind
from policy.models.state import live
from policy.search.index import FTS5, KIND, TSQUERY

MATCH = "machinery_searchindex MATCH %s"
FEW_WITHIN = 5000
"""Up to so many hits within what other filters leave, SQLite looks for them in the set of these."""
FEW_HITS = 5000
"""Up to so many hits PostgreSQL sorts sooner than it walks entries in order, at a million."""


class HitPosition(NamedTuple):
    """A hit and its place in the order: rank, key of the entry, key of the record."""

    rank: int
    entry: int
    record: str


class Within(NamedTuple):
    """The records that other filters leave of a list, as the query for their keys."""

    sql: str
    params: tuple[Any, ...]

    @classmethod
    def of(cls, rows: models.QuerySet[Any]) -> "Within | None":
        """Return the query for the keys of these rows, None if there can be none."""
        try:
            sql, params = rows.order_by().values("id").query.sql_with_params()
        except EmptyResultSet:
            return None
        return cls(sql, tuple(params))


@dataclass(frozen=True, slots=True)
class Hits:
    """The entries that hold all of some folded words, of one kind or of every kind.

    Those whose title holds all the words (rank 1) come first, then the others (rank 0), each in
    the order of the entries. Each of the two is a walk through the index, which stops when a page
    is full. ``kinds`` narrow hits of every kind; ``within`` narrows those of one kind.
    """

    words: tuple[str, ...]
    kind: RecordKind | None = None
    kinds: tuple[RecordKind, ...] = ()
    within: Within | None = None

    @property
    def _connection(self) -> Any:
        return connections[SearchEntry.objects.db]

    @property
    def _narrowed(self) -> tuple[RecordKind, ...]:
        return self.kinds if self.kind is None else (self.kind,)

    def count(self) -> int:
        """Return how many there are."""
        if self._connection.vendor == "sqlite":
            bounds, values = self._bounds(None, backwards=False)
            sql = f"SELECT count(*) FROM machinery_searchindex WHERE {MATCH}{bounds}"
            if self.within:
                # The index is read in order and probes the set of the others, of which each is
                # looked up once. Without the plus sign it would be asked for one after the other.
                sql += (
                    " AND +rowid IN (SELECT e.id FROM ("
                    f"{self.within.sql}) AS f CROSS JOIN machinery_searchentry AS e "
                    "ON e.kind = %s AND e.record = f.id)"
                )
                values = [*values, *self.within.params, str(self.kind)]
            return int(self._rows(sql, [FTS5.query(self.words), *values])[0][0])
        sql = "SELECT count(*) FROM machinery_searchentry WHERE found_by @@ %s::tsquery"
        values = [self._tsquery()]
        if self.within:
            sql += f" AND record IN (SELECT f.id FROM ({self.within.sql}) AS f)"
            values += self.within.params
        return int(self._rows(sql, values)[0][0])

    def entries(self, *, titled: bool) -> list[int]:
        """Return the keys of the entries, of any kind, or of those whose title holds the words."""
        sql = "SELECT id FROM machinery_searchentry WHERE found_by @@ %s::tsquery"
        words = TSQUERY.query(self.words, titled=titled or None)
        if self._connection.vendor == "sqlite":
            sql = f"SELECT rowid FROM machinery_searchindex WHERE {MATCH}"
            words = FTS5.query(self.words, titled=titled or None)
        return [key for (key,) in self._rows(sql, [words])]

    def _tsquery(self, *, titled: bool | None = None) -> str:
        """Return the query of PostgreSQL's index, which has the kinds of entries as words too."""
        query = TSQUERY.query(self.words, titled=titled)
        if not self._narrowed:
            return query
        kinds = " | ".join(f"'{KIND}{kind}'" for kind in self._narrowed)
        return f"({query}) & ({kinds})"

    def after(
        self,
        position: tuple[int, int | str] | None,
        number: int,
        total: int,
        *,
        backwards: bool = False,
    ) -> list[HitPosition]:
        """Return the first ``number`` hits after a position, or before it from there backwards.

        A position is a rank and a key: of the record where the hits are of one kind, of the entry
        where they are of every kind. ``total`` is how many hits there are, by which the plan is
        chosen.
        """
        found: list[HitPosition] = []
        for rank in (0, 1) if backwards else (1, 0):
            left, key = number - len(found), None
            if position is not None:
                if rank == position[0]:
                    key = position[1]
                elif (rank > position[0]) != backwards:
                    continue
            if left > 0:
                found += self._walk(rank, key, left, total, backwards=backwards)
        return found

    def _walk(
        self, rank: int, key: int | str | None, number: int, total: int, *, backwards: bool
    ) -> list[HitPosition]:
        """Return the first hits of one rank after a key."""
        direction = "DESC" if backwards else "ASC"
        if self._connection.vendor == "sqlite":
            bounds, values = self._bounds(key, backwards=backwards)
            query = FTS5.query(self.words, titled=bool(rank))
            sql = (
                "SELECT id, record FROM machinery_searchindex CROSS JOIN machinery_searchentry "
                f"ON id = machinery_searchindex.rowid WHERE {MATCH}{bounds}"
            )
            if self.within:
                # A set of few is made sooner than many hits are looked up one by one.
                few = total <= FEW_WITHIN
                correlated = "" if few else " WHERE f.id = record"
                sql += (
                    f" AND {'record IN' if few else 'EXISTS'} "
                    f"(SELECT f.id FROM ({self.within.sql}) AS f{correlated})"
                )
                values = [*values, *self.within.params]
            sql += f" ORDER BY machinery_searchindex.rowid {direction}"
        else:
            column = "id" if self.kind is None else "record"
            known, values = [], []
            if key is not None:
                known.append(f"{column} {'<' if backwards else '>'} %s")
                values.append(key)
            if self._narrowed:
                known.append(f"kind IN ({', '.join(['%s'] * len(self._narrowed))})")
                values += map(str, self._narrowed)
            if self.within:
                known.append(f"record IN (SELECT f.id FROM ({self.within.sql}) AS f)")
                values += self.within.params
            # Else the planner may walk past a million entries for what the index has at once.
            materialized = "MATERIALIZED" if total <= FEW_HITS else "NOT MATERIALIZED"
            query = self._tsquery(titled=bool(rank))
            sql = (
                f"WITH found AS {materialized} (SELECT id, kind, record FROM machinery_searchentry "
                "WHERE found_by @@ %s::tsquery) SELECT id, record FROM found "
                f"WHERE {' AND '.join(known) or 'true'} ORDER BY {column} {direction}"
            )
        rows = self._rows(f"{sql} LIMIT %s", [query, *values, number])
        return [HitPosition(rank, *row) for row in rows]

    def _bounds(self, key: int | str | None, *, backwards: bool) -> tuple[str, list[Any]]:
        """Return the condition on FTS5's row numbers: within the kinds, and after the key."""
        after = key
        if self.kind is not None and key is not None:
            # The entries of a kind are in the order of its records.
            after = self._entry(self.kind, key)
        spans = [span for kind in self._narrowed if (span := self._span(kind))]
        if self._narrowed and not spans:
            return " AND 0", []
        sql, values = "", list[Any]()
        if spans:
            within = " OR ".join(["machinery_searchindex.rowid BETWEEN %s AND %s"] * len(spans))
            sql, values = f" AND ({within})", [bound for span in spans for bound in span]
        if after is not None:
            sql += f" AND machinery_searchindex.rowid {'<' if backwards else '>'} %s"
            values.append(after)
        return sql, values

    def _span(self, kind: RecordKind) -> tuple[int, int] | None:
        """Return the first and the last entry of a kind, None if it has none."""
        sql = "SELECT id FROM machinery_searchentry WHERE kind = %s ORDER BY record {} LIMIT 1"
        first = self._rows(sql.format("ASC"), [str(kind)])
        last = self._rows(sql.format("DESC"), [str(kind)])
        return (first[0][0], last[0][0]) if first else None

    def _entry(self, kind: RecordKind, record: int | str) -> int:
        """Return the entry of a record."""
        sql = "SELECT id FROM machinery_searchentry WHERE kind = %s AND record = %s"
        return int(self._rows(sql, [str(kind), record])[0][0])

    def _rows(self, sql: str, values: list[Any]) -> list[Any]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())


def rank_of(words: Sequence[str]) -> "models.ExpressionWrapper[Any]":
    """Return the expression that is 1 for an entry whose title holds all these words, else 0."""
    rank = Case(When(words__title_match=words, then=1), default=0)
    return models.ExpressionWrapper(rank, models.IntegerField())


def matching(words: Sequence[str]) -> models.QuerySet[Any]:
    """Return the entries that hold all these words, each with its rank.

    Raises StaleIndexError.
    """
    if (searched := live.get()) is not None:
        return searched.matching(words)  # type: ignore[no-any-return]
    return SearchEntry.objects.filter(words__match=words).annotate(rank=rank_of(words))
