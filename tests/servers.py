"""The real server on a database of its own, as the README starts it."""

import os
import random
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
    """Return a port below the ephemeral range that nobody listens on.

    Where to begin is drawn, so that two runs on one machine do not take the same one at once.
    """
    for port in random.sample(range(12000, 32000), 200):
        if not listening(port):
            return port
    raise RuntimeError("no free port")


def listening(port: int) -> bool:
    """Tell whether somebody listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def manage(database: str, *arguments: str, **settings: str) -> None:
    """Run a command of manage.py on a database."""
    subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env={**os.environ, "DATABASE_URL": database, **settings}, check=True, timeout=120,
    )  # fmt: skip


def load(database: str, **settings: str) -> None:
    """Bring the schema and the fixtures into a database."""
    manage(database, "migrate", "-v0", **settings)
    manage(database, "load_release", "-v0", **settings)


@contextmanager
def ready(process: subprocess.Popen[bytes], port: int) -> Iterator[str]:
    """Return the address of a server once it is ready, and stop it at the end."""
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(f"{address}/readyz", timeout=5):
                    break
            except OSError as early:
                if isinstance(early, urllib.error.HTTPError):
                    early.close()
                if time.monotonic() > deadline or process.poll() is not None:
                    raise
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def serving(
    database: str, *, workers: int = 1, log: Path | None = None, **settings: str
) -> Iterator[str]:
    """Serve a database that is loaded, and give the address; the log goes to a file, if any."""
    environment = {**os.environ, "DATABASE_URL": database, **settings}
    port = free_port()
    with (log or Path(os.devnull)).open("wb") as lines:
        process = subprocess.Popen(
            [sys.executable, "-m", "api", "--port", str(port), "--workers", str(workers)],
            cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=lines,
        )  # fmt: skip
        with ready(process, port) as address:
            yield address


@contextmanager
def server(database: str, **settings: str) -> Iterator[str]:
    """Load the fixtures into a database, serve them, and give the address."""
    load(database, **settings)
    with serving(database, **settings) as address:
        yield address
