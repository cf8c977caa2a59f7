"""Every fault on both engines, as a table: ``python tests/faults.py [ENGINE]``."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.postgres import binaries, primary

ENGINES = ("SQLite", "PostgreSQL")
HEADING = "{:<10} | {:<29} | {:>7} | {:>7} | {:>6} | {:>8} | {}"
BOUND = 1500
"""Seconds after which the faults of an engine are broken off."""


def alone(engine: str) -> int:
    """Run the faults of one engine in this process; its database is the default one."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "api.settings"
    os.environ.pop("DATABASE_URL", None)
    with ExitStack() as stack:
        server = None
        if engine == "PostgreSQL":
            server = stack.enter_context(primary(max_connections="60"))
            os.environ["DATABASE_URL"] = server.url
        import django

        django.setup()
        from tests.faults_rows import run

        return run(engine, server)


def line(row: dict[str, Any]) -> str:
    """Return a row of the table as text."""
    names = ("slowest", "alive", "ready", "recovery")
    times = ["-" if row[name] is None else f"{row[name]:.2f}" for name in names]
    outcomes = ", ".join(f"{number} x {name}" for name, number in row["outcomes"].items())
    return HEADING.format(row["engine"], row["fault"], *times, outcomes)


def main(arguments: list[str]) -> int:
    """Run one engine, or run both and print the table."""
    if arguments:
        return alone(arguments[0])
    failed = 0
    print("Times are in seconds: the slowest answer, that of the probes, and until all is well.")
    names = ("slowest", "healthz", "readyz", "recovery", "answers meanwhile")
    print(HEADING.format("engine", "fault", *names))
    for engine in ENGINES:
        if engine == "PostgreSQL" and binaries() is None:
            print("PostgreSQL IS NOT INSTALLED: ITS FAULTS WERE NOT TRIED.")
            return 1
        with subprocess.Popen(
            ["timeout", "--kill-after=60", str(BOUND), sys.executable, __file__, engine],
            stdout=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            assert process.stdout
            for text in process.stdout:
                print(line(json.loads(text)), flush=True)
        if process.returncode:
            print(f"{engine}: FAILED ({process.returncode})")
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
