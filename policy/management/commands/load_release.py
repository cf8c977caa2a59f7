"""Loads a release into the database, atomically."""

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from policy.management.progress import progress_bar
from policy.release.loading import (
    DatabaseUnavailableError,
    InvalidReleaseError,
    LockedError,
    Outcome,
    load,
)
from policy.release.references import ReferencedError
from policy.release.staging import Keys


class Command(BaseCommand):
    """Makes the database contain exactly the release in a folder."""

    help = (
        "Load a release: validate everything, then replace what the database holds in one "
        "transaction. Exit codes: 0 loaded or unchanged, 1 --check found changes, 2 invalid data, "
        "3 the database is being written to by somebody else, 4 the database is away or has no "
        "tables."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare PATH, --check, --full and --wait."""
        parser.add_argument(
            "path",
            nargs="?",
            type=Path,
            default=settings.BASE_DIR / "fixtures",
            help="The folder that holds release.json and a .json or .ndjson file per kind.",
        )
        parser.add_argument(
            "--check",
            action="store_true",
            help="Report what would change, and write nothing; exit code 1 if something would.",
        )
        parser.add_argument(
            "--full",
            action="store_true",
            help="Compare and render every record, even if the release is loaded already.",
        )
        parser.add_argument(
            "--wait",
            type=float,
            default=60.0,
            metavar="SECONDS",
            help="How long to wait for another loader to end (60 if not given).",
        )

    def handle(
        self,
        *args: Any,
        path: Path,
        check: bool,
        full: bool,
        wait: float,
        verbosity: int,
        **options: Any,
    ) -> None:
        """Load, and print one line per changed kind."""
        try:
            files = [*path.glob("*.json"), *path.glob("*.ndjson")]
            with progress_bar(files, self.stderr, "merging") as progress:
                outcome = load(path, wait=wait, check=check, full=full, progress=progress)
        except InvalidReleaseError as error:
            for line in error.problems.lines:
                self.stderr.write(line)
            if untold := error.problems.total - len(error.problems.lines):
                self.stderr.write(f"and {untold} more")
            raise CommandError(str(error), returncode=2) from error
        except (LockedError, DatabaseUnavailableError, ReferencedError) as error:
            code = 3 if isinstance(error, LockedError) else 4
            raise CommandError(str(error), returncode=code) from error
        if verbosity > 0:
            for line in _report(outcome, check=check):
                self.stdout.write(line)
        if check and outcome.changes:
            raise CommandError("the database does not hold this release; nothing was written")


def _report(outcome: Outcome, *, check: bool) -> Iterator[str]:
    """Yield what a load did, or would do, line by line."""
    if outcome.modified:
        yield "the tables were written to by something other than load_release"
    for kind, *changes in outcome.changes:
        words = zip(changes, ("added", "changed", "removed"), strict=True)
        yield f"{kind}: {', '.join(_named(keys, word) for keys, word in words)}"
    if outcome.changes:
        yield f"release {outcome.version} {'would be' if check else 'is'} loaded"
    elif outcome.read:
        yield f"release {outcome.version} is loaded already: the tables hold just its records"
    else:
        yield (
            f"release {outcome.version} is loaded already: its other files were not read, which "
            "--check and --full do"
        )


def _named(keys: Keys, word: str) -> str:
    """Return how many records were added, changed or removed, and which are the first of them."""
    if not keys.first:
        return f"{keys.number} {word}"
    more = [f"and {keys.number - len(keys.first)} more"] * (keys.number > len(keys.first))
    return f"{keys.number} {word} ({', '.join([*keys.first, *more])})"
