"""The API: what holds for every resource, and what each filter asks."""

import itertools
import json

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from api.parameters import MAX_ERRORS
from api.views.relations import DyadsView, SearchViewSet
from tests.conftest import RESOURCES, VIEWSETS

CITING = [m for m in apps.get_models() if "evidence" in {f.name for f in m._meta.many_to_many}]
QUERIES = {
    "countries": 3,
    "officials": 5,
    "statements": 5,
    "bilateral-issues": 7,
    "events": 11,
    "trips": 5,
    "sources": 2,
    # Whatever may cite a passage is asked once.
    "passages": 2 + len(CITING),
    "gaps": 9,
}


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_list_and_its_details_are_the_same(read, resource):
    page = read(f"{resource}?page_size=500")
    assert page["count"] == len(page["results"]) > 0
    assert page["release"] == "1.0.0"
    for record in page["results"]:
        assert read(f"{resource}/{record['id']}") == record
        assert record.keys() == page["results"][0].keys()


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
        assert len(asked) == most if size == 500 else len(asked) <= most, asked


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
        response.close()
        cure = "run manage.py check, and see 'To add a resource' in CONTRIBUTING.md"
        assert response.status_code == status, f"{path}{question}: {cure}"
        if status == 404:
            assert response["Content-Type"] == "application/problem+json"
        if status == 400:
            (entry,) = response.json()["errors"]
            assert entry["nearest"] == "page_size"
            assert {"q", "page_size"} <= set(entry["allowed"])


@pytest.mark.parametrize("resource", RESOURCES)
def test_the_count_is_that_of_the_table(read, resource):
    records = VIEWSETS[resource].queryset.count()
    for question in ("page_size=1", "page_size=1&ordering=-id"):
        assert read(f"{resource}?{question}")["count"] == records


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_trailing_slash_answers_the_same(api, resource):
    plain, slashed = (api.get(f"/api/v1/{resource}{end}") for end in ("", "/"))
    assert plain.content == slashed.content
    assert slashed.status_code == 200


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize("size", range(1, 8))
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


@pytest.mark.parametrize("codes", ["US,PAN", "usa,pan", "840,591", "pa,USA", "Pan,us"])
def test_between_takes_any_code_in_any_order(read, codes):
    assert ids(read(f"bilateral-issues?between={codes}")) == {"pan-usa-canal"}


def test_the_canal_issue_is_answered_whole(read):
    (issue,) = read("bilateral-issues?between=US,PAN")["results"]
    assert (issue["topic"], issue["status"]) == ("territory", "contested")
    assert [side["country"] for side in issue["sides"]] == ["PAN", "USA"]
    for side in issue["sides"]:
        assert side["position"]
        assert side["evidence"]
    for passage in issue["evidence"]:
        assert {"paragraph", "sentence", "start", "end", "quote", "sha256"} <= passage.keys()


CASES = {
    "statements?speaker=marco-rubio": lambda r: r["speaker"] == "marco-rubio",
    "statements?kind=quotation,narration": lambda r: r["kind"] in ("quotation", "narration"),
    "statements?exclude_kind=quotation": lambda r: r["kind"] != "quotation",
    "statements?topic=migration": lambda r: r["topic"] == "migration",
    "statements?about=CN": lambda r: "CHN" in r["about"],
    "statements?attributed_country=MX": lambda r: r["attributed_country"] == "MEX",
    "statements?narrator=true": lambda r: r["narrator"],
    "statements?verbatim=unverified": lambda r: r["verbatim"] == "unverified",
    "statements?issue=pan-usa-canal": lambda r: "pan-usa-canal" in r["issues"],
    "statements?support=ambiguous": lambda r: r["support"] == "ambiguous",
    "bilateral-issues?topic=migration,crime": lambda r: r["topic"] in ("migration", "crime"),
    "bilateral-issues?status=conceded": lambda r: r["status"] == "conceded",
    "bilateral-issues?exclude_topic=migration": lambda r: r["topic"] != "migration",
    "bilateral-issues?country=VEN": lambda r: "VEN" in [s["country"] for s in r["sides"]],
    "bilateral-issues?exclude_country=VEN": lambda r: (
        "VEN" not in [s["country"] for s in r["sides"]]
    ),
    "bilateral-issues?not_stated=true": lambda r: any(s["not_stated"] for s in r["sides"]),
    "bilateral-issues?not_stated=false": lambda r: not any(s["not_stated"] for s in r["sides"]),
    "bilateral-issues?not_stated_by=CHN": lambda r: any(
        s["not_stated"] and s["country"] == "CHN" for s in r["sides"]
    ),
    "events?event_type=AGREE,CONSULT": lambda r: r["event_type"] in ("AGREE", "CONSULT"),
    "events?quad=verbal_conflict": lambda r: r["quad"] == "verbal_conflict",
    "events?exclude_quad=verbal_conflict": lambda r: r["quad"] != "verbal_conflict",
    "events?actor=MEX": lambda r: "MEX" in [p["country"] for p in r["actors"]],
    "events?recipient=usa": lambda r: "USA" in [p["country"] for p in r["recipients"]],
    "events?actor=USA&recipient=PAN": lambda r: (
        "USA" in [p["country"] for p in r["actors"]]
        and "PAN" in [p["country"] for p in r["recipients"]]
    ),
    "events?mode=assist": lambda r: r["mode"] == "assist",
    "events?context=military": lambda r: "military" in r["contexts"],
    "events?auxiliary=future": lambda r: r["auxiliary"] == "future",
    "events?confidence=low": lambda r: r["confidence"] == "low",
    "events?coded=false": lambda r: r["event_type"] is None,
    "events?coded=true": lambda r: r["event_type"] is not None,
    "events?issue=pan-usa-canal": lambda r: "pan-usa-canal" in r["issues"],
    "officials?country=us": lambda r: r["country"] == "USA",
    "officials?role=spokesperson": lambda r: "spokesperson" in [p["role"] for p in r["positions"]],
    "officials?named=false": lambda r: r["name"] is None,
    "countries?id=pa,484": lambda r: r["id"] in ("PAN", "MEX"),
    "countries?subregion=013": lambda r: r["subregion"] == "013",
    "countries?region=019": lambda r: r["region"] == "019",
    "trips?country=SLV": lambda r: "SLV" in [s["country"] for s in r["stops"]],
    "trips?traveller=marco-rubio": lambda r: r["traveller"] == "marco-rubio",
    "trips?possibly_on=2025-02-03": lambda r: r["time_earliest"] <= "2025-02-03",
    "trips?from=2025-02-07&to=2025-03-01": lambda r: r["time_latest"] >= "2025-02-07",
    "trips?status=planned": lambda r: r["status"] == "planned",
    "sources?language=en": lambda r: r["language"] == "en",
    "passages?paragraph=9&sentence=1": lambda r: (r["paragraph"], r["sentence"]) == (9, 1),
    "passages?source=article-1": lambda r: r["source"] == "article-1",
    "gaps?country=SV": lambda r: "SLV" in r["countries"],
    "gaps?official=donald-trump": lambda r: "donald-trump" in r["officials"],
    "gaps?issue=pan-usa-canal": lambda r: "pan-usa-canal" in r["issues"],
}


@pytest.mark.parametrize("question", CASES)
def test_a_filter_gives_just_the_records_that_fit(read, question):
    resource, _, _ = question.partition("?")
    fitting = {r["id"] for r in read(f"{resource}?page_size=500")["results"] if CASES[question](r)}
    found = read(f"{question}&page_size=500")
    assert ids(found) == fitting
    assert found["count"] == len(fitting) > 0


@pytest.mark.parametrize(
    "question",
    [
        "trips?possibly_on=2025-02-08",
        "trips?from=2025-02-08",
        "trips?to=2025-01-31",
        "events?actor=FRA",
        "statements?speaker=nobody-known",
        "bilateral-issues?between=FR,DE",
        "statements?from=2000-01-01",
        "passages?source=nowhere",
    ],
)
def test_well_formed_and_absent_is_an_empty_list(read, question):
    assert read(question) == {
        "release": "1.0.0", "count": 0, "next": None, "previous": None, "facets": {}, "results": [],
    }  # fmt: skip


def test_every_filter_is_asked_by_a_test_or_holds_a_key():
    asked = {q.partition("?")[0] + "?" + p.partition("=")[0]
             for q in CASES for p in q.partition("?")[2].split("&")}  # fmt: skip
    general = {
        "q",
        "between",
        "id",
        "source",
        "support",
        "precision",
        "possibly_on",
        "from",
        "to",
        "country",
    }
    single = {"statement", "event", "trip"}
    for resource, viewset in VIEWSETS.items():
        for name in viewset.filterset_class.base_filters:
            if name in general or name in single or name.startswith("exclude_"):
                continue
            assert f"{resource}?{name}" in asked, f"ask {resource}?{name} in CASES"


LISTS = {**VIEWSETS, "search": SearchViewSet, "dyads": DyadsView}

REFUSED = {
    "officials?contry=PAN": ("contry", "country"),
    "bilateral-issues?topic=migratoin": ("topic", "migration"),
    "bilateral-issues?topic=migration&topic=crime": ("topic", None),
    "bilateral-issues?topic=": ("topic", None),
    "bilateral-issues?topic=migration,,crime": ("topic", None),
    "bilateral-issues?between=USA": ("between", None),
    "bilateral-issues?between=USA,US": ("between", None),
    "bilateral-issues?between=USA,PAN,MEX": ("between", None),
    "bilateral-issues?country=Panama": ("country", None),
    "events?event_type=agree": ("event_type", "AGREE"),
    "events?coded=1": ("coded", None),
    "trips?possibly_on=2025-02-30": ("possibly_on", None),
    "trips?possibly_on=2025-2-3": ("possibly_on", None),
    "trips?from=0000-01-01": ("from", None),
    "statements?page_size=0": ("page_size", None),
    "statements?page_size=501": ("page_size", None),
    "statements?page_size=1e3": ("page_size", None),
    "statements?page_size=%D9%A1": ("page_size", None),
    "statements?page_size=99999999999999999999": ("page_size", None),
    "statements?ordering=titel": ("ordering", None),
    "statements?ordering=id,-id": ("ordering", None),
    "statements?cursor=nonsense": ("cursor", None),
    "statements?speaker=a%00b": ("speaker", None),
    "statements?speaker=%FF": ("speaker", None),
    "statements?speaker=Marco%20Rubio": ("speaker", None),
    "release?verbose=1": ("verbose", None),
    "statements/rubio-op-ed?page_size=1": ("page_size", None),
}


@pytest.mark.parametrize("question", REFUSED)
def test_a_bad_question_is_refused_with_its_cure(api, question):
    response = api.get(f"/api/v1/{question}")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    parameter, nearest = REFUSED[question]
    (entry,) = problem["errors"]
    assert entry["parameter"] == parameter
    assert len(entry["detail"]) > 15
    if nearest:
        assert entry["nearest"] == nearest
        assert nearest in entry["allowed"]
    assert api.get(problem["type"].removeprefix("http://127.0.0.1:8000")).status_code == 200


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


@pytest.mark.parametrize(
    "path", ["nothing", "api/v1/nothing", "api/v1/countries/ZZZ", "api/v1/countries/x%00y",
             "api/v1/statements/%FF", "api/v1/statements/NO SUCH", "problems/none", "static/none"],
)  # fmt: skip
def test_an_absent_path_is_a_404_problem(api, path):
    response = api.get(f"/{path}")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written(api, method):
    response = getattr(api, method)("/api/v1/countries")
    assert response.status_code == 405
    assert response.json()["title"] == "The API is read-only"
    assert "GET" in response["Allow"]


def test_an_unknown_host_is_a_problem(api):
    response = api.get("/api/v1/countries", HTTP_HOST="evil.example")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_an_impossible_accept_is_a_problem(api):
    response = api.get("/api/v1/countries", HTTP_ACCEPT="image/png")
    assert response.status_code == 406
    assert response["Content-Type"] == "application/problem+json"


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
    for url in [*index["resources"].values(), index["docs"], index["reference"], index["schema"]]:
        assert api.get(url.removeprefix("http://127.0.0.1:8000")).status_code == 200


def test_links_follow_the_public_url(api, settings):
    settings.PUBLIC_URL = "https://facts.example/demarche"
    page = api.get("/api/v1/statements?page_size=1").json()
    assert page["next"].startswith("https://facts.example/demarche/api/v1/statements?")


def test_the_codebook_tells_the_known_defects(read):
    types = {entry["code"]: entry for entry in read("codebook")["plover"]}
    assert len(types) == 16
    assert "sign" in types["ACCUSE"]["note"]
    assert types["SANCTION"]["note"]
    assert {mode["code"]: mode["score"] for mode in types["CONSULT"]["modes"]}["visit"] == 4


def test_the_release_is_told(read):
    release = read("release")
    assert release["counts"]["sentences"] == 29
    assert release["licence"] == "CC-BY-4.0"


def test_order_between_events_is_seen_from_both(read):
    resists = read("events/mex-resists-non-mexican-deportees")["order"]
    relents = read("events/mex-relents-on-deportees")["order"]
    assert [(o["relation"], o["event"]) for o in resists] == [
        ("before", "mex-relents-on-deportees")
    ]
    assert ("after", "mex-resists-non-mexican-deportees") in [
        (o["relation"], o["event"]) for o in relents
    ]
    assert json.dumps(resists[0]["evidence"])


@pytest.mark.parametrize(
    "more", ["", "&topic=migration", "&topic=migration,crime", "&kind=narration"]
)
@pytest.mark.parametrize("country", ["PAN", "us", "VEN,MEX", "ZZZ"])
def test_statements_are_counted_as_they_are_listed(api, country, more):
    page = api.get(f"/api/v1/statements?page_size=500&country={country}{more}").json()
    assert page["count"] == len(page["results"])
