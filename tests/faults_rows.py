"""The rows of the table of faults: every fault of one engine, one after the other."""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests import faults_postgres, faults_sqlite
from tests.faults_loading import killed_loads, readers_during_reloads
from tests.faults_requests import (
    big,
    memory,
    no_room,
    oversized,
    slow_clients,
    slow_query,
    terminated,
    worker_killed,
    writes_refused,
)
from tests.postgres import Server
from tests.releases import database
from tests.servers import load
from tests.traffic import Row, during, serving

HARMLESS = {"replaced", "locked for writing, WAL", "read-only"}
"""What nobody who asks may notice."""
BRIEF = "restarted"
"""What may be over before anybody notices."""

Faults = dict[str, Callable[[], Any]]


@contextmanager
def befallen(folder: Path, server: Server | None) -> Iterator[tuple[str, Faults]]:
    """Return the URL of a loaded database and its faults; without a server it is a file."""
    if server:
        load(server.url)
        url = faults_postgres.role(server)
        yield url, {n: lambda f=f: f(server) for n, f in faults_postgres.FAULTS.items()}
        return
    with database(folder, "served", cluster="", filled=True) as url:
        file = folder / "served.sqlite3"
        yield url, {n: lambda f=f: f(file) for n, f in faults_sqlite.FAULTS.items()}


def checked(row: Row) -> Row:
    """Return a row; AssertionError if the fault had no effect, or a harmless one had one."""
    if row.fault in HARMLESS:
        assert set(row.outcomes) == {"200"}, row
    elif row.fault != BRIEF:
        assert "503" in row.outcomes, f"nothing was noticed: {row}"
    return row


def of_the_file(folder: Path, seconds: float) -> Iterator[Callable[[], Row]]:
    """Return the faults of SQLite's file that exist before the server starts."""
    yield lambda: missing_at_start(folder / "late")
    yield lambda: waiting_for_a_writer(folder / "rollback", seconds)
    yield lambda: read_only(folder / "readable", seconds)


@contextmanager
def _without_log(folder: Path) -> Iterator[Path]:
    """Make a database file with the release that has no write-ahead log, in a new folder."""
    folder.mkdir()
    with database(folder, "made", cluster="", filled=True):
        faults_sqlite.journal(folder / "made.sqlite3", "delete")
        yield folder / "made.sqlite3"


def missing_at_start(folder: Path) -> Row:
    """Start without a file, which the server must not create; it is put there later."""
    folder.mkdir()
    file = folder / "late.sqlite3"
    with serving(f"sqlite:///{file}", folder) as service:
        service.until(503)
        time.sleep(1)
        assert not list(folder.glob("*.sqlite3*")), "the server created a file of its own"
        with _without_log(folder / "made") as made:
            made.rename(file)
        return Row("missing at start", 1, {"503": 1, "200": 1}, recovery=service.until(200))


def waiting_for_a_writer(folder: Path, seconds: float) -> Row:
    """Let another process hold a file that has no write-ahead log."""
    with _without_log(folder) as file, serving(f"sqlite:///{file}", folder) as service:
        service.until(200)
        service.learn()
        fault = faults_sqlite.locked_in_rollback_mode(file)
        return checked(during("locked for writing, no WAL", service, fault, seconds))


def read_only(folder: Path, seconds: float) -> Row:
    """Serve a file that can only be read, in a folder that can only be read."""
    folder.mkdir()
    with _without_log(folder / "kept") as file:
        before = faults_sqlite.read_only(file.parent)
        try:
            with serving(f"sqlite:///{file}", folder, before=before) as service:
                service.until(200)
                service.learn()
                return checked(during("read-only", service, faults_sqlite.nothing(), seconds))
        finally:
            file.parent.chmod(0o755)


def rows(folder: Path, server: Server | None) -> Iterator[Callable[[], Any]]:
    """Return what makes the rows for an engine: SQLite where no server is given."""
    with befallen(folder, server) as (url, faults), serving(url, folder) as service:
        service.until(200)
        service.learn()
        for name, fault in faults.items():
            yield lambda name=name, fault=fault: checked(during(name, service, fault(), 7))
    if server is None:
        yield from of_the_file(folder, 7)
        url = f"sqlite:///{folder / 'big.sqlite3'}"
    else:
        url = server.url
    load(url, big(folder))
    yield lambda: writes_refused(url)
    yield lambda: slow_query(url)
    began = time.monotonic()
    with serving(url, folder) as service:
        service.until(200)
        first = time.monotonic() - began
        idle = memory(service)
        service.learn()
        yield lambda: oversized(service)
        yield lambda: slow_clients(service)
        yield lambda: worker_killed(service)
        print(f"start to first answer: {first:.1f} s; resident MB idle {idle}, after "
              f"{memory(service)}", file=sys.stderr)  # fmt: skip
    yield lambda: terminated(url, folder)
    yield lambda: no_room(url, folder)
    yield lambda: killed_loads(folder, 50)
    yield lambda: readers_during_reloads(folder, 20)


def run(engine: str, server: Server | None) -> int:
    """Run all faults of one engine, printing each row as a line of JSON; gives the exit code.

    ``engine`` is its name in the rows.
    """
    failed = 0
    with tempfile.TemporaryDirectory() as place:
        for make in rows(Path(place), server):
            try:
                made = make()
            except AssertionError as error:
                failed = 1
                made = Row("FAILED", 1, {str(error)[:2000]: 1})
            for row in made if isinstance(made, list) else [made]:
                print(json.dumps({"engine": engine, **asdict(row)}), flush=True)
    return failed
