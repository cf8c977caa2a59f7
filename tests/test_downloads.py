"""The files of releases over HTTP: lists, whole files, ranges, preconditions."""

import hashlib
import json
import os

import pytest

from api.serving import turns
from api.views import downloads
from tests.test_cache import taken

pytestmark = pytest.mark.once
CONTENT = bytes(range(256)) * 20


@pytest.fixture
def folder(tmp_path, settings):
    """A folder with the files of two releases, and what is none of them."""
    settings.RELEASES_DIR = str(tmp_path)
    for version in ("2.0.0", "10.0.0"):
        (tmp_path / version / "csv").mkdir(parents=True)
        given = {"csv/a.csv": CONTENT, "README.md": b"# One\n", f"demarche-{version}.sql": b"--"}
        lines = []
        for name, content in given.items():
            (tmp_path / version / name).write_bytes(content)
            lines.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
        (tmp_path / version / "SHA256SUMS").write_text("".join(lines))
        (tmp_path / version / "unlisted").write_text("secret")
        os.utime(tmp_path / version / "csv" / "a.csv", (1e9, 1e9))
    (tmp_path / "outside").write_text("secret")
    (tmp_path / ".2.0.1-begun").mkdir()
    return tmp_path


@pytest.fixture
def get(folder, client):
    """A function that asks, and closes the files that were sent."""
    answered = []

    def ask(path, **headers):
        answered.append(client.get(path, **headers))
        return answered[-1]

    yield ask
    for response in answered:
        for closer in response._resource_closers:
            closer()


def test_the_versions_and_their_files_are_listed(get):
    here = get("/releases").json()["releases"]
    assert [one["version"] for one in here] == ["10.0.0", "2.0.0"]
    told = get(here[1]["url"].partition("testserver")[2]).json()["files"]
    listed = {"csv/a.csv", "README.md", "demarche-2.0.0.sql", "SHA256SUMS"}
    assert {one["name"] for one in told} == listed
    for one in told:
        whole = get(one["url"].partition("testserver")[2]).getvalue()
        assert (len(whole), hashlib.sha256(whole).hexdigest()) == (one["bytes"], one["sha256"])


def test_a_file_says_what_it_is_and_how_long_it_lasts(get, client, settings):
    found = get("/releases/2.0.0/csv/a.csv")
    assert found.getvalue() == CONTENT
    assert found["Content-Type"] == "text/csv; charset=utf-8"
    assert found["Content-Length"] == str(len(CONTENT))
    assert found["ETag"] == f'"{hashlib.sha256(CONTENT).hexdigest()}"'
    assert found["Cache-Control"] == "public, max-age=60"
    assert not found.has_header("Last-Modified")
    settings.PUBLIC_URL = "https://api.example.org"
    lasting = get("/releases/2.0.0/csv/a.csv")["Cache-Control"]
    assert lasting == "public, max-age=31536000, immutable"
    settings.PUBLIC_URL = ""
    assert found["Access-Control-Allow-Origin"] == "*"
    head = client.head("/releases/2.0.0/csv/a.csv")
    assert head.getvalue() == b""
    varying = {"X-Request-ID"}
    assert {k: v for k, v in head.items() if k not in varying} == {
        k: v for k, v in found.items() if k not in varying
    }


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-0", CONTENT[:1]),
        ("bytes=5119-5119", CONTENT[-1:]),
        ("bytes=0-9", CONTENT[:10]),
        ("bytes=5000-", CONTENT[5000:]),
        ("bytes=-3", CONTENT[-3:]),
        ("bytes=5100-99999", CONTENT[5100:]),
    ],
)
def test_a_range_is_answered(get, asked, part):
    found = get("/releases/2.0.0/csv/a.csv", HTTP_RANGE=asked)
    assert (found.status_code, found.getvalue()) == (206, part)
    assert found["Content-Range"].endswith(f"/{len(CONTENT)}")


def test_a_range_that_is_none_is_told(get):
    refused = get("/releases/2.0.0/csv/a.csv", HTTP_RANGE="bytes=99999-")
    assert refused.status_code == 416
    assert refused["Content-Type"] == "application/problem+json"
    assert refused["Content-Range"] == f"bytes */{len(CONTENT)}"
    assert get("/releases/2.0.0/csv/a.csv", HTTP_RANGE="bytes=-0").status_code == 416
    for odd in ("bytes=--5", "bytes=5-2", "bytes=0-²", "bytes=a-b", "lines=1-2", "bytes=1-2,5-6"):
        assert get("/releases/2.0.0/csv/a.csv", HTTP_RANGE=odd).status_code == 200


def test_preconditions_go_by_the_content(get):
    path = "/releases/2.0.0/csv/a.csv"
    tag = get(path)["ETag"]
    assert get(path, HTTP_IF_NONE_MATCH=tag).status_code == 304
    assert get(path, HTTP_IF_NONE_MATCH='"other"').status_code == 200
    since = "Sat, 01 Jan 2050 00:00:00 GMT"
    assert get(path, HTTP_IF_MODIFIED_SINCE=since).status_code == 200
    part = {"HTTP_RANGE": "bytes=0-9"}
    assert get(path, HTTP_IF_RANGE=tag, **part).status_code == 206
    assert get(path, HTTP_IF_RANGE='"other"', **part).getvalue() == CONTENT


@pytest.mark.parametrize(
    "path",
    ["/releases/2.0.0/unlisted", "/releases/2.0.0/../outside", "/releases/2.0.0/%2e%2e/outside",
     "/releases/../outside", "/releases/3.0.0", "/releases/.2.0.1-begun", "/releases/2.0.0/csv",
     "/releases/2.0.0//etc/passwd", "/releases/2.0.0/csv/a.csv%00", "/releases/2.0.0/a%0Ab"],
)  # fmt: skip
def test_nothing_else_is_there(get, path):
    refused = get(path)
    assert refused.status_code == 404
    assert refused["Content-Type"] == "application/problem+json"
    assert b"secret" not in refused.content


def test_parameters_are_refused(get):
    for path in ("/releases", "/releases/2.0.0", "/releases/2.0.0/README.md"):
        assert get(f"{path}?x=1").status_code == 400
    assert get("/releases/2.0.0/README.md?format=json").status_code == 400


def test_any_accept_header_gets_the_file(get):
    assert get("/releases/2.0.0/README.md", HTTP_ACCEPT="image/png").status_code == 200


def test_without_a_folder_there_are_none(client, settings):
    settings.RELEASES_DIR = ""
    assert client.get("/releases").json() == {"releases": []}
    assert client.get("/releases/2.0.0/README.md").status_code == 404


def test_a_replaced_file_has_another_tag(get, folder):
    before = get("/releases/2.0.0/README.md")["ETag"]
    other = b"# Two"
    (folder / "2.0.0" / "README.md").write_bytes(other)
    line = f"{hashlib.sha256(other).hexdigest()}  README.md\n"
    (folder / "2.0.0" / "SHA256SUMS.new").write_text(line)
    (folder / "2.0.0" / "SHA256SUMS.new").rename(folder / "2.0.0" / "SHA256SUMS")
    assert get("/releases/2.0.0/README.md")["ETag"] != before
    asked = get("/releases/2.0.0/README.md", HTTP_IF_NONE_MATCH=before)
    assert (asked.status_code, asked.getvalue()) == (200, other)
    assert "immutable" not in asked["Cache-Control"]


def test_long_files_are_sent_by_turns(get, monkeypatch):
    monkeypatch.setattr(downloads, "LONG", 100)
    with taken(turns.sending) as number:
        refused = get("/releases/2.0.0/csv/a.csv")
        assert (refused.status_code, refused["Retry-After"]) == (503, "5")
        assert get("/releases/2.0.0/README.md").status_code == 200
    for _ in range(number + 1):
        assert get("/releases/2.0.0/csv/a.csv").getvalue() == CONTENT


@pytest.mark.django_db
def test_the_front_page_leads_to_them(client, folder, settings):
    version = client.get("/api/v1/release").json()["version"]
    assert client.get("/").json()["files"] == f"http://testserver/releases/{version}"
    told = json.loads(client.get("/?format=jsonld").content)["distribution"]
    assert any(one["contentUrl"].endswith("/datapackage.json") for one in told)
    settings.RELEASES_DIR = ""
    assert client.get("/").json()["files"] is None


def test_a_browser_gets_the_lists_as_pages(get, client):
    for path in ("/releases", "/releases/2.0.0"):
        page = get(path, HTTP_ACCEPT="text/html,*/*;q=0.8")
        assert page["Content-Type"] == "text/html; charset=utf-8"
        assert client.get(path).json()
        assert client.get(f"{path}?format=html")["Content-Type"] == page["Content-Type"]
    for name in ("csv/a.csv", "README.md"):
        assert f"/releases/2.0.0/{name}" in get("/releases/2.0.0?format=html").content.decode()
    whole = get("/releases/2.0.0/README.md", HTTP_ACCEPT="text/html")
    assert whole["Content-Type"].startswith("text/markdown")
