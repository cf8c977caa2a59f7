"""Shaping: selected keys, related records in place of keys, and counts by value."""

from collections import Counter

import pytest

from tests.conftest import RESOURCES, VIEWSETS
from tests.samples import sample

pytestmark = pytest.mark.once

SELECTION = "application/vnd.demarche.selection+json"


@pytest.mark.parametrize("resource", RESOURCES)
def test_fields_and_omit_choose_keys(api, read, resource):
    whole = read(f"{resource}?page_size=3")["results"]
    keys = list(whole[0])
    chosen = api.get(f"/api/v1/{resource}?page_size=3&fields={keys[2]},{keys[0]}")
    assert chosen["Content-Type"] == SELECTION
    assert chosen.json()["results"] == [{k: r[k] for k in (keys[0], keys[2])} for r in whole]
    left = api.get(f"/api/v1/{resource}?page_size=3&omit={keys[1]}").json()["results"]
    assert left == [{k: v for k, v in r.items() if k != keys[1]} for r in whole]
    one = api.get(f"/api/v1/{resource}/{whole[0]['id']}?fields=id")
    assert one.json() == {"id": whole[0]["id"]}


EXPANSIONS = [
    (resource, key, viewset)
    for resource in RESOURCES
    for key, viewset in VIEWSETS[resource].expandable.items()
]


@pytest.mark.parametrize(("resource", "key", "viewset"), EXPANSIONS)
def test_expand_puts_records_in_place_of_keys(api, read, resource, key, viewset):
    target = next(name for name, known in VIEWSETS.items() if known is viewset)
    related = {record["id"]: record for record in read(f"{target}?page_size=500")["results"]}
    plain = read(f"{resource}?page_size=500")["results"]
    expanded = api.get(f"/api/v1/{resource}?page_size=500&expand={key}")
    assert expanded["Content-Type"] == SELECTION
    seen = 0
    for before, after in zip(plain, expanded.json()["results"], strict=True):
        value = before[key]
        if isinstance(value, list):
            assert after[key] == [related[one] for one in value]
            seen += len(value)
        else:
            assert after[key] == (related[value] if value else None)
            seen += value is not None
    assert seen > 0


FACETS = [(resource, name) for resource in RESOURCES for name in VIEWSETS[resource].facet_fields]


@pytest.mark.parametrize(("resource", "name"), FACETS)
def test_facets_count_what_the_filter_finds(read, resource, name):
    page = read(f"{resource}?page_size=1&facets={name}")
    counted = page["facets"][name]
    assert counted
    assert [c["count"] for c in counted] == sorted((c["count"] for c in counted), reverse=True)
    viewset = VIEWSETS[resource]
    if name in viewset.filterset_class.base_filters:
        for entry in counted:
            if entry["value"] is not None:
                asked = f"{resource}?{name}={entry['value']}"
                assert read(asked)["count"] == entry["count"], asked
    assert read(f"{resource}?page_size=1")["facets"] == {}


def test_facets_follow_the_filter(read):
    country = sample("issue_sides", "country")
    page = read(f"bilateral-issues?country={country}&facets=topic,status&page_size=500")
    for name, counted in page["facets"].items():
        assert {one["value"]: one["count"] for one in counted} == Counter(
            record[name] for record in page["results"]
        )
