"""The OpenAPI description: current, without warnings, complete, and the same for everybody."""

import gzip
import json
import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Barrier

import brotli
import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema
from jsonschema_rs import Draft202012Validator

from api import schema as served
from tests.conftest import ROOT, committed_schema, document, validator

pytestmark = pytest.mark.once


def test_the_committed_schema_is_current():
    current = json.loads(json.dumps(served.generated_schema()))
    assert committed_schema() == current, "run make openapi"


def test_it_is_the_same_for_all_who_ask_first(monkeypatch):
    """The generator keeps the view on shared objects: two at work would mix up operations."""

    def ask(form):
        together.wait()
        return Client(HTTP_HOST="localhost").get(f"/api/schema?format={form}").content

    together = Barrier(1)
    expected = [ask(form) for form in ("yaml", "json")]
    for name in ("_generated", "_rendered"):
        monkeypatch.setattr(served, name, cache(getattr(served, name).__wrapped__))
    together = Barrier(16)
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, ["yaml", "json"] * 8)) == expected * 8


def test_it_is_generated_without_a_warning():
    validate_schema(served._generated.__wrapped__())
    assert not GENERATOR_STATS


def operations():
    return [
        (path, operation)
        for path, item in document()["paths"].items()
        for operation in item.values()
    ]


@pytest.mark.parametrize(("path", "operation"), operations(), ids=lambda part: str(part)[:40])
def test_every_operation_is_described(path, operation):
    assert operation["description"].endswith(".")
    for parameter in operation.get("parameters", []):
        assert parameter["description"].endswith("."), parameter["name"]
    assert {"200", "400", "406", "503"} <= operation["responses"].keys()


@pytest.mark.parametrize(("path", "operation"), operations(), ids=lambda part: str(part)[:40])
def test_a_summary_is_a_short_sentence(path, operation):
    assert re.fullmatch(r"[A-Z][^.]{3,60}\.", operation["summary"])


def test_tags_and_operations_stand_in_the_order_of_a_reader():
    tags = [tag["name"] for tag in document()["tags"]]
    assert tags == list(served.TAGS)
    found = [tags.index(operation["tags"][0]) for _, operation in operations()]
    assert found == sorted(found)


@pytest.mark.parametrize(("path", "operation"), operations(), ids=lambda part: str(part)[:40])
def test_own_parameters_come_first_then_shared_ones_then_opposites(path, operation):
    names = [one["name"] for one in operation["parameters"] if one["in"] == "query"]
    opposites = [name for name in names if name.startswith("exclude_")]
    plain = names[: len(names) - len(opposites)]
    assert names == plain + opposites
    shared = [name for name in plain if name in served.SHARED]
    if operation["operationId"] != "search_list":  # it needs its words
        assert plain == [name for name in plain if name not in shared] + shared
        assert shared == sorted(shared, key=served.SHARED.index)
    assert [name for name in plain if f"exclude_{name}" in opposites] == [
        name.removeprefix("exclude_") for name in opposites
    ]


def test_every_field_is_described():
    for name, schema in document()["components"]["schemas"].items():
        assert schema.get("description"), name
        for field, described in schema.get("properties", {}).items():
            assert described.get("description"), (name, field)
        if "properties" in schema and not name.endswith("Selection"):
            assert set(schema.get("required", [])) == set(schema["properties"]), name


def test_the_docs_load_only_what_we_serve(api):
    response = api.get("/docs")
    body = response.content.decode()
    assert response["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
    assert "://" not in body
    for part in body.split('"'):
        if part.startswith("/static/"):
            for encoding in ("br", "gzip"):
                answer = api.get(part, HTTP_ACCEPT_ENCODING=encoding)
                assert answer.status_code == 200
                assert (answer.get("Content-Encoding") == encoding) == ("/elements/" in part)
                answer.close()


def test_what_is_stored_compressed_is_the_same():
    """If not, run make elements."""
    vendored = sorted((ROOT / "api" / "static" / "api" / "elements").glob("*.min.*[js]s"))
    assert vendored
    for path in vendored:
        packed = [path.with_name(f"{path.name}.{ending}").read_bytes() for ending in ("br", "gz")]
        assert brotli.decompress(packed[0]) == gzip.decompress(packed[1]) == path.read_bytes()


@pytest.mark.parametrize(
    ("query", "accept", "media_type"),
    [
        ("", "*/*", "application/vnd.oai.openapi"),
        ("?format=json", "*/*", "application/vnd.oai.openapi+json"),
        ("", "application/vnd.oai.openapi+json", "application/vnd.oai.openapi+json"),
    ],
)
def test_the_schema_is_served(api, query, accept, media_type):
    response = api.get(f"/api/schema{query}", HTTP_ACCEPT=accept)
    assert response["Content-Type"].partition(";")[0] == media_type


@pytest.mark.parametrize(("path", "operation"), operations(), ids=lambda part: str(part)[:40])
def test_the_examples_fit(path, operation):
    """If not, the shape of an answer has changed: run make examples."""
    answer = operation["responses"]["200"]["content"]["application/json"]["example"]
    validator(path, 200, "application/json").validate(answer)
    examples = {p["name"]: p["example"] for p in operation["parameters"] if "example" in p}
    schemas = {p["name"]: p["schema"] for p in operation["parameters"]}
    if operation["operationId"].endswith("_list"):
        assert schemas.keys() - examples.keys() <= {"cursor", "format", "omit"}
    for name, example in examples.items():
        known = {"components": document()["components"]}
        Draft202012Validator({**schemas[name], **known}).validate(example)


@pytest.mark.parametrize(("path", "operation"), operations(), ids=lambda part: str(part)[:40])
def test_all_examples_can_be_asked_at_once(api, path, operation):
    """Some tools send every optional parameter that has an example."""
    asked = {}
    for one in operation["parameters"]:
        value = one.get("example")
        if one["in"] == "path":
            path = path.replace("{id}", value)
        elif value is not None:
            asked[one["name"]] = ",".join(map(str, value)) if isinstance(value, list) else value
    asked = {name: str(value).lower() if value is True else value for name, value in asked.items()}
    assert api.get(path, asked).status_code == 200


def test_no_example_changes_with_the_dataset():
    text = served.EXAMPLES.read_text()
    assert "cursor=" not in text
    assert len(set(re.findall("[0-9a-f]{40,}", text))) == 1


def test_a_list_without_a_place_in_the_schema_comes_last():
    operations = {
        f"/{tag}": {"get": {"tags": [tag], "description": "It is told."}}
        for tag in ("a-new-list", *reversed(served.TAGS))
    }
    ordered = served.put_in_order({"paths": operations}, None, None, public=True)
    expected = [f"/{tag}" for tag in (*served.TAGS, "a-new-list")]
    assert list(ordered["paths"]) == expected
