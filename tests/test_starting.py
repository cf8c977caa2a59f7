"""Starting and stopping the server: any folder, any port, all at once, and the first answers."""

import errno
import html
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from threading import Barrier
from unittest.mock import Mock

import pytest

from api.__main__ import main
from api.urls import urlpatterns
from api.views.records import RESOURCES
from tests.conftest import ROOT, VIEWSETS
from tests.operations import ask, operations
from tests.releases import create
from tests.releases import database as new_database
from tests.samples import WORD
from tests.servers import free_port, manage, ready, serving, start, workers

pytestmark = pytest.mark.servers
CLIENTS = 32
PREFIX = "/below/it"
PUBLIC = f"https://api.example.org{PREFIX}"


@pytest.fixture
def filled(tmp_path):
    """The URL of a database with the release, on the engine that the tests run on."""
    with new_database(tmp_path, "starting", filled=True) as url:
        yield url


def every_address(address: str) -> list[str]:
    """Return a path for every URL of the service, and for every format of each."""
    found = [paths[0] for paths in operations(address).values()]
    for name, viewset in VIEWSETS.items():
        record = next(path for path in found if path.startswith(f"/api/v1/{name}/"))
        for action, path in (("list", f"/api/v1/{name}"), ("retrieve", record)):
            found += [f"{path}?format={known.format}" for known in viewset.formats(action)]
        found += [f"/api/v1/{name}?q={WORD}", f"/api/v1/{name}?page_size=1"]
    found += ["/api/schema", "/api/schema?format=json", "/problems/unavailable", "/nothing"]
    plain = {f"/{one.pattern}" for one in urlpatterns if "<" not in str(one.pattern)}
    found += sorted(plain - {"/api/v1/"})
    for page in ("/docs", "/guide?format=html"):
        text = ask(address, page).body.decode()
        found += re.findall(r'(?:src|href)="(/[^"]+)"', text)
    return list(dict.fromkeys(found))


@pytest.mark.slow
def test_no_first_answer_depends_on_being_alone(filled):
    with serving(filled) as address:
        asked = every_address(address)
    assert len(asked) > 10 * len(RESOURCES)
    random.Random(1).shuffle(asked)
    together = Barrier(CLIENTS)

    def all_of_them(address: str, _: int) -> list[tuple[str, int]]:
        answers = []
        for path in asked:
            together.wait(60)
            answers.append((path, ask(address, path).status))
        return answers

    with serving(filled) as address, ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(partial(all_of_them, address), range(CLIENTS)))
    failed = {answer for each in answers for answer in each if answer[1] >= 500}
    assert failed == set()


@pytest.mark.once
def test_ctrl_c_ends_the_server_and_its_workers(loaded):
    port = free_port()
    process = start(loaded, port, before=("setsid",))
    with ready(process, port), ExitStack() as stack:
        # Connections that stay open must not keep it.
        for sent in (b"", b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))
            client.sendall(sent)
        assert client.recv(100)
        # As a terminal does: to the whole group.
        os.killpg(process.pid, signal.SIGINT)
        began = time.monotonic()
        process.wait(30)
        # Half of what granian gives a worker before it kills it.
        assert time.monotonic() - began < 4, "the workers had to be killed"


SLOW_APPLICATION = """
import sys
from api import __main__ as server

command = server.command
server.command = lambda application, *arguments: command("slow:application", *arguments)
server.main(sys.argv[1:])
"""


@pytest.mark.once
def test_workers_that_are_still_starting_end_when_told_to(tmp_path):
    """They import for a second or more on a busy machine."""
    (tmp_path / "slow.py").write_text(
        "import time\nprint('starting', flush=True)\ntime.sleep(90)\n"
    )
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", SLOW_APPLICATION, "--workers-kill-timeout", "60",
             "--port", str(free_port())],
            env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
            stdout=output, stderr=output,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while log.read_text().count("starting\n") < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.terminate()
        # Well below the time after which granian kills them.
        assert process.wait(30) == 0
        assert log.read_text().count("starting\n") == 2
        assert "refused" not in log.read_text()
    finally:
        for pid in (*workers(process), process.pid) if process.poll() is None else ():
            os.kill(pid, signal.SIGKILL)
        process.wait(30)


@pytest.mark.once
def test_workers_end_with_a_server_that_is_killed(loaded):
    port = free_port()

    def taken() -> bool:
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            return True
        return False

    process = start(loaded, port)
    with ready(process, port):
        left = workers(process)
        process.kill()
        process.wait(10)
        until = time.monotonic() + 20
        while taken() and time.monotonic() < until:
            time.sleep(0.1)
        held = taken()
        for pid in left if held else ():
            os.kill(pid, signal.SIGKILL)
        assert not held


@pytest.mark.once
def test_silent_connections_are_closed_and_leave_room(loaded):
    port, few = free_port(), 256
    with ExitStack() as stack:
        process = start(
            loaded, port, "--workers", "1", "--http1-header-read-timeout", "2000",
            before=("prlimit", f"--nofile={few}:{few}"),
        )  # fmt: skip
        address = stack.enter_context(ready(process, port))
        # This process needs as many itself.
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 2048)), hard))
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        silent = []
        for sent in (b"", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/1.1\r\n") * 130:
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port), 20))
            client.sendall(sent)
            silent.append(client)
        for _ in range(10):
            assert ask(address, "/api/v1/events").status == 200
        for client in silent:
            try:
                while client.recv(4096):
                    pass
            except ConnectionResetError:
                pass


@pytest.mark.once
@pytest.mark.parametrize("own", [True, False])
def test_a_port_in_use_is_told(loaded, own):
    port = free_port()
    with ExitStack() as stack:
        if own:
            stack.enter_context(ready(start(loaded, port), port))
        else:
            stack.enter_context(socket.create_server(("127.0.0.1", port)))
        done = subprocess.run(
            [sys.executable, "-m", "api", f"--port={port}"],
            cwd=ROOT, env={**os.environ, "DATABASE_URL": loaded},
            check=False, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"port {port} of 127.0.0.1 cannot be used: Address already in use" in done.stderr
    assert f"--port {port + 1}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.once
@pytest.mark.parametrize(
    ("host", "port", "fails", "cure"),
    [
        ("127.0.0.1", "80", PermissionError(errno.EACCES, "Permission denied"),
         "ports below 1024 take a right: make run PORT=8000"),
        ("127.0.0.1", "65536", None, "there is no port 65536, the last is 65535"),
        ("192.0.2.1", "8000", None, "is 192.0.2.1 an address of this machine?"),
        ("no-such-name.invalid", "8000", socket.gaierror(-2, "Name or service not known"),
         "is no-such-name.invalid an address of this machine?"),
    ],
)  # fmt: skip
def test_a_port_that_cannot_be_had_is_told_with_the_cure(monkeypatch, host, port, fails, cure):
    if fails:
        monkeypatch.setattr(socket, "create_server", Mock(side_effect=fails))
    with pytest.raises(SystemExit, match=re.escape(cure)) as told:
        main(["--host", host, "--port", port])
    assert "end the server" not in str(told.value)


@pytest.mark.once
def test_the_server_tells_its_addresses_and_no_warnings(loaded, tmp_path):
    log = tmp_path / "log"
    with serving(loaded, log=log) as address:
        told = log.read_text()
    assert f" {address}/\n" in told
    assert f" {address}/docs\n" in told
    assert "/releases" not in told, "without RELEASES_DIR there are none"
    assert "WARNING" not in told
    with serving(loaded, "--host", "0.0.0.0", log=log, RELEASES_DIR=str(tmp_path)) as address:
        assert f" {address}/releases\n" in log.read_text(), "nobody can open 0.0.0.0"
    with serving(loaded, log=log, LOG_FORMAT="json") as address:
        assert f" {address}/docs\n" not in log.read_text(), "machines read this log"


@pytest.mark.slow
@pytest.mark.once
def test_any_name_of_a_folder_will_do(tmp_path):
    name = "file:a #b?c=d&e%20f é ü 100%"
    home = tmp_path / name
    for part in ("api", "policy"):
        shutil.copytree(ROOT / part, home / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", home)
    (home / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "guide.md", home / "docs")
    (home / "fixtures").mkdir()
    for path in (ROOT / "fixtures").glob("*.json"):
        shutil.copy(path, home / "fixtures")
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    for command in (["migrate", "-v0"], ["load_release"]):
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=home, env=environment, check=True, timeout=120, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    assert (home / "demarche.sqlite3").exists()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "api", "--port", str(port)],
        cwd=home, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with ready(process, port) as address:
        for path in ("/api/v1/release", "/docs", "/guide", "/static/api/docs.js", "/api/schema"):
            assert ask(address, path).status == 200, path


@pytest.mark.slow
def test_several_may_migrate_and_load_at_once(tmp_path):
    with new_database(tmp_path, "raced") as url:
        create(url)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: manage(url, "migrate", "-v0"), range(4)))
            list(pool.map(lambda _: manage(url, "load_release", "-v0"), range(4)))
        with serving(url) as address:
            assert ask(address, "/api/v1/release").status == 200


@pytest.mark.once
def test_probes_are_answered_under_any_host(loaded):
    with serving(loaded) as address:
        for host in ("10.1.2.3", "10.1.2.3:8000", "[fd00::1]:80", "evil.example", "a b", ""):
            for path in ("/healthz", "/healthz/", "/readyz", "/readyz/", "/readyz?a=1"):
                expected = 400 if "?" in path else 200
                assert ask(address, path, Host=host).status == expected, (host, path)
            assert ask(address, "/api/v1/events", Host=host).status == 400, host


def test_the_path_of_the_public_address_is_in_every_link(filled):
    """A proxy takes the path off; every address in an answer has it."""
    with serving(filled, PUBLIC_URL=f"{PUBLIC}/") as address:

        def follow(url: str) -> bytes:
            """Ask for an address of an answer, as the proxy would."""
            path = url.removeprefix("https://api.example.org")
            assert path.startswith(PREFIX), url
            answer = ask(address, path.removeprefix(PREFIX) or "/")
            assert answer.status == 200, url
            return answer.body

        index = json.loads(ask(address, "/").body)
        linked = (index["docs"], index["guide"], index["schema"])
        for url in (*index["resources"].values(), *linked):
            follow(url)
        for page in ("/docs", "/guide?format=html", "/docs/"):
            text = ask(address, page).body.decode()
            for url in re.findall(r'(?:src|href|data-schema)="(/[^"#]+)', text):
                follow(html.unescape(url))
        schema = json.loads(ask(address, "/api/schema?format=json").body)
        assert schema["servers"][0]["url"] == PUBLIC
        asked = schema["paths"]["/api/v1/events"]["get"]["x-codeSamples"][0]["source"]
        follow(asked.split("'")[1])
        assert all(path.startswith("/api/v1/") for path in schema["paths"])
        seen, url = [], f"{PUBLIC}/api/v1/passages?page_size=40"
        while url:
            page = json.loads(follow(url))
            seen += [record["id"] for record in page["results"]]
            url = page["next"]
        assert len(seen) == len(set(seen)) == page["count"]
        problem = json.loads(ask(address, "/api/v1/events?nothing=1").body)
        assert problem["instance"] == f"{PREFIX}/api/v1/events?nothing=1"
        follow(problem["type"])
