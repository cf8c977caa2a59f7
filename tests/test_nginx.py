"""deploy/nginx.conf in front of the real server: the same responses, cached as promised."""

import json
import os
import re
import shutil
import socket
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from functools import partial
from urllib.parse import urlencode, urlsplit

import pytest
from jsonschema_rs import Draft202012Validator

from api.problems import PROBLEM_TYPES
from tests.conftest import document
from tests.nginx import CONFIGURATION, binary, nginx
from tests.operations import ask, operations
from tests.servers import free_port, serving
from tests.test_engines import paths

MISSING = "NGINX IS NOT INSTALLED: deploy/nginx.conf was not tried (apt-get install nginx)"
MAX_AGE = 2
PUBLIC = "https://api.example.org"
UNLIMITED = {"rate=50r/s": "rate=100000r/s", "burst=100 nodelay": "burst=100000 nodelay"}

SETTINGS = {"PUBLIC_URL": PUBLIC, "CACHE_MAX_AGE": str(MAX_AGE)}

pytestmark = pytest.mark.once


@pytest.fixture(scope="module", autouse=True)
def installed():
    if binary() is None:
        if os.environ.get("REQUIRE_PG") == "1":
            pytest.fail(MISSING)
        pytest.skip(MISSING)


@pytest.fixture(scope="module")
def direct(loaded):
    """The address of the server behind the proxies of all tests."""
    with serving(loaded, **SETTINGS) as address:
        yield address


@pytest.fixture
def proxied(direct):
    """The address of a proxy whose cache is empty."""
    with nginx(direct, **UNLIMITED) as address:
        yield address


def exchange(address: str, sent: bytes, *, timeout: float = 20) -> bytes:
    """Send bytes to a server and return all that it sends until it closes the connection."""
    there = urlsplit(address)
    received = b""
    with socket.create_connection((there.hostname, there.port), timeout) as connection:
        # A server may answer and hang up before it has read everything.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(sent)
        with suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                received += piece
    return received


def request(target: str, *headers: str, body: bytes = b"", method: str = "GET") -> bytes:
    """Return a request that asks for the connection to be closed after the response."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def status(answer: bytes) -> int:
    """Return the status of a response."""
    return int(answer.split(b" ", 2)[1])


def same(answer):
    """Return what must not differ: all but what depends on the moment or the connection."""
    passing = {"date", "server", "connection", "x-request-id", "x-cache", "transfer-encoding",
               "content-length"}  # fmt: skip
    headers = {name: value for name, value in answer.headers.items() if name not in passing}
    return answer.status, headers, answer.body


def test_the_answers_are_those_of_the_server(direct, proxied):
    # A few of what the engines are compared by: some filters, orders and formats.
    asked = [*paths()[::12], "/docs", "/healthz", "/readyz", "/static/api/docs.js", "/api/schema"]
    asked += [path for found in operations(direct).values() for path in found[:1]]
    for path in asked:
        expected = same(ask(direct, path))
        # Twice: as it comes, and as it was kept.
        for _ in range(2):
            assert same(ask(proxied, path)) == expected, path
    for method in ("HEAD", "OPTIONS", "POST"):
        answers = [ask(at, "/api/v1/events", method) for at in (direct, proxied)]
        assert same(answers[0]) == same(answers[1]), method


def test_a_batch_of_queries_passes_and_no_answer_is_kept(direct, proxied):
    form = "Content-Type: application/x-www-form-urlencoded"
    for text, status in (("Panama", 200), ("a" * 60_000, 400), ("a" * 70_000, 400)):
        body = urlencode({"queries": json.dumps({"q0": {"query": text}})}).encode()
        sent = request(
            "/api/v1/reconcile", form, f"Content-Length: {len(body)}", body=body, method="POST"
        )
        for _ in range(2):
            answer = exchange(proxied, sent)
            assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer[:200]
            assert b"X-Cache: HIT" not in answer
        if status == 200:
            told = exchange(direct, sent).partition(b"\r\n\r\n")[2]
            assert answer.partition(b"\r\n\r\n")[2] == told


def test_pages_are_walked_under_the_public_address(proxied):
    seen, url = [], f"{PUBLIC}/api/v1/passages?page_size=20"
    while url:
        assert url.startswith(PUBLIC)
        page = json.loads(ask(proxied, url.removeprefix(PUBLIC)).body)
        seen += [record["id"] for record in page["results"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == page["count"]


def test_below_a_path_that_the_proxy_takes_off(loaded):
    changes = {
        "location / {": "location /below/ {",
        "proxy_pass http://demarche;": "proxy_pass http://demarche/;",
        "location ~ ^/metrics": "location ~ ^/below/metrics",
    }
    with (
        serving(loaded, PUBLIC_URL=f"{PUBLIC}/below") as direct,
        nginx(direct, **UNLIMITED, **changes) as address,
    ):
        for path in ("/", "/docs", "/api/schema", "/static/api/docs.js", "/api/v1/events?fields=x"):
            assert same(ask(address, f"/below{path}")) == same(ask(direct, path)), path
        url = json.loads(ask(direct, "/api/v1/passages?page_size=1").body)["next"]
        assert ask(address, url.removeprefix(PUBLIC)).status == 200
        for path in ("/api/v1/events", "/below/metrics/"):
            check_problem(ask(address, path), 404)


def test_what_was_kept_is_given_to_whom_it_fits(proxied):
    def given(path="/api/v1/events", **headers):
        return ask(proxied, path, **headers)

    first = given(X_Request_ID="one")
    assert (first.headers["x-cache"], first.headers["x-request-id"]) == ("MISS", "one")
    second = given(X_Request_ID="two")
    assert (second.headers["x-cache"], second.headers["x-request-id"]) == ("HIT", "two")
    assert len(given(X_Request_ID="no good").headers["x-request-id"]) == 32
    for headers in ({"Accept_Encoding": "gzip"}, {"Accept_Encoding": "br"}):
        packed = given(**headers)
        assert packed.headers["x-cache"] == "MISS"
        assert packed.headers["content-encoding"] == headers["Accept_Encoding"]
        assert given(**headers)[2] == packed.body
    lines = given("/api/v1/events", Accept="text/csv")
    assert lines.headers["content-type"].startswith("text/csv")
    assert given().body == first.body
    for path in ("/readyz", "/healthz", "/api/v1/events?nothing=1", "/nothing"):
        assert {given(path).headers["x-cache"] for _ in range(2)} == {"MISS"}, path


def test_what_a_client_has_is_not_sent_again(direct, proxied):
    tag = ask(direct, "/api/v1/countries").headers["etag"]
    for path, at in [("/api/v1/countries", proxied)] * 2:
        answer = ask(at, path, If_None_Match=tag)
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", tag)
    assert ask(proxied, "/api/v1/countries", If_None_Match='"another"').status == 200
    assert ask(proxied, "/api/v1/countries", Range="bytes=0-9").status == 200
    check_problem(ask(proxied, "/api/v1/countries", If_Match='"another"'), 412)


def test_a_body_is_refused_when_the_response_is_cached_too(proxied):
    path = "/api/v1/countries"
    assert [ask(proxied, path).headers["x-cache"] for _ in range(2)] == ["MISS", "HIT"]
    chunked = "Transfer-Encoding: chunked"
    for method in ("GET", "HEAD"):
        for sent in (
            request(path, "Content-Length: 3", body=b"abc", method=method),
            request(path, chunked, body=b"3\r\nabc\r\n0\r\n\r\n", method=method),
        ):
            answer = exchange(proxied, sent)
            assert status(answer) == 400
            assert b"application/problem+json" in answer
    assert status(exchange(proxied, request(path, "Content-Length: 0"))) == 200


def test_a_new_release_shows_within_max_age(loaded, proxied):
    old = ask(proxied, "/api/v1/release")
    assert f"max-age={MAX_AGE}" in old.headers["cache-control"]
    assert ask(proxied, "/api/v1/release").headers["x-cache"] == "HIT"
    with closing(sqlite3.connect(loaded.removeprefix("sqlite:///"))) as connection, connection:
        found = connection.execute("SELECT version, content_hash FROM policy_release").fetchone()
        change = "UPDATE policy_release SET version = ?, content_hash = ?"
        connection.execute(change, ["9.9.9", "9" * 64])
        connection.commit()
        # The server itself may take a second to notice.
        time.sleep(MAX_AGE + 1.5)
        new = ask(proxied, "/api/v1/release")
        connection.execute(change, found)
    assert json.loads(new.body)["version"] == new.headers["dataset-version"] == "9.9.9"
    assert new.headers["etag"] != old.headers["etag"]


def test_a_cache_that_is_emptied_is_filled_anew(direct, tmp_path):
    with nginx(direct, **{"/var/cache/nginx/demarche": f"{tmp_path}/cache"}) as address:
        for kept in ("MISS", "HIT"):
            assert ask(address, "/api/v1/release").headers["x-cache"] == kept
        for path in (tmp_path / "cache").iterdir():
            shutil.rmtree(path)
        answer = ask(address, "/api/v1/release")
        assert (answer.status, answer.headers["x-cache"]) == (200, "MISS")


def test_what_was_kept_is_given_while_the_server_is_away(loaded):
    with ExitStack() as stack:
        with serving(loaded, **SETTINGS) as direct:
            proxied = stack.enter_context(nginx(direct))
            kept = ask(proxied, "/api/v1/events")
        time.sleep(MAX_AGE + 1)
        stale = ask(proxied, "/api/v1/events")
        assert stale.headers["x-cache"] == "STALE"
        assert same(stale) == same(kept)
        for path in ("/api/v1/trips", "/api/v1/events?page_size=1", '/"\\', "/?q=é"):
            answer = exchange(proxied, request(path))
            assert status(answer) == 503, answer
        away = ask(proxied, "/api/v1/trips", X_Request_ID="mine")
        check_problem(away, 503)
        assert away.headers["x-request-id"] == "mine"
        assert away.headers["retry-after"] == "5"


def check_problem(answer, expected):
    assert answer.status == expected
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"
    body = json.loads(answer.body)
    assert body["status"] == expected
    components = {"components": document()["components"]}
    problem = Draft202012Validator({"$ref": "#/components/schemas/Problem", **components})
    assert [str(wrong) for wrong in problem.iter_errors(body)] == []


def test_what_nginx_refuses_is_a_problem():
    with nginx(f"http://127.0.0.1:{free_port()}", **UNLIMITED) as address:
        for sent, expected in {
            request(f"/api/v1/events?q={'a' * 33_000}"): 400,
            request("/api/v1/events", f"X-Long: {'a' * 33_000}"): 400,
            request("/api/v1/events", "Content-Length: 70000", body=b"a" * 70_000): 400,
            request("/api/v1/events", method="TRACE"): 405,
            b"NOT HTTP\r\n\r\n": 400,
            request("/api/v1/events", "Transfer-Encoding: gzip"): 400,
            request("/api/v1/events", "Transfer-Encoding: chunked", body=b"zz\r\n"): 400,
            request("/api/v1/events", "If-Match: a").replace(b"HTTP/1.1", b"HTTP/2.0"): 400,
            request("/api/v1/events").replace(b"Host: localhost\r\n", b""): 400,
            request("/../.."): 400,
            request("/_problem/away"): 404,
            request("/api/v1/events?q=\x01"): 400,
            request('/api/v1/events?q="\\'): 503,
        }.items():
            answer = exchange(address, sent)
            head, _, body = answer.partition(b"\r\n\r\n")
            assert status(answer) == expected, sent
            assert b"application/problem+json" in head, sent
            assert json.loads(body)["status"] == expected, sent


def test_metrics_are_hidden_in_every_spelling(loaded, tmp_path):
    spelt = ["/metrics", "/metrics/", "//metrics", "/%6detrics", "/./metrics", "/metrics%2F",
             "/metrics//", "/metrics?", "/metrics/?a=1", "/metrics/.", "/a/../metrics",
             "/%2Fmetrics", "http://localhost/metrics"]  # fmt: skip
    with (
        serving(loaded, METRICS_DIR=str(tmp_path)) as direct,
        nginx(direct, **UNLIMITED) as address,
    ):
        assert status(exchange(direct, request("/metrics"))) == 200
        for target in spelt:
            answer = exchange(address, request(target))
            assert (status(answer), b"demarche_answers" in answer) == (404, False), target
            assert b"application/problem+json" in answer


def test_a_server_that_does_not_answer_is_a_problem():
    # The system accepts the connection; nobody reads from it.
    with (
        socket.create_server(("127.0.0.1", free_port())) as silent,
        nginx(
            f"http://127.0.0.1:{silent.getsockname()[1]}",
            **{"proxy_read_timeout 120s": "proxy_read_timeout 1s"},
        ) as address,
    ):
        check_problem(ask(address, "/api/v1/events"), 503)


def test_who_asks_too_fast_is_told_so(direct):
    with nginx(direct, **{"burst=100 nodelay": "burst=5 nodelay"}) as address:
        with ThreadPoolExecutor(8) as clients:
            answers = list(clients.map(partial(ask, address), ["/healthz"] * 400))
        told = {answer.status for answer in answers}
        assert told == {200, 429}
        hasty = next(answer for answer in answers if answer.status == 429)
        check_problem(hasty, 429)
        assert hasty.headers["retry-after"] == "1"
        time.sleep(1)
        assert ask(address, "/healthz").status == 200


def test_slow_clients_do_not_keep_honest_ones_from_being_served(direct):
    with nginx(direct) as address, ExitStack() as stack:
        there = urlsplit(address)
        for _ in range(200):
            slow = socket.create_connection((there.hostname, there.port), 10)
            stack.enter_context(slow).sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: loc")
        assert ask(address, "/api/v1/events").status == 200


def test_the_kinds_it_names_are_those_of_the_api():
    text = CONFIGURATION.read_text()
    told = re.findall(r"return (\d+) '(.*)';", text)
    assert len(told) == 6
    for code, body in told:
        problem = json.loads(body)
        assert problem["status"] == int(code)
        kind = PROBLEM_TYPES[problem["type"].removeprefix("/problems/")]
        assert (kind.status, kind.title) == (problem["status"], problem["title"])
