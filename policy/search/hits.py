"""The entries that a search finds, by the index or as a condition on rows."""

from collections.abc import Sequence
from typing import Any

from django.db import connections, models
from django.db.models import Case, When

from policy.models import SearchEntry
from policy.models.state import live
from policy.search.index import FTS5, TSQUERY


def entries_holding(words: Sequence[str], *, titled: bool = False) -> list[int]:
    """Return the keys of the entries that hold all of some folded words, or whose titles do.

    ``abc*`` stands for a prefix. Raises django.db.Error.
    """
    connection = connections[SearchEntry.objects.db]
    sql = "SELECT id FROM machinery_searchentry WHERE found_by @@ %s::tsquery"
    language = TSQUERY
    if connection.vendor == "sqlite":
        sql = "SELECT rowid FROM machinery_searchindex WHERE machinery_searchindex MATCH %s"
        language = FTS5
    with connection.cursor() as cursor:
        cursor.execute(sql, [language.query(words, titled=titled or None)])
        return [key for (key,) in cursor.fetchall()]


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
