"""Numbers of hits that a release keeps: they are those counted, and told only while they hold."""

from collections import Counter

import pytest
from django.db import DEFAULT_DB_ALIAS, connection
from django.test.utils import CaptureQueriesContext

from api.database.release import served
from api.models import RenderedState
from api.rendering.records import render_all
from policy.models import Release, SearchEntry
from policy.models.registry import RecordKind
from policy.release.state import mark_release
from policy.search import counts as common_words
from policy.search.counts import EVERY, number_of
from policy.search.hits import Hits
from policy.search.index import TITLE
from tests import samples

LEAST = 12
ONE, OTHER = samples.words()[:2]
"""Words that many entries of several kinds hold."""


@pytest.fixture(autouse=True)
def few(db, monkeypatch):
    """Words of a dozen entries are common, and the release is one that no worker has counted."""
    monkeypatch.setattr(common_words, "COMMON", LEAST)
    another(1)


@pytest.fixture
def counted(monkeypatch):
    """The hits that were counted."""
    asked, count = [], Hits.count

    def noted(hits):
        asked.append(hits)
        return count(hits)

    monkeypatch.setattr(Hits, "count", noted)
    return asked


def another(number):
    """Say that the tables hold another release."""
    Release.objects.update(content_hash=f"{number:064x}")
    mark_release(f"{number:064x}", DEFAULT_DB_ALIAS)


def held():
    """Count the words in Python."""
    found = Counter()
    for kind, words in SearchEntry.objects.values_list("kind", "words"):
        plain = [word for word in words.split() if not word.startswith(TITLE)]
        found.update((word, of) for word in plain for of in (EVERY, kind))
    wanted = {}
    for (word, of), number in found.items():
        if found[word, EVERY] >= LEAST:
            wanted.setdefault(word, {})[of] = number
    return wanted


def test_what_is_kept_is_what_is_counted():
    render_all()
    kept = served().common_words
    assert len(kept) > 30
    assert kept == held()
    for word in kept:
        for kind in (None, *RecordKind):
            asked = Hits((word,), kind)
            assert number_of(asked, kept) == asked.count(), asked


@pytest.mark.parametrize("words", [(f"{ONE[:5]}*",), (ONE, OTHER), ("absent",), ()])
def test_only_single_common_words_are_told(words):
    render_all()
    assert number_of(Hits((ONE,)), served().common_words) >= LEAST
    assert number_of(Hits(words), served().common_words) is None


@pytest.mark.parametrize("path", ["search", "statements", "officials", "gaps"])
def test_a_search_is_told_the_number_and_does_not_count(read, counted, path):
    plain = read(f"{path}?q={ONE}&page_size=1")
    assert len(counted) == 1
    another(2)
    render_all()
    counted.clear()
    told = read(f"{path}?q={ONE}&page_size=1")
    assert counted == []
    assert (told["count"], told["results"]) == (plain["count"], plain["results"])
    assert read(f"{path}?q={ONE[:5]}*")["count"] >= told["count"]
    assert len(counted) == 1


def test_what_was_kept_for_another_release_is_not_told(read, counted):
    render_all()
    before = served().common_words[ONE][EVERY]
    late = SearchEntry.objects.exclude(words__match=[ONE]).first()
    SearchEntry.objects.filter(pk=late.pk).update(words=f"{late.words} {ONE}")
    SearchEntry.objects.filter(words__match=[ONE], kind="statement").delete()
    another(3)
    assert served().common_words == {}
    counted.clear()
    count = read(f"search?q={ONE}")["count"]
    assert count < before
    assert len(counted) == 1
    render_all()
    assert served().common_words == held()
    assert number_of(Hits((ONE,)), served().common_words) == count
    assert number_of(Hits((ONE,), RecordKind.STATEMENT), served().common_words) == 0


def test_what_is_kept_is_read_once(read):
    render_all()
    served()
    with CaptureQueriesContext(connection) as captured:
        for path in (f"search?q={ONE}", f"gaps?q={ONE}", "trips"):
            read(path)
    assert len(captured) > 3
    assert not [query for query in captured if "common_words" in query["sql"]]
    RenderedState.objects.update(stamp="0" * 64)
    assert served().common_words == {}
