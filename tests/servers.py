"""The real server on a database of its own, as the README starts it."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Not from conftest: the benchmark starts servers too, and has no pytest.
ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    """Return a free port below the ephemeral range.

    It is drawn at random, so that two runs on one machine do not take the same one.
    """
    for port in random.sample(range(12000, 32000), 200):
        if not listening(port):
            return port
    raise RuntimeError("no free port")


def listening(port: int) -> bool:
    """Return whether a process listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def manage(database: str, *arguments: str) -> None:
    """Run a command of manage.py on a database; CalledProcessError if it fails."""
    subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env={**os.environ, "DATABASE_URL": database}, check=True, timeout=120,
    )  # fmt: skip


def load(database: str, release: Path | None = None) -> str:
    """Bring tables and a release into a database, the committed one by default; return its URL."""
    manage(database, "migrate", "-v0", "--skip-checks")
    manage(database, "load_release", "-v0", *([str(release)] if release else []))
    return database


def start(
    database: str, port: int, *arguments: str, before: tuple[str, ...] = (),
    log: Path | None = None, **settings: str,
) -> "subprocess.Popen[bytes]":  # fmt: skip
    """Start the server as in the README; ``before`` is a prefix of the command."""
    with (log or Path(os.devnull)).open("wb") as output:
        return subprocess.Popen(
            [*before, sys.executable, "-m", "api", "--port", str(port), *arguments],
            cwd=ROOT, env={**os.environ, "DATABASE_URL": database, **settings},
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip


def workers(process: "subprocess.Popen[bytes]") -> list[int]:
    """Return the process ids of the workers of a server."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [
        int(pid) for pid in children
        if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]  # fmt: skip


@contextmanager
def ready(
    process: "subprocess.Popen[bytes]", port: int, path: str = "/readyz", seconds: float = 30
) -> Iterator[str]:
    """Return the address of a server once a path responds with 200; stop it at the end."""
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + seconds
        while True:
            try:
                with urllib.request.urlopen(f"{address}{path}", timeout=5):
                    break
            except OSError as early:
                if isinstance(early, urllib.error.HTTPError):
                    early.close()
                if time.monotonic() > deadline or process.poll() is not None:
                    raise
                time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            for pid in (*workers(process), process.pid):
                os.kill(pid, signal.SIGKILL)
            process.wait()


@contextmanager
def serving(
    database: str, *arguments: str, log: Path | None = None, **settings: str
) -> Iterator[str]:
    """Serve a loaded database with one worker unless the arguments say more; yield the address."""
    port = free_port()
    process = start(database, port, "--workers", "1", *arguments, log=log, **settings)
    with ready(process, port) as address:
        yield address
