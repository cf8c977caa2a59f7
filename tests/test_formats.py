"""The formats besides JSON: complete, safe to open, and valid by their standards."""

import csv
import gc
import io
import json
import tracemalloc

import pytest
from pyld import jsonld

from api.database.release import served
from api.formats.streams import CHUNK, cell
from policy.evidence import sha256
from policy.models import Relation, Statement
from tests.conftest import RESOURCES, VIEWSETS
from tests.samples import find, records, sample


@pytest.mark.parametrize("resource", RESOURCES)
def test_ndjson_is_the_whole_list(api, read, resource):
    response = api.get(f"/api/v1/{resource}?format=ndjson")
    assert response["Content-Type"] == "application/x-ndjson; charset=utf-8"
    lines = b"".join(response).decode().splitlines()
    whole = read(f"{resource}?page_size=500")["results"]
    assert [json.loads(line) for line in lines] == whole


@pytest.mark.parametrize("resource", RESOURCES)
def test_csv_is_the_whole_list(api, read, resource):
    response = api.get(f"/api/v1/{resource}", HTTP_ACCEPT="text/csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(response).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    whole = read(f"{resource}?page_size=500")["results"]
    assert [{name: read_back(row[name], record[name]) for name in row} for row, record in
            zip(rows, whole, strict=True)] == whole  # fmt: skip
    assert list(rows[0]) == list(whole[0])


def read_back(text, value):
    """Return what the text of a cell stands for, as somebody reads it who knows the column."""
    if isinstance(value, str):
        return text.removeprefix("'")
    return json.loads(text) if text else None


def test_a_stream_is_filtered_ordered_and_selected(api):
    response = api.get("/api/v1/statements?format=csv&fields=id,topic&topic=crime&ordering=-id")
    lines = b"".join(response).decode().split("\r\n")
    assert lines[0] == "id,topic"
    assert all(line.endswith(',"crime"') for line in lines[1:-1])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        ("", '""'),
        ("=1+1", '"\'=1+1"'),
        ("+1", '"\'+1"'),
        ("-1", '"\'-1"'),
        ("@A1", '"\'@A1"'),
        ("\tx", '"\'\tx"'),
        ("\nx", '"\'\nx"'),
        ("\r\nx", '"\'\r\nx"'),
        *((f"{sign}1+1", f'"\'{sign}1+1"') for sign in "＝＋－＠﹦﹢﹣﹫"),
        ("'twas", "\"''twas\""),
        ("a=b", '"a=b"'),
        ('say "x"', '"say ""x"""'),
        (True, "true"),
        (-3.5, "-3.5"),
        (["a", "b"], '"[""a"",""b""]"'),
        (["a;b", "c"], '"[""a;b"",""c""]"'),
        (["=a"], '"[""=a""]"'),
        ([], '"[]"'),
        ([{"a": None}], '"[{""a"":null}]"'),
    ],
)
def test_cells(value, expected):
    assert cell(value) == expected


def make_statements(first, last):
    """Create numbered statements, the last number excluded."""
    many = [
        Statement(
            id=f"made-{number:05}", summary="Said to try how much is held at once.",
            kind="narration", narrator=True, topic="crime", support="stated",
        )
        for number in range(first, last)
    ]  # fmt: skip
    Statement.objects.bulk_create(many)


@pytest.mark.slow
def test_a_stream_takes_no_more_memory_for_ten_times_the_rows(api):
    """One chunk is in memory at a time, however long the list; CSV and NDJSON share the stream."""

    def peak() -> int:
        served()  # finds out that the tables were written to
        gc.freeze()  # what is there already need not be looked through again
        tracemalloc.start()
        try:
            # Without a length, for which the same is done once more.
            response = api.get("/api/v1/statements?format=ndjson", HTTP_ACCEPT_ENCODING="gzip")
            for _ in response:
                # Serializers refer to themselves, so they wait for the collector.
                gc.collect()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            gc.unfreeze()

    make_statements(0, CHUNK * 4)
    peak_of_few = peak()
    make_statements(CHUNK * 4, CHUNK * 21)
    assert Statement.objects.count() > 10_000
    assert peak() < peak_of_few * 2


def test_a_relation_to_a_kind_that_is_none_is_still_written(db, read):
    Relation.objects.update(subject_kind="figure")
    for relation in read("relations?format=jsonld")["@graph"]:
        assert relation["subject_kind"] == "figure"
        assert not relation["subject"].startswith("http")
        assert relation["object"].startswith("http")


def test_a_stream_holds_a_chunk_at_a_time(api, django_assert_max_num_queries):
    make_statements(0, CHUNK * 2)
    served()  # finds out that the tables were written to
    with django_assert_max_num_queries(25):
        response = api.get("/api/v1/statements?format=ndjson&topic=crime&q=")
        assert response.status_code == 400
        # What is compressed needs no length, for which a list that is not rendered is made twice.
        response = api.get("/api/v1/statements?format=ndjson", HTTP_ACCEPT_ENCODING="gzip")
        lines = b"".join(response).splitlines()
    assert len(lines) == Statement.objects.count() > CHUNK * 2


def test_countries_and_trips_are_geojson(api):
    page = api.get("/api/v1/countries?format=geojson").json()
    assert page["type"] == "FeatureCollection"
    assert page["count"] == len(page["features"]) > 0
    points = {r["id"]: [r["longitude"], r["latitude"]] for r in records("countries")}
    assert {f["id"]: f["geometry"]["coordinates"] for f in page["features"]} == points
    assert page["features"][0]["properties"]["alpha2"] == records("countries")[0]["alpha2"]
    trip = api.get(f"/api/v1/trips/{sample('stops', 'trip')}?format=geojson").json()
    assert trip["geometry"]["type"] == "MultiPoint"
    stops = trip["properties"]["stops"]
    assert trip["geometry"]["coordinates"] == [points[stop["country"]] for stop in stops]


def loader(url, options=None):
    raise AssertionError(f"nothing may be loaded from elsewhere: {url}")


@pytest.mark.parametrize("resource", RESOURCES)
def test_json_ld_expands_and_is_walked_and_counted_like_json(api, resource):
    facet = next(iter(VIEWSETS[resource].filterset_class.facets()), None)
    url, ids = f"/api/v1/{resource}?page_size=3" + (f"&facets={facet}" if facet else ""), []
    names = ("release", "count", "facets")
    plain = api.get(url).json()
    while url:
        page = api.get(url, HTTP_ACCEPT="application/ld+json").json()
        assert [page[name] for name in names] == [plain[name] for name in names]
        nodes = jsonld.expand(page, {"documentLoader": loader})
        assert len(nodes) == len(page["@graph"])
        for node in nodes:
            assert node["@id"].startswith(f"http://127.0.0.1:8000/api/v1/{resource}/")
            assert api.get(node["@id"].removeprefix("http://127.0.0.1:8000")).status_code == 200
            assert all(":" in key for key in node if not key.startswith("@"))
        ids += [node["id"] for node in page["@graph"]]
        url = page["next"]
    assert len(set(ids)) == len(ids) == plain["count"] > 0


def nodes(tree):
    """Yield every node of expanded JSON-LD, nested ones too."""
    if isinstance(tree, list):
        for item in tree:
            yield from nodes(item)
    elif isinstance(tree, dict) and "@value" not in tree:
        yield tree
        for value in tree.values():
            yield from nodes(value)


def all_nodes(api):
    for resource in RESOURCES:
        page = api.get(f"/api/v1/{resource}?page_size=500&format=jsonld").json()
        yield from nodes(jsonld.expand(page, {"documentLoader": loader}))


def test_every_term_of_ours_in_json_ld_leads_to_its_definition(api):
    address = "http://127.0.0.1:8000/api/v1/terms"
    response = api.get("/api/v1/terms", HTTP_ACCEPT="application/ld+json")
    assert response["Content-Type"] == "application/ld+json"
    assert api.get("/api/v1/terms?format=json").json() == response.json()
    defined = {}
    for node in jsonld.expand(response.json(), {"documentLoader": loader}):
        assert node["@type"] == ["http://www.w3.org/1999/02/22-rdf-syntax-ns#Property"]
        defined[node["@id"]] = node["http://www.w3.org/2000/01/rdf-schema#comment"]
    used = {key for node in all_nodes(api) for key in [*node, *node.get("@type", [])]}
    ours = {key for key in used if "127.0.0.1" in key}
    assert ours
    assert ours <= defined.keys()
    for key, meanings in defined.items():
        assert key.startswith(f"{address}#")
        assert all(text["@value"].endswith(".") for text in meanings)
    published = ("https://schema.org/", "http://www.w3.org/")
    assert all(key.startswith(("@", *published)) for key in used - ours)


def test_json_ld_says_of_a_passage_what_is_true_of_its_span(api):
    oa = "http://www.w3.org/ns/oa#"
    passages = {record["id"]: record for record in records("passages")}
    seen = {True: 0, False: 0}
    for node in all_nodes(api):
        if f"{oa}SpecificResource" not in node.get("@type", []):
            # Only a passage has a source in the sense of an annotation, offsets only its selector.
            assert f"{oa}hasSource" not in node
            selects = any(name.startswith(oa) for name in node.get("@type", []))
            assert selects or not any(key.startswith(oa) for key in node)
            continue
        record = passages[node["@id"].rsplit("/", 1)[1]]
        assert node[f"{oa}hasSource"][0]["@id"].endswith(f"/sources/{record['source']}")
        span, *quotes = node[f"{oa}hasSelector"]
        number = "http://www.w3.org/2001/XMLSchema#nonNegativeInteger"
        for name in ("start", "end"):
            assert span[f"{oa}{name}"] == [{"@type": number, "@value": record[name]}]
        whole = sha256(record["quote"]) == record["sha256"]
        assert [one[f"{oa}exact"][0]["@value"] for one in quotes] == [record["quote"]] * whole
        seen[whole] += 1
    assert all(seen.values()), seen


def test_json_ld_speaks_of_a_country_of_whatever_has_one_in_the_same_sense(api):
    known = {f"http://127.0.0.1:8000/api/v1/countries/{r['id']}" for r in records("countries")}
    countries = [
        value["@id"]
        for node in all_nodes(api)
        for value in node.get("http://127.0.0.1:8000/api/v1/terms#country", [])
    ]
    assert {*countries} <= known
    assert len(countries) > len(known)
    assert not any("https://schema.org/nationality" in node for node in all_nodes(api))


def test_json_ld_says_who_made_a_claim_and_what_it_rests_on(api):
    statement = find(
        records("statements"), lambda r: r.get("speaker"), "a statement by an official"
    )
    url = f"/api/v1/statements/{statement['id']}?format=jsonld"
    (node,) = jsonld.expand(api.get(url).json(), {"documentLoader": loader})
    assert node["@type"] == ["https://schema.org/Claim"]
    creator = node["https://schema.org/creator"][0]["@id"]
    assert creator.endswith(f"/officials/{statement['speaker']}")
    evidence = node["http://www.w3.org/ns/prov#wasDerivedFrom"]
    cited = [passage["@id"].rsplit("/", 1)[1] for passage in evidence]
    assert sorted(cited) == sorted(statement["evidence"])


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/*", "text/csv"),
        ("TEXT/CSV", "text/csv"),
        ("text/csv, application/json", "application/json"),
        ("text/csv;q=0.9, application/json;q=0.1", "text/csv"),
        ("text/csv;q=0.1, application/json;q=0.9", "application/json"),
        ("application/json;q=0, */*;q=0.1", "application/vnd.demarche.selection+json"),
        ("*/*;q=0.1, application/geo+json", "application/geo+json"),
        ("application/*;q=0.2, text/csv;q=0.1, application/ld+json;q=0.3", "application/ld+json"),
        ("application/json; indent=4", "application/json"),
        ("text/html, application/xhtml+xml, */*;q=0.8", "text/html"),
        ("text/html;q=0.5, application/json", "application/json"),
        ("text/html, */*", "application/json"),
        ("application/xhtml+xml, */*;q=0.8", "application/json"),
        ("nonsense, text/csv", "text/csv"),
        ("text/csv;q=0.5, text/csv", "text/csv"),
    ],
)
def test_accept_is_weighed(api, accept, media_type):
    response = api.get("/api/v1/countries", HTTP_ACCEPT=accept)
    # Few lists are given at once, and this one is not read to its end.
    response.close()
    assert response.status_code == 200
    assert response["Content-Type"].partition(";")[0] == media_type


def test_format_wins_over_accept(api):
    response = api.get("/api/v1/countries?format=geojson", HTTP_ACCEPT="text/csv;q=1, */*;q=0")
    assert response["Content-Type"] == "application/geo+json"
