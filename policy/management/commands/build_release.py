"""Joins annotations and releases into one release."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from policy.annotations.reading import InvalidAnnotationsError
from policy.evidence import TextError
from policy.management.progress import progress_bar
from policy.registers.merging import build_release
from policy.registers.writing import UnwritableError
from policy.release.files import printable


class Command(BaseCommand):
    """Writes a release of several sources, in which one person is one record."""

    help = (
        "Join folders of annotations and of releases, such as import_register writes, into one "
        "release. Records are one by the table of identities alone. Exit code 2: invalid data, and "
        "nothing is written."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare SOURCE, --into and --identities."""
        parser.add_argument(
            "source",
            nargs="+",
            type=Path,
            help="A folder of annotations, or of a release. The first names the release.",
        )
        parser.add_argument(
            "--into", type=Path, required=True, help="The folder of the release: new, or replaced."
        )
        parser.add_argument(
            "--identities",
            type=Path,
            default=settings.BASE_DIR / "fixtures" / "identities.toml",
            help="The table of what is one (fixtures/identities.toml if not given).",
        )

    def handle(
        self, *args: Any, source: list[Path], into: Path, identities: Path, **options: Any
    ) -> None:
        """Join, and tell the counts and which identities and relations were of no use."""
        files = [path for folder in source for path in folder.glob("*.ndjson")]
        try:
            with progress_bar(files, self.stderr, "joining") as progress:
                record, idle = build_release(source, into, identities, progress)
        except InvalidAnnotationsError as error:
            for line in error.errors:
                self.stderr.write(line)
            message = f"{len(error.errors)} errors; nothing was written"
            raise CommandError(message, returncode=2) from error
        except (UnwritableError, TextError) as error:
            raise CommandError(printable(error), returncode=2) from error
        except OSError as error:
            message = f"{printable(error.filename)}: {error.strerror}: nothing was written"
            raise CommandError(message, returncode=2) from error
        for line in idle:
            self.stdout.write(line)
        for name, number in record["fields"]["counts"].items():
            self.stdout.write(f"{name}: {number}")
