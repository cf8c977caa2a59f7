"""Failures of ours: told as problems, logged with the request's id and the traceback."""

import json
import logging

import pytest
from django.db import OperationalError, connection
from django.test import Client

from api.serving.middleware import RequestIdFilter
from api.views.records import CountryViewSet

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


def test_a_defect_is_a_500_problem_and_its_traceback_is_logged(db, monkeypatch, lines):
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


def test_every_answer_is_logged_with_its_id(api, lines):
    api.get("/api/v1/officials?contry=PAN", HTTP_X_REQUEST_ID="asked-3")
    (line,) = [record for record in lines if record.name == "api.access"]
    assert line.getMessage() == "GET /api/v1/officials?contry=PAN 400"
    assert line.request_id == "asked-3"


def test_the_length_is_told(api):
    response = api.get("/api/v1/release")
    assert int(response["Content-Length"]) == len(response.content)
