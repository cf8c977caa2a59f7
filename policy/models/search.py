"""The text that search finds records by, and the lookup that finds it through an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import models
from django.db.models.sql.compiler import SQLCompiler

from policy.models.base import Key, LongText, Text
from policy.models.registry import RecordKind

FOUND = (
    "SELECT entry FROM policy_searchrow WHERE number IN "
    "(SELECT rowid FROM policy_searchindex WHERE policy_searchindex MATCH %s)"
)
"""The keys of the entries that SQLite's index finds; the migration makes both tables."""

TITLE = "§"
"""The mark before a word of the title in the index; no folded word holds it."""


@dataclass(frozen=True, slots=True)
class Language:
    """How an engine's index is asked for words."""

    both: str
    but_not: str
    quote: str
    beginning: str

    def query(self, words: Sequence[str], *, titled: bool | None = None) -> str:
        """Ask for all of some folded words, of which ``abc*`` stands for a beginning.

        ``titled`` asks for entries whose title holds them all, or for those whose does not.
        """
        if titled is None:
            return self._all(words, "")
        if titled:
            return self._all(words, TITLE)
        return f"({self._all(words, '')}){self.but_not}({self._all(words, TITLE)})"

    def _all(self, words: Sequence[str], mark: str) -> str:
        return self.both.join(
            f"{self.quote}{mark}{word.removesuffix('*')}{self.quote}"
            f"{self.beginning if word.endswith('*') else ''}"
            for word in words
        )


FTS5 = Language(both=" AND ", but_not=" NOT ", quote='"', beginning="*")
TSQUERY = Language(both=" & ", but_not=" & !", quote="'", beginning=":*")


class Words(LongText):
    """Folded words with single spaces between them, matched through a full-text index."""


@Words.register_lookup
class Match(models.Lookup):  # type: ignore[type-arg]
    """Whether all of a list of folded words stand in the field; ``abc*`` stands for a beginning."""

    lookup_name = "match"
    prepare_rhs = False

    def as_postgresql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[str]]:
        """Ask the column that the migration adds, which has a GIN index."""
        alias = compiler.quote_name_unless_alias(self.lhs.alias)
        return f"{alias}.found_by @@ %s::tsquery", [TSQUERY.query(self.rhs)]

    def as_sqlite(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[str]]:
        """Ask the FTS5 table that the triggers of the migration keep current."""
        alias = compiler.quote_name_unless_alias(self.lhs.alias)
        return f'{alias}."id" IN ({FOUND})', [FTS5.query(self.rhs)]


class SearchEntry(models.Model):
    """What one record is found by; made by the build from the record and its parts."""

    id = Key(help_text="Slug of the kind and the record.")
    kind = Text(max_length=15, choices=RecordKind, help_text="Kind of the record.")
    record = Text(max_length=200, help_text="Key of the record.")
    title = Text(max_length=300, help_text="What to call the record in a list of hits.")
    text = LongText(help_text="All that the record and its parts say, line by line.")
    title_words = LongText(help_text="The words of the title, folded, with spaces all round.")
    words = Words(help_text="The words of title, text and key, folded, each once.")

    class Meta:
        verbose_name_plural = "search entries"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "record"], name="policy_searchentry_once")
        ]
