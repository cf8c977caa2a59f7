"""A list as it was asked for: which rows it has, how many, and how a page of them is read."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import QuerySet

from api.database.release import served
from api.keyset import RANK, Column, read_rows
from policy.models import Release
from policy.models.registry import kind_of
from policy.release.contents import file_name
from policy.search.counts import number_of
from policy.search.hits import Hits
from policy.search.words import entry_key, record_key


class Hit(NamedTuple):
    """The key and rank of a record that a search found, where its rendering tells the rest."""

    pk: str
    rank: int

    @property
    def id(self) -> str:
        """The key by its other name."""
        return self.pk


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that filters have narrowed.

    ``records`` is the list before that, ``rows`` after it. ``counted`` are rows that are as many
    and quicker to count; ``hits`` are the same rows in the order of the search index.
    """

    records: QuerySet[Any]
    rows: QuerySet[Any]
    counted: QuerySet[Any] | None = None
    hits: Hits | None = None

    def count(self, release: Release) -> int:
        """Return the exact number of rows; ``release`` tells that of a list nobody narrowed."""
        if self.hits is not None:
            return _number_of_hits(release.content_hash, self.hits)
        if self.counted is not None:
            return self.counted.count()
        if not self.rows.query.where:
            told: int | None = release.counts.get(file_name(self.rows.model))
            if told is not None:
                return told
        return self.rows.count()

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

        ``total`` is the number of all rows. With ``keys_only`` a row may be a mere ``Hit``.
        """
        if self.hits is None or not _by_rank_and_key(columns):
            return read_rows(self.rows, columns, values, number)
        kind = kind_of(self.records.model)
        position = None
        if values is not None:
            rank, key = values
            position = rank, entry_key(kind, key) if kind else key
        found = self.hits.after(position, number, total, backwards=not columns[0].descending)
        keys = {entry: record_key(kind, entry) if kind else entry for _, entry in found}
        if keys_only:
            return [Hit(keys[entry], rank) for rank, entry in found]
        by_key = {row.pk: row for row in self.records.filter(pk__in=keys.values())}
        for rank, entry in found:
            by_key[keys[entry]].rank = rank
        return [by_key[keys[entry]] for _, entry in found]


def _by_rank_and_key(columns: list[Column]) -> bool:
    return columns[0].name == RANK and len(columns) == 2 and columns[1].field.primary_key


@lru_cache(1000)
def _number_of_hits(content_hash: str, hits: Hits) -> int:
    """Return the number of hits, which a release never changes: every page of a search tells it."""
    known = number_of(hits, served().common_words)
    return hits.count() if known is None else known
