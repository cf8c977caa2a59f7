"""Both engines give the same answers, byte for byte, through the real server."""

import itertools
import urllib.error
import urllib.request
from urllib.parse import quote

import pytest

from tests.conftest import RESOURCES, VIEWSETS, engine
from tests.test_api import CASES, REFUSED

pytestmark = pytest.mark.skipif(
    engine() != "sqlite3", reason="one run asks the servers of both engines"
)


def ask(address: str, path: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(f"{address}{path}", headers={"Host": "localhost"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def paths() -> list[str]:
    lists = [
        f"/api/v1/{resource}?page_size={size}&ordering={sign}{column}"
        for resource in RESOURCES
        for size, sign in itertools.product((2, 500), ("", "-"))
        for column in VIEWSETS[resource].ordering_fields
    ]
    asked = [f"/api/v1/{question}" for question in [*CASES, *REFUSED]]
    words = ("canal", "CÁNAL mulino", "deport*", "u s", "non-negotiable", "absent", "jose", "4 000")
    found = [
        f"/api/v1/{resource}?q={quote(text)}&page_size={size}"
        for resource in [*RESOURCES, "search"]
        for text in words
        for size in (2, 500)
    ]
    shaped = [
        f"/api/v1/{resource}?{name}={','.join(values)}"
        for resource, viewset in VIEWSETS.items()
        for name, values in (
            ("expand", viewset.expandable),
            ("facets", viewset.facet_fields),
            ("format", ["csv"]),
            ("format", ["ndjson"]),
        )
        if values
    ]
    across = ["dyads", "dyads/USA-MEX", "dyads/PAN-USA", "sources/article-1/coverage", "codebook",
              "release", "countries?format=geojson", "trips?format=geojson",
              "events?format=jsonld"]  # fmt: skip
    return [
        *lists,
        *asked,
        *found,
        *shaped,
        *(f"/api/v1/{path}" for path in across),
        "/",
        "/api/schema",
        "/nothing",
    ]


def test_the_same_bytes_from_both(addresses):
    if len(addresses) < 2:
        pytest.skip("PostgreSQL IS NOT INSTALLED: the engines were not compared")
    compared = 0
    for path in paths():
        answers = [ask(address, path) for address in addresses.values()]
        (status, _, body), (other_status, _, other_body) = answers
        assert (status, body) == (other_status, other_body), path
        assert status in (200, 400, 404), (path, status)
        compared += 1
    assert compared > 400


def test_every_record_is_the_same_on_both(addresses):
    if len(addresses) < 2:
        pytest.skip("PostgreSQL IS NOT INSTALLED: the engines were not compared")
    import json

    for resource in RESOURCES:
        _, _, whole = ask(addresses["SQLite"], f"/api/v1/{resource}?page_size=500")
        for record in json.loads(whole)["results"]:
            path = f"/api/v1/{resource}/{record['id']}"
            first, second = (ask(address, path) for address in addresses.values())
            assert (first[0], first[2]) == (200, second[2]), path
