"""Both engines give the same responses, byte for byte, through the real server."""

import itertools
import json
from urllib.parse import quote

import pytest

from tests.conftest import RESOURCES, VIEWSETS
from tests.operations import ask
from tests.questions import CASES
from tests.samples import DYAD, FIRST, SECOND, WORD, sample, words

pytestmark = pytest.mark.once


@pytest.fixture
def both(addresses):
    """The addresses of the servers on both engines."""
    if len(addresses) < 2:
        pytest.skip("PostgreSQL IS NOT INSTALLED: the engines were not compared")
    return list(addresses.values())


def paths() -> list[str]:
    """Return what the engines are compared by: each list in each order, filter and format."""
    lists = [
        f"{resource}?page_size={size}&ordering={sign}{column}"
        for resource in RESOURCES
        for size, sign in itertools.product((2, 500), ("", "-"))
        for column in VIEWSETS[resource].ordering_fields
    ]
    accented = f"{WORD[:1].upper()}{WORD[1:2]}\u0301{WORD[2:]}"
    texts = (WORD, f"{accented} {words()[1]}", f"{words()[2][:4]}*", "u s", "absent", "4 000")
    found = [
        f"{resource}?q={quote(text)}&page_size={size}"
        for resource in [*RESOURCES, "search"]
        for text in texts
        for size in (2, 500)
    ]
    shaped = [
        f"{resource}?{name}={','.join(values)}"
        for resource, viewset in VIEWSETS.items()
        for name, values in (
            ("expand", viewset.expandable),
            ("facets", viewset.filterset_class.facets()),
            ("format", ["csv"]),
            ("format", ["ndjson"]),
            ("format", ["html"]),
        )
        if values
    ]
    across = ["dyads", f"dyads/{DYAD}", f"dyads/{SECOND['alpha2']}-{FIRST['numeric']}", "codebook",
              "terms", "releases", "releases.atom", "changes?page_size=500",
              "changes?format=ndjson",
              "changes?ordering=-record&page_size=2&facets=release,kind,change,record",
              f"sources/{sample('sources')}/coverage", "release",
              "countries?format=geojson", "trips?format=geojson",
              "events?format=jsonld"]  # fmt: skip
    some = [f"{name}/{sample(name.replace('-', '_'))}" for name in VIEWSETS]
    across += [f"{path}?format=html" for path in ("dyads", f"dyads/{DYAD}", *some)]
    asked = [*lists, *CASES, *found, *shaped, *across]
    return [*(f"/api/v1/{path}" for path in asked), "/", "/?format=html", "/api/schema", "/nothing"]


def test_the_same_bytes_from_both(both):
    for path in paths():
        one, other = (ask(address, path) for address in both)
        assert (one.status, one.body) == (other.status, other.body), path
        assert one.status in (200, 404), (path, one.status)


@pytest.mark.parametrize("resource", [*RESOURCES, "dyads"])
def test_every_record_is_the_same_on_both(both, resource):
    listed = f"/api/v1/{resource}{'?page_size=500' if resource in VIEWSETS else ''}"
    whole = ask(both[0], listed).body
    for record in json.loads(whole)["results"]:
        path = f"/api/v1/{resource}/{record['id']}"
        one, other = (ask(address, path) for address in both)
        assert (one.status, one.body) == (200, other.body), path
