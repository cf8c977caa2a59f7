"""The bitmap index: each filter finds by it what SQL finds, alone and with others."""

import itertools
from collections import Counter
from datetime import date, timedelta

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from pyroaring import BitMap

from api import listing
from api.database.release import served
from api.filters import BetweenFilter, ValuesFilter
from api.listing import Listing
from api.models import Bitmap, RenderedState
from api.parameters import CodeField
from api.range_filters import TimeFilter
from api.rendering import bitmaps, indexing, pages, walks
from api.rendering.records import render_all
from api.rendering.walks import IndexedRows
from api.search_filters import SearchFilter
from policy.models import SearchEntry
from policy.models.registry import RecordKind, kind_of
from policy.search.index import TITLE
from tests import samples
from tests.conftest import RESOURCES, VIEWSETS

LEAST = 6
"""So many entries hold a common word in these tests."""
ONE, OTHER = samples.words()[:2]
SOME = 4
UNHELD = {"id", "exclude_id", "score_from", "score_to", "in_office_on", "account"}
"""What the index does not hold: single records, scores, offices of which more is asked."""


@pytest.fixture(scope="module")
def indexed(django_db_setup, django_db_blocker):
    """The release with an index whose words are common if a few entries hold them."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patched:
        patched.setattr(indexing, "COMMON", LEAST)
        patched.setattr(indexing, "BEGUN", LEAST)
        render_all(anew=True)
        yield
    with django_db_blocker.unblock():
        render_all(anew=True)


def filters_of(resource):
    return VIEWSETS[resource].filterset_class.base_filters


def model_of(resource):
    return VIEWSETS[resource].queryset.model


def listed(resource, values):
    return Listing.of(model_of(resource)._base_manager.all(), filters_of(resource), values)


def by_sql(found):
    """Return the entries of the rows of a list that SQL finds."""
    keys = found.rows.values_list("pk", flat=True)
    entries = SearchEntry.objects.filter(kind=kind_of(found.rows.model), record__in=[*keys])
    return {*entries.values_list("id", flat=True)}


def days(model, lookups):
    """Return the first and the last day in the columns of some lookups, and some beside them."""
    columns = [lookup.rpartition("__")[0] for lookup in lookups]
    found = {day for row in model._base_manager.values_list(*columns) for day in row if day}
    known = sorted(found) or [date(2025, 2, 3)]
    return [known[0] - timedelta(1), known[0], known[len(known) // 2], known[-1] + timedelta(1)]


def tried(resource, name):
    """Return values of a filter: some of those that the index holds, and one that nobody has."""
    one, model = filters_of(resource)[name], model_of(resource)
    if isinstance(one, SearchFilter):
        short, long = f"{ONE[:1]}*", f"{ONE[:3]}*"
        return [[ONE], [ONE, OTHER], [short], [long], [ONE, long], ["zzzz"]]
    if isinstance(one, TimeFilter):
        return days(model, one.lookups)
    axis = bitmaps.axis(model, one.column(name))
    known = [value for value, _ in bitmaps.counts(axis, None) if value is not None]
    if isinstance(one, BetweenFilter):
        return [*known[:SOME], ["ATA", "BVT"]]
    if not one.many:
        return [True, False]
    lists = [*([value] for value in known[:SOME]), known[:2], known]
    return [some for some in lists if some]


def held(resource):
    """Return the filters of a list that the index holds."""
    return sorted(filters_of(resource).keys() - UNHELD)


def same(resource, values):
    """Return how many records a list has, once the index and SQL agree on which."""
    found = listed(resource, values)
    assert {*found.indexed.records} == by_sql(found), values
    assert found.count(served()) == len(found.indexed.records)
    return len(found.indexed.records)


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_filter_finds_by_the_index_what_sql_finds(indexed, db, resource):
    found = [
        same(resource, {name: one}) for name in held(resource) for one in tried(resource, name)
    ]
    assert len([number for number in found if number]) > SOME


@pytest.mark.parametrize("resource", RESOURCES)
def test_filters_find_together_what_sql_finds(indexed, db, resource):
    values = {name: found[0] for name in held(resource) if (found := tried(resource, name))}
    pairs = itertools.combinations(values, 2)
    some = list(pairs)[:: 1 if resource == "statements" else 7]
    found = [same(resource, {name: values[name] for name in pair}) for pair in some]
    assert any(found)


@pytest.mark.parametrize("resource", RESOURCES)
def test_facets_count_by_the_index_what_sql_counts(indexed, db, resource):
    for values in ({}, {"q": [ONE]}, {"exclude_id": ["none"]}):
        found = listed(resource, values)
        for name, facet in VIEWSETS[resource].filterset_class.facets().items():
            assert found.counts(name, facet) == facet.counts(found.rows), (name, values)


@pytest.mark.parametrize("resource", RESOURCES)
def test_what_the_index_does_not_hold_is_known(indexed, db, resource):
    filters, model = filters_of(resource), model_of(resource)
    for name in filters.keys() & UNHELD:
        assert filters[name].criteria(model, name, ["x"]) is None
        assert filters[name].indexed(model, name) == {}


def test_words_have_bitmaps_if_enough_entries_hold_them(indexed, db):
    holding = Counter()
    for words in SearchEntry.objects.values_list("words", flat=True):
        for word in words.split():
            holding[word] += 1
        begun = {word[:most] for word in words.split() for most in range(1, len(word) + 1)}
        holding.update(f"{beginning}*" for beginning in begun - {TITLE})
    common = {word: number for word, number in holding.items() if number >= LEAST}
    assert dict(bitmaps.counts(bitmaps.WORDS, None)) == common


def test_a_search_of_some_kinds_counts_by_the_index(indexed, read):
    page = read(f"search?q={ONE[:1]}*&facets=kind")
    kinds = {one["value"]: one["count"] for one in page["facets"]["kind"]}
    assert sum(kinds.values()) == page["count"]
    for some in itertools.combinations(kinds, 2):
        path = f"search?q={ONE[:1]}*&kind={','.join(some)}"
        with CaptureQueriesContext(connection) as captured:
            assert read(path)["count"] == sum(kinds[kind] for kind in some)
        assert not [
            one for one in captured if "count(" in one["sql"] and "machinery_search" in one["sql"]
        ]


def test_an_index_of_another_state_is_not_read(indexed, db, read):
    path = f"statements?q={ONE}&facets=topic"
    expected = read(path)
    Bitmap.objects.update(records=1, bits=BitMap([1]).serialize())
    RenderedState.objects.all().delete()
    assert read(path) == expected


def test_a_list_whose_entries_are_not_its_records_is_not_indexed(db):
    SearchEntry.objects.filter(kind=RecordKind.STATEMENT).first().delete()
    assert list(indexing.of_list(model_of("statements"), {})) == []
    Bitmap.objects.filter(pk__contains="statement").delete()
    assert listed("statements", {"topic": ["trade"]}).indexed is None
    assert bitmaps.matching(SearchEntry, []) is None


@pytest.mark.parametrize("exchanged", [True, False])
def test_a_list_whose_entries_are_not_numbered_in_its_order_is_not_indexed(db, exchanged):
    entries = SearchEntry.objects.filter(kind=RecordKind.STATEMENT)
    assert len(list(indexing.of_list(model_of("statements"), {}))) == 1
    first, last = entries.earliest("id").pk, entries.latest("id").pk
    if exchanged:
        entries.filter(pk=first).update(id=2**31 - 2)
        entries.filter(pk=last).update(id=first)
        entries.filter(pk=2**31 - 2).update(id=last)
    else:
        entries.filter(pk=last).update(id=last + 1000)
    assert list(indexing.of_list(model_of("statements"), {})) == []


@pytest.mark.parametrize("resource", RESOURCES)
def test_the_longest_value_has_room_in_the_id_of_a_bitmap(resource):
    model, room = model_of(resource), Bitmap._meta.pk.max_length
    for name, one in filters_of(resource).items():
        column = model._meta
        for part in one.path.split("__") if one.held and not one.exclude and one.path else ():
            field = column.pk if part == "pk" else column.get_field(part)
            column = field.related_model._meta if field.related_model else column
            longest = "\x01" * (getattr(field, "max_length", None) or 0)
            assert len(bitmaps.bitmap_id(bitmaps.axis(model, one.column(name)), longest)) <= room


ORDERED = ["statements", "events", "bilateral-issues", "search"]


def orderings(resource):
    """Return every ordering of a list by one column, some by two, and its own."""
    columns = ["kind", "title"] if resource == "search" else VIEWSETS[resource].ordering_fields
    one = [f"{sign}{name}" for name in columns for sign in ("", "-")]
    two = [f"{a},{b}" for a, b in itertools.permutations(one, 2) if a.strip("-") != b.strip("-")]
    return ["", *(f"&ordering={names}" for names in [*one, *two[::9]])]


def walked(client, path):
    """Return the keys of a list, read page by page to the end, and back to the beginning."""
    page, found = client.get(path).json(), []
    while True:
        found.append([one["id"] for one in page["results"]])
        if page["next"] is None:
            break
        page = client.get(page["next"]).json()
    back = [found[-1]]
    while page["previous"]:
        page = client.get(page["previous"]).json()
        back.append([one["id"] for one in page["results"]])
    return [one for page in found for one in page], [one for page in back[::-1] for one in page]


@pytest.mark.django_db
@pytest.mark.parametrize("resource", ORDERED)
def test_pages_by_the_index_are_those_by_sql(indexed, client, monkeypatch, settings, resource):
    narrowed = "superseded=false" if resource == "events" else f"q={ONE[:1]}*"
    for ordering in orderings(resource):
        path = f"/api/v1/{resource}?page_size=5&{narrowed}{ordering}"
        settings.RECIPES = False
        monkeypatch.setattr(listing, "FEW", 10**9)
        monkeypatch.setattr(IndexedRows, "orders", lambda *_: False)
        expected = walked(client, path)
        assert len(expected[0]) > 5
        settings.RECIPES = True
        monkeypatch.undo()
        monkeypatch.setattr(listing, "FEW", -1)
        for few in (0, 2, walks.SORTED_BY_SQL):
            monkeypatch.setattr(walks, "SORTED_BY_SQL", few)
            assert walked(client, path) == expected == (expected[0], expected[0]), (path, few)


def test_a_page_by_several_columns_asks_no_more_for_more_values(indexed, db, monkeypatch):
    monkeypatch.setattr(listing, "FEW", -1)
    found = listed("statements", {"q": [f"{ONE[:1]}*"]})
    columns = found.columns(VIEWSETS["statements"].ordering_fields, ["speaker", "topic", "kind"])
    assert len(bitmaps.values_on(bitmaps.axis(found.rows.model, "speaker"))) > SOME
    indexed_by = found.indexed_by(columns, 1)
    with CaptureQueriesContext(connection) as captured:
        assert len(indexed_by.read(columns, None, 500)) == len(indexed_by.records)
    # The values of the column and their records, keys, and rows with and without each value.
    assert len(captured) <= SOME + 6


def test_a_filter_with_a_condition_of_its_own_is_left_to_sql():
    class Longer(ValuesFilter):
        def condition(self, path, value):
            return Q(**{f"{path}__in": [*value, "trade"]})

    filters = {"topic": Longer(CodeField(["trade"]), "topic", "Help.")}
    found = Listing.of(model_of("statements").objects.all(), filters, {"topic": ["crime"]})
    assert found.criteria is None
    assert filters["topic"].indexed(model_of("statements"), "topic") == {}


@pytest.mark.django_db
@pytest.mark.parametrize("ordering", ["", "&ordering=kind", "&ordering=-title"])
@pytest.mark.parametrize("written", ["csv", "ndjson"])
def test_hits_are_streamed_by_the_index_as_by_sql(indexed, client, monkeypatch, written, ordering):
    path = f"/api/v1/search?q={ONE[:1]}*&format={written}{ordering}"
    monkeypatch.setattr(listing, "FEW", -1)
    by_index = client.get(path)
    RenderedState.objects.all().delete()
    by_tables = client.get(path)
    assert by_index.status_code == by_tables.status_code == 200
    assert b"".join(by_index) == b"".join(by_tables)
    assert by_index["Content-Length"] == by_tables["Content-Length"]


@pytest.mark.parametrize("path", ["changes", "releases", "changes?facets=kind"])
def test_a_list_that_the_index_never_holds_is_read_without_it(indexed, read, path):
    page = read(path)
    assert page["count"] == len(page["results"]) or page["next"]


def test_a_damaged_index_is_unavailable_and_says_the_cure(indexed, api):
    asked = "/api/v1/statements?topic=territory,migration"
    assert api.get(asked).status_code == 200
    pages._kept.clear()
    Bitmap.objects.filter(pk__startswith="statements?topic=").update(bits=b"\0")
    refused = api.get(asked)
    assert refused.status_code == 503
    assert "load_release --full" in refused.json()["detail"]
