"""Reconciliation where something other than a load wrote to the tables, without the index."""

import json
from urllib.parse import urlencode

import pytest

from api.database import release
from policy.models import Official
from policy.search.live import LiveEntries

FORM = "application/x-www-form-urlencoded"


def asked(api, text):
    """Return the candidates for a text."""
    body = urlencode({"queries": json.dumps({"q0": {"query": text}})})
    return api.post("/api/v1/reconcile", body, content_type=FORM)


@pytest.fixture
def renamed(api):
    """A person whose name somebody has changed in the tables."""
    person = Official.objects.exclude(name=None).first()
    told = {"name": "Zebedee Quux", "label": "Zebedee Quux", "aliases": []}
    Official.objects.filter(pk=person.pk).update(**told)
    return person


def test_what_the_tables_hold_now_is_found(api, renamed):
    found = asked(api, "Quux, Zebedee").json()["q0"]["result"]
    assert [(one["id"], one["match"]) for one in found] == [(f"officials/{renamed.pk}", True)]
    gone = asked(api, renamed.name).json()["q0"]["result"]
    assert f"officials/{renamed.pk}" not in [one["id"] for one in gone if one["match"]]
    common = asked(api, "of the").json()["q0"]["result"]
    assert all("of" in one["description"] for one in common)


def test_tables_too_large_to_be_searched_without_the_index_are_a_503(api, renamed, monkeypatch):
    monkeypatch.setattr(release, "LiveEntries", lambda _: LiveEntries(None))
    answer = asked(api, "Zebedee Quux")
    assert answer.status_code == 503
    assert "load_release" in answer.json()["detail"]
    assert answer["Retry-After"]
