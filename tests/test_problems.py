"""Failures of ours: told as problems, logged with the request's id and the traceback."""

import json
import logging
import re

import pytest
from django.db import DataError, OperationalError, connection
from django.test import Client

from api.database.connections import within
from api.database.replicas import PRIMARY, databases, reading
from api.serving.cache import ResponseCache
from api.serving.failures import FailureLayer
from api.serving.middleware import RequestIdFilter
from api.views.changes import PublishedReleaseViewSet
from api.views.records import CountryViewSet
from tests.conftest import RESOURCES, VIEWSETS
from tests.samples import FIRST, sample
from tests.wsgi import asking

ADDRESSES = ["/api/v1/countries", "/api/v1/events/x", "/api/v1/dyads", "/api/v1/search?q=word",
             "/api/v1/release", "/", "/readyz", "/api/v1/trips?format=csv"]  # fmt: skip


class Lines(logging.Handler):
    """Keeps what is logged, with what the filter adds."""

    def __init__(self):
        super().__init__()
        self.addFilter(RequestIdFilter())
        self.records = []

    def emit(self, record):
        self.records.append(record)


@pytest.fixture
def lines():
    handler = Lines()
    loggers = [logging.getLogger("api"), logging.getLogger("django.request")]
    for logger in loggers:
        logger.addHandler(handler)
    yield handler.records
    for logger in loggers:
        logger.removeHandler(handler)


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_database_that_is_away_is_a_503(db, monkeypatch, lines, path):
    def away(*args, **kwargs):
        raise OperationalError("the server closed the connection unexpectedly")

    # Only while it is asked: the test's own transaction has to end.
    with monkeypatch.context() as patch:
        for name in ("cursor", "savepoint"):
            patch.setattr(f"django.db.backends.base.base.BaseDatabaseWrapper.{name}", away)
        response = Client(HTTP_HOST="localhost").get(path, HTTP_X_REQUEST_ID="asked-1")
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert response["Content-Type"] == "application/problem+json"
    assert response["X-Request-ID"] == "asked-1"
    body = json.loads(response.content)
    assert body["type"].endswith("/problems/unavailable")
    assert "closed the connection" not in body["detail"]
    logged = next(record for record in lines if record.exc_info)
    assert logged.request_id == "asked-1"


def test_what_the_driver_raises_by_itself_is_a_503_too(db, monkeypatch):
    def closed(*args, **kwargs):
        raise connection.Database.OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(CountryViewSet, "written", closed)
    assert Client(HTTP_HOST="localhost").get("/api/v1/countries?format=csv").status_code == 503


REFUSED = {"sqlite": "SELECT zeroblob(2000000000)", "postgresql": "SELECT 1 / 0"}
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT count(*) FROM n"


@pytest.mark.parametrize(
    ("query", "status", "detail"),
    [(REFUSED, 400, "cannot look for a value"), (ENDLESS, 503, "took longer than")],
)
def test_a_question_is_no_failure_of_the_database(db, monkeypatch, query, status, detail):
    def ask(*args, **kwargs):
        with connection.cursor() as cursor, within(0.2):
            if connection.vendor == "postgresql":
                cursor.execute("SET LOCAL statement_timeout = 100")
            cursor.execute(query[connection.vendor] if query is REFUSED else query)

    monkeypatch.setattr(CountryViewSet, "written", ask)
    response = Client(HTTP_HOST="localhost").get("/api/v1/countries?format=csv")
    assert (response.status_code, response.get("Retry-After")) == (
        status,
        "5" if status == 503 else None,
    )
    assert detail in response.json()["detail"]


def test_a_failed_question_lets_no_database_rest(db):
    with pytest.raises(DataError), reading([PRIMARY], lambda: None, lambda _: True):
        raise DataError
    assert list(databases.readers()) == [PRIMARY]


@pytest.mark.once
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("host", ["localhost", "evil.example"])
def test_a_defect_outside_of_django_is_a_problem_too(monkeypatch, lines, method, host):
    def broken():
        raise NotImplementedError("a defect")

    monkeypatch.setattr("api.serving.cache.watch.served", broken)
    cache = ResponseCache(lambda *_: pytest.fail("Django was asked"), 0)
    answer = asking(FailureLayer(cache))("/api/v1/x\ny?q=1", method, host=host, x_request_id="mine")
    assert (answer.status, answer.headers["x-request-id"]) == (500, "mine")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"
    if method == "GET":
        assert json.loads(answer.body)["instance"] == "/api/v1/x%0Ay?q=1"
        assert len(answer.body) == int(answer.headers["content-length"])
    else:
        assert answer.body == b""
    logged = next(record for record in lines if record.exc_info)
    assert logged.request_id == "mine"


@pytest.mark.usefixtures("unrendered")
def test_a_defect_is_a_500_problem_and_its_traceback_is_logged(monkeypatch, lines):
    def broken(*args, **kwargs):
        raise RuntimeError("a defect")

    monkeypatch.setattr(CountryViewSet, "written", broken)
    client = Client(HTTP_HOST="localhost", raise_request_exception=False)
    response = client.get("/api/v1/countries", HTTP_X_REQUEST_ID="asked-2")
    assert response.status_code == 500
    assert response["Content-Type"] == "application/problem+json"
    assert "a defect" not in response.content.decode()
    logged = next(record for record in lines if record.exc_info)
    assert logged.request_id == "asked-2"
    assert "a defect" in str(logged.exc_info[1])


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "a\nb", "é"])
def test_an_id_that_will_not_do_is_replaced(api, given):
    response = api.get("/healthz", HTTP_X_REQUEST_ID=given)
    assert response["X-Request-ID"] != given
    assert len(response["X-Request-ID"]) == 32


def test_every_answer_is_logged_with_its_id(api, capfd):
    api.get("/api/v1/officials?contry=PAN", HTTP_X_REQUEST_ID="asked-3")
    (line,) = capfd.readouterr().err.splitlines()
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"
    message = r"GET /api/v1/officials\?contry=PAN 400"
    assert re.fullmatch(rf"{stamp} INFO asked-3 api\.access {message}", line)


def test_the_length_is_told(api):
    response = api.get("/api/v1/release")
    assert int(response["Content-Length"]) == len(response.content)


def near(key):
    """Return a key with a slip of the pen in it."""
    return f"{key[:-1]}{'a' if key[-1] != 'a' else 'b'}"


FILE = "README.md"


@pytest.fixture
def filed(api, settings, tmp_path):
    """A client of an instance that has a file of a release."""
    settings.RELEASES_DIR = str(tmp_path)
    (tmp_path / "1.0.0").mkdir()
    (tmp_path / "1.0.0" / FILE).write_text("#")
    (tmp_path / "1.0.0" / "SHA256SUMS").write_text(f"{'0' * 64}  {FILE}\n")
    return api


@pytest.mark.parametrize(
    ("path", "what", "guess", "listed"),
    [
        *((f"/api/v1/{name}/{near(sample(name.replace('-', '_')))}",
           str(VIEWSETS[name].queryset.model._meta.verbose_name),
           sample(name.replace("-", "_")), f"/api/v1/{name}")
          for name in RESOURCES if name != "countries"),
        (f"/api/v1/sources/{near(sample('sources'))}/coverage", "source", sample("sources"),
         "/api/v1/sources"),
        ("/api/v1/countries/ATA", "country", None, "/api/v1/countries"),
        (f"/api/v1/dyads/ATA-{FIRST['id']}", "country", None, "/api/v1/countries"),
        ("/api/v1/releases/9.9.9", "release", None, "/api/v1/releases"),
        ("/problems/not-fond", "kind of problem", "not-found", "/problems"),
        ("/releases/9.9.9", "release with files here", None, "/releases"),
        ("/releases/1.0.0/REDME.md", "file of release 1.0.0", FILE, "/releases/1.0.0"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_named_with_the_nearest_and_where_all_are(
    filed, path, what, guess, listed
):
    response = filed.get(path)
    assert response.status_code == 404
    detail, called = response.json()["detail"], path.removesuffix("/coverage").rsplit("/", 1)[1]
    named = called if "dyads" not in path else "ATA"
    hint = f" Did you mean {guess!r}?" if guess else ""
    address = f"http://127.0.0.1:8000{listed}"
    assert detail == f"No {what} is called {named!r}.{hint} {address} lists all."
    assert filed.get(listed).status_code == 200


@pytest.mark.parametrize("name", [*RESOURCES, "releases"])
def test_what_can_be_no_key_is_told_with_how_one_is_written(api, name):
    response = api.get(f"/api/v1/{name}/No_key!")
    assert response.status_code == 404
    model = {**VIEWSETS, "releases": PublishedReleaseViewSet}[name].queryset.model
    detail = response.json()["detail"]
    assert detail.startswith(f"There is no such {model._meta.verbose_name}. ")
    assert "write" in detail.lower()


@pytest.mark.parametrize("key", [FIRST["id"], f"{FIRST['id']}-{FIRST['alpha2']}", "--"])
def test_a_dyad_that_is_no_pair_is_refused_in_its_own_words(api, key):
    detail = api.get(f"/api/v1/dyads/{key}").json()["detail"]
    assert detail.startswith(f"There is no dyad {key!r}: write two different countries")
