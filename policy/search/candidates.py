"""Candidates: the records of some kinds that share words with a text, read from the index."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connections

from policy.models import SearchEntry
from policy.models.registry import RecordKind
from policy.models.state import live
from policy.search.hits import matching
from policy.search.index import FTS5, KIND, TSQUERY

MOST = 1500
"""A word that more records hold says little; where there is no other, so many are looked at."""
ENOUGH = 25
"""So many records are compared, if there are so many: those that share the most words first."""
LONGEST = 200
"""Characters of a folded word; no name holds a longer one."""

Place = tuple[str, str]
"""Kind and key of a record."""


class Shared(NamedTuple):
    """The records that share the most words with a text.

    ``whole`` tells that every record that holds all the words is among them.
    """

    places: list[Place]
    whole: bool


class WordIndex:
    """Which records of some kinds hold a word; each word is looked up once."""

    def __init__(self, kinds: Iterable[RecordKind]) -> None:
        """Take the kinds."""
        self.kinds = sorted(kinds)
        self._spans: list[tuple[int, int]] | None = None
        self._known: dict[str, list[Place]] = {}

    def sharing(self, words: Iterable[str]) -> Shared:
        """Return the records that share the most of some folded words.

        Records that share equally many stay together, so there may be more than ENOUGH. Words that
        too many records hold count only where there are no others. Raises StaleIndexError and
        django.db.Error.
        """
        asked = list(dict.fromkeys(words))
        known = [self._holding(word) for word in asked]
        counted = [places for places in known if len(places) <= MOST]
        whole = bool(counted) or not asked
        if not whole:
            counted = [self._rows(word, titled=True)[:MOST] for word in asked]
        numbers = Counter(place for places in counted for place in places)
        found: list[Place] = []
        for number in sorted({*numbers.values()}, reverse=True):
            found += sorted(place for place, shared in numbers.items() if shared == number)
            if len(found) >= ENOUGH:
                break
        return Shared(found, whole)

    def _holding(self, word: str) -> list[Place]:
        """Return the records that hold a word, or more than MOST of them."""
        if word not in self._known:
            self._known[word] = self._rows(word, titled=None) if len(word) <= LONGEST else []
        return self._known[word]

    def _rows(self, word: str, *, titled: bool | None) -> list[Place]:
        """Return the first records that hold a word, in the order of kind and key."""
        if live.get() is not None:
            entries = matching([word]).filter(kind__in=self.kinds)
            entries = entries.filter(rank=1) if titled else entries
            rows = entries.order_by("kind", "record").values_list("kind", "record")
            return list(rows[: MOST + 1])
        if connections[SearchEntry.objects.db].vendor == "sqlite":
            sql = (
                "SELECT kind, record FROM machinery_searchindex CROSS JOIN machinery_searchentry "
                "ON id = machinery_searchindex.rowid WHERE machinery_searchindex MATCH %s "
                "AND machinery_searchindex.rowid BETWEEN %s AND %s "
                "ORDER BY machinery_searchindex.rowid LIMIT %s"
            )
            found: list[Place] = []
            # One by one: FTS5 walks within one range, and past what several leave out.
            for span in self._ranges:
                left = MOST + 1 - len(found)
                found += self._asked(sql, [FTS5.query([word], titled=titled), *span, left])
            return found
        kinds = " | ".join(f"'{KIND}{kind}'" for kind in self.kinds)
        query = f"{TSQUERY.query([word], titled=titled)} & ({kinds})"
        # Else the planner may walk past all entries in their order.
        sql = (
            "WITH found AS MATERIALIZED (SELECT kind, record FROM machinery_searchentry "
            "WHERE found_by @@ %s::tsquery) SELECT kind, record FROM found "
            "ORDER BY kind, record LIMIT %s"
        )
        return self._asked(sql, [query, MOST + 1])

    @property
    def _ranges(self) -> list[tuple[int, int]]:
        """The first and the last entry of each kind: entries stand in the order of their kinds."""
        if self._spans is None:
            marks = ", ".join(["%s"] * len(self.kinds))
            sql = (
                "SELECT min(id), max(id) FROM machinery_searchentry "
                f"WHERE kind IN ({marks}) GROUP BY kind ORDER BY 1"
            )
            self._spans = self._asked(sql, list(map(str, self.kinds)))
        return self._spans

    @staticmethod
    def _asked(sql: str, values: Sequence[Any]) -> list[Any]:
        with connections[SearchEntry.objects.db].cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())
