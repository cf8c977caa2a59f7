"""Killed loads, and readers while releases change; each returns a row of the table of faults."""

import itertools
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

from django.db import transaction

from policy.release.loading import load
from tests.conftest import ROOT
from tests.operations import ask
from tests.releases import committed, connected, contents, database, sealed, successor, write
from tests.samples import DYAD, sample
from tests.servers import serving
from tests.traffic import Row

PATHS = (
    "statements?page_size=500",
    "statements?page_size=500&expand=speaker,issues&facets=topic",
    "bilateral-issues?page_size=500",
    "events?page_size=500",
    "countries?page_size=500",
    "gaps?q=who",
    "trips",
    "events?format=csv",
    f"dyads/{DYAD}",
    f"sources/{sample('sources')}/coverage",
)
"""What is read while releases change: each answer takes several queries."""


def releases(folder: Path, more: int = 0) -> tuple[Path, Path]:
    """Write two releases that differ in most kinds, the first with more statements if asked."""
    first = committed()
    model = first["statements"][0]
    first["statements"] += [{**model, "pk": f"zz-{number:06}"} for number in range(more)]
    return write(folder / "one", sealed(first)), write(folder / "two", successor())


def killed_loads(folder: Path, times: int, seed: int = 1) -> Row:
    """Kill loads with SIGKILL at random moments; each must leave the old or the new release.

    Raises AssertionError when the database holds neither. It uses a database of its own, on the
    engine of DATABASE_URL.
    """
    drawn = random.Random(seed)
    folders = releases(folder, more=3000)
    wanted = []
    outcomes: Counter[str] = Counter()
    with database(folder, "killed") as url, connected(url, "killed") as connection:

        def held() -> object:
            with transaction.atomic(using="killed"):
                return contents(connection)

        for release in (*folders, folders[0]):
            load(release, using="killed")
            wanted.append(held())
            connection.close()
        started = time.monotonic()
        _start(url, folders[1]).wait(120)
        length = time.monotonic() - started
        now = 1
        for _ in range(times):
            process = _start(url, folders[1 - now])
            try:
                process.wait(drawn.uniform(0.2, 1.1) * length)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            found = held()
            connection.close()
            assert found in wanted[:2], "a killed load left neither release whole"
            after = wanted.index(found)
            ended = "ended before" if process.returncode == 0 else "killed"
            outcomes[f"{ended}, {'old' if after == now else 'new'} release whole"] += 1
            now = after
        load(folders[1 - now], using="killed")
        assert held() == wanted[1 - now]
    return Row("load killed with SIGKILL", times, dict(outcomes))


def _start(url: str, release: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "manage.py", "load_release", str(release)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def readers_during_reloads(folder: Path, times: int, readers: int = 3) -> Row:
    """Read through the real server while releases change; every answer must be of one release.

    Its entity tag and its Dataset-Version must be of the same one. Raises AssertionError when a
    response is mixed or missing.
    """
    folders = releases(folder)
    outcomes: Counter[str] = Counter()
    with (
        database(folder, "read", filled=True) as url,
        serving(url) as address,
        connected(url, "read"),
    ):
        whole: dict[str, list[tuple[str, ...]]] = {path: [] for path in PATHS}
        for release in folders:
            load(release, using="read")
            _until_served(address, release)
            for path in PATHS:
                status, *told = _asked(address, path)
                assert status == 200, (path, status, told)
                whole[path].append(tuple(told))
        stop = Event()

        def read(start: int) -> Counter[str]:
            found: Counter[str] = Counter()
            for path in itertools.islice(itertools.cycle(PATHS), start, None):
                if stop.is_set():
                    return found
                status, *told = _asked(address, path)
                assert status == 200, (path, status, told)
                assert tuple(told) in whole[path], f"{path}: a mixed answer: {told!r:.500}"
                release = ("first", "second")[whole[path].index(tuple(told))]
                found[f"{status}, {release} release"] += 1
            return found

        with ThreadPoolExecutor(readers) as pool:
            running = [pool.submit(read, start) for start in range(readers)]
            try:
                for number in range(times):
                    load(folders[number % 2], using="read")
            finally:
                stop.set()
            for one in running:
                outcomes += one.result()
    return Row("releases change under readers", times, dict(outcomes))


def _asked(address: str, path: str) -> tuple[Any, ...]:
    """Return the status of a response, its entity tag, its version and its body."""
    status, headers, body = ask(address, f"/api/v1/{path}")
    return status, headers.get("etag"), headers.get("dataset-version"), body


def _until_served(address: str, release: Path) -> None:
    """Wait until the server serves a release that was loaded."""
    (record,) = json.loads((release / "release.json").read_text())
    version = record["fields"]["version"]
    deadline = time.monotonic() + 30
    while json.loads(ask(address, "/api/v1/release").body)["version"] != version:
        assert time.monotonic() < deadline, f"{version} is not served"
        time.sleep(0.05)
