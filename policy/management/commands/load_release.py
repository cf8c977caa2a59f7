"""Loads a release into the database, atomically."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, OutputWrapper

from policy.release.loading import DatabaseUnavailableError, InvalidReleaseError, LockedError, load


class Bar:
    """A progress bar of the bytes read, drawn only on a terminal."""

    def __init__(self, folder: Path, stream: OutputWrapper) -> None:
        """Store the stream to draw on, and the size of the files in the folder."""
        files = [*folder.glob("*.json"), *folder.glob("*.ndjson")]
        self._total = sum(path.stat().st_size for path in files if path.is_file())
        self._stream = stream
        self._is_shown = stream.isatty()
        self._read = 0
        self._drawn = -1

    def __call__(self, size: int) -> None:
        """Add the number of bytes just read, and draw when the percentage has changed."""
        self._read += size
        percent = self._read * 100 // max(self._total, 1)
        if self._is_shown and percent > self._drawn:
            self._drawn = percent
            merging = " merging" if percent >= 100 else ""
            self._stream.write(f"\r[{'#' * (percent // 4):25}] {percent:3} %{merging}", ending="")
            self._stream.flush()

    def __enter__(self) -> "Bar":
        """Return the bar itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Clear the line."""
        if self._drawn >= 0:
            self._stream.write(f"\r{'':50}\r", ending="")


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
            with Bar(path, self.stderr) as bar:
                outcome = load(path, wait=wait, dry_run=dry_run, progress=bar)
        except InvalidReleaseError as error:
            for line in error.problems.lines:
                self.stderr.write(line)
            untold = error.problems.total - len(error.problems.lines)
            if untold:
                self.stderr.write(f"and {untold} more")
            raise CommandError(str(error), returncode=2) from error
        except LockedError as error:
            raise CommandError(str(error), returncode=3) from error
        except DatabaseUnavailableError as error:
            raise CommandError(str(error), returncode=4) from error
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
