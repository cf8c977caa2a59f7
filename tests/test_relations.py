"""What connects the lists: dyads, the coverage of a source, and the facts of a passage."""

import itertools

import pytest

from policy import plover
from policy.models.registry import kind_of
from tests.conftest import RESOURCES, VIEWSETS
from tests.samples import DYAD, FIRST, SECOND, sample, values

pytestmark = pytest.mark.once


@pytest.mark.parametrize("one", ["id", "alpha2", "numeric"])
@pytest.mark.parametrize("other", ["id", "alpha2", "numeric"])
def test_a_dyad_is_named_in_any_way(read, one, other):
    dyad = read(f"dyads/{DYAD}")
    assert dyad["id"] == DYAD
    for key in (f"{FIRST[one]}-{SECOND[other]}", f"{SECOND[other].lower()}-{FIRST[one].lower()}"):
        assert read(f"dyads/{key}") == dyad


def test_a_dyad_holds_everything_between_two_countries(read):
    parts = ("issues", "statements", "events", "trips", "gaps")
    full = max(read("dyads")["results"], key=lambda dyad: dyad["issues"] * dyad["events"])
    dyad, both = read(f"dyads/{full['id']}"), {full["first"], full["second"]}
    for name in parts:
        resource = {"issues": "bilateral-issues"}.get(name, name)
        listed = read(f"{resource}?between={','.join(both)}&page_size=500")
        assert dyad[name]["records"] == listed["results"], name
        assert dyad[name]["count"] == listed["count"], name
    assert sum(dyad[name]["count"] > 0 for name in parts) > 2
    for issue in dyad["issues"]["records"]:
        assert {side["country"] for side in issue["sides"]} == both
    events = [event for event in dyad["events"]["records"] if event["event_type"]]
    totals = dyad["event_totals"]
    assert totals["coded"] == len(events) == sum(totals["quads"].values())
    assert totals["score_sum"] == pytest.approx(sum(event["score"] for event in events))
    assert totals["score_mean"] == pytest.approx(totals["score_sum"] / len(events), abs=1e-4)
    assert set(totals["quads"]) == set(plover.Quad)


def test_trips_are_part_of_the_dyad_of_traveller_and_stop(read):
    for trip in read("trips?page_size=500")["results"]:
        home = read(f"officials/{trip['traveller']}")["country"]
        for country in {*values(trip, "stops.country")} - {home}:
            assert trip in read(f"dyads/{home}-{country}")["trips"]["records"]


def test_two_recipients_alone_are_no_dyad(read):
    for event in read("events?page_size=500")["results"]:
        actors, recipients = (values(event, f"{role}.country") for role in ("actors", "recipients"))
        for couple in itertools.combinations({*actors, *recipients} - {None}, 2):
            found = read(f"events?between={','.join(couple)}&page_size=500")["results"]
            assert (event in found) == bool({*couple} & {*actors}), (event["id"], couple)


def test_the_list_of_dyads_counts_as_each_does(read):
    page = read("dyads")
    assert page["count"] == len(page["results"])
    assert [d["id"] for d in page["results"]] == sorted(d["id"] for d in page["results"])
    for summary in page["results"]:
        dyad = read(f"dyads/{summary['id']}")
        assert summary["issues"] == dyad["issues"]["count"]
        assert summary["events"] == dyad["events"]["count"]
    of_one = read(f"dyads?country={FIRST['alpha2'].lower()}")["results"]
    assert of_one == [d for d in page["results"] if FIRST["id"] in (d["first"], d["second"])] != []


@pytest.mark.parametrize(
    "key",
    [FIRST["id"], f"{FIRST['id']}-{FIRST['id']}", f"{FIRST['id']}-{FIRST['alpha2']}",
     f"{DYAD}-{FIRST['id']}", f"{FIRST['id']}-ATA", "x", "--"],
)  # fmt: skip
def test_what_is_no_dyad_is_404(api, key):
    assert api.get(f"/api/v1/dyads/{key}").status_code == 404


def cited(record):
    """Return the keys of every passage that a record or one of its parts cites."""
    if isinstance(record, list):
        return {key for part in record for key in cited(part)}
    if not isinstance(record, dict):
        return set()
    own = {passage["id"] for passage in record.get("evidence", [])}
    return own | {key for value in record.values() for key in cited(value)}


def test_passages_tell_every_record_that_rests_on_them(read):
    expected: dict[str, set[tuple[str, str]]] = {}
    for resource in (name for name in RESOURCES if name not in ("sources", "passages")):
        kind = kind_of(VIEWSETS[resource].queryset.model)
        for record in read(f"{resource}?page_size=500")["results"]:
            for passage in cited({**record, "order": []}):
                expected.setdefault(passage, set()).add((kind, record["id"]))
    for passage in read("passages?page_size=500")["results"]:
        told = {(fact["kind"], fact["id"]) for fact in passage["facts"]}
        known = expected.get(passage["id"], set())
        assert told
        assert known <= told
        # An order between events is told as the event it was written on.
        assert all(kind == "event" for kind, _ in told - known)


def test_coverage_accounts_for_every_sentence(read):
    source = sample("sentences", "source")
    coverage = read(f"sources/{source}/coverage")
    assert coverage["sentences"] == len(coverage["ledger"])
    assert coverage["cited"] == sum(bool(line["passages"]) for line in coverage["ledger"])
    found = read(f"passages?source={source}&page_size=500")["results"]
    passages = {passage["id"]: passage for passage in found}
    for line in coverage["ledger"]:
        assert bool(line["facts"]) != bool(line["uncited_reason"])
        facts = {f"{f['kind']}:{f['id']}" for p in line["passages"] for f in passages[p]["facts"]}
        assert {f"{f['kind']}:{f['id']}" for f in line["facts"]} == facts
    assert sum(len(line["passages"]) for line in coverage["ledger"]) == len(passages)


def test_coverage_of_no_source_is_404(api):
    assert api.get("/api/v1/sources/nowhere/coverage").status_code == 404
    assert api.get("/api/v1/sources/No Where/coverage").status_code == 404
