"""Runs the whole suite on SQLite and on PostgreSQL; arguments go to pytest."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.postgres import binaries, cluster

MISSING = """
************************************************************************
**  PostgreSQL IS NOT INSTALLED: HALF OF THE TESTS DID NOT RUN.       **
**  Install it (Debian: apt-get install postgresql) and run again.    **
************************************************************************
"""


def suite(
    engine: str, url: str | None, arguments: list[str], output: IO[bytes] | None = None
) -> "subprocess.Popen[bytes]":
    """Start pytest on one engine; what it says goes to the terminal, or into a file."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment["COVERAGE_FILE"] = f".coverage.{engine}"
    if url:
        environment["TEST_POSTGRES_URL"] = url
        if engine == "PostgreSQL":
            environment["DATABASE_URL"] = url
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments], env=environment, stdout=output, stderr=output
    )


def main(arguments: list[str]) -> int:
    """Run both halves at once, or say loudly that one could not run."""
    print("\n=== the suite on SQLite ===", flush=True)
    if binaries() is None:
        failed = suite("SQLite", None, arguments).wait()
        print(MISSING, flush=True)
        return failed or (1 if os.environ.get("REQUIRE_PG") == "1" else 0)
    # Each half has a server of its own, for both compare the engines.
    with cluster() as first, cluster() as second, tempfile.TemporaryFile() as told:
        halves = [
            suite("SQLite", first, arguments),
            suite("PostgreSQL", second, arguments, told),
        ]
        try:
            codes = [half.wait() for half in halves]
        finally:
            for half in halves:
                half.kill()
        told.seek(0)
        print("\n=== the suite on PostgreSQL ===", flush=True)
        shutil.copyfileobj(told, sys.stdout.buffer)
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
