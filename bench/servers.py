"""Starts what is measured, each on a port of its own, and stops it by its process."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.__main__ import command
from tests.servers import free_port

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
"""A server finds its code compiled, as it does wherever it was started before."""
PATIENCE = 300
"""Seconds a server may take to its first answer; ROAPI reads all of its data before."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers."""

    port: int
    process: int
    started: float
    """Seconds from the start of the process to its first answer."""

    def memory(self) -> int:
        """Return the bytes that the process and its children hold, shared pages split (PSS)."""
        return sum(_proportional(process) for process in family(self.process))


def granian(application: str) -> list[str]:
    """Return the command that serves another application with one worker and the API's flags."""
    return command(application, *_places(1))


def ours(workers: int = 1) -> list[str]:
    """Return the command that serves the API, as the README has it."""
    return [sys.executable, "-m", "api", *_places(workers)]


def _places(workers: int) -> list[str]:
    return ["--host", "127.0.0.1", "--port", "{port}", "--workers", str(workers)]


@contextmanager
def serve(started_by: list[str], probe: str, log: Path, **environment: str) -> Iterator[Server]:
    """Start a server and give it once it answers the probe with 200; RuntimeError if it ends."""
    port = free_port()
    begin = time.perf_counter()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [part.replace("{port}", str(port)) for part in started_by],
            cwd=ROOT, env={**os.environ, **COMPILED, **environment}, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        while not _answers(port, probe):
            if process.poll() is not None or time.perf_counter() - begin > PATIENCE:
                raise RuntimeError(f"{started_by[0]} does not answer; its words are in {log}")
            time.sleep(0.005)
        yield Server(port, process.pid, time.perf_counter() - begin)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(port: int, probe: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", probe)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def family(process: int) -> Iterator[int]:
    """Yield a process and all its descendants."""
    yield process
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        children = [child for task in tasks for child in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return
    for child in children:
        yield from family(int(child))


def _proportional(process: int) -> int:
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
