"""Counts of common words: how many entries hold each, kept because counting takes long."""

from typing import Any

from django.db import connections

from policy.models import SearchEntry
from policy.models.registry import RecordKind
from policy.search.hits import Hits
from policy.search.index import TITLE

COMMON = 2000
"""A word is common if so many entries hold it; the hits of any other are counted fast enough."""

EVERY = ""
"""The key for all kinds together, in place of a kind."""

Numbers = dict[str, dict[str, int]]
"""The number of entries that hold a common word, by word and kind, where there are any."""

# Not ts_stat, which keeps every word in the server's memory and reads the entries once per kind.
POSTGRESQL = f"""
    SELECT word, kind, number FROM (
        SELECT word, kind, count(*) AS number, sum(count(*)) OVER (PARTITION BY word) AS every
        FROM (
            SELECT kind, unnest(tsvector_to_array(found_by)) AS word FROM machinery_searchentry
        ) AS held
        WHERE left(word, 1) <> '{TITLE}' GROUP BY word, kind
    ) AS counted WHERE every >= %s"""
SQLITE = (
    "CREATE VIRTUAL TABLE temp.policy_searchterm USING fts5vocab(main, machinery_searchindex, row)",
    f"""SELECT term, doc FROM temp.policy_searchterm
        WHERE doc >= %s AND substr(term, 1, 1) <> '{TITLE}'""",
    "DROP TABLE temp.policy_searchterm",
)


def numbers() -> Numbers:
    """Return how many entries hold each word that ``COMMON`` of them hold."""
    connection = connections[SearchEntry.objects.db]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return _on_sqlite(cursor)
        found: Numbers = {}
        cursor.execute(POSTGRESQL, [COMMON])
        for word, kind, number in cursor.fetchall():
            of_kinds = found.setdefault(word, {EVERY: 0})
            of_kinds[kind] = number
            of_kinds[EVERY] += number
        return found


def number_of(found: Hits, kept: Numbers) -> int | None:
    """Return the kept count of the hits of one common word, or None if there is none."""
    if len(found.words) != 1 or found.words[0] not in kept or found.within:
        return None
    held = kept[found.words[0]]
    if found.kinds:
        return sum(held.get(kind, 0) for kind in found.kinds)
    return held.get(found.kind or EVERY, 0)


def _on_sqlite(cursor: Any) -> Numbers:
    make, ask, drop = SQLITE
    cursor.execute(make)
    cursor.execute(ask, [COMMON])
    common = cursor.fetchall()
    cursor.execute(drop)
    found: Numbers = {}
    for word, number in common:
        of_kinds = ((kind.value, Hits((word,), kind).count()) for kind in RecordKind)
        found[word] = {EVERY: number, **{kind: held for kind, held in of_kinds if held}}
    return found
