"""Runs the whole suite on SQLite and on PostgreSQL; arguments go to pytest."""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.postgres import binaries, cluster

MISSING = """
************************************************************************
**  PostgreSQL IS NOT INSTALLED: HALF OF THE TESTS DID NOT RUN.       **
**  Install it (Debian: apt-get install postgresql) and run again.    **
************************************************************************
"""


def suite(engine: str, url: str | None, arguments: list[str]) -> int:
    """Run pytest on one engine and give its exit code."""
    print(f"\n=== the suite on {engine} ===", flush=True)
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    if url:
        environment["TEST_POSTGRES_URL"] = url
        if engine == "PostgreSQL":
            environment["DATABASE_URL"] = url
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments], env=environment, check=False
    ).returncode


def main(arguments: list[str]) -> int:
    """Run both halves, or say loudly that one could not run."""
    if binaries() is None:
        failed = suite("SQLite", None, arguments)
        print(MISSING, flush=True)
        return failed or (1 if os.environ.get("REQUIRE_PG") == "1" else 0)
    with cluster() as url:
        return max(suite("SQLite", url, arguments), suite("PostgreSQL", url, arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
