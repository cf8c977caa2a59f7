"""Releases, their changes and the feed of them, as the API serves them."""

import csv
import io
import itertools
import json
import re
from collections import Counter
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from django.db import connection

from policy.models import Change, PublishedRelease, Release, Renaming
from policy.models.changes import ChangeType
from tests.samples import samples

LATER = "1000.0.0"
"""A later release than any that is committed, before which texts would put 2.0.0."""
GONE = "gap-that-went"
GAP, OTHER = samples("gaps")[:2]
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def later(db):
    """The tables with another release, which changed a record, removed one and renamed one."""
    last = PublishedRelease.objects.order_by("place").last()
    release = PublishedRelease.objects.create(
        id=LATER, place=last.place + 1, released=datetime(2100, 1, 2, 3, tzinfo=UTC),
        schema_version=2, previous=last.pk, note="New & <b>bold</b>\x0b words.",
    )  # fmt: skip
    number = Change.objects.count()
    for change, record, more in (
        ("changed", GAP, {"fields": ["note"], "reason": "So."}),
        ("removed", GONE, {"reason": "It was answered."}),
        ("renamed", OTHER, {"former": "former-gap"}),
    ):
        number += 1
        Change.objects.create(
            id=number, release=release, change=change, kind="gap", record=record, **more
        )
    Renaming.objects.create(id="gap-former-gap", kind="gap", former="former-gap", record=OTHER)
    Renaming.objects.create(
        id=f"gap-{GONE}", kind="gap", former=GONE, release=LATER, reason="It was answered."
    )
    return last.pk


def every_change(read):
    return read("changes?page_size=500")["results"]


def test_the_loaded_release_tells_the_hash_and_state_of_what_is_loaded(read):
    release = read("release")
    *_, last = read("releases")["results"]
    assert read(f"releases/{release['version']}") == last
    for name in ("released", "schema_version", "content_hash", "modified"):
        assert last[name] == release[name]
    assert (last["id"], last["loaded"], last["modified"]) == (release["version"], True, False)


def test_earlier_releases_keep_their_hash(read):
    for release in read("releases")["results"][:-1]:
        assert re.fullmatch("[0-9a-f]{64}", release["content_hash"])
        assert (release["loaded"], release["modified"]) == (False, False)


def test_a_modified_release_has_no_hash_and_the_others_keep_theirs(read):
    before = read("releases")["results"]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE policy_gap SET question = 'What else?'")
    after = read("releases")["results"]
    assert after[:-1] == before[:-1]
    assert after[-1] == {**before[-1], "content_hash": None, "modified": True}


def test_each_release_tells_how_many_records_it_changed(later, read):
    made = Counter((one["release"], one["change"]) for one in every_change(read))
    for release in read("releases")["results"]:
        told = {change: release[change] for change in ChangeType.values}
        assert told == {change: made[release["id"], change] for change in ChangeType.values}


def test_releases_are_ordered_as_versions_not_as_texts(later, read):
    versions = [release["id"] for release in read("releases")["results"]]
    numbers = [tuple(map(int, version.split("."))) for version in versions]
    assert (numbers, versions[-1]) == (sorted(numbers), LATER)
    assert [r["id"] for r in read("releases?ordering=-id")["results"]] == versions[::-1]
    assert [r["id"] for r in read(f"releases?id={LATER}")["results"]] == [LATER]
    assert [r["id"] for r in read(f"releases?exclude_id={LATER}")["results"]] == versions[:-1]


def test_what_the_log_names_is_there(read):
    release = read("release")["version"]
    for one in every_change(read):
        if one["release"] == release:
            path = one["url"].removeprefix("http://127.0.0.1:8000/api/v1/")
            assert read(path)["id"] == one["record"]
            assert (one["former"] is not None) == (one["change"] == "renamed")
            assert bool(one["fields"]) or one["change"] != "changed"


def test_a_former_key_leads_on_and_a_removed_one_is_gone(later, api, read):
    (renamed,) = read(f"changes?since={later}&change=renamed")["results"]
    assert api.get(f"/api/v1/gaps/{renamed['former']}")["Location"] == renamed["url"]
    (removed,) = read(f"changes?since={later}&change=removed")["results"]
    gone = api.get(removed["url"].removeprefix("http://127.0.0.1:8000"))
    assert gone.status_code == 410
    assert LATER in gone.json()["detail"]
    assert removed["reason"] in gone.json()["detail"]


def test_since_finds_what_later_releases_changed(later, read):
    versions = [release["id"] for release in read("releases")["results"]]
    whole = every_change(read)
    for number, version in enumerate(versions):
        found = read(f"changes?since={version}&page_size=500")
        wanted = [one for one in whole if one["release"] in versions[number + 1 :]]
        assert (found["results"], found["count"]) == (wanted, len(wanted))
    assert read(f"changes?since={LATER}")["results"] == []


@pytest.mark.parametrize("name", ["release", "change", "kind", "record", "id"])
def test_a_filter_and_its_opposite_share_the_log_between_them(later, read, name):
    whole = every_change(read)
    for value, number in Counter(one[name] for one in whole).most_common(4):
        found = read(f"changes?{name}={value}&page_size=500")["results"]
        assert found == [one for one in whole if one[name] == value]
        assert len(found) == number
        others = read(f"changes?exclude_{name}={value}&page_size=500")["results"]
        assert others == [one for one in whole if one[name] != value]


@pytest.mark.parametrize("name", ["release", "change", "kind", "record"])
def test_a_facet_of_the_log_counts_what_its_filter_finds(later, read, name):
    whole = every_change(read)
    counted = read(f"changes?facets={name}")["facets"][name]
    assert {row["value"]: row["count"] for row in counted} == Counter(one[name] for one in whole)


@pytest.mark.parametrize("name", ["former", "reason"])
def test_what_a_change_does_not_tell_can_be_asked_for(later, read, name):
    whole = every_change(read)
    told = read(f"changes?stated={name}&page_size=500")["results"]
    assert told == [one for one in whole if one[name] is not None] != []
    untold = read(f"changes?not_stated={name}&page_size=500")["results"]
    assert untold == [one for one in whole if one[name] is None] != []


def test_a_former_key_finds_the_change_of_its_record(later, read):
    assert read(f"changes?record=former-gap&since={later}") == {
        **read(f"changes?record={OTHER}&since={later}"),
    }


@pytest.mark.parametrize("order", ["id", "change", "kind", "record"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_walking_the_log_in_any_order_gives_it_whole(later, api, read, order, sign):
    whole, url, found = (
        every_change(read),
        f"/api/v1/changes?ordering={sign}{order}&page_size=7",
        [],
    )
    while url:
        page = api.get(url).json()
        found += page["results"]
        url = page["next"]
    assert sorted(one["id"] for one in found) == [one["id"] for one in whole]
    values = [one[order] for one in found]
    assert values == sorted(values, reverse=bool(sign))


def test_streams_hold_the_whole_log(later, api, read):
    whole = every_change(read)
    lines = b"".join(api.get("/api/v1/changes?format=ndjson")).decode().splitlines()
    assert [json.loads(line) for line in lines] == whole
    text = b"".join(api.get("/api/v1/changes?format=csv&kind=gap")).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    gaps = [one for one in whole if one["kind"] == "gap"]
    assert [json.loads(row["fields"]) for row in rows] == [one["fields"] for one in gaps]
    chosen = read("changes?fields=record,kind&page_size=2")["results"]
    assert chosen == [{"kind": one["kind"], "record": one["record"]} for one in whole[:2]]


@pytest.mark.parametrize("name", ["since", "release", "exclude_release"])
@pytest.mark.parametrize("value", ["1.0.1", "1", "nonsense", "%EF%BC%91.0.0", "1.0.0-rc1"])
def test_an_unknown_version_is_refused_with_those_there_are(api, read, name, value):
    versions = [release["id"] for release in read("releases")["results"]]
    refused = api.get(f"/api/v1/changes?{name}={value}")
    assert refused.status_code == 400
    (entry,) = refused.json()["errors"]
    assert (entry["parameter"], entry["allowed"]) == (name, versions)
    assert entry["nearest"] in (*versions, None)
    near = api.get(f"/api/v1/changes?{name}={versions[0]}1").json()["errors"][0]
    assert near["nearest"] == versions[0]


@pytest.mark.parametrize("key", ["0.0.1", "1", "nonsense", "1.0.0x", "%E0%A5%A7.0.0"])
def test_a_release_that_never_was_is_not_found(api, key):
    assert api.get(f"/api/v1/releases/{key}").status_code == 404


@pytest.fixture
def feed(later, api):
    """The feed, taken apart; ElementTree refuses what is not well-formed."""
    response = api.get("/api/v1/releases.atom")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ET.fromstring(response.content)


def test_the_feed_has_what_rfc_4287_asks_for(feed):
    assert feed.tag == f"{ATOM}feed"
    for node in (feed, *feed.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            (child,) = node.findall(f"{ATOM}{name}")
            assert child.text
        assert datetime.fromisoformat(node.findtext(f"{ATOM}updated")).tzinfo
        links = [(link.get("rel"), link.get("href")) for link in node.findall(f"{ATOM}link")]
        assert len(dict(links)) == len(links)
        assert dict(links)["alternate"].startswith("http://127.0.0.1:8000/api/v1/releases")
    assert feed.find(f"{ATOM}author/{ATOM}name").text
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links["self"].endswith("/api/v1/releases.atom")
    ids = [node.text for node in feed.iter(f"{ATOM}id")]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", one) for one in ids)


def test_the_feed_tells_each_release_the_newest_first(feed, read, api):
    releases = read("releases")["results"][::-1]
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == len(releases)
    for entry, release in zip(entries, releases, strict=True):
        summary = entry.find(f"{ATOM}summary")
        assert summary.get("type") == "html"
        assert release["id"] in entry.findtext(f"{ATOM}title")
        moment = datetime.fromisoformat(entry.findtext(f"{ATOM}updated"))
        assert moment == datetime.fromisoformat(release["released"])
        link = entry.find(f"{ATOM}link").get("href").removeprefix("http://127.0.0.1:8000")
        assert api.get(link).json() == release
        numbers = ", ".join(f"{release[change]} {change}" for change in ChangeType.values)
        assert (numbers in summary.text) == (release["previous"] is not None)
    assert feed.findtext(f"{ATOM}updated") == entries[0].findtext(f"{ATOM}updated")


def test_the_text_of_an_entry_is_no_markup_and_fits_xml(feed):
    text = feed.find(f"{ATOM}entry/{ATOM}summary").text
    assert text.startswith("New &amp; &lt;b&gt;bold&lt;/b&gt;\ufffd words.")


def test_a_reader_knows_an_entry_again_at_another_address(feed, api, settings):
    settings.PUBLIC_URL = "https://facts.example/demarche"
    other = ET.fromstring(api.get("/api/v1/releases.atom").content)
    assert [n.text for n in other.iter(f"{ATOM}id")] == [n.text for n in feed.iter(f"{ATOM}id")]
    links = [link.get("href") for link in other.iter(f"{ATOM}link")]
    assert all(link.startswith("https://facts.example/demarche/api/v1/releases") for link in links)


def test_the_feed_is_asked_for_like_anything_else(api):
    path = "/api/v1/releases.atom"
    found = api.get(path)
    head = api.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("ETag", "Content-Length", "Cache-Control", "Vary", "Dataset-Version"):
        assert head[name] == found[name]
    assert api.get(f"{path}?format=atom").content == found.content
    assert api.get(path, HTTP_ACCEPT="application/atom+xml, text/xml;q=0.5").status_code == 200
    for refused, status in ((f"{path}?sinse=1", 400), (f"{path}?format=json", 400)):
        answer = api.get(refused)
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert api.get(path, HTTP_ACCEPT="application/json").status_code == 406
    assert api.post(path).status_code == 405


def test_without_a_release_there_is_no_feed(api):
    Release.objects.all().delete()
    for path in ("releases", "releases.atom", "changes", "changes?since=1.0.0"):
        assert api.get(f"/api/v1/{path}").status_code == 503


def test_an_empty_log_is_served(api, read):
    PublishedRelease.objects.all().delete()
    assert [read(path)["results"] for path in ("releases", "changes")] == [[], []]
    feed = ET.fromstring(api.get("/api/v1/releases.atom").content)
    assert feed.findall(f"{ATOM}entry") == []
    released = datetime.fromisoformat(read("release")["released"])
    assert datetime.fromisoformat(feed.findtext(f"{ATOM}updated")) == released


def test_both_lists_answer_what_all_lists_answer(read, api):
    for path, size in itertools.product(("releases", "changes"), (1, 2)):
        page = read(f"{path}?page_size={size}")
        assert page["count"] >= len(page["results"])
        slashed = api.get(f"/api/v1/{path}/?page_size={size}")
        assert slashed.json()["results"] == page["results"]
        assert api.get(f"/api/v1/{path}?page_sise=1").json()["errors"][0]["nearest"] == "page_size"
