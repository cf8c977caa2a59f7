"""Imports a register into a release of its own."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from policy.annotations.reading import InvalidAnnotationsError
from policy.evidence import TextError
from policy.management.progress import progress_bar
from policy.registers.entries import RegisterError
from policy.registers.importing import REGISTERS, import_register
from policy.registers.writing import UnwritableError
from policy.release.files import printable


class Command(BaseCommand):
    """Reads a clone of a register, and writes a release that load_release takes."""

    help = (
        "Import a register of the State Department's historians from a clone of its repository "
        "into a release of its own. Every entry that cannot be read is told of. Exit codes: 0 all "
        "is written, 1 some entries were refused and the others are written, 2 nothing is written."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare REGISTER, FOLDER, --into and --release-version."""
        parser.add_argument("register", choices=sorted(REGISTERS), help="Which register it is.")
        parser.add_argument("folder", type=Path, help="The clone of its repository.")
        parser.add_argument(
            "--into", type=Path, required=True, help="The folder of the release: new, or replaced."
        )
        parser.add_argument(
            "--release-version",
            default="1.0.0",
            help="Version of the release (1.0.0 if not given).",
        )

    def handle(
        self,
        *args: Any,
        register: str,
        folder: Path,
        into: Path,
        release_version: str,
        **options: Any,
    ) -> None:
        """Import, tell what was refused, and count."""
        known = REGISTERS[register]
        try:
            with progress_bar(known.paths(folder), self.stderr) as progress:
                account, record = import_register(known, folder, into, release_version, progress)
        except (RegisterError, UnwritableError, InvalidAnnotationsError, TextError) as error:
            raise CommandError(printable(error), returncode=2) from error
        except OSError as error:
            message = f"{printable(error.filename)}: {error.strerror}: nothing was written"
            raise CommandError(message, returncode=2) from error
        for line in account.refused:
            self.stderr.write(line)
        for what, number in account.aside.items():
            if number:
                self.stdout.write(f"left aside: {number} {what}")
        refused, aside = len(account.refused), account.aside.total()
        self.stdout.write(
            f"entries: {account.read} read, {account.recorded} recorded, {refused} refused, "
            f"{aside} left aside"
        )
        for name, number in record["fields"]["counts"].items():
            self.stdout.write(f"{name}: {number}")
        if refused:
            raise CommandError(f"{refused} entries were refused; the others are in {into}")
