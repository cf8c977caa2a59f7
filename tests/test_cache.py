"""The response cache: what it stores, compresses and answers without the application."""

import gzip
import json
import re
import zlib
from contextlib import contextmanager

import brotli
import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError

from api.database import release
from api.formats import streams
from api.serving import turns
from api.serving.cache import ResponseCache, entity_tag
from api.serving.compression import preferred_encoding, zstd
from policy.models import Release
from tests.conftest import RESOURCES, VIEWSETS
from tests.samples import DYAD, WORD, records, sample
from tests.wsgi import asking, connections_kept

pytestmark = pytest.mark.once

UNPACK = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda data: zstd.ZstdDecompressor().decompress(data),
}
PATHS = [*(f"/api/v1/{resource}?page_size=3" for resource in RESOURCES), "/", "/api/v1/codebook",
         "/api/v1/dyads", f"/api/v1/dyads/{DYAD}", f"/api/v1/search?q={WORD}", "/api/v1/release",
         "/api/v1/releases", "/api/v1/releases.atom", "/api/v1/changes?page_size=3",
         f"/api/v1/sources/{sample('sources')}/coverage", "/api/schema", "/problems",
         "/api/v1/events?format=ndjson"]  # fmt: skip


@pytest.fixture
def asked():
    """The paths of the requests that reached the application."""
    return []


@pytest.fixture
def serve(db, asked, monkeypatch):
    """A function that sends requests to an empty cache, which checks the release each time."""
    monkeypatch.setattr(release, "FRESH", -1)
    # On a busy machine a look-up may take longer than a server would rely on it.
    monkeypatch.setattr(release, "TRUSTED", 60)

    # Not api.wsgi, which would make this process one that cannot write.
    django = get_wsgi_application()

    def application(environ, start_response):
        asked.append(environ["PATH_INFO"])
        return django(environ, start_response)

    cached = ResponseCache(application, 2**24)
    ask = asking(cached)
    ask.cached = cached
    with connections_kept():
        yield ask


@pytest.mark.parametrize("path", PATHS)
def test_every_good_answer_says_what_it_depends_on(serve, path):
    got = serve(path)
    assert got.status == 200
    assert re.fullmatch('"[0-9a-f]{32}"', got.headers["etag"])
    assert got.headers["cache-control"] == "public, max-age=60"
    assert set(got.headers["vary"].split(", ")) == {"Accept", "Accept-Encoding"}
    assert int(got.headers["content-length"]) == len(got.body)
    assert "last-modified" not in got.headers
    fixed = path in ("/api/v1/codebook", "/api/schema", "/problems")
    version = Release.objects.get().version
    assert got.headers.get("dataset-version") == (None if fixed else version)


@pytest.mark.parametrize("path", PATHS)
def test_the_second_answer_comes_from_memory_and_is_the_same(serve, asked, path):
    first = serve(path, x_request_id="one")
    second = serve(path, x_request_id="two")
    assert first.body == second.body
    assert len(asked) == 1
    assert (first.headers["x-request-id"], second.headers["x-request-id"]) == ("one", "two")
    for name in first.headers.keys() | second.headers.keys():
        if name != "x-request-id":
            assert first.headers[name] == second.headers[name], name


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("encoding", ["", "gzip", "br", "zstd"])
def test_what_a_client_holds_is_not_sent_again(serve, asked, path, encoding):
    tag = serve(path, accept_encoding=encoding).headers["etag"]
    asked.clear()
    for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        got = serve(path, accept_encoding=encoding, if_none_match=held)
        assert (got.status, got.body) == (304, b"")
        assert got.headers["etag"] == tag
        assert {"cache-control", "vary", "x-request-id"} <= got.headers.keys()
        assert got.headers["access-control-allow-origin"] == "*"
    assert asked == []
    for held in ('"other"', "", tag.upper(), tag.strip('"')):
        assert serve(path, accept_encoding=encoding, if_none_match=held).status == 200


@pytest.mark.parametrize("encoding", UNPACK)
@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/events?format=csv", "/api/schema"])
def test_answers_are_compressed_and_the_tag_is_another(serve, path, encoding):
    plain = serve(path)
    for _ in range(2):
        got = serve(path, accept_encoding=encoding)
        assert got.headers["content-encoding"] == encoding
        assert got.headers["etag"] == f'{plain.headers["etag"][:-1]}-{encoding}"'
        assert UNPACK[encoding](got.body) == plain.body
        assert len(got.body) < len(plain.body) / 2
        assert got.headers.get("content-length", str(len(got.body))) == str(len(got.body))
    again = serve(path)
    assert again.body == plain.body
    assert "content-encoding" not in again.headers


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", ""), ("identity", ""), ("gzip", "gzip"), ("gzip, deflate, br", "br"),
        ("gzip, deflate, br, zstd", "zstd"), ("gzip;q=1.0, zstd;q=0.5", "gzip"), ("*", "zstd"),
        ("*;q=0", ""), ("br;q=0, *", "zstd"), ("GZIP", "gzip"), ("gzip;q=x", ""),
        ("gzip; q=0.000", ""), (",,;;=", ""), ("br;q=1e400", "br"), ("gzip;q=-1", ""),
    ],
)  # fmt: skip
def test_the_encoding_is_the_clients_choice(accepted, encoding):
    assert preferred_encoding(accepted) == encoding


@pytest.mark.parametrize("encoding", ["", *UNPACK])
@pytest.mark.parametrize("path", [*PATHS, "/api/v1/events?format=csv", "/none"])
def test_head_tells_what_get_would_say(serve, monkeypatch, path, encoding):
    # Lists of every length: those that are sent a chunk at a time too.
    for chunk in (500, 3):
        monkeypatch.setattr(streams, "CHUNK", chunk)
        for _ in range(2):
            asked = {"accept_encoding": encoding, "x_request_id": "one"}
            head, get = (serve(path, method, **asked) for method in ("HEAD", "GET"))
            assert (head.status, head.headers) == (get.status, get.headers)
            assert head.body == b""
            assert get.headers.get("content-length", str(len(get.body))) == str(len(get.body))
            assert "content-length" in get.headers or "content-encoding" in get.headers


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"if_match": "TAG"}, 200),
        ({"if_match": '"other", TAG'}, 200),
        ({"if_match": "*"}, 200),
        ({"if_match": '"other"'}, 412),
        ({"if_match": "W/TAG"}, 412),
        ({"if_match": '"other"', "if_none_match": "TAG"}, 412),
        ({"if_match": "TAG", "if_none_match": "TAG"}, 304),
        ({"if_match": "TAG", "if_none_match": '"other"'}, 200),
        ({"if_unmodified_since": "Thu, 01 Jan 1970 00:00:00 GMT"}, 200),
        ({"if_modified_since": "Fri, 31 Dec 2100 00:00:00 GMT"}, 200),
    ],
)
@pytest.mark.parametrize("path", [PATHS[0], "/api/v1/codebook", "/api/v1/events?format=csv"])
def test_preconditions_are_evaluated_in_order(serve, path, given, status):
    tag = serve(path).headers["etag"]
    given = {name: value.replace("TAG", tag) for name, value in given.items()}
    for limit in (2**24, 0):
        serve.cached._kept.clear()
        serve.cached._limit = limit
        for method in ("GET", "HEAD", "GET"):
            got = serve(path, method, **given)
            assert got.status == status
            assert bool(got.body) == (method == "GET" and status != 304)
            assert "x-request-id" in got.headers
            if status == 412:
                assert got.headers["content-type"] == "application/problem+json"
                assert got.headers["cache-control"] == "no-store"
                assert not got.body or int(got.headers["content-length"]) == len(got.body)


def test_preconditions_on_a_date_hold_for_what_has_one(serve):
    path = "/static/api/docs.js"
    moment = serve(path).headers["last-modified"]
    before, after = "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 2100 00:00:00 GMT"
    for given, status in (
        ({"if_unmodified_since": before}, 412),
        ({"if_unmodified_since": moment}, 200),
        ({"if_unmodified_since": "yesterday"}, 200),
        ({"if_unmodified_since": before, "if_match": "*"}, 200),
        ({"if_modified_since": after}, 304),
        ({"if_modified_since": before}, 200),
        ({"if_modified_since": after, "if_none_match": '"other"'}, 200),
    ):
        assert serve(path, **given).status == status, given


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        ("/api/v1/events?quad=x", "localhost", 400),
        ("/api/v1/events?format=csv&quad=x", "localhost", 400),
        ("/api/v1/events", "elsewhere.example", 400),
        ("/api/v1/events\n", "localhost", 404),
        ("/none", "localhost", 404),
    ],
)
def test_a_tag_that_was_computed_does_not_make_a_bad_request_good(serve, path, host, status):
    served = release.watch.served()
    place, _, query = path.partition("?")
    key = "\n".join(("http", host, query, "*/*", place))
    tags = [f'"{entity_tag(token, key)}"' for token in (served.token, release.SOFTWARE)]
    target = path.replace("\n", "%0A")
    for held in (", ".join(tags), "*"):
        assert serve(target, host=host, if_none_match=held).status == status
        assert serve(target, host=host, if_match=held).status == status


def test_a_tag_is_known_to_a_process_that_never_gave_it(serve):
    for path in PATHS:
        tag = serve(path).headers["etag"]
        serve.cached._kept.clear()
        assert serve(path, if_none_match=tag).status == 304


def test_the_order_of_parameters_makes_no_difference(serve, asked):
    topic = sample("statements", "topic")
    first = serve(f"/api/v1/statements?topic={topic}&page_size=1")
    second = serve(f"/api/v1/statements?page_size=1&topic={topic}")
    assert json.loads(first.body)["next"]
    assert first.body == second.body
    assert len(asked) == 1
    first = serve("/api/v1/statements/")
    assert first.body == serve("/api/v1/statements").body
    assert len(asked) == 2


@pytest.mark.parametrize(
    "looks",
    [
        f"/api/v1/search%3Fq={WORD}",
        f"/api/v1/search%3Fq={WORD}%3F */*",
        "/%0A",
        "/api/v1/search%0A",
    ],
)
def test_a_path_that_looks_like_another_address_is_not_taken_for_it(serve, looks):
    for target in (f"/api/v1/search?q={WORD}", f"/api/v1/search?q={WORD}?", "/"):
        good = serve(target)
        assert good.status == 200
        assert serve(looks).status == 404
        assert serve(looks, if_none_match=good.headers["etag"]).status == 404


def test_formats_and_hosts_are_kept_apart(serve):
    json_page = serve("/api/v1/trips")
    geo_page = serve("/api/v1/trips", accept="application/geo+json")
    assert geo_page.headers["content-type"] == "application/geo+json"
    other = serve("/api/v1/trips?page_size=1", host="127.0.0.1:8000")
    assert json_page.headers["etag"] != geo_page.headers["etag"] != other.headers["etag"]
    assert serve("/api/v1/trips", host="elsewhere.example").status == 400


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/v1/events?quad=x", 400), ("/api/v1/events/none", 404), ("/none", 404),
     ("/healthz", 200), ("/readyz", 200)],
)  # fmt: skip
def test_what_holds_for_no_later_request_is_not_kept(serve, asked, path, status):
    for _ in range(2):
        got = serve(path)
        assert got.status == status
        assert got.headers["cache-control"] == "no-store"
        assert "etag" not in got.headers
    assert len(asked) == 2
    assert serve.cached.size == 0


def test_another_release_drops_everything(serve, asked):
    before = serve("/api/v1/events?page_size=2")
    fixed = serve("/api/v1/codebook")
    following = json.loads(before.body)["next"].removeprefix("http://localhost:8000")
    assert serve.cached.size > 0
    Release.objects.update(content_hash="0" * 64, version="1000.0.0")
    asked.clear()
    after = serve("/api/v1/events?page_size=2", if_none_match=before.headers["etag"])
    assert after.status == 200
    assert after.headers["dataset-version"] == "1000.0.0"
    assert json.loads(after.body)["release"] == "1000.0.0"
    assert asked == ["/api/v1/events"]
    assert serve(following).status == 410
    assert serve("/api/v1/codebook").headers["etag"] == fixed.headers["etag"]


def test_attached_texts_are_another_state(serve, article):
    passage, *_ = (one for one in records("passages") if one["source"] == article.source)
    path = f"/api/v1/passages/{passage['id']}"
    before = serve(path)
    call_command("attach_text", article.source, article.path, verbosity=0)
    after = serve(path, if_none_match=before.headers["etag"])
    assert after.status == 200
    assert json.loads(after.body)["text"] == article.text(passage)


def test_an_answer_read_from_another_release_is_not_kept(serve, asked, monkeypatch):
    """A release is loaded while a response is made: the response is right, and not cached."""
    serve("/api/v1/release")
    seen = release.watch.served()
    monkeypatch.setattr(release.watch, "served", lambda: seen)
    Release.objects.update(content_hash="0" * 64, version="1000.0.0")
    kept = serve.cached.size
    for _ in range(2):
        assert serve("/api/v1/events").headers["dataset-version"] == "1000.0.0"
    assert serve.cached.size == kept
    assert asked == ["/api/v1/release", "/api/v1/events", "/api/v1/events"]


def test_the_cache_is_bounded_and_lets_go_of_what_was_not_used(db, serve, asked):
    serve.cached._limit = 100_000
    for number in range(1, 60):
        serve(f"/api/v1/gaps?page_size={number}&fields=id")
        serve("/api/v1/release")
    assert 0 < serve.cached.size <= 100_000
    assert asked.count("/api/v1/release") == 1
    serve("/api/v1/gaps?page_size=1&fields=id")
    assert asked.count("/api/v1/gaps") == 60
    big = len(asked)
    for _ in range(2):
        serve("/api/v1/passages?page_size=500")
    assert len(asked) == big + 2


def test_a_cache_of_nothing_keeps_nothing(serve, asked):
    serve.cached._limit = 0
    for _ in range(2):
        assert serve("/api/v1/events").status == 200
    assert len(asked) == 2


def test_an_unknown_release_answers_503_and_forgets_nothing_wrong(serve):
    serve("/api/v1/events")
    kept = Release.objects.get()
    Release.objects.all().delete()
    gone = serve("/api/v1/events")
    assert gone.status == 503
    assert gone.headers["retry-after"]
    assert serve("/api/v1/codebook").status == 200
    kept.save()
    assert serve("/api/v1/events").status == 200


@contextmanager
def taken(places):
    """Take all places, and return how many there were."""
    number = 0
    while places.acquire(blocking=False):
        number += 1
    try:
        yield number
    finally:
        for _ in range(number):
            places.release()


def test_whole_lists_are_limited_at_a_time_and_let_go(serve, monkeypatch):
    path = "/api/v1/events?format=csv"
    with taken(turns.sending) as number:
        assert serve(path).status == 200
        # What is longer than a page is long.
        monkeypatch.setattr(streams, "CHUNK", 3)
        serve.cached._kept.clear()
        with monkeypatch.context() as patched:
            # Hundreds who are refused at once must not keep others waiting.
            patched.setattr(streams, "chunks", lambda *_: pytest.fail("records were read"))
            refused = serve(path)
        assert refused.status == 503
        assert refused.headers["retry-after"]
        assert b"ask again later" in refused.body
    for given in ({}, {"method": "HEAD"}, {"if_none_match": "*"}, {"if_match": '"other"'}):
        for _ in range(number + 1):
            serve.cached._kept.clear()
            assert serve(path, **given).status in (200, 304, 412)


def test_slow_questions_leave_threads_to_others(serve, monkeypatch):
    monkeypatch.setattr(turns, "WAIT", 0.01)
    dear = (f"/api/v1/events?q={WORD}", "/api/v1/events?facets=mode")
    with taken(turns.searching) as number:
        assert number <= settings.THREADS
        for path in dear:
            refused = serve(path)
            assert refused.status == 503
            assert refused.headers["retry-after"]
        assert serve("/api/v1/events").status == 200
    for _ in range(number + 1):
        serve.cached._kept.clear()
        assert [serve(path).status for path in dear] == [200, 200]


@pytest.mark.usefixtures("unrendered")
@pytest.mark.parametrize("encoding", ["", *UNPACK])
@pytest.mark.parametrize("media", ["csv", "ndjson"])
def test_a_list_that_breaks_is_seen_to_be_broken(serve, monkeypatch, media, encoding):
    monkeypatch.setattr(streams, "CHUNK", 3)
    view, made = VIEWSETS["passages"], []

    def failing(self, rows):
        made.append(rows)
        # The length is known by then, for which the list is made once.
        if len(made) % many == many - 1:
            raise OperationalError("the database went away")
        return self.serialized(rows)

    many = -(-view.queryset.count() // 3) * (1 if encoding else 2)
    monkeypatch.setattr(view, "written", failing)
    got = serve(f"/api/v1/passages?format={media}", breaks=True, accept_encoding=encoding)
    assert got.status == 200
    assert got.body
    if not encoding:
        assert len(got.body) < int(got.headers["content-length"])
        return
    assert "content-length" not in got.headers
    assert "private" in got.headers["cache-control"]
    with pytest.raises((brotli.error, zlib.error, zstd.ZstdError)):
        UNPACK[encoding](got.body)


def test_a_preflight_is_answered(serve):
    got = serve("/api/v1/events", method="OPTIONS", origin="https://a.example")
    assert got.status == 204
    assert got.headers["access-control-allow-origin"] == "*"
    assert "GET" in got.headers["access-control-allow-methods"]
    assert got.headers["access-control-allow-headers"] == "*"
