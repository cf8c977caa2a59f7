"""The reconciliation service: OpenRefine's requests, reasons, exact matches, and what is refused.

The requests are those that OpenRefine's documentation describes, with its headers; both engines
have to give the same bytes.
"""

import json
import random
import re
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from urllib.parse import quote, urlencode, urlsplit

import pytest

from api import queries
from api.parameters import MAX_ERRORS
from api.queries import MOST_QUERIES, MOST_TEXT, MOST_WORDS
from api.serving.request_bodies import MOST
from policy.reconciliation.matching import MOST_LIMIT
from policy.reconciliation.names import EXACT, PARTIAL, TURNED
from tests.conftest import document, validator
from tests.operations import ask

pytestmark = [pytest.mark.once, pytest.mark.servers]

PATH = "/api/v1/reconcile"
OPENREFINE = {
    "User-Agent": "OpenRefine 3.8.7 [TRUNK]",
    "Accept-Encoding": "gzip, x-gzip, deflate",
    "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
}
"""The headers of the requests that OpenRefine sends from its own server."""
BROWSER = {
    "Origin": "http://127.0.0.1:3333",
    "Accept": "application/json, text/javascript, */*; q=0.01",
}
"""The headers of the requests that its dialogs send from the browser."""


def sent(address, body, path=PATH, method="POST", **headers):
    """Send a body, and return the response."""
    data = body.encode() if isinstance(body, str) else body
    return ask(address, path, method, data, **{**OPENREFINE, **headers})


def answered(registers, batch, status=200):
    """Return what all engines answer to a batch that is posted as OpenRefine does."""
    body = urlencode({"queries": json.dumps(batch)})
    answers = [sent(address, body) for address in registers.values()]
    assert {answer.status for answer in answers} == {status}, answers[0].body
    bodies = {answer.body for answer in answers}
    if status == 200:
        assert len(bodies) == 1
    read = json.loads(bodies.pop())
    validator_of(status).validate(read)
    return read


def validator_of(status):
    """Return a validator for the answers to POST."""
    answers = document()["paths"][PATH]["post"]["responses"]
    answer = answers[str(status)]
    name = "application/json" if status == 200 else "application/problem+json"
    if "$ref" in answer:
        answer = document()["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    known = {"components": document()["components"]}
    from jsonschema_rs import Draft202012Validator

    return Draft202012Validator({**answer["content"][name]["schema"], **known})


def one(registers, **query):
    """Return the candidates for one query."""
    return answered(registers, {"q0": query})["q0"]["result"]


def ids(candidates):
    return [candidate["id"] for candidate in candidates]


def matches(candidates):
    return [candidate["id"] for candidate in candidates if candidate["match"]]


def test_the_manifest_is_what_the_dialog_reads(registers):
    for address in registers.values():
        answer = ask(address, PATH, **BROWSER)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cache-control"].startswith("public")
        manifest = json.loads(answer.body)
        validator(PATH, 200, "application/json").validate(manifest)
        assert manifest["versions"] == ["0.2"]
        assert [one["id"] for one in manifest["defaultTypes"]] == [
            "officials", "organisations", "countries",
        ]  # fmt: skip
        assert manifest["batchSize"] == MOST_QUERIES
        for name in ("identifierSpace", "schemaSpace", "documentation"):
            assert manifest[name].startswith("http://localhost/")
        # The template of a view leads to a record, with the id encoded as a component.
        shown = manifest["view"]["url"].replace("{{id}}", quote("officials/marco-rubio", safe=""))
        parts = urlsplit(shown)
        assert json.loads(ask(address, parts.path).body)["id"] == "marco-rubio"
        page = ask(address, parts.path, Accept="text/html")
        assert page.headers["content-type"].startswith("text/html")


CELLS = ["Marco Rubio", "Edwina Marsh", "Marsh, Edwina", "Ann B. Lowe", "TOBIAS HARROW", "Panama",
         "Türkiye", "turkey", "United Nations", "Nobody Here"]  # fmt: skip


def test_the_ten_first_cells_of_a_column_are_answered_to_guess_their_types(registers):
    """OpenRefine sends them without a type, and counts the types of three candidates each."""
    batch = {f"q{number}": {"query": cell, "limit": 3} for number, cell in enumerate(CELLS)}
    found = answered(registers, batch)
    assert list(found) == [*batch]
    types = [candidate["type"] for each in found.values() for candidate in each["result"]]
    assert {"id": "officials", "name": "Official"} in [kind for kinds in types for kind in kinds]
    assert all(len(each["result"]) <= 3 for each in found.values())
    assert found["q9"] == {"result": []}
    assert [matches(found[f"q{number}"]["result"]) for number in range(9)] == [
        ["officials/marco-rubio"], ["officials/marsh-edwina"], ["officials/marsh-edwina"],
        ["officials/lowe-ann-beatrix"], ["officials/president-harrow-tobias"], ["countries/PAN"],
        ["countries/TUR"], ["countries/TUR"], ["organisations/united-nations"],
    ]  # fmt: skip


def test_a_batch_with_type_and_properties_is_answered_as_openrefine_sends_it(registers):
    batch = {
        f"q{number}": {
            "query": cell,
            "type": "officials",
            "type_strict": "should",
            "properties": [{"pid": "accredited_to", "v": "Türkiye"}],
        }
        for number, cell in enumerate(["Tobias Harrow", "Tobias Harrow III"] * 5)
    }
    found = answered(registers, batch)
    assert len(found) == 10
    assert matches(found["q0"]["result"]) == []
    assert matches(found["q1"]["result"]) == ["officials/harrow-tobias"]
    assert all(one["id"].startswith("officials/") for each in found.values()
               for one in each["result"])  # fmt: skip
    reconciled = {"id": "countries/TUR", "name": "Türkiye"}
    for value in (reconciled, "TR", "792", 792, 792.0, ["nowhere", reconciled]):
        properties = [{"pid": "accredited_to", "v": value}]
        candidates = one(registers, query="Tobias Harrow III", properties=properties)
        assert matches(candidates) == ["officials/harrow-tobias"], value


@pytest.mark.parametrize(
    ("pid", "number", "read"),
    [
        ("country", 76, "076"),
        ("country", 76.0, "076"),
        ("accredited_to", 8, "008"),
        ("country", 840, "840"),
        ("same_as", 76, "76"),
    ],
)
def test_a_number_of_a_country_has_its_zeros(pid, number, read):
    """Tables drop the zeros before a number: 76 is Brazil."""
    found = {}
    batch = {"q0": {"properties": [{"pid": pid, "v": number}]}}
    assert list(queries.read(batch, found)) == []
    assert found["q0"].properties == ((pid, (read,)),)


def test_what_curl_sends_in_openrefines_documentation_is_answered(registers):
    """Its example does not encode the JSON, neither in a form nor in an address."""
    text = '{ "q0" : { "query" : "Rubio" }, "q1" : { "query" : "Panamá" } }'
    for address in registers.values():
        form = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "curl/8.5.0"}
        posted = sent(address, f"queries={text}", **form)
        asked = ask(address, f"{PATH}?queries={quote(text)}")
        assert posted.status == asked.status == 200
        assert json.loads(posted.body) == json.loads(asked.body)
        assert matches(json.loads(asked.body)["q1"]["result"]) == ["countries/PAN"]
        # What is asked in an address is kept by caches, what is posted is not.
        assert asked.headers["etag"]
        assert asked.headers["cache-control"].startswith("public")
        assert "etag" not in posted.headers
        assert posted.headers["cache-control"] == "no-store"
        assert posted.headers["dataset-version"] == asked.headers["dataset-version"]


def test_the_single_query_of_older_versions_is_refused_with_the_cure(registers):
    for address in registers.values():
        for asked in ("query=Rubio", f"query={quote(json.dumps({'query': 'Rubio'}))}"):
            answer = ask(address, f"{PATH}?{asked}")
            (error,) = json.loads(answer.body)["errors"]
            assert (answer.status, error["nearest"]) == (400, "queries")
            assert 'write queries={"q0": {"query": "Marco Rubio"}}' in error["detail"]


def test_a_name_that_several_share_is_no_match(registers):
    candidates = one(registers, query="Harrow")
    assert ids(candidates) == ["officials/president-harrow-tobias", "officials/harrow-tobias"]
    assert matches(candidates) == []
    # Two lists call two people by the same id, and one of them is so called by us.
    both = one(registers, query="harrow-tobias")
    assert [candidate["score"] for candidate in both] == [EXACT, EXACT]
    assert matches(both) == []
    assert matches(one(registers, query="officials/harrow-tobias")) == ["officials/harrow-tobias"]


def test_a_name_alone_that_fits_two_is_no_match_and_a_property_decides(registers):
    # Of the president nobody says an office in the other register.
    candidates = one(registers, query="Moscow")
    assert matches(candidates) == []
    exact = one(registers, query="Marsh")
    assert matches(exact) == []
    properties = [{"pid": "role", "v": "head_of_state"}]
    decided = one(registers, query="harrow-tobias", properties=properties)
    assert matches(decided) == ["officials/president-harrow-tobias"]
    assert [candidate["score"] for candidate in decided] == [EXACT, EXACT / 2]


@pytest.mark.parametrize(
    ("query", "expected", "feature"),
    [
        ("marsh-edwina", "officials/marsh-edwina", "key"),
        ("president-vale-ines", "officials/vale-ines-maria", "former_key"),
        ("officials/president-vale-ines", "officials/vale-ines-maria", "former_key"),
        ("vale-ines", "officials/vale-ines-maria", "same_as"),
        ("us-department-of-state", "organisations/us-state-department", "former_key"),
        ("pa", "countries/PAN", "code"),
        ("PAN", "countries/PAN", "code"),
        ("591", "countries/PAN", "code"),
        ("countries/PAN", "countries/PAN", "code"),
        ("UN", "organisations/united-nations", "acronym"),
        ("Turkey", "countries/TUR", "alias"),
        ("Mission of the United States to Türkiye", "organisations/us-mission-to-turkey", "label"),
    ],
)
def test_keys_former_keys_codes_and_identifiers_match_exactly(registers, query, expected, feature):
    first, *_ = candidates = one(registers, query=query)
    assert matches(candidates) == [expected] == [first["id"]]
    values = {one["id"]: one["value"] for one in first["features"]}
    assert values[feature] == first["score"] == EXACT
    assert values["words_missing"] == 0


def test_each_candidate_tells_why(registers):
    turned, *_ = one(registers, query="Lowe Ann Beatrix")
    assert turned["score"] == TURNED
    assert "has the same words in another order" in turned["description"]
    partly, *_ = one(registers, query="Ambassador Ann Lowe")
    assert partly["id"] == "officials/lowe-ann-beatrix"
    assert 0 < partly["score"] < PARTIAL
    assert not partly["match"]
    assert "lacks “ambassador”, and has “beatrix” besides" in partly["description"]
    assert {one["id"]: one["value"] for one in partly["features"]}["words_missing"] == 1
    # What tells namesakes apart stands there too.
    assert "Ambassador Extraordinary and Plenipotentiary (until 1978)." in partly["description"]
    # A word that stands twice is two words, in the score and in what is lacking.
    twice, *_ = one(registers, query="Rubio Rubio Marco")
    assert twice["score"] == PARTIAL * 2 * 2 / 5
    assert "has “rubio”, “marco”, lacks another “rubio”." in twice["description"]
    assert {one["id"]: one["value"] for one in twice["features"]}["words_missing"] == 1
    former, *_ = one(registers, query="SUN", type="countries")
    assert former["description"].startswith("The code is SUN. A former state, 1")
    no, *_ = one(registers, query="Edwina Marsh", properties=[{"pid": "country", "v": "PAN"}])
    assert no["score"] == EXACT / 2
    assert "does not agree in country" in no["description"]
    assert {"id": "property_country", "value": False} in [
        {key: one[key] for key in ("id", "value")} for one in no["features"]
    ]


def test_scores_fall_and_equal_ones_stand_in_order(registers):
    for query in ("United States", "Republic of", "Mission of the United States", "of the"):
        candidates = one(registers, query=query, limit=MOST_LIMIT)
        assert candidates
        assert all(0 < candidate["score"] <= EXACT for candidate in candidates)
        places = [(-one["score"], ["officials", "organisations", "countries"].index(
            one["type"][0]["id"]), one["id"]) for one in candidates]  # fmt: skip
        assert places == sorted(places)


def test_types_are_kept_to_and_no_record_is_of_two(registers):
    for kind in ("officials", "organisations", "countries"):
        candidates = one(registers, query="United States", type=kind)
        assert {each["type"][0]["id"] for each in candidates} <= {kind}
    several = ["countries", "organisations"]
    found = one(registers, query="United States", type=several, limit=MOST_LIMIT)
    assert {each["type"][0]["id"] for each in found} == {*several}
    for strict in ("any", "should", "all"):
        query = {"query": "United States", "type": several, "limit": MOST_LIMIT}
        assert one(registers, **query, type_strict=strict) == found
    assert one(registers, query="Panama", type="officials") == []


def test_without_a_text_all_properties_have_to_agree(registers):
    where = [{"pid": "accredited_to", "v": "TUR"}]
    assert matches(one(registers, properties=where)) == ["officials/harrow-tobias"]
    nobody = [*where, {"pid": "same_as", "v": "marsh-edwina"}]
    assert one(registers, properties=nobody) == []
    office = [{"pid": "organisation", "v": "united nations"}, {"pid": "role", "v": "Diplomat"}]
    assert one(registers, properties=office) == []
    mission = [{"pid": "organisation", "v": "us-mission-to-united-nations"}]
    assert ids(one(registers, properties=mission)) == ["officials/vale-ines-maria"]
    assert one(registers, properties=[{"pid": "country", "v": "nowhere"}]) == []


def test_queries_do_not_depend_on_each_other(registers):
    batch = {cell: {"query": cell} for cell in CELLS}
    whole = answered(registers, batch)
    for cell in CELLS:
        assert answered(registers, {cell: batch[cell]})[cell] == whole[cell]
    assert answered(registers, {}) == {}


@pytest.mark.parametrize(
    "text",
    ["—", " ", "ʼ", "x" * MOST_TEXT, "ﷺ" * 30, "a'b\"c", "§§official", "' | '", "NEAR(a b)", "*",
     "%", "Ⅷ ½ ①", "\u202eoiram"],
)  # fmt: skip
def test_a_text_that_nobody_is_called_has_no_candidate(registers, text):
    assert matches(one(registers, query=text)) == []


WRONG = {
    "no json": ("{", "queries"),
    "a list": ("[]", "queries"),
    "nested": ("[" * 20_000, "queries"),
    "not finite": ('{"q0": {"query": "a", "limit": NaN}}', "queries"),
    "twice": ('{"q0": {"query": "a"}, "q0": {"query": "b"}}', "queries"),
    "too many": (json.dumps({f"q{n}": {"query": "a"} for n in range(51)}), "queries"),
    "no object": ('{"q0": "Rubio"}', "queries.q0"),
    "nothing asked": ('{"q0": {"limit": 1}}', "queries.q0.query"),
    "no properties": ('{"q0": {"properties": []}}', "queries.q0.query"),
    "empty": ('{"q0": {"query": ""}}', "queries.q0.query"),
    "number": ('{"q0": {"query": 5}}', "queries.q0.query"),
    "too long": (json.dumps({"q0": {"query": "a" * 501}}), "queries.q0.query"),
    "NUL": (r'{"q0": {"query": "a\u0000"}}', "queries.q0.query"),
    "half a pair": (r'{"q0": {"query": "\ud800"}}', "queries.q0.query"),
    "half a key": (r'{"\ud800": {"query": "a"}}', "queries.?"),
    "a long key": (json.dumps({"q" * 101: {"query": "a"}}), f"queries.{'q' * 40}"),
    "type": ('{"q0": {"query": "a", "type": "official"}}', "queries.q0.type"),
    "types": ('{"q0": {"query": "a", "type": ["officials", 5]}}', "queries.q0.type"),
    "no type": ('{"q0": {"query": "a", "type": []}}', "queries.q0.type"),
    "strict": ('{"q0": {"query": "a", "type_strict": "shall"}}', "queries.q0.type_strict"),
    "limit": ('{"q0": {"query": "a", "limit": 26}}', "queries.q0.limit"),
    "no limit": ('{"q0": {"query": "a", "limit": 0}}', "queries.q0.limit"),
    "true": ('{"q0": {"query": "a", "limit": true}}', "queries.q0.limit"),
    "half": ('{"q0": {"query": "a", "limit": 1.5}}', "queries.q0.limit"),
    "huge": ('{"q0": {"query": "a", "limit": 1e999}}', "queries.q0.limit"),
    "field": ('{"q0": {"query": "a", "limt": 5}}', "queries.q0.limt"),
    "pid": (
        '{"q0": {"query": "a", "properties": [{"pid": "contry", "v": "PAN"}]}}',
        "queries.q0.properties[0].pid",
    ),
    "property of others": (
        '{"q0": {"query": "a", "type": "countries", "properties": [{"pid": "role", "v": "x"}]}}',
        "queries.q0.properties[0].pid",
    ),
    "no v": (
        '{"q0": {"query": "a", "properties": [{"pid": "country"}]}}',
        "queries.q0.properties[0]",
    ),
    "v": (
        '{"q0": {"query": "a", "properties": [{"pid": "country", "v": true}]}}',
        "queries.q0.properties[0].v",
    ),
    "null": (
        '{"q0": {"query": "a", "properties": [{"pid": "country", "v": null}]}}',
        "queries.q0.properties[0].v",
    ),
    "no id": (
        '{"q0": {"query": "a", "properties": [{"pid": "country", "v": {"name": "x"}}]}}',
        "queries.q0.properties[0].v",
    ),
    "pid twice": (
        '{"q0": {"properties": [{"pid": "role", "v": "a"}, {"pid": "role", "v": 1}]}}',
        "queries.q0.properties[1].pid",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_the_key_of_its_query(registers, name):
    text, where = WRONG[name]
    for address in registers.values():
        answer = sent(address, urlencode({"queries": text}))
        assert answer.status == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"
        problem = json.loads(answer.body)
        validator_of(400).validate(problem)
        assert [error["parameter"] for error in problem["errors"]] == [where]
        assert len(problem["errors"][0]["detail"]) > 15


def test_every_wrong_thing_is_told_and_the_nearest_right_one(registers):
    batch = {
        "a": {"query": "Rubio", "type": "offcials", "limit": "5"},
        "b": {"query": "Rubio"},
        "c": {"properties": [{"pid": "accredited", "v": "PAN"}], "typ": "officials"},
    }
    problem = answered(registers, batch, status=400)
    told = {error["parameter"]: error["nearest"] for error in problem["errors"]}
    assert told == {
        "queries.a.type": "officials", "queries.a.limit": None, "queries.c.typ": "type",
        "queries.c.properties[0].pid": "accredited_to",
    }  # fmt: skip


def test_of_many_errors_the_number_is_told(registers):
    """One answer tells at most MAX_ERRORS, in the order of the batch."""
    for number in (MAX_ERRORS, MAX_ERRORS + 1, 60):
        wrong = {f"x{n}": 1 for n in range(number)}
        errors = answered(registers, {"q0": {"query": "a", **wrong}}, status=400)["errors"]
        assert len(errors) == MAX_ERRORS
        where = [f"queries.q0.{name}" for name in wrong]
        if number > MAX_ERRORS:
            where.insert(0, "queries")
            assert errors[0]["detail"].startswith(f"The batch has {number} errors: ")
        assert [error["parameter"] for error in errors] == where[:MAX_ERRORS]


def test_null_is_to_be_left_out(registers):
    batch = {"q0": {"query": "a", "properties": [{"pid": "country", "v": None}]}}
    (error,) = answered(registers, batch, status=400)["errors"]
    assert error["detail"] == "This is null: leave it out, or the whole property."


def strange(chance, depth=0):
    """Return any JSON at all, rather such as stands in a batch."""
    scalars = [
        None,
        True,
        0,
        -1,
        1.5,
        10**30,
        "",
        "Rubio",
        "officials",
        "PAN",
        "\u0000",
        "%",
        "country",
    ]
    if depth > 4 or chance.random() < 0.5:
        return chance.choice(scalars)
    inner = [strange(chance, depth + 1) for _ in range(chance.randrange(4))]
    if chance.random() < 0.4:
        return inner
    names = ["query", "type", "limit", "properties", "type_strict", "pid", "v", "id", "x"]
    return dict(zip(chance.sample(names, len(inner)), inner, strict=True))


def test_no_json_at_all_is_a_failure(registers):
    chance, statuses = random.Random(1), set()
    for number in range(400):
        query = strange(chance) if number % 4 else {"query": "Rubio", "type": strange(chance)}
        body = urlencode({"queries": json.dumps({"q0": query})})
        answers = [sent(address, body) for address in registers.values()]
        assert {answer.status for answer in answers} <= {200, 400}, query
        assert len({answer.body for answer in answers if answer.status == 200}) <= 1
        statuses |= {answer.status for answer in answers}
    assert statuses == {200, 400}


BATCH = urlencode({"queries": json.dumps({"q0": {"query": "Rubio"}})})
JSON_BODY = json.dumps({"q0": {"query": "Rubio"}})


@pytest.mark.parametrize(
    ("status", "body", "path", "headers"),
    [
        (400, "", PATH, {}),
        (400, "queries=", PATH, {}),
        (400, f"{BATCH}&{BATCH}", PATH, {}),
        (400, f"{BATCH}&callback=x", PATH, {}),
        (400, "queries=%ff", PATH, {}),
        (400, BATCH, f"{PATH}?{BATCH}", {}),
        (400, BATCH, f"{PATH}?x=1", {}),
        (413, "queries=" + "a" * MOST, PATH, {}),
        (415, JSON_BODY, PATH, {"Content-Type": "application/json"}),
        (415, BATCH, PATH, {"Content-Type": "multipart/form-data; boundary=a"}),
        (415, BATCH, PATH, {"Content-Type": "application/x-www-form-urlencoded; charset=latin1"}),
        (415, BATCH, PATH, {"Content-Encoding": "gzip"}),
        (405, BATCH, f"{PATH}/x", {}),
        (405, BATCH, "/api/v1/officials", {}),
        (406, BATCH, PATH, {"Accept": "image/png"}),
    ],
)
def test_what_is_no_batch_is_refused(registers, status, body, path, headers):
    answers = [sent(address, body, path, **headers) for address in registers.values()]
    for answer in answers:
        assert answer.status == status, answer.body
        assert answer.headers["content-type"] == "application/problem+json"
        assert len(json.loads(answer.body)["detail"]) > 15
    assert len({answer.body.replace(b"\n", b"") for answer in answers}) == 1


def test_a_batch_in_the_address_of_a_post_is_told_where_to_stand(registers):
    answer = sent(registers["SQLite"], "", f"{PATH}?{BATCH}&x=1")
    told = {error["parameter"]: error["detail"] for error in json.loads(answer.body)["errors"]}
    assert told["queries"] == "Send the batch in the body, as a form, or ask with GET."
    assert told["x"].startswith("There is no parameter 'x' here.")


def test_limits_are_reached_within_and_refused_beyond(registers):
    batch = {f"q{n}": {"query": f"Marsh {n}", "limit": MOST_LIMIT} for n in range(MOST_QUERIES)}
    assert len(answered(registers, batch)) == MOST_QUERIES
    wordy = {f"q{n}": {"query": " ".join(["Marsh"] * 25)} for n in range(MOST_WORDS // 25)}
    assert len(answered(registers, wordy)) == len(wordy)
    told = answered(registers, {**wordy, "more": {"query": "Marsh"}}, status=400)
    assert f"at most {MOST_WORDS} are taken" in told["errors"][0]["detail"]
    body = urlencode({"queries": json.dumps({"q0": {"query": "Rubio"}})})
    padded = body + "&" * (MOST - len(body))
    for address in registers.values():
        assert sent(address, padded).status == 200
        assert sent(address, padded + "&").status == 413


@pytest.mark.parametrize(
    ("method", "status"), [("GET", 400), ("HEAD", 400), ("PUT", 405), ("PATCH", 405),
                           ("DELETE", 405), ("post", 405)]
)  # fmt: skip
def test_other_methods_have_no_body_here_either(registers, method, status):
    answer = sent(registers["SQLite"], BATCH, method=method)
    assert answer.status == status
    if status == 405:
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
        assert "ask with GET or POST." in json.loads(answer.body)["detail"]
        elsewhere = sent(registers["SQLite"], "", "/api/v1/officials", method)
        assert "ask with GET." in json.loads(elsewhere.body)["detail"]


def test_browsers_may_post_from_elsewhere_here_alone(registers):
    for path, methods in ((PATH, "GET, HEAD, OPTIONS, POST"), ("/", "GET, HEAD, OPTIONS")):
        answer = ask(registers["SQLite"], path, "OPTIONS", Origin="http://127.0.0.1:3333")
        assert answer.status == 204
        assert answer.headers["access-control-allow-methods"] == methods
        assert answer.headers["access-control-allow-origin"] == "*"
    posted = sent(registers["SQLite"], BATCH, Origin="http://127.0.0.1:3333")
    assert posted.headers["access-control-allow-origin"] == "*"


def test_a_body_in_chunks_is_read(registers):
    host, _, port = registers["SQLite"].removeprefix("http://").partition(":")
    chunks = [BATCH[:10], BATCH[10:]]
    coded = "".join(f"{len(part):x}\r\n{part}\r\n" for part in chunks) + "0\r\n\r\n"
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(f"{head}{coded}".encode())
        told = connection.makefile("rb").read()
    assert told.startswith(b"HTTP/1.1 200")
    assert b"officials/marco-rubio" in told


@pytest.mark.parametrize(
    ("length", "begun"),
    [("Content-Length: 100", "queries="), ("Transfer-Encoding: chunked", "8\r\nqueries=\r\n")],
)
def test_bodies_that_never_come_hold_up_nobody_else(registers, length, begun):
    host, _, port = registers["SQLite"].removeprefix("http://").partition(":")
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\n{length}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\n\r\n{begun}"
    ).encode()
    with ExitStack() as stack:
        for _ in range(12):
            one = socket.create_connection((host, int(port)), timeout=5)
            stack.enter_context(one).sendall(head)
        began, asked = time.monotonic(), 0
        while time.monotonic() - began < 7:
            assert (
                ask(registers["SQLite"], f"/api/v1/events?page_size={asked % 9 + 1}").status == 200
            )
            asked += 1
            time.sleep(0.1)
        assert asked > 20
        answer = sent(registers["SQLite"], BATCH)
        assert answer.status == 503
    # The places are free again once the connections are closed.
    until = time.monotonic() + 20
    while (answer := sent(registers["SQLite"], BATCH)).status != 200:
        assert answer.status == 503
        assert time.monotonic() < until
        time.sleep(0.2)


@pytest.mark.parametrize("language", ["curl", "Python"])
def test_the_code_samples_post(registers, language):
    (sample,) = (
        one for one in document()["paths"][PATH]["post"]["x-codeSamples"]
        if one["label"] == language
    )  # fmt: skip
    command = {"curl": ["sh"], "Python": [sys.executable, "-"]}[language]
    done = subprocess.run(
        command, input=sample["source"].replace("http://127.0.0.1:8000", registers["SQLite"]),
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert re.search("officials/marco-rubio", done.stdout)
    assert re.search("countries/PAN", done.stdout)
