"""Search without the index, where something other than a load wrote to the tables."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Case, ExpressionWrapper, IntegerField, QuerySet, When
from django.db.models.sql.datastructures import BaseTable

from policy.models import SearchEntry
from policy.search.index import TITLE

COLUMNS = ("id", "kind", "record", "title", "text")
ROWS = {
    "sqlite": """SELECT json_extract(value, '$.id') AS id, json_extract(value, '$.kind') AS kind,
        json_extract(value, '$.record') AS record, json_extract(value, '$.title') AS title,
        json_extract(value, '$.text') AS text FROM json_each(%s)""",
    "postgresql": """SELECT * FROM jsonb_to_recordset(%s::jsonb) AS entry (id integer,
        kind text COLLATE "C", record text COLLATE "C", title text COLLATE "C",
        text text COLLATE "C")""",
}


class StaleIndexError(Exception):
    """The index may not be that of the tables, which are too large to be searched without it."""


class GivenEntries(BaseTable):
    """Search entries that a query brings with it, in place of those in the table."""

    def __init__(self, alias: str, entries: str) -> None:
        """Take the alias in the query, and the entries as a list in JSON."""
        super().__init__(SearchEntry._meta.db_table, alias)
        self.entries = entries

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Return them as a subquery."""
        alias = compiler.quote_name_unless_alias(self.table_alias)
        return f"({ROWS[connection.vendor]}) {alias}", [self.entries]

    def relabeled_clone(self, change_map: Any) -> "GivenEntries":
        """Return the same with another alias."""
        return GivenEntries(change_map.get(self.table_alias, self.table_alias), self.entries)


class LiveEntries:
    """The search entries of the tables as they are, derived while they are served."""

    def __init__(self, entries: Iterable[SearchEntry] | None) -> None:
        """Take the entries; None if there are too many to be derived."""
        self._entries = (
            None if entries is None else [(e, frozenset(e.words.split())) for e in entries]
        )

    def matching(self, words: Sequence[str]) -> QuerySet[SearchEntry]:
        """Return the entries that hold all these words, each with its rank.

        ``abc*`` stands for a prefix. Raises StaleIndexError.
        """
        if self._entries is None:
            raise StaleIndexError
        found = [(entry, held) for entry, held in self._entries if _holds(held, words, "")]
        titled = [entry.pk for entry, held in found if _holds(held, words, TITLE)]
        rows = [{name: getattr(entry, name) for name in COLUMNS} for entry, _ in found]
        entries = SearchEntry.objects.all()
        alias = entries.query.get_initial_alias()
        entries.query.alias_map[alias] = GivenEntries(alias, json.dumps(rows))
        rank = Case(When(pk__in=titled, then=1), default=0)
        return entries.annotate(rank=ExpressionWrapper(rank, IntegerField()))


def _holds(held: frozenset[str], words: Sequence[str], mark: str) -> bool:
    """Tell whether all of some words are among those that are held, each with a mark before it."""
    return all(
        any(one.startswith(f"{mark}{word[:-1]}") for one in held)
        if word.endswith("*")
        else f"{mark}{word}" in held
        for word in words
    )
