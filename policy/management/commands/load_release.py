"""Loads a release into the database, whole or not at all."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from policy.loading import AwayError, InvalidReleaseError, LockedError, load


class Command(BaseCommand):
    """Makes the database hold exactly the release in a folder."""

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
            "--dry-run", action="store_true", help="Tell what would change; write nothing."
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
        """Load, and tell one line per kind that changed."""
        try:
            outcome = load(path, wait=wait, dry_run=dry_run)
        except InvalidReleaseError as error:
            for line in error.problems.lines:
                self.stderr.write(line)
            untold = error.problems.total - len(error.problems.lines)
            if untold:
                self.stderr.write(f"and {untold} more")
            raise CommandError(str(error), returncode=2) from error
        except LockedError as error:
            raise CommandError(str(error), returncode=3) from error
        except AwayError as error:
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
