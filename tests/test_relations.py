"""What connects the lists: dyads, the coverage of a source, and the facts of a passage."""

import itertools
from collections import defaultdict
from functools import cache

import pytest
from django.db import connection

from api.database.release import served
from api.rendering.records import render_all
from policy import plover
from policy.dyads import dyads, scores_between
from policy.models import Event, EventParty, Organisation
from policy.models.registry import kind_of
from tests.conftest import RESOURCES, VIEWSETS
from tests.samples import DYAD, FIRST, SECOND, records, sample, samples, values


@pytest.mark.parametrize("one", ["id", "alpha2", "numeric"])
@pytest.mark.parametrize("other", ["id", "alpha2", "numeric"])
def test_a_dyad_is_named_in_any_way(read, one, other):
    dyad = read(f"dyads/{DYAD}")
    assert dyad["id"] == DYAD
    for key in (f"{FIRST[one]}-{SECOND[other]}", f"{SECOND[other].lower()}-{FIRST[one].lower()}"):
        assert read(f"dyads/{key}") == dyad


def test_a_dyad_holds_everything_between_two_countries(read):
    full = max(read("dyads")["results"], key=lambda dyad: dyad["issues"] * dyad["events"])
    dyad, both = read(f"dyads/{full['id']}"), {full["first"], full["second"]}
    assert sum(dyad[name]["count"] > 0 for name in PARTS) > 2
    for issue in dyad["issues"]["records"]:
        assert {*issue["countries"]} == both
    events = [event for event in dyad["events"]["records"] if event["event_type"]]
    totals = dyad["event_totals"]
    assert totals["coded"] == len(events) == sum(totals["quads"].values())
    assert totals["score_sum"] == pytest.approx(sum(event["score"] for event in events))
    assert totals["score_mean"] == pytest.approx(totals["score_sum"] / len(events), abs=1e-4)
    assert set(totals["quads"]) == set(plover.Quad)


@cache
def sides():
    """Return the two countries of each issue."""
    return {issue["id"]: {*issue["countries"]} for issue in records("bilateral_issues")}


def of_record(resource, record):
    """Return the pairs of countries that a record lies between, by what the record itself says."""
    groups = [sides()[issue] for issue in record.get("issues", ())]
    if resource == "bilateral-issues":
        groups = [{*record["countries"]}]
    elif resource == "events":
        others = "recipients" if record["recipients"] else "actors"
        actors, against = (values(record, f"{one}.country") for one in ("actors", others))
        facing = ({a, b} - {None} for a, b in itertools.product(actors, against))
        groups += [pair for pair in facing if len(pair) == 2]
    elif resource == "statements":
        groups += itertools.combinations(
            {r["country"] for r in records("concerns") if r["statement"] == record["id"]}, 2
        )
    elif resource == "trips":
        home = next(r for r in records("officials") if r["id"] == record["traveller"])["country"]
        groups = [{home, country} for country in {*values(record, "stops.country")} - {home}]
    else:
        groups += itertools.combinations(record["countries"], 2)
    return {"-".join(sorted(group)) for group in groups}


PARTS = {"issues": "bilateral-issues", **{n: n for n in ("events", "statements", "trips", "gaps")}}


def test_dyads_list_and_filter_agree_on_what_is_between_two_countries(read):
    expected = defaultdict(lambda: defaultdict(set))
    for name, resource in PARTS.items():
        for record in read(f"{resource}?page_size=500")["results"]:
            for pair in of_record(resource, record):
                expected[pair][name].add(record["id"])
    page = read("dyads?page_size=500")
    assert [dyad["id"] for dyad in page["results"]] == sorted(expected)
    for summary in page["results"]:
        dyad = read(f"dyads/{summary['id']}")
        for name, resource in PARTS.items():
            keys = expected[summary["id"]][name]
            assert summary[name] == dyad[name]["count"] == len(keys)
            assert {record["id"] for record in dyad[name]["records"]} == keys
            codes = f"{summary['second']},{summary['first']}"
            found = read(f"{resource}?between={codes}&page_size=500")["results"]
            assert found == dyad[name]["records"]


A, B, C = sorted(samples("countries")[-3:])


@pytest.fixture
def threat(db):
    """A function that makes an event of these parties: "PAN", "PAN+" for an organisation of it."""

    def make(actors, recipients):
        event = Event.objects.create(
            id="zz-threat", summary="-", event_type="THREATEN", confidence="high", support="stated"
        )
        for role, parties in (("actor", actors), ("recipient", recipients)):
            for place, party in enumerate(parties):
                key, country = f"zz-{role}-{place}", party.removesuffix("+") or None
                if party.endswith("+"):
                    Organisation.objects.create(id=key, label=key, kind="other", support="stated")
                EventParty.objects.create(
                    id=key, event=event, role=role, country_id=country, support="stated",
                    organisation_id=key if party.endswith("+") else None,
                )  # fmt: skip
        return event

    return make


@pytest.mark.parametrize(
    ("actors", "recipients", "facing"),
    [
        ([A, B], [C], {(A, C), (B, C)}),
        ([A], [B, C], {(A, B), (A, C)}),
        ([A, B, C], [], {(A, B), (A, C), (B, C)}),
        ([A, B], ["+"], set()),
        ([A, B], [f"{A}+"], {(A, B)}),
        ([A, f"{A}+"], [B], {(A, B)}),
        ([A, f"{A}+"], [], set()),
        ([A, "+"], [], set()),
    ],
)
def test_actors_stand_against_each_other_only_where_nobody_receives(
    read, threat, actors, recipients, facing
):
    known = set(itertools.combinations((A, B, C), 2))
    before = {(dyad.first, dyad.second): dyad.events for dyad in dyads()}
    scores = scores_between((A, B, C))
    event = threat(actors, recipients)
    assert {
        pair for pair in known
        if event.pk in {r["id"] for r in read(f"events?between={','.join(pair)}")["results"]}
    } == facing  # fmt: skip
    assert {
        pair for pair in known
        if event.pk in {r["id"] for r in read(f"dyads/{'-'.join(pair)}")["events"]["records"]}
    } == facing  # fmt: skip
    told = {(dyad.first, dyad.second): dyad.events for dyad in dyads()}
    assert {pair for pair in told if told[pair] > before.get(pair, 0)} == facing
    now = scores_between((A, B, C))
    assert {pair for pair in now if now[pair] != scores.get(pair)} == facing
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT actor, recipient, is_reciprocal FROM event_dyads WHERE event = %s", [event.pk]
        )
        rows = cursor.fetchall()
    others = len(recipients) or len(actors) - 1
    assert [bool(mutual) for *_, mutual in rows] == [not recipients] * (len(actors) * others)
    shown = {tuple(sorted(pair)) for *pair, _ in rows if None not in pair}
    assert {pair for pair in shown if len({*pair}) == 2} == facing


@pytest.mark.parametrize("name", ["id", "first", "second", *PARTS])
@pytest.mark.parametrize("sign", ["", "-"])
def test_the_list_of_dyads_is_walked_in_every_order(api, read, name, sign):
    whole = read(f"dyads?page_size=500&ordering={sign}{name}")["results"]
    for one, two in itertools.pairwise(whole):
        lesser, greater = (two, one) if sign else (one, two)
        assert (lesser[name], lesser["id"]) < (greater[name], greater["id"])
    forth, url = [], f"/api/v1/dyads?page_size=4&ordering={sign}{name}"
    while url:
        page = api.get(url).json()
        assert page["count"] == len(whole)
        forth += page["results"]
        url = page["next"]
    assert forth == whole
    back = page["results"]
    while page["previous"]:
        page = api.get(page["previous"]).json()
        back = page["results"] + back
    assert back == whole


def test_the_list_of_dyads_is_filtered(read):
    every = read("dyads?page_size=500")["results"]

    def found(query):
        return read(f"dyads?page_size=500&{query}")["results"]

    one, other = FIRST["id"], SECOND["id"]
    assert found(f"country={FIRST['alpha2'].lower()}") == [
        dyad for dyad in every if one in (dyad["first"], dyad["second"])
    ]
    assert found(f"exclude_country={FIRST['numeric']}&exclude_country={other}") == [
        dyad for dyad in every if not {one, other} & {dyad["first"], dyad["second"]}
    ]
    assert found("kind=bilateral-issue,trip") == [d for d in every if d["issues"] or d["trips"]]
    assert found(f"exclude_kind=event&country={one}") == [
        dyad for dyad in every if not dyad["events"] and one in (dyad["first"], dyad["second"])
    ]
    assert 0 < len(found("kind=gap&exclude_kind=event")) < len(every)


@pytest.mark.usefixtures("unrendered")
def test_a_dyad_is_the_same_with_renderings_and_without(api):
    paths = (f"/api/v1/dyads/{DYAD}", "/api/v1/dyads?page_size=500")
    assert not served().rendered
    plain = [api.get(path).content for path in paths]
    render_all()
    assert served().rendered
    assert [api.get(path).content for path in paths] == plain


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


@pytest.mark.once
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


@pytest.mark.once
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


@pytest.mark.once
def test_coverage_of_no_source_is_404(api):
    assert api.get("/api/v1/sources/nowhere/coverage").status_code == 404
    assert api.get("/api/v1/sources/No Where/coverage").status_code == 404
