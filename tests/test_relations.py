"""What cuts across the lists: dyads, the coverage of a source, and what rests on a passage."""

import pytest

from policy.models.registry import kind_of
from tests.conftest import RESOURCES, VIEWSETS


@pytest.mark.parametrize("key", ["USA-MEX", "mex-usa", "US-MX", "484-840", "mx-USA"])
def test_a_dyad_is_named_in_any_way(read, key):
    dyad = read(f"dyads/{key}")
    assert dyad["id"] == "MEX-USA"
    assert dyad == read("dyads/MEX-USA")


def test_a_dyad_holds_everything_between_two_countries(read):
    dyad = read("dyads/USA-PAN")
    for name in ("issues", "statements", "events", "trips", "gaps"):
        resource = {"issues": "bilateral-issues"}.get(name, name)
        listed = read(f"{resource}?between=USA,PAN&page_size=500")
        assert dyad[name]["records"] == listed["results"], name
        assert dyad[name]["count"] == listed["count"] > 0, name
    for issue in dyad["issues"]["records"]:
        assert {side["country"] for side in issue["sides"]} == {"PAN", "USA"}
    events = [event for event in dyad["events"]["records"] if event["event_type"]]
    totals = dyad["event_totals"]
    assert totals["coded"] == len(events) == sum(totals["quads"].values())
    assert totals["score_sum"] == pytest.approx(sum(event["score"] for event in events))
    assert totals["score_mean"] == pytest.approx(totals["score_sum"] / len(events), abs=1e-4)
    assert set(totals["quads"]) == {
        "verbal_cooperation", "material_cooperation", "verbal_conflict", "material_conflict",
    }  # fmt: skip


def test_trips_and_gaps_are_part_of_a_dyad(read):
    dyad = read("dyads/USA-SLV")
    assert [trip["id"] for trip in dyad["trips"]["records"]] == ["rubio-latin-america-2025"]
    assert read("dyads/PAN-USA")["gaps"]["count"] > 0


def test_two_recipients_alone_are_no_dyad(read):
    keys = {dyad["id"] for dyad in read("dyads")["results"]}
    assert "PAN-SLV" not in keys
    assert {"PAN-USA", "SLV-USA", "CHN-USA", "MEX-USA"} <= keys
    assert read("events?between=PAN,SLV")["count"] == 0


def test_the_list_of_dyads_counts_as_each_does(read):
    page = read("dyads")
    assert page["count"] == len(page["results"])
    assert [d["id"] for d in page["results"]] == sorted(d["id"] for d in page["results"])
    for summary in page["results"]:
        dyad = read(f"dyads/{summary['id']}")
        assert summary["issues"] == dyad["issues"]["count"]
        assert summary["events"] == dyad["events"]["count"]
    mexico = read("dyads?country=mx")["results"]
    assert mexico == [d for d in page["results"] if "MEX" in (d["first"], d["second"])]


@pytest.mark.parametrize("key", ["USA", "USA-USA", "USA-US", "USA-MEX-PAN", "USA-FRA", "x", "--"])
def test_what_is_no_dyad_is_404(api, key):
    assert api.get(f"/api/v1/dyads/{key}").status_code == 404


def cited(record):
    """Every passage that a record or one of its parts cites."""
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
    coverage = read("sources/article-1/coverage")
    assert (coverage["sentences"], coverage["cited"]) == (29, 27)
    passages = {p["id"]: p for p in read("passages?page_size=500")["results"]}
    for line in coverage["ledger"]:
        assert bool(line["facts"]) != bool(line["uncited_reason"])
        facts = {f"{f['kind']}:{f['id']}" for p in line["passages"] for f in passages[p]["facts"]}
        assert {f"{f['kind']}:{f['id']}" for f in line["facts"]} == facts
    assert sum(len(line["passages"]) for line in coverage["ledger"]) == len(passages)


def test_coverage_of_no_source_is_404(api):
    assert api.get("/api/v1/sources/nowhere/coverage").status_code == 404
    assert api.get("/api/v1/sources/No Where/coverage").status_code == 404
