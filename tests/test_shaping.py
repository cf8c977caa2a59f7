"""Shaping: selected keys, and related records in place of keys."""

import pytest

from tests.conftest import RESOURCES, VIEWSETS

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
    if not any(record[key] for record in plain):
        pytest.skip("no record leads on by this key")
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
