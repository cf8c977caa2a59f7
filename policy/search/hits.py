"""The hits of a search in their order, read from the index."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connections, models
from django.db.models import Case, When

from policy.models import SearchEntry
from policy.models.registry import RecordKind
from policy.models.state import live
from policy.search.index import FTS5, KIND, TSQUERY

FEW_HITS = 5000
"""Up to so many hits PostgreSQL sorts sooner than it walks entries in order, at a million."""


class HitPosition(NamedTuple):
    """A hit and its place in the order: rank, key of the entry, key of the record."""

    rank: int
    entry: int
    record: str


@dataclass(frozen=True, slots=True)
class Hits:
    """The entries that hold all of some folded words, of one kind or of every kind.

    Those whose title holds all the words (rank 1) come first, then the others (rank 0), each in
    the order of the entries. Each of the two is a walk through the index, which stops when a page
    is full.
    """

    words: tuple[str, ...]
    kind: RecordKind | None = None

    @property
    def _connection(self) -> Any:
        return connections[SearchEntry.objects.db]

    def count(self) -> int:
        """Return how many there are."""
        if self._connection.vendor == "sqlite":
            bounds, values = self._bounds(None, backwards=False)
            sql = "SELECT count(*) FROM machinery_searchindex WHERE machinery_searchindex MATCH %s"
            return int(self._rows(sql + bounds, [FTS5.query(self.words), *values])[0][0])
        query = TSQUERY.query(self.words)
        if self.kind is not None:
            query = f"({query}) & '{KIND}{self.kind}'"
        sql = "SELECT count(*) FROM machinery_searchentry WHERE found_by @@ %s::tsquery"
        return int(self._rows(sql, [query])[0][0])

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
        where they are of every kind. ``total`` is how many hits there are, by which PostgreSQL's
        plan is chosen.
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
        if self._connection.vendor == "sqlite":
            bounds, values = self._bounds(key, backwards=backwards)
            query = FTS5.query(self.words, titled=bool(rank))
            sql = (
                "SELECT id, record FROM machinery_searchindex CROSS JOIN machinery_searchentry "
                "ON id = machinery_searchindex.rowid WHERE machinery_searchindex MATCH %s"
                f"{bounds} ORDER BY machinery_searchindex.rowid {'DESC' if backwards else 'ASC'}"
            )
        else:
            column = "id" if self.kind is None else "record"
            known = {f"{column} {'<' if backwards else '>'} %s": key} if key is not None else {}
            if self.kind is not None:
                known["kind = %s"] = str(self.kind)
            # Else the planner may walk past a million entries for what the index has at once.
            materialized = "MATERIALIZED" if total <= FEW_HITS else "NOT MATERIALIZED"
            query, values = TSQUERY.query(self.words, titled=bool(rank)), list(known.values())
            sql = (
                f"WITH found AS {materialized} (SELECT id, kind, record FROM machinery_searchentry "
                "WHERE found_by @@ %s::tsquery) SELECT id, record FROM found "
                f"WHERE {' AND '.join(known) or 'true'} "
                f"ORDER BY {column} {'DESC' if backwards else 'ASC'}"
            )
        rows = self._rows(f"{sql} LIMIT %s", [query, *values, number])
        return [HitPosition(rank, *row) for row in rows]

    def _bounds(self, key: int | str | None, *, backwards: bool) -> tuple[str, list[Any]]:
        """Return the condition on FTS5's row numbers: within the kind, and after the key."""
        if self.kind is None:
            sign = "<" if backwards else ">"
            after = [] if key is None else [key]
            return (f" AND machinery_searchindex.rowid {sign} %s" if after else ""), after
        sql = ""
        values: list[Any] = []
        for sign, direction, begins in ((">", "ASC", not backwards), ("<", "DESC", backwards)):
            beside = begins and key is not None
            sql += (
                f" AND machinery_searchindex.rowid {sign}= (SELECT id FROM machinery_searchentry "
                f"WHERE kind = %s{f' AND record {sign} %s' if beside else ''} "
                f"ORDER BY record {direction} LIMIT 1)"
            )
            values += [str(self.kind), key] if beside else [str(self.kind)]
        return sql, values

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
