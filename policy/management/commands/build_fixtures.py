"""Builds the fixtures from the annotations, or checks that they are current."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from policy.annotations.building import build
from policy.annotations.ledger import others, told
from policy.annotations.reading import Draft, InvalidAnnotationsError
from policy.release.files import printable


class Command(BaseCommand):
    """Writes fixtures/*.json from the annotations in fixtures/sources."""

    help = (
        "Build the fixtures from the annotations, and tell what is uncited, unused, unproved and "
        "quoted; with --check only compare."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare --check, --ledger and --folder."""
        parser.add_argument(
            "--check", action="store_true", help="Change nothing; fail if a fixture is not current."
        )
        parser.add_argument(
            "--ledger", action="store_true", help="List all that is uncited, unused or unproved."
        )
        parser.add_argument(
            "--folder",
            type=Path,
            default=settings.BASE_DIR / "fixtures",
            help="The folder with sources/, reference.toml and release.toml; fixtures go there.",
        )

    def handle(self, *args: Any, check: bool, ledger: bool, folder: Path, **options: Any) -> None:
        """Build everything in memory first, so that an error leaves the old files unchanged."""
        draft = Draft()
        try:
            texts = build(folder, draft)
        except InvalidAnnotationsError as error:
            for line in [*others(error.errors), *told(draft, whole=ledger)]:
                self.stderr.write(printable(line))
            message = f"{len(error.errors)} errors in the annotations; nothing was written."
            raise CommandError(message, returncode=2) from error
        try:
            self._compare(folder, texts, check=check)
        except OSError as error:
            message = f"{printable(error.filename)}: {error.strerror}: mend it and build again"
            raise CommandError(message, returncode=2) from error
        if ledger or not check:
            for line in told(draft, whole=ledger):
                self.stdout.write(printable(line))

    def _compare(self, folder: Path, texts: dict[str, str], *, check: bool) -> None:
        paths = {*folder.glob("*.json"), *filter(Path.exists, map(folder.joinpath, texts))}
        present = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        stale = sorted(
            name
            for name in texts.keys() | present.keys()
            if present.get(name) != (texts[name].encode() if name in texts else None)
        )
        if check:
            if stale:
                names = printable(", ".join(stale))
                raise CommandError(f"not current: {names}: run manage.py build_fixtures")
            self.stdout.write(f"{len(texts)} fixtures are current")
            return
        for name in stale:
            if name in texts:
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_bytes(texts[name].encode())
            else:
                (folder / name).unlink()
        self.stdout.write(f"{len(texts)} fixtures, {len(stale)} of them changed")
