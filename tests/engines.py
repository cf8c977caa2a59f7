"""Runs the whole suite on SQLite and on PostgreSQL; arguments go to pytest."""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import IO

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.postgres import binaries, cluster

MISSING = """
************************************************************************
**  PostgreSQL IS NOT INSTALLED: ITS TESTS DID NOT RUN.               **
**  Install it (Debian: apt-get install postgresql) and run again.    **
************************************************************************
"""
PARTS = {
    "SQLite": "not once and not servers",
    "PostgreSQL": "not once and not servers",
    "PostgreSQL with servers": "servers",
    "SQLite with servers": "servers",
    "both engines, once": "once and not servers",
}
"""The parts of the suite, which run at the same time, with the tests of each by their markers.

Tests that start servers of their own mostly wait, so they run beside the others.
"""
NO_TESTS = 5
"""Pytest's exit code where the arguments select no test of a part."""


def start(
    part: str, url: str | None, arguments: list[str], output: IO[bytes] | None
) -> "subprocess.Popen[bytes]":
    """Start pytest on a part; its output goes to a file, or to the terminal without one."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment["COVERAGE_FILE"] = f".coverage.{part}"
    # Where it is set, each of some hundred commands would compile the project anew.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if url:
        environment["TEST_POSTGRES_URL"] = url
        if part.startswith("PostgreSQL"):
            environment["DATABASE_URL"] = url
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-m", PARTS[part], *arguments],
        env=environment, stdout=output, stderr=output,
    )  # fmt: skip


def main(arguments: list[str]) -> int:
    """Run all parts at once and print one after the other; return 1 if a test failed."""
    with ExitStack() as stack:
        url = stack.enter_context(cluster()) if binaries() else None
        templates = stack.enter_context(tempfile.TemporaryDirectory(prefix="templates_"))
        os.environ["TEST_TEMPLATES"] = templates
        parts = [part for part in PARTS if url or not part.startswith("PostgreSQL")]
        outputs = [None, *(stack.enter_context(tempfile.TemporaryFile()) for _ in parts[1:])]
        print(f"\n=== the suite on {parts[0]} ===", flush=True)
        processes = []
        for part, output in zip(parts, outputs, strict=True):
            processes.append(start(part, url, arguments, output))
            stack.callback(processes[-1].kill)
        codes = []
        for part, output, process in zip(parts, outputs, processes, strict=True):
            codes.append(process.wait())
            if codes[-1] < 0:
                print(f"\nTHE SUITE ON {part} WAS ENDED BY SIGNAL {-codes[-1]}", flush=True)
            if output:
                print(f"\n=== the suite on {part} ===", flush=True)
                output.seek(0)
                shutil.copyfileobj(output, sys.stdout.buffer)
                sys.stdout.flush()
    if url is None:
        print(MISSING, flush=True)
        codes.append(1 if os.environ.get("REQUIRE_PG") == "1" else 0)
    return int(any(code not in (0, NO_TESTS) for code in codes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
