"""Clients that send requests steadily, check every response, and report what happened."""

import http.client
import itertools
import json
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

from tests.samples import sample
from tests.servers import free_port, ready, start, workers

KINDS = {
    "memory": "/api/v1/statements?page_size=50",
    "database": "/api/v1/events?page_size=20&facets=mode",
    "record": f"/api/v1/officials/{sample('officials')}",
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
    """A response: its kind, when it was requested and complete (seconds), and its status."""

    kind: str
    began: float
    ended: float
    status: str
    wrong: str = ""

    @property
    def seconds(self) -> float:
        """The seconds it took."""
        return self.ended - self.began


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: the fault, how often it was caused, its outcomes, times in seconds."""

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
    """Send one request on a new connection; OSError or HTTPException if it is cut short."""
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
    """Return what is wrong with a response, if anything; ``whole`` is the expected body."""
    if status == 200:
        return "" if whole is None or body == whole else f"not what it was: {body[:200]!r}"
    if status != 503:
        return f"{status}: {body[:200]!r}"
    if headers.get("content-type") != "application/problem+json" or "retry-after" not in headers:
        return f"a 503 that is no problem: {headers}"
    return "" if json.loads(body)["status"] == 503 else f"a 503 that says otherwise: {body!r}"


@dataclass
class Service:
    """A running server with its workers."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path
    whole: dict[str, bytes] = field(default_factory=dict)

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        return workers(self.process)

    def learn(self) -> None:
        """Store the expected body of each kind of request."""
        for path in KINDS.values():
            status, _, body = ask(self.port, path)
            assert status == 200, (path, status, body)
            self.whole[path] = body

    def until(self, status: int, path: str = "/readyz", seconds: float = 30) -> float:
        """Wait for a status, and return the seconds it took."""
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
def serving(database: str, folder: Path, *arguments: str, **options: Any) -> Iterator[Service]:
    """Serve a database, which need not exist, with the options of ``servers.start``."""
    port = free_port()
    log = folder / f"server-{port}.log"
    process = start(database, port, *arguments, log=log, **options)
    with ready(process, port, "/healthz"):
        yield Service(process, port, log)


class Traffic:
    """Clients that send requests until they are stopped, and check every response."""

    def __init__(self, service: Service, clients: int = 2, lists: str = KINDS["list"]) -> None:
        """Use one client for each kind of request, and this many for the database."""
        self.service = service
        self.paths = {**KINDS, "list": lists}
        self.answers: list[Answer] = []
        self._stop = Event()
        self._number = itertools.count()
        self._threads = [Thread(target=self._go, args=(kind,), daemon=True) for kind in KINDS] + [
            Thread(target=self._go, args=("database",), daemon=True) for _ in range(clients - 1)
        ]

    def __enter__(self) -> "Traffic":
        """Start the clients."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        """Stop the clients."""
        self._stop.set()
        for thread in self._threads:
            thread.join(2 * LIMIT)
            assert not thread.is_alive(), "a client still waits for its answer"

    def _go(self, kind: str) -> None:
        while not self._stop.is_set():
            self.answers.append(self.once(kind))
            self._stop.wait(0.02)

    def once(self, kind: str) -> Answer:
        """Send a request of one kind and check the response."""
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
    """Cause a fault for some seconds under steady load, end it, and wait for recovery.

    ``fault`` is a context manager. Raises AssertionError unless each response is good or a 503
    problem, complete and in time. With ``cut``, connections may also be closed; with ``steady``,
    only ``lists``, the path of the whole list that is requested, may be a 503.
    """
    with Traffic(service, clients, lists) as traffic:
        time.sleep(0.5)
        began = time.monotonic()
        with fault:
            time.sleep(seconds)
            told = time.monotonic()
        lifted = time.monotonic()
        _recovered(traffic, lifted)
    answers = traffic.answers
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
    """Return the seconds from the end of the fault until all responses were good again."""
    after = [answer for answer in answers if answer.began > lifted]
    failed = max((answer.began for answer in after if answer.status != "200"), default=lifted)
    good = [a.ended for a in after if a.status == "200" and a.kind in FRESH and a.began >= failed]
    return max(failed, min(good, default=failed)) - lifted


def _recovered(traffic: Traffic, lifted: float) -> None:
    """Wait until no request of the last second has failed, and all kinds had a response."""
    while True:
        now = time.monotonic()
        after = [answer for answer in list(traffic.answers) if answer.began > lifted]
        good = {answer.kind for answer in after if answer.status == "200"}
        failed = [answer for answer in after if answer.status != "200" and answer.ended > now - 1]
        if now - lifted > 1 and good == set(KINDS) and not failed:
            return
        assert now - lifted < 2 * LIMIT, f"not recovered: {good} good, {failed[:3]}"
        time.sleep(0.05)
