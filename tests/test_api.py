"""What holds for every list and record, and for every filter."""

import itertools

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from api.parameters import MAX_ERRORS
from api.views.changes import ChangeViewSet, PublishedReleaseViewSet
from api.views.relations import DyadsView, SearchViewSet
from tests.conftest import RESOURCES, ROOT, VIEWSETS
from tests.questions import CASES, KEYS, OTHERS, path_of
from tests.samples import FIRST, SECOND, samples

CITING = [m for m in apps.get_models() if "evidence" in {f.name for f in m._meta.many_to_many}]
QUERIES = {
    # One of them finds how the records lie to others.
    "countries": 4,
    "organisations": 5,
    "officials": 7,
    # And of statements and trips another finds the checks.
    "statements": 8,
    "bilateral-issues": 10,
    "events": 14,
    "trips": 7,
    "sources": 3,
    # Whatever may cite a passage is asked once.
    "passages": 3 + len(CITING),
    "gaps": 11,
    "relations": 3,
    "checks": 3,
}


@pytest.mark.once
@pytest.mark.parametrize("resource", RESOURCES)
def test_a_list_and_its_details_are_the_same(read, resource):
    page = read(f"{resource}?page_size=500")
    assert page["count"] == len(page["results"]) > 0
    assert page["release"] == read("release")["version"]
    for record in page["results"]:
        assert read(f"{resource}/{record['id']}") == record
        assert record.keys() == page["results"][0].keys()


@pytest.mark.usefixtures("unrendered")
@pytest.mark.parametrize("resource", RESOURCES)
def test_a_list_costs_a_fixed_number_of_queries(read, resource):
    # The release is read in full where it is another than a moment ago.
    read("release")
    for size in (1, 2, 500):
        with CaptureQueriesContext(connection) as captured:
            read(f"{resource}?page_size={size}")
        asked = [q["sql"] for q in captured if "SAVEPOINT" not in q["sql"]]
        # Where a page holds no part of some kind, what the parts rest on is not asked for.
        most = QUERIES.get(resource)
        assert most, f"put the number of queries, {len(asked)} it seems, into QUERIES"
        told = f"QUERIES has {most}, and these are {len(asked)}: {asked}"
        assert len(asked) == most if size == 500 else len(asked) <= most, told


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_list_answers_what_all_lists_answer(api, resource):
    path, viewset = f"/api/v1/{resource}", VIEWSETS[resource]
    key = api.get(path).json()["results"][0]["id"]
    orders = itertools.product(("", "-"), viewset.ordering_fields)
    expected = {
        "/no-such-record": 404,
        "?page_sise=1": 400,
        "?q=a*": 200,
        **{f"?ordering={sign}{name}": 200 for sign, name in orders},
        **{f"?format={known.format}": 200 for known in viewset.formats("list")},
        **{f"/{key}?format={known.format}": 200 for known in viewset.formats("retrieve")},
    }
    for question, status in expected.items():
        response = api.get(f"{path}{question}")
        list(response)  # A stream is read to its end, so that the next one is not refused.
        cure = "run manage.py check, and see 'To add a resource' in CONTRIBUTING.md"
        assert response.status_code == status, f"{path}{question}: {cure}"
        if status == 404:
            assert response["Content-Type"] == "application/problem+json"
        if status == 400:
            (entry,) = response.json()["errors"]
            assert entry["nearest"] == "page_size"
            assert {"q", "page_size"} <= set(entry["allowed"])


@pytest.mark.once
@pytest.mark.parametrize("resource", RESOURCES)
def test_a_trailing_slash_answers_the_same(api, resource):
    plain, slashed = (api.get(f"/api/v1/{resource}{end}") for end in ("", "/"))
    assert plain.content == slashed.content
    assert slashed.status_code == 200


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize(
    "size", [4, *(pytest.param(size, marks=pytest.mark.slow) for size in (1, 2, 3, 5, 6, 7))]
)
def test_walking_a_list_in_every_order_gives_it_whole(api, resource, size):
    whole = {r["id"] for r in api.get(f"/api/v1/{resource}?page_size=500").json()["results"]}
    for name, sign in itertools.product(VIEWSETS[resource].ordering_fields, ("", "-")):
        url = f"/api/v1/{resource}?ordering={sign}{name}&page_size={size}"
        forth, last = [], None
        while url:
            page = api.get(url).json()
            forth.append([record["id"] for record in page["results"]])
            url, last = page["next"], page
        flat = list(itertools.chain.from_iterable(forth))
        assert len(flat) == len(set(flat))
        assert set(flat) == whole
        back, page = [forth[-1]], last
        while page["previous"]:
            page = api.get(page["previous"]).json()
            back.insert(0, [record["id"] for record in page["results"]])
        assert list(itertools.chain.from_iterable(back)) == flat


def ids(page):
    return {record["id"] for record in page["results"]}


@pytest.mark.parametrize(
    "codes",
    [
        (SECOND["alpha2"], FIRST["id"]),
        (SECOND["id"].lower(), FIRST["id"].lower()),
        (SECOND["numeric"], FIRST["numeric"]),
        (FIRST["alpha2"].lower(), SECOND["id"]),
        (FIRST["id"].title(), SECOND["alpha2"].lower()),
    ],
)
def test_between_takes_any_code_in_any_order(read, codes):
    both = {FIRST["id"], SECOND["id"]}
    issues = read("bilateral-issues?page_size=500")["results"]
    fitting = {r["id"] for r in issues if {*r["countries"]} == both}
    assert ids(read(f"bilateral-issues?between={','.join(codes)}")) == fitting != set()


@pytest.mark.once
@pytest.mark.once
@pytest.mark.parametrize("resource", RESOURCES)
def test_a_filter_is_asked_for_what_records_show(resource):
    """Where it stands under no key of a record, its questions would find nothing and be content."""
    for name in VIEWSETS[resource].filterset_class.base_filters.keys() - OTHERS:
        keys = {path.partition(".")[0] for path in path_of(resource, name).split()}
        known = name.startswith("exclude_") or (resource, name) == ("statements", "country")
        cure = f"write where the values of {name!r} stand into PATHS in tests/questions.py"
        assert known or keys <= {*VIEWSETS[resource].keys()}, cure


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_filter_gives_just_the_records_that_fit(read, resource):
    records = read(f"{resource}?page_size=500")["results"]
    questions = [question for question in CASES if question.partition("?")[0] == resource]
    assert questions
    for question in questions:
        fitting = {record["id"] for record in records if CASES[question](record)}
        found = read(f"{question}&page_size=500")
        assert ids(found) == fitting, question
        assert found["count"] == len(fitting), question


@pytest.mark.parametrize("resource", RESOURCES)
def test_any_key_that_may_be_null_can_be_asked_for(read, resource):
    records = read(f"{resource}?page_size=500")["results"]
    nullable = {key for record in records for key, value in record.items() if value is None}
    assert nullable <= VIEWSETS[resource].filterset_class.base_filters["stated"].conditions.keys()
    for question, fits in KEYS.items():
        if question.startswith(f"{resource}?"):
            fitting = {record["id"] for record in records if fits(record)}
            assert ids(read(f"{question}&page_size=500")) == fitting, question


def test_an_empty_text_is_not_stated(read):
    from policy.models import Statement

    key = read("statements?page_size=1&not_stated=medium")["results"][0]["id"]
    Statement.objects.filter(pk=key).update(medium="")
    assert key in ids(read("statements?not_stated=medium"))
    assert key not in ids(read("statements?stated=medium"))


@pytest.mark.once
@pytest.mark.parametrize("question", [
    "trips?possibly_on=1000-01-01", "trips?from=9000-01-01", "trips?to=1000-01-01",
    "events?actor=ATA", "statements?speaker=nobody-known", "bilateral-issues?between=AQ,BV",
    "statements?from=9000-01-01", "passages?source=nowhere",
])  # fmt: skip
def test_well_formed_and_absent_is_an_empty_list(read, question):
    version = read("release")["version"]
    assert read(question) == {
        "release": version, "count": 0, "next": None, "previous": None, "facets": {}, "results": [],
    }  # fmt: skip


LISTS = {**VIEWSETS, "search": SearchViewSet, "dyads": DyadsView,
         "releases": PublishedReleaseViewSet, "changes": ChangeViewSet}  # fmt: skip


@pytest.mark.once
@pytest.mark.parametrize("path", LISTS)
def test_every_wrong_parameter_is_told_in_one_answer(api, path):
    fields = LISTS[path].parameters("list")
    query = "&".join(f"{name}=~" for name in list(fields)[: MAX_ERRORS - 1])
    response = api.get(f"/api/v1/{path}?{query}&kuntry=PAN")
    assert response.status_code == 400
    told = {entry["parameter"]: entry for entry in response.json()["errors"]}
    assert list(told) == [*list(fields)[: MAX_ERRORS - 1], "kuntry"]
    assert told["kuntry"]["allowed"] == sorted(fields)
    for name, entry in told.items():
        field = fields.get(name)
        codes = getattr(getattr(field, "item", field), "codes", None)
        assert codes is None or entry["allowed"] == codes, name


def test_parameters_that_exclude_each_other_are_told_with_the_others(api):
    query = "topic=x&page_size=0&fields=id&omit=note&format=csv&expand=speaker"
    entries = api.get(f"/api/v1/statements?{query}").json()["errors"]
    assert [entry["parameter"] for entry in entries] == ["topic", "page_size", "omit", "expand"]


REPEATED = {"topic": "migration,territory", "fields": "id,topic", "ordering": "-topic,id"}


def test_a_list_is_written_with_commas_or_by_repeating_its_parameter(read):
    expected = read(f"bilateral-issues?{'&'.join(f'{n}={text}' for n, text in REPEATED.items())}")
    assert expected["results"]
    repeated = [(name, one) for name, text in REPEATED.items() for one in text.split(",")]
    assert read(f"bilateral-issues?{'&'.join('='.join(pair) for pair in repeated)}") == expected
    turned = "ordering=id&ordering=-topic&topic=migration&topic=territory&fields=id,topic"
    assert read(f"bilateral-issues?{turned}")["results"] != expected["results"]
    both = f"{FIRST['id']}&between={SECOND['id']}"
    assert read(f"events?between={both}") == read(
        f"events?between={both.replace('&between=', ',')}"
    )


def test_a_link_may_repeat_what_it_holds(api):
    asked = "topic=migration&topic=territory&page_size=1&ordering=-title"
    following = api.get(f"/api/v1/bilateral-issues?{asked}").json()["next"]
    page = api.get(following).json()
    assert page["results"]
    assert api.get(f"{following}&{asked}").json() == page
    assert api.get(f"{following}&topic=territory").json() == page
    assert api.get(f"{following}&page_size=2").status_code == 400
    assert api.get(f"{following}&topic=crime").status_code == 400


def test_a_cursor_is_bound_to_its_asking_and_its_release(api):
    from policy.models import Release

    following = api.get("/api/v1/statements?page_size=2").json()["next"]
    cursor = following.partition("cursor=")[2]
    assert api.get(f"/api/v1/statements?page_size=3&cursor={cursor}").status_code == 200
    assert api.get(f"/api/v1/statements?topic=migration&cursor={cursor}").status_code == 400
    assert api.get(f"/api/v1/statements?ordering=-id&cursor={cursor}").status_code == 400
    Release.objects.update(content_hash="0" * 64)
    stale = api.get(following)
    assert stale.status_code == 410
    assert "without the cursor" in stale.json()["detail"]


def test_without_a_release_the_answer_is_503(api):
    from policy.models import Release

    Release.objects.all().delete()
    for path in ("/readyz", "/api/v1/countries", "/"):
        response = api.get(path)
        assert response.status_code == 503
        assert response["Retry-After"]
    assert api.get("/healthz").status_code == 200


def test_the_index_leads_everywhere(api):
    index = api.get("/").json()
    for url in [*index["resources"].values(), index["docs"], index["guide"], index["schema"]]:
        assert api.get(url.removeprefix("http://127.0.0.1:8000")).status_code == 200


def test_links_follow_the_public_url(api, settings):
    settings.PUBLIC_URL = "https://facts.example/demarche"
    page = api.get("/api/v1/statements?page_size=1").json()
    assert page["next"].startswith("https://facts.example/demarche/api/v1/statements?")


def test_the_codebook_tells_the_known_defects(read):
    codebook = read("codebook")
    manual, licence = codebook["manual"], (ROOT / "fixtures" / "LICENSE").read_text()
    for name in ("title", "publisher", "repository", "commit"):
        assert manual[name] in " ".join(licence.split())
    assert (manual["licence"], len(manual["defects"])) == ("CC-BY-SA-4.0", 5)
    types = {entry["code"]: entry for entry in codebook["plover"]}
    assert len(types) == 16
    assert "sign" in types["ACCUSE"]["note"]
    assert types["SANCTION"]["note"]
    assert {mode["code"]: mode["score"] for mode in types["CONSULT"]["modes"]}["visit"] == 4


def test_the_release_is_told(read):
    release = read("release")
    counts = {name: read(f"{name}?page_size=1")["count"] for name in RESOURCES}
    assert counts.items() <= {k.replace("_", "-"): n for k, n in release["counts"].items()}.items()


@pytest.mark.parametrize("alpha", [{"alpha": 0.8125}, {"alpha": -1}, {}])
def test_the_release_tells_how_far_coders_agreed(read, alpha):
    from policy.models import Release

    assert read("release")["coding_agreement"] is None
    told = {"coders": 2, "compared": 40, "agreement": 0.875}
    Release.objects.update(coding_agreement={**told, **alpha})
    assert read("release")["coding_agreement"] == {"alpha": None, **told, **alpha}


TOPICS, COUNTRIES = samples("concerns", "topic"), samples("concerns", "country")[:4]


def test_order_between_events_is_seen_from_both(read):
    events = {event["id"]: event for event in read("events?page_size=500")["results"]}
    converse = {"before": "after", "after": "before", "concurrent": "concurrent"}
    told = {(key, one["relation"], one["event"]) for key in events for one in events[key]["order"]}
    assert told == {(other, converse[relation], event) for event, relation, other in told} != set()
    assert all(one["evidence"] for event in events.values() for one in event["order"])


@pytest.mark.once
@pytest.mark.parametrize(
    "more", ["", f"&topic={TOPICS[0]}", f"&topic={','.join(TOPICS[:2])}", "&kind=narration"]
)
@pytest.mark.parametrize("country", [*COUNTRIES[:2], f"{','.join(COUNTRIES)}", "ATA"])
def test_statements_are_counted_as_they_are_listed(api, country, more):
    page = api.get(f"/api/v1/statements?page_size=500&country={country}{more}").json()
    assert page["count"] == len(page["results"])
