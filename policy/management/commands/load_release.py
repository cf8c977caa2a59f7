"""Loads a release into the database, atomically."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, OutputWrapper

from policy.release.loading import DatabaseUnavailableError, InvalidReleaseError, LockedError, load


@contextmanager
def progress_bar(folder: Path, stream: OutputWrapper) -> Iterator[Callable[[int], None]]:
    """Draw the share of a folder's bytes that were read, if the stream is a terminal.

    Yields a function that takes the number of bytes just read. At the end the line is cleared.
    """
    files = [*folder.glob("*.json"), *folder.glob("*.ndjson")]
    total = sum(path.stat().st_size for path in files if path.is_file())
    read, drawn, shown = 0, -1, stream.isatty()

    def add(size: int) -> None:
        nonlocal read, drawn
        read += size
        percent = read * 100 // max(total, 1)
        if shown and percent > drawn:
            drawn = percent
            merging = " merging" if percent >= 100 else ""
            stream.write(f"\r[{'#' * (percent // 4):25}] {percent:3} %{merging}", ending="")
            stream.flush()

    try:
        yield add
    finally:
        if drawn >= 0:
            stream.write(f"\r{'':50}\r", ending="")


class Command(BaseCommand):
    """Makes the database contain exactly the release in a folder."""

    help = (
        "Load a release: validate everything, then replace what the database holds in one "
        "transaction. Exit codes: 0 loaded or unchanged, 2 invalid data, 3 the database is being "
        "written to by somebody else, 4 the database is away or has no tables."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare PATH, --dry-run and --wait."""
        parser.add_argument(
            "path",
            nargs="?",
            type=Path,
            default=settings.BASE_DIR / "fixtures",
            help="The folder that holds release.json and a .json or .ndjson file per kind.",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Report what would change; write nothing."
        )
        parser.add_argument(
            "--wait",
            type=float,
            default=60.0,
            metavar="SECONDS",
            help="How long to wait for another loader to end (60 if not given).",
        )

    def handle(
        self, *args: Any, path: Path, dry_run: bool, wait: float, verbosity: int, **options: Any
    ) -> None:
        """Load, and print one line per changed kind."""
        try:
            with progress_bar(path, self.stderr) as progress:
                outcome = load(path, wait=wait, dry_run=dry_run, progress=progress)
        except InvalidReleaseError as error:
            for line in error.problems.lines:
                self.stderr.write(line)
            if untold := error.problems.total - len(error.problems.lines):
                self.stderr.write(f"and {untold} more")
            raise CommandError(str(error), returncode=2) from error
        except (LockedError, DatabaseUnavailableError) as error:
            code = 3 if isinstance(error, LockedError) else 4
            raise CommandError(str(error), returncode=code) from error
        if verbosity == 0:
            return
        for change in outcome.changes:
            self.stdout.write(
                f"{change.kind}: {change.added} added, {change.changed} changed, "
                f"{change.removed} removed"
            )
        done = "would be loaded" if dry_run else "is loaded"
        self.stdout.write(
            f"release {outcome.version} {done}"
            if outcome.changes
            else f"release {outcome.version} is loaded already: nothing to do"
        )
