"""The OpenAPI description: current, without warnings, and complete."""

import json
import subprocess
import sys

import pytest

from api.examples import collect, examples
from api.schema import generated_schema
from tests.conftest import ROOT, committed_schema, document


def test_the_committed_schema_is_current():
    assert committed_schema() == json.loads(json.dumps(generated_schema()))


def test_it_is_generated_without_a_warning():
    done = subprocess.run(
        [sys.executable, "manage.py", "spectacular", "--fail-on-warn", "--validate",
         "--file", "/dev/null"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "arning" not in done.stderr


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


def test_every_field_is_described():
    for name, schema in document()["components"]["schemas"].items():
        assert schema.get("description"), name
        for field, described in schema.get("properties", {}).items():
            assert described.get("description"), (name, field)
        if schema.get("type") == "object" and not name.endswith("Selection"):
            assert set(schema.get("required", [])) == set(schema["properties"]), name


@pytest.mark.parametrize("page", ["docs", "redoc"])
def test_the_docs_load_only_what_we_serve(api, page):
    response = api.get(f"/{page}")
    body = response.content.decode()
    assert response["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
    assert "://" not in body
    for part in body.split('"'):
        if part.startswith("/static/"):
            served = api.get(part)
            assert served.status_code == 200
            served.close()


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


def test_the_examples_are_real(db):
    assert examples() == json.loads(json.dumps(collect()))


def test_every_example_of_a_parameter_finds_something(api):
    """Asked alone, each value is accepted and gives at least one record."""
    asked = 0
    for path, operation in operations():
        if not operation["operationId"].endswith("_list") or path.endswith(("dyads", "search")):
            continue
        for parameter in operation["parameters"]:
            name = parameter["name"]
            if "example" not in parameter or name.startswith("exclude_"):
                continue
            value = parameter["example"]
            text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
            answer = api.get(f"{path}?{name}={text.lower() if value is True else text}")
            assert answer.status_code == 200, (path, name, text)
            asked += 1
    assert asked > 100


def test_every_list_has_examples_of_its_parameters():
    for path, operation in operations():
        if operation["operationId"].endswith("_list"):
            without = {p["name"] for p in operation["parameters"] if "example" not in p}
            assert without <= {"cursor", "format", "mode", "exclude_mode"}, path
