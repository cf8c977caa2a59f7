"""Fixtures that the tests share: the loaded dataset and a client that validates every response."""

import gc
import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from jsonschema_rs import Draft202012Validator

from api.models import RenderedState
from api.rendering import pages
from api.schema import generated_schema
from api.urls import router
from tests.chromium import PROGRAM
from tests.samples import find, records

ROOT = Path(__file__).resolve().parent.parent
ARTICLE = ROOT.parent / "shared" / "article" / "article.txt"
REAL = ROOT.parent / "shared" / "registers"
"""The registers of the historians, where they lie beside the project."""
FIXTURES = sorted(str(path) for path in (ROOT / "fixtures").glob("*.json"))
RESOURCES = [prefix for prefix, _, _ in router.registry]
VIEWSETS = {prefix: viewset for prefix, viewset, _ in router.registry}


def settings_of_the_environment() -> set[str]:
    """Return the names of the settings that are read from the environment."""
    source = (ROOT / "api" / "settings.py").read_text()
    return set(re.findall(r'\b(?:env\.\w+|_listed)\(\s*"(\w+)"', source))


def some(found: Iterable[Any], step: int) -> list[Any]:
    """Return every ``step``-th of things to ask for, or all of them where slow tests run."""
    return list(found)[:: 1 if SLOW else step]


def engine() -> str:
    """Return the engine that the tests run on, such as ``sqlite3``."""
    return settings.DATABASES["default"]["ENGINE"].rsplit(".", 1)[1]


SLOW = bool(os.environ.get("SLOW"))
"""Whether all is asked, as in CI, where a test would otherwise ask a part of it."""
LEFT_OUT = {
    "once": (engine() == "postgresql", "run on SQLite alone: both engines answer alike"),
    "postgresql": (engine() != "postgresql", "need PostgreSQL and run there alone"),
    "chromium": (
        not (PROGRAM or os.environ.get("REQUIRE_CHROMIUM") == "1"),
        "need chromium, which is not installed (Debian: apt-get install chromium)",
    ),
    "slow": (not SLOW, "are slow: CI runs them, and SLOW=1 does"),
}
"""For each marker whether its tests are left out here, and why."""
COUNTS = pytest.StashKey[Counter[str]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that the other engine or CI runs."""
    reasons: dict[pytest.Item, str] = {}
    for item in items:
        for name, (here, reason) in LEFT_OUT.items():
            if here and item.get_closest_marker(name):
                reasons[item] = reason
    items[:] = [item for item in items if item not in reasons]
    config.hook.pytest_deselected(items=list(reasons))
    config.stash[COUNTS] = Counter(reasons.values())


def pytest_collection_finish(session: pytest.Session) -> None:
    """Have garbage collected less often, and not among what was imported: a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print how many tests were left out, and why."""
    for reason, number in config.stash[COUNTS].items():
        terminalreporter.write_line(f"LEFT OUT HERE: {number} tests {reason}")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Load the release once, with its renderings; tests roll back what they change."""
    with django_db_blocker.unblock():
        call_command("load_release", verbosity=0)


@pytest.fixture
def unrendered(db: None) -> None:
    """The release without stored renderings: each answer is made of the records."""
    RenderedState.objects.all().delete()


class Article(NamedTuple):
    """The text of the first source: its file, and the key of the source."""

    path: Path
    source: str

    def text(self, passage: dict[str, Any]) -> str:
        """Return the text of a passage of the fixtures."""
        return self.path.read_text()[passage["start"] : passage["end"]]


@pytest.fixture
def article() -> Article:
    """The text of the first source, which is not in the repository."""
    if not ARTICLE.exists():
        if os.environ.get("CI"):
            pytest.fail("the article is not beside the project: evidence was not checked")
        pytest.skip("the article is not beside the project")
    digest = hashlib.sha256(ARTICLE.read_bytes()).hexdigest()
    source = find(records("sources"), lambda r: r["sha256"] == digest, "the article's source")
    return Article(ARTICLE, source["id"])


@cache
def document() -> dict[str, Any]:
    """Return the schema as plain data, made strict: no object may have an undescribed key."""
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


def described_answer(path: str, status: int) -> dict[str, Any]:
    """Return what the schema says of one kind of response."""
    operation = document()["paths"][path]["get"]
    answers = operation["responses"]
    assert str(status) in answers, f"{path}: {status} is not documented"
    answer = answers[str(status)]
    if "$ref" in answer:
        answer = document()["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
    return answer


@cache
def validator(path: str, status: int, media_type: str) -> Draft202012Validator:
    """Return a validator for the body of one kind of response."""
    answer = described_answer(path, status)
    assert media_type in answer["content"], f"{path}: {status}: {media_type} is not documented"
    schema = {**answer["content"][media_type]["schema"], "components": document()["components"]}
    return Draft202012Validator(schema, validate_formats=True)


def described(path: str) -> str | None:
    """Return the path in the schema that a URL path belongs to, or None."""
    if path in document()["paths"]:
        return path
    template = f"{path.rsplit('/', 1)[0]}/{{id}}"
    return template if template in document()["paths"] else None


class CheckingClient(Client):
    """A test client that validates every response against the schema."""

    def get(self, path: str, *args: Any, **options: Any) -> Any:
        """Send a GET request; validate the response if the schema describes the path."""
        response = super().get(path, *args, **options)
        known = described(response.wsgi_request.path)
        assert response.status_code < 500 or response.status_code == 503, response.content
        if known:
            headers = described_answer(known, response.status_code)["headers"]
            assert headers.keys() <= response.headers.keys()
        if known and not response.streaming:
            media_type = response["Content-Type"].partition(";")[0]
            check = validator(known, response.status_code, media_type)
            text = response.content.decode()
            body = json.loads(text) if media_type.endswith(("/json", "+json")) else text
            errors = [
                f"{error.instance_path}: {error.message}" for error in check.iter_errors(body)
            ]
            assert not errors, errors[:5]
        return response


@pytest.fixture
def api(db: None) -> CheckingClient:
    """A client of the API with the dataset loaded."""
    pages._kept.clear()
    return CheckingClient(HTTP_HOST="127.0.0.1:8000")


@pytest.fixture
def read(api: CheckingClient):
    """A function that returns the JSON at a path under /api/v1/, whose status must be 200."""

    def get(path: str) -> Any:
        response = api.get(f"/api/v1/{path}")
        assert response.status_code == 200, response.content
        return response.json()

    return get


def committed_schema() -> Any:
    """Return the committed schema."""
    return yaml.safe_load((ROOT / "openapi.yaml").read_text())


@pytest.fixture(scope="session")
def loaded(tmp_path_factory) -> Iterator[str]:
    """The URL of an SQLite database with the release, for tests that start servers of their own."""
    from tests.releases import database

    with database(tmp_path_factory.mktemp("loaded"), cluster="", filled=True) as url:
        yield url


@pytest.fixture(scope="session")
def addresses(tmp_path_factory) -> Iterator[dict[str, str]]:
    """The address of a real server on each engine: SQLite always, PostgreSQL if installed."""
    from tests.releases import database
    from tests.servers import serving

    clusters = {"SQLite": "", "PostgreSQL": os.environ.get("TEST_POSTGRES_URL", "")}
    folder = tmp_path_factory.mktemp("served")
    with ExitStack() as stack:
        served = {}
        for name, cluster in clusters.items():
            if cluster or name == "SQLite":
                made = database(folder, "served", cluster=cluster, filled=True)
                served[name] = stack.enter_context(serving(stack.enter_context(made)))
        yield served


@pytest.fixture(scope="session")
def register_urls(tmp_path_factory) -> Iterator[dict[str, str]]:
    """The URL of a database on each engine that holds the join with the made registers."""
    from tests.releases import database, made_join, manage

    clusters = {"SQLite": "", "PostgreSQL": os.environ.get("TEST_POSTGRES_URL", "")}
    folder = tmp_path_factory.mktemp("joined")
    release = made_join(folder)
    with ExitStack() as stack:
        urls = {}
        for name, cluster in clusters.items():
            if cluster or name == "SQLite":
                url = stack.enter_context(database(folder, "joined", cluster=cluster))
                done = manage(url, "load_release", str(release))
                assert done.returncode == 0, done.stderr
                urls[name] = url
        yield urls


@pytest.fixture(scope="session")
def registers(register_urls) -> Iterator[dict[str, str]]:
    """The address of a real server on each engine that serves the join with the made registers."""
    from tests.servers import serving

    with ExitStack() as stack:
        yield {name: stack.enter_context(serving(url)) for name, url in register_urls.items()}


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the releases of the historians' registers, and of their join."""
    if not REAL.exists():
        pytest.skip("the registers are not beside the project")
    folder = tmp_path_factory.mktemp("real")
    call_command("import_register", "travels", REAL / "travels", into=folder / "travels")
    with suppress(CommandError):  # Entries that are refused leave the others written.
        call_command("import_register", "pocom", REAL / "pocom", into=folder / "pocom")
    sources = [ROOT / "fixtures", folder / "travels", folder / "pocom"]
    call_command("build_release", *sources, into=folder / "joined")
    return folder
