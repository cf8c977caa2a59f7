"""The full-text index: how each engine is asked for words, as a query language and as a lookup.

The migration creates the index: an FTS5 table with the words of ``machinery_searchentry`` as its
external content on SQLite, a generated tsvector column with a GIN index on PostgreSQL.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.validators import ProhibitNullCharactersValidator
from django.db import models
from django.db.models.sql.compiler import SQLCompiler

TITLE = "§"
"""The mark before a word of the title in the index; no folded word contains it."""

KIND = "§§"
"""The mark before the kind in PostgreSQL's index: the hits of a kind are counted from it alone."""


@dataclass(frozen=True, slots=True)
class QueryLanguage:
    """How the index of an engine is queried."""

    both: str
    but_not: str
    quote: str
    prefix: str

    def query(self, words: Sequence[str], *, titled: bool | None = None) -> str:
        """Return the query for all of some folded words; ``abc*`` stands for a prefix.

        ``titled`` narrows it to entries whose title holds them all, or to those whose does not.
        """
        if titled is None:
            return self._all(words, "")
        if titled:
            return self._all(words, TITLE)
        return f"({self._all(words, '')}){self.but_not}({self._all(words, TITLE)})"

    def _all(self, words: Sequence[str], mark: str) -> str:
        return self.both.join(
            f"{self.quote}{mark}{word.removesuffix('*')}{self.quote}"
            f"{self.prefix if word.endswith('*') else ''}"
            for word in words
        )


FTS5 = QueryLanguage(both=" AND ", but_not=" NOT ", quote='"', prefix="*")
TSQUERY = QueryLanguage(both=" & ", but_not=" & !", quote="'", prefix=":*")


class Words(models.TextField):  # type: ignore[type-arg]
    """Folded words with single spaces between them, matched through the full-text index."""

    default_validators = [ProhibitNullCharactersValidator()]  # noqa: RUF012


@Words.register_lookup
class Match(models.Lookup):  # type: ignore[type-arg]
    """Whether the field holds all of a list of folded words; ``abc*`` stands for a prefix."""

    lookup_name = "match"
    prepare_rhs = False
    titled: bool | None = None

    def as_postgresql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[str]]:
        """Query the generated column."""
        alias = compiler.quote_name_unless_alias(self.lhs.alias)
        return f"{alias}.found_by @@ %s::tsquery", [TSQUERY.query(self.rhs, titled=self.titled)]

    def as_sqlite(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[str]]:
        """Query the FTS5 table, whose row numbers are the keys of the entries."""
        alias = compiler.quote_name_unless_alias(self.lhs.alias)
        found = "SELECT rowid FROM machinery_searchindex WHERE machinery_searchindex MATCH %s"
        return f'{alias}."id" IN ({found})', [FTS5.query(self.rhs, titled=self.titled)]


@Words.register_lookup
class TitleMatch(Match):
    """Whether the field holds all of a list of folded words as words of the title."""

    lookup_name = "title_match"
    titled = True
