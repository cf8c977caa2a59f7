"""Security: headers on every response, no secret, and every limit of requests."""

import json

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import Client

from api.keyset import MAX_CURSOR
from api.listing import MAX_PAGE_SIZE
from api.parameters import MAX_ITEMS, MAX_QUERY, MAX_WORDS
from api.serving.headers import HSTS, SECURITY
from tests.conftest import RESOURCES
from tests.raw_http import exchange, request, status
from tests.samples import WORD, sample

pytestmark = pytest.mark.once

PATHS = [
    "/",
    "/api/v1/countries",
    f"/api/v1/countries/{sample('countries')}",
    "/api/v1/events?format=csv",
    "/api/v1/events?nothing=1",
    "/api/v1/nothing",
    "/nothing",
    "/api/schema",
    "/docs",
    "/redoc",
    "/problems",
    "/healthz",
    "/readyz",
    "/static/api/docs.js",
    "/static/nothing.js",
]
DOCS = {"/docs", "/redoc"}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_every_answer_is_guarded(db, path, method):
    response = Client(HTTP_HOST="localhost").generic(method, path)
    given = {name: response.get(name) for name in SECURITY}
    if path in DOCS and method != "POST":
        policy = given.pop("Content-Security-Policy")
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-eval" not in policy
    assert given == {name: SECURITY[name] for name in given}
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "Strict-Transport-Security" not in response
    assert not response.cookies
    response.close()


def test_a_host_that_is_not_ours_is_guarded_too(db):
    response = Client(HTTP_HOST="evil.example").get("/api/v1/countries")
    assert response.status_code == 400
    assert {name: response.get(name) for name in SECURITY} == SECURITY


def test_https_is_insisted_on_where_it_is_the_public_address(api, settings):
    settings.PUBLIC_URL = "https://api.example.org"
    for path in ("/healthz", "/nothing"):
        assert api.get(path)["Strict-Transport-Security"] == HSTS
    settings.PUBLIC_URL = "http://api.example.org"
    assert "Strict-Transport-Security" not in api.get("/healthz")


def test_no_secret_is_needed_or_there():
    # Every other test runs without one; whatever would sign something fails at once.
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        settings.SECRET_KEY  # noqa: B018


def test_every_silenced_check_would_speak(settings):
    silenced = settings.SILENCED_SYSTEM_CHECKS
    settings.SILENCED_SYSTEM_CHECKS = []
    with pytest.raises(SystemCheckError) as told:
        call_command("check", deploy=True, fail_level="WARNING")
    assert {name for name in silenced if name not in str(told.value)} == set()
    settings.SILENCED_SYSTEM_CHECKS = silenced
    call_command("check", deploy=True, fail_level="WARNING")


VALUES = ",".join(f"k{n}" for n in range(MAX_ITEMS))
WORDS = "%20".join(f"w{n}" for n in range(MAX_WORDS))


@pytest.mark.parametrize("resource", [*RESOURCES, "search"])
@pytest.mark.parametrize(
    ("within", "beyond", "parameter"),
    [
        (f"q={WORDS}", f"q={WORDS}%20more", "q"),
        (f"q={'a' * 200}", f"q={'a' * 201}", "q"),
        (
            f"page_size={MAX_PAGE_SIZE}&q={WORD}",
            f"page_size={MAX_PAGE_SIZE + 1}&q={WORD}",
            "page_size",
        ),
        (None, f"cursor={'a' * (MAX_CURSOR + 1)}&q={WORD}", "cursor"),
        (None, f"q={'a' * (MAX_QUERY - 1)}", ""),
        (None, f"q={WORD}{'&' * MAX_QUERY}", ""),
    ],
)
def test_each_list_has_limits(api, resource, within, beyond, parameter):
    if within:
        assert api.get(f"/api/v1/{resource}?{within}").status_code == 200
    refused = api.get(f"/api/v1/{resource}?{beyond}")
    assert refused.status_code == 400
    assert parameter in {entry["parameter"] for entry in refused.json()["errors"]}


@pytest.mark.parametrize("resource", [name for name in RESOURCES if name != "countries"])
def test_a_list_of_values_has_a_limit(api, resource):
    assert api.get(f"/api/v1/{resource}?id={VALUES}").status_code == 200
    refused = api.get(f"/api/v1/{resource}?id={VALUES},one-more")
    assert refused.status_code == 400
    assert f"at most {MAX_ITEMS}" in refused.json()["errors"][0]["detail"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_question_with_a_body_is_refused(db, method):
    response = Client(HTTP_HOST="localhost").generic(
        method, "/api/v1/countries", b"{}", "application/json"
    )
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


BROKEN = {
    "a body": (request("/api/v1/trips", "Content-Length: 5", body=b"hello"), 400),
    "a body in pieces": (
        request("/api/v1/trips", "Transfer-Encoding: chunked", body=b"1\r\na\r\n0\r\n\r\n"),
        400,
    ),
    "a body of 20 MB": (
        request("/api/v1/trips", "Content-Length: 20000000", body=b"a" * 20_000_000),
        400,
    ),
    "a body that does not come": (request("/api/v1/trips", "Content-Length: 20000000"), 400),
    "a query of 60 kB": (request(f"/api/v1/trips?q={'a' * 60_000}"), 400),
    "a path of 60 kB": (request(f"/{'a' * 60_000}"), 404),
    "an address of 70 kB": (request(f"/api/v1/trips?q={'a' * 70_000}"), 414),
    "101 headers": (request("/healthz", *(f"X-{n}: a" for n in range(101))), 431),
    "a header of 2 MB": (request("/healthz", f"X-Long: {'a' * 2_000_000}"), 431),
    "a body to be posted": (
        request("/api/v1/trips", "Content-Length: 5", body=b"hello", method="POST"),
        405,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_server_bounds_what_it_reads(addresses, name):
    sent, expected = BROKEN[name]
    for address in addresses.values():
        answer = exchange(address, sent)
        assert status(answer) == expected, answer[:200]
        head, _, body = answer.partition(b"\r\n\r\n")
        # What breaks HTTP itself is answered by the server below the application, without a body.
        if expected not in (414, 431):
            assert b"application/problem+json" in head
            assert json.loads(body)["status"] == expected
        assert status(exchange(address, request("/healthz"))) == 200
