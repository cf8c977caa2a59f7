"""What the tests share: the loaded dataset, and a client that checks every answer."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from jsonschema_rs import Draft202012Validator

from api.schema import generated_schema
from api.urls import router

ROOT = Path(__file__).resolve().parent.parent
ARTICLE = ROOT.parent / "shared" / "article" / "article.txt"
FIXTURES = sorted(str(path) for path in (ROOT / "fixtures").glob("*.json"))
RESOURCES = [prefix for prefix, _, _ in router.registry]
VIEWSETS = {prefix: viewset for prefix, viewset, _ in router.registry}


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Load the fixtures once; tests roll back what they change."""
    with django_db_blocker.unblock():
        call_command("loaddata", *FIXTURES, verbosity=0)


@pytest.fixture
def article() -> Path:
    """The article's text, which is not in the repository."""
    if not ARTICLE.exists():
        if os.environ.get("CI"):
            pytest.fail("the article is not beside the project: evidence was not checked")
        pytest.skip("the article is not beside the project")
    return ARTICLE


@cache
def document() -> dict[str, Any]:
    """The schema in plain data, strict: an object may hold no key that it does not describe."""
    plain = json.loads(json.dumps(generated_schema()))

    def close(node: Any) -> None:
        if isinstance(node, dict):
            if node.get("type") == "object" and "properties" in node:
                node.setdefault("additionalProperties", False)
            for child in node.values():
                close(child)
        elif isinstance(node, list):
            for child in node:
                close(child)

    close(plain)
    return plain


@cache
def validator(path: str, status: int, media_type: str) -> Draft202012Validator:
    """What validates the body of one kind of answer."""
    operation = document()["paths"][path]["get"]
    answers = operation["responses"]
    assert str(status) in answers, f"{path}: {status} is not documented"
    answer = answers[str(status)]
    if "$ref" in answer:
        answer = document()["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
    assert media_type in answer["content"], f"{path}: {status}: {media_type} is not documented"
    schema = {**answer["content"][media_type]["schema"], "components": document()["components"]}
    return Draft202012Validator(schema, validate_formats=True)


def described(path: str) -> str | None:
    """The path in the schema that an address belongs to."""
    if path in document()["paths"]:
        return path
    template = f"{path.rsplit('/', 1)[0]}/{{id}}"
    return template if template in document()["paths"] else None


class CheckingClient(Client):
    """Asks the API and validates every answer against the schema."""

    def get(self, path: str, *args: Any, **options: Any) -> Any:
        """Ask, and validate the answer if the schema describes the address."""
        response = super().get(path, *args, **options)
        known = described(response.wsgi_request.path)
        assert response.status_code < 500 or response.status_code == 503, response.content
        if known and not response.streaming:
            media_type = response["Content-Type"].partition(";")[0]
            check = validator(known, response.status_code, media_type)
            body = json.loads(response.content)
            errors = [
                f"{error.instance_path}: {error.message}" for error in check.iter_errors(body)
            ]
            assert not errors, errors[:5]
        return response


@pytest.fixture
def api(db: None) -> CheckingClient:
    """A client of the loaded dataset."""
    return CheckingClient(HTTP_HOST="127.0.0.1:8000")


@pytest.fixture
def read(api: CheckingClient):
    """A function that gives the JSON of a path under /api/v1/, which must be there."""

    def get(path: str) -> Any:
        response = api.get(f"/api/v1/{path}")
        assert response.status_code == 200, response.content
        return response.json()

    return get


def committed_schema() -> Any:
    """The schema as it is committed."""
    return yaml.safe_load((ROOT / "openapi.yaml").read_text())


def engine() -> str:
    """The engine the tests run on."""
    return settings.DATABASES["default"]["ENGINE"].rsplit(".", 1)[1]


@pytest.fixture(scope="session")
def addresses(tmp_path_factory) -> Iterator[dict[str, str]]:
    """The real server, once per engine: SQLite always, PostgreSQL where there is one."""
    from tests.servers import server

    url = os.environ.get("TEST_POSTGRES_URL")
    folder = tmp_path_factory.mktemp("served")
    with ExitStack() as stack:
        served = {"SQLite": stack.enter_context(server(f"sqlite:///{folder}/served.sqlite3"))}
        if url:
            served["PostgreSQL"] = stack.enter_context(server(url))
        yield served
