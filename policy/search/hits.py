"""The hits of a search in their order, read from the index without the entries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections

from policy.models import SearchEntry
from policy.models.registry import RecordKind
from policy.models.search import FTS5, TSQUERY
from policy.search import hit_index

FEW_HITS = 5000
"""So many hits are sorted sooner than entries in order are searched for them, at a million."""

HitPosition = tuple[int, str]
"""Where a hit stands: its rank, and the key of its entry."""


@dataclass(frozen=True, slots=True)
class Hits:
    """The entries that hold all of some folded words, of one kind or of every kind.

    First come those whose title holds all the words (rank 1), then the others (rank 0), each part
    in the order of keys. Two walks through the index, of which a page needs a stretch.
    """

    words: tuple[str, ...]
    kind: RecordKind | None = None

    @property
    def in_order(self) -> bool:
        """Whether the index can give them so; on SQLite not after a late ``loaddata``."""
        return hit_index.is_in_order(self._connection)

    @property
    def _connection(self) -> Any:
        return connections[SearchEntry.objects.db]

    def count(self) -> int:
        """Return how many there are."""
        if self._connection.vendor == "sqlite":
            bounds = [*self._from(None, backwards=False), *self._from(None, backwards=True)]
            sql, values = _on_sqlite(FTS5.query(self.words), bounds)
            return int(self._rows(f"SELECT count(*) FROM policy_searchindex {sql}", values)[0][0])
        asked = TSQUERY.query(self.words)
        if self.kind is not None:
            asked = f"({asked}) & '§§{self.kind}'"
        sql = "SELECT count(*) FROM policy_searchentry WHERE found_by @@ %s::tsquery"
        return int(self._rows(sql, [asked])[0][0])

    def after(
        self, place: HitPosition | None, number: int, of: int, *, backwards: bool = False
    ) -> list[HitPosition]:
        """Return the first hits after a place, or those before it from there backwards.

        ``of`` is how many there are in all, which tells PostgreSQL how to go about it.
        """
        found: list[HitPosition] = []
        for rank in (0, 1) if backwards else (1, 0):
            if place is None or rank == place[0]:
                key = place[1] if place else None
                found += self._walk(rank, key, number - len(found), of, backwards=backwards)
            elif (rank > place[0]) == backwards:
                found += self._walk(rank, None, number - len(found), of, backwards=backwards)
        return found

    def _walk(
        self, rank: int, key: str | None, number: int, of: int, *, backwards: bool
    ) -> list[HitPosition]:
        if number <= 0:
            return []
        bounds = [*self._from(key, backwards=backwards), *self._from(None, backwards=not backwards)]
        direction = "DESC" if backwards else "ASC"
        if self._connection.vendor == "sqlite":
            sql, values = _on_sqlite(FTS5.query(self.words, titled=bool(rank)), bounds)
            sql = (
                "SELECT entry FROM policy_searchindex CROSS JOIN policy_searchrow "
                f"ON number = policy_searchindex.rowid {sql} "
                f"ORDER BY policy_searchindex.rowid {direction} LIMIT %s"
            )
        else:
            # Left alone, it walks past a million entries to find what its index has at once.
            found = "MATERIALIZED" if of <= FEW_HITS else "NOT MATERIALIZED"
            sql = (
                f"WITH found AS {found} (SELECT id FROM policy_searchentry "
                f"WHERE found_by @@ %s::tsquery) SELECT id FROM found WHERE true"
            )
            sql += "".join(f" AND id {sign} %s" for sign, _ in bounds)
            sql += f" ORDER BY id {direction} LIMIT %s"
            asked = TSQUERY.query(self.words, titled=bool(rank))
            values = [asked, *(bound for _, bound in bounds)]
        return [(rank, row[0]) for row in self._rows(sql, [*values, number])]

    def _from(self, key: str | None, *, backwards: bool) -> list[tuple[str, str]]:
        """Return where a walk begins: beside a key, or where the kind does, if there is one."""
        if key is not None:
            return [("<" if backwards else ">", key)]
        if self.kind is None:
            return []
        return [("<", f"{self.kind}.") if backwards else (">", f"{self.kind}-")]

    def _rows(self, sql: str, values: Sequence[Any]) -> list[Any]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())


def _on_sqlite(asked: str, bounds: list[tuple[str, str]]) -> tuple[str, list[Any]]:
    """Return the condition on FTS5's rows, with keys as bounds of their numbers, and its values."""
    sql = "WHERE policy_searchindex MATCH %s"
    for sign, _ in bounds:
        direction = "ASC" if sign == ">" else "DESC"
        sql += (
            f" AND policy_searchindex.rowid {sign}= (SELECT number FROM policy_searchrow "
            f"WHERE entry {sign} %s ORDER BY entry {direction} LIMIT 1)"
        )
    return sql, [asked, *(bound for _, bound in bounds)]
