"""Security: headers on every response, no secret, and every limit of requests."""

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
from tests.samples import WORD, sample

pytestmark = pytest.mark.once

PATHS = ["/", "/api/v1/countries", f"/api/v1/countries/{sample('countries')}",
         "/api/v1/events?format=csv", "/api/v1/events?nothing=1", "/api/v1/nothing", "/nothing",
         "/api/v1/reconcile", "/api/schema", "/docs", "/guide", "/problems", "/healthz", "/readyz",
         "/static/api/docs.js", "/static/nothing.js"]  # fmt: skip
DOCS = {"/docs"}


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
