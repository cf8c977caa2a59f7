"""Faults caused by clients, the machine or its operators, on any database."""

import gzip
import http.client
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

from tests.conftest import ROOT
from tests.releases import committed, sealed, write
from tests.traffic import Row, Service, Traffic, ask, during, serving

WHOLE = "/api/v1/statements?format=csv"
"""A list of some megabytes, where the release is a ``big`` one."""

FORBIDDEN = """
import django
django.setup()
from django.db import connection, Error
from policy.models import Release
def tried(what, *args, **options):
    try:
        what(*args, **options)
    except Error as refused:
        print("refused")
        connection.rollback() if connection.vendor == "postgresql" else None
        connection.close()
    else:
        print("DONE")
before = Release.objects.get().version
tried(Release.objects.update, version="9.9.9")
tried(Release.objects.all().delete)
tried(lambda: connection.cursor().execute("CREATE TABLE mine (id integer)"))
tried(lambda: connection.cursor().execute("DROP TABLE policy_event"))
assert Release.objects.get().version == before
"""
SLOW = """
import time, django
django.setup()
from django.db import connection, Error
from api.database.release import snapshot
query = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
began = time.monotonic()
try:
    with snapshot(), connection.cursor() as cursor:
        cursor.execute(query)
except Error:
    print("given up", time.monotonic() - began)
with snapshot(), connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM policy_event")
    print("goes on", cursor.fetchone()[0])
"""


def big(folder: Path, more: int = 2000) -> Path:
    """Write a release whose list of statements has some megabytes that hardly compress."""
    records = committed()
    model, drawn = records["statements"][0], random.Random(1)
    records["statements"] += [
        {
            **model,
            "pk": f"zz-{number:06}",
            "fields": {**model["fields"], "summary": drawn.randbytes(900).hex()},
        }
        for number in range(more)
    ]
    return write(folder / "big", sealed(records))


def _serving_process(database: str, code: str) -> list[str]:
    """Run code with the settings of a serving process, and return the lines it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database, "SERVING": "true",
             "DJANGO_SETTINGS_MODULE": "api.settings"},
        check=False, timeout=120, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def writes_refused(database: str) -> Row:
    """Try to write from a serving process; every attempt must be refused."""
    lines = _serving_process(database, FORBIDDEN)
    assert lines == ["refused"] * 4, lines
    return Row("writes by the server", len(lines), {"refused": len(lines)})


def slow_query(database: str) -> Row:
    """Run a query without end; it must be cancelled, and the process must go on."""
    first, second = _serving_process(database, SLOW)
    seconds = float(first.removeprefix("given up "))
    assert seconds < 15, first
    assert int(second.removeprefix("goes on ")) > 0
    return Row("a query without end", 1, {"given up": 1}, slowest=seconds)


class _Slow:
    """Clients that send byte by byte, stop half way, or hardly read."""

    def __init__(self, port: int, number: int) -> None:
        self.port, self.number = port, number
        self.ends: Counter[str] = Counter()
        self._stop = Event()
        self._sockets: list[tuple[socket.socket, str, bytes]] = []
        self._thread = Thread(target=self._go, daemon=True)

    def __enter__(self) -> "_Slow":
        asked = f"GET {WHOLE} HTTP/1.1\r\nHost: localhost\r\n".encode()
        for number in range(self.number):
            kind = ("line", "headers", "silent", "reader")[number % 4]
            one = socket.socket()
            # With room for little, the server cannot leave the answer with the system.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.connect(("127.0.0.1", self.port))
            rest = b""
            if kind == "line":
                rest = asked
            elif kind == "headers":
                one.send(asked)
                rest = b"X-Long: " + b"x" * 200
            elif kind == "reader":
                one.send(asked + b"\r\n")
            one.setblocking(False)
            self._sockets.append((one, kind, rest))
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stop.set()
        self._thread.join(30)
        for one, kind, _ in self._sockets:
            self.ends[f"{kind}: still there"] += 1
            one.close()

    def _go(self) -> None:
        beat = 0
        while not self._stop.wait(0.3):
            beat += 1
            for client in list(self._sockets):
                one, kind, rest = client
                try:
                    if beat < len(rest):
                        one.send(rest[beat - 1 : beat])
                    if one.recv(200) == b"":
                        raise ConnectionResetError
                except BlockingIOError:
                    continue
                except OSError:
                    self.ends[f"{kind}: closed"] += 1
                    one.close()
                    self._sockets.remove(client)


def slow_clients(service: Service, number: int = 500, seconds: float = 14) -> Row:
    """Open many slow connections; other clients must be served meanwhile."""
    slow = _Slow(service.port, number)
    return during(f"{number} slow clients", service, slow, seconds, steady=True)


GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\n"
ODD = {
    "a header of 200 kB": GET + b"X-A: " + b"a" * 200_000 + b"\r\n\r\n",
    "5000 headers": GET + b"X-A: a\r\n" * 5000 + b"\r\n",
    "a request line of 1 MB": GET.replace(b"/", b"/" + b"a" * 1_000_000, 1) + b"\r\n",
    "a query of 60 kB": GET.replace(b"/", b"/?q=" + b"a" * 60_000, 1) + b"\r\n",
    "a body of 20 MB": POST + b"Content-Length: 20000000\r\n\r\n" + b"a" * 20_000_000,
    "a body that does not end": POST
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + (b"10000\r\n" + b"a" * 0x10000 + b"\r\n") * 50,
    "a body that never comes": POST + b"Content-Length: 20000000\r\n\r\n",
    "no HTTP": random.Random(1).randbytes(70_000),
}
"""Requests that no honest client sends, by their names."""


def _sent(port: int, raw: bytes) -> str:
    """Send bytes and return the status of the response, or that the connection was closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as one:
        with suppress(OSError):
            one.sendall(raw)
        try:
            got = one.recv(4096)
        except TimeoutError:
            return "hang"
        except OSError:
            return "closed"
        return got.split(b" ", 2)[1].decode() if got.startswith(b"HTTP/") else "closed"


@contextmanager
def _oversized(port: int, found: Counter[str]) -> Iterator[None]:
    with ThreadPoolExecutor(4) as pool:
        sent = {name: pool.submit(_sent, port, raw) for name, raw in ODD.items()}
        yield
        for name, future in sent.items():
            status = future.result(60)
            refused = status == "closed" or 400 <= int(status.replace("hang", "0")) < 500
            assert refused, f"{name}: {status}"
            found[f"{status} for the oversized"] += 1


def oversized(service: Service, seconds: float = 3) -> Row:
    """Send oversized and endless requests; they must be refused, and others served meanwhile."""
    found: Counter[str] = Counter()
    row = during(
        "oversized requests", service, _oversized(service.port, found), seconds, steady=True
    )
    return replace(row, times=len(ODD), outcomes={**row.outcomes, **found})


@contextmanager
def _killed(service: Service) -> Iterator[None]:
    before = service.workers()
    assert len(before) == 2, before
    os.kill(before[0], signal.SIGKILL)
    yield
    deadline = time.monotonic() + 30
    while len(service.workers()) < 2 or before[0] in service.workers():
        assert time.monotonic() < deadline, "the worker was not started anew"
        time.sleep(0.05)
    assert before[1] in service.workers(), "the other worker went too"


def worker_killed(service: Service, seconds: float = 3) -> Row:
    """Kill one of two workers; the other must go on, and a new one must be started."""
    row = during("a worker killed", service, _killed(service), seconds, cut=True)
    assert row.outcomes.get("200"), "the other worker did not go on"
    return row


def _read_slowly(port: int, encoding: str) -> str:
    """Read a whole list slowly; return whether it is complete or visibly truncated."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", WHOLE, headers={"Host": "localhost", "Accept-Encoding": encoding})
        answer = connection.getresponse()
        if answer.status != 200:
            return str(answer.status)
        pieces = []
        while piece := answer.read(100_000):
            pieces.append(piece)
            time.sleep(0.03)
        if answer.length:
            return "visibly cut"
        body = b"".join(pieces)
        if answer.getheader("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        assert body.endswith(b"\r\n"), "a list that was cut short passes for whole"
        return f"whole {len(body)}"
    except (OSError, http.client.HTTPException, EOFError):
        return "visibly cut"
    finally:
        connection.close()


def terminated(database: str, folder: Path) -> Row:
    """Stop the server with SIGTERM under load; no response may be silently truncated."""
    with serving(database, folder) as service, ExitStack() as stack:
        service.until(200)
        _, _, whole = ask(service.port, WHOLE)
        service.learn()
        pool = stack.enter_context(ThreadPoolExecutor(6))
        lists = [pool.submit(_read_slowly, service.port, ("gzip", "")[n % 2]) for n in range(6)]
        with Traffic(service) as traffic:
            time.sleep(0.7)
            began = time.monotonic()
            service.process.send_signal(signal.SIGTERM)
            service.process.wait(60)
            ended = time.monotonic() - began
        wrong = [answer for answer in traffic.answers if answer.wrong]
        assert not wrong, f"SIGTERM: {wrong[:3]}"
        found: Counter[str] = Counter()
        for one in lists:
            result = one.result(60)
            assert result in (f"whole {len(whole)}", "visibly cut", "503"), (result, len(whole))
            found[f"list {result.split()[0]}"] += 1
        late = [a for a in traffic.answers if a.ended > began]
        found.update(a.status.replace("cut", "refused or cut") for a in late)
    return Row("SIGTERM under load", 1, dict(sorted(found.items())), slowest=ended)


@contextmanager
def _no_room(folder: Path) -> Iterator[None]:
    away = folder.with_name("away")
    folder.rename(away)
    yield
    away.rename(folder)


@contextmanager
def _full(service: Service) -> Iterator[None]:
    """Limit files to 200 kB, as on a full disk."""
    for pid in service.workers():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    yield
    for pid in service.workers():
        infinite = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, infinite)


@contextmanager
def _giving_lists(service: Service, fault: AbstractContextManager[None]) -> Iterator[None]:
    with fault:
        assert ask(service.port, WHOLE)[0] == 200
        yield


def no_room(database: str, folder: Path, seconds: float = 3) -> list[Row]:
    """Remove the temporary folder, then fill it: everything must be given, whole lists too."""
    temporary = folder / "temporary"
    temporary.mkdir()
    rows = []
    # A process chooses its folder when it first needs one, so all lists must come from the same.
    with serving(database, folder, "--workers", "1", TMPDIR=str(temporary)) as service:
        service.until(200)
        service.learn()
        assert ask(service.port, WHOLE)[0] == 200
        for name, fault in (
            ("temporary folder missing", _no_room(temporary)),
            ("temporary folder full", _full(service)),
        ):
            given = _giving_lists(service, fault)
            rows.append(during(name, service, given, seconds, steady=True, lists=WHOLE))
    return rows


def memory(service: Service) -> dict[str, int]:
    """Return the resident memory of each worker, and of their parent, in MB."""

    def resident(pid: int) -> int:
        text = Path(f"/proc/{pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0]) // 1024

    found = {f"worker {n}": resident(pid) for n, pid in enumerate(service.workers(), 1)}
    return {"parent": resident(service.process.pid), **found}
