"""Clients that ask a server steadily, judge every answer, and tell what happened meanwhile."""

import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

from tests.conftest import ROOT
from tests.servers import free_port

KINDS = {
    "memory": "/api/v1/statements?page_size=50",
    "database": "/api/v1/events?page_size=20&facets=mode",
    "record": "/api/v1/officials/marco-rubio",
    "list": "/api/v1/passages?format=csv",
    "ready": "/readyz",
    "alive": "/healthz",
}
"""What is asked for: from memory, from the database anew, as a whole list, and the probes."""
FRESH = ("database", "record", "list")
"""The kinds that are never answered from memory."""
LIMIT = 15.0
"""Seconds after which an answer counts as none; several times what the server allows itself."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: what for, when asked and had (seconds, monotonic), the status or why none."""

    kind: str
    began: float
    ended: float
    status: str
    wrong: str = ""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: what was done, how often, what came of it, and the times in seconds."""

    fault: str
    times: int
    outcomes: dict[str, int]
    slowest: float | None = None
    alive: float | None = None
    ready: float | None = None
    recovery: float | None = None


def ask(
    port: int, path: str, timeout: float = LIMIT, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Ask once, over a connection of its own; raises OSError or HTTPException if cut short."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Host": "localhost", **headers})
        answer = connection.getresponse()
        body = answer.read()
        told = {name.lower(): value for name, value in answer.getheaders()}
        # A body that ends where nobody said it would might be cut short.
        assert "content-length" in told or told.get("transfer-encoding") == "chunked", told
        return answer.status, told, body
    finally:
        connection.close()


def fault_in(status: int, headers: dict[str, str], body: bytes, whole: bytes | None) -> str:
    """Tell what is wrong with an answer, if anything; ``whole`` is what a good one holds."""
    if status == 200:
        return "" if whole is None or body == whole else f"not what it was: {body[:200]!r}"
    if status != 503:
        return f"{status}: {body[:200]!r}"
    if headers.get("content-type") != "application/problem+json" or "retry-after" not in headers:
        return f"a 503 that is no problem: {headers}"
    return "" if json.loads(body)["status"] == 503 else f"a 503 that says otherwise: {body!r}"


@dataclass
class Service:
    """A server that runs, with its workers."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path
    whole: dict[str, bytes] = field(default_factory=dict)

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        found = [int(word) for word in task.read_text().split()]
        return [
            pid for pid in found
            if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]  # fmt: skip

    def learn(self) -> None:
        """Keep what each kind answers while nothing is wrong."""
        for path in KINDS.values():
            status, _, body = ask(self.port, path)
            assert status == 200, (path, status, body)
            self.whole[path] = body

    def until(self, status: int, path: str = "/readyz", seconds: float = 30) -> float:
        """Wait for a status, and give the seconds it took."""
        began = time.monotonic()
        while True:
            try:
                found: Any = ask(self.port, path)[0]
            except (OSError, http.client.HTTPException) as error:
                found = error
            if found == status:
                return time.monotonic() - began
            assert time.monotonic() - began < seconds, f"{path}: {found}, not {status}"
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.02)


@contextmanager
def serving(
    database: str, folder: Path, *arguments: str, before: tuple[str, ...] = (), **settings: str
) -> Iterator[Service]:
    """Serve a database, which need not be there, as the README starts it.

    ``before`` are the words before the command. The server is stopped at the end.
    """
    port = free_port()
    log = folder / f"server-{port}.log"
    environment = {**os.environ, "DATABASE_URL": database, **settings}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*before, sys.executable, "-m", "api", "--port", str(port), *arguments],
            cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        service = Service(process, port, log)
        service.until(200, "/healthz")
        yield service
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            for pid in (*service.workers(), process.pid):
                os.kill(pid, signal.SIGKILL)
            process.wait()


class Crowd:
    """Clients that go on asking until they are stopped; every answer is judged."""

    def __init__(self, service: Service, clients: int = 2, lists: str = KINDS["list"]) -> None:
        """Ask for each kind with a client, and the database with so many."""
        self.service = service
        self.paths = {**KINDS, "list": lists}
        self.answers: list[Answer] = []
        self._stop = Event()
        self._number = itertools.count()
        self._threads = [Thread(target=self._go, args=(kind,), daemon=True) for kind in KINDS] + [
            Thread(target=self._go, args=("database",), daemon=True) for _ in range(clients - 1)
        ]

    def __enter__(self) -> "Crowd":
        """Begin to ask."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        """Let everybody end."""
        self._stop.set()
        for thread in self._threads:
            thread.join(2 * LIMIT)
            assert not thread.is_alive(), "a client still waits for its answer"

    def _go(self, kind: str) -> None:
        while not self._stop.is_set():
            self.answers.append(self.once(kind))
            self._stop.wait(0.02)

    def once(self, kind: str) -> Answer:
        """Ask for one kind and judge the answer."""
        headers = {}
        if kind in FRESH:
            # Each has a key of its own, so none is found in memory.
            media = "text/csv" if kind == "list" else "application/json"
            headers["Accept"] = f"{media}, application/x-{next(self._number)};q=0.1"
        began = time.monotonic()
        try:
            status, told, body = ask(self.service.port, self.paths[kind], **headers)
        except TimeoutError:
            return Answer(kind, began, time.monotonic(), "hang", f"none in {LIMIT:.0f} s")
        except (OSError, http.client.HTTPException):
            return Answer(kind, began, time.monotonic(), "cut")
        path = self.paths[kind]
        wrong = fault_in(status, told, body, self.service.whole.get(path))
        return Answer(kind, began, time.monotonic(), str(status), wrong)


def during(
    name: str,
    service: Service,
    fault: Any,
    seconds: float,
    *,
    cut: bool = False,
    steady: bool = False,
    clients: int = 2,
    lists: str = KINDS["list"],
) -> Row:
    """Bring a fault about for some seconds under steady load, lift it, and wait until all is well.

    ``fault`` is a context manager. Raises AssertionError where an answer is not as it must be: a
    good one or a 503 problem, whole and in time. With ``cut``, connections may also end; if it is
    ``steady``, nothing but ``lists``, the address of the whole list to ask for, may be a 503.
    """
    with Crowd(service, clients, lists) as crowd:
        time.sleep(0.5)
        began = time.monotonic()
        with fault:
            time.sleep(seconds)
            told = time.monotonic()
        lifted = time.monotonic()
        _recovered(crowd, lifted)
    answers = crowd.answers
    wrong = [answer for answer in answers if answer.wrong]
    assert not wrong, f"{name}: {len(wrong)} wrong answers: {wrong[:3]}"
    ends = [answer for answer in answers if answer.status == "cut"]
    assert cut or not ends, f"{name}: {len(ends)} connections were cut"
    refused = [a for a in answers if a.kind != "list" and a.status != "200"]
    assert not (steady and refused), f"{name}: {len(refused)} refused: {refused[:3]}"
    meanwhile = [answer for answer in answers if answer.ended > began and answer.began < lifted]
    probes = [answer for answer in answers if answer.kind == "alive"]
    assert cut or all(answer.status == "200" for answer in probes), f"{name}: /healthz failed"
    counted = Counter(answer.status for answer in meanwhile if answer.kind != "alive")
    ready = max(answer.seconds for answer in answers if answer.kind == "ready")
    assert ready < LIMIT / 2, f"{name}: /readyz took {ready:.1f} s"
    assert counted, f"{name}: nothing was answered in {told - began:.1f} s"
    return Row(
        name,
        1,
        dict(sorted(counted.items())),
        max(answer.seconds for answer in answers),
        max(answer.seconds for answer in probes),
        ready,
        _recovery(answers, lifted),
    )


def _recovery(answers: list[Answer], lifted: float) -> float:
    """Return the seconds from the lifting until whoever asked was answered as before."""
    after = [answer for answer in answers if answer.began > lifted]
    failed = max((answer.began for answer in after if answer.status != "200"), default=lifted)
    good = [a.ended for a in after if a.status == "200" and a.kind in FRESH and a.began >= failed]
    return max(failed, min(good, default=failed)) - lifted


def _recovered(crowd: Crowd, lifted: float) -> None:
    """Wait until nothing asked for in the last second has failed, and all kinds were answered."""
    while True:
        now = time.monotonic()
        after = [answer for answer in list(crowd.answers) if answer.began > lifted]
        good = {answer.kind for answer in after if answer.status == "200"}
        failed = [answer for answer in after if answer.status != "200" and answer.ended > now - 1]
        if now - lifted > 1 and good == set(KINDS) and not failed:
            return
        assert now - lifted < 2 * LIMIT, f"not recovered: {good} good, {failed[:3]}"
        time.sleep(0.05)
