"""Writes the release that is loaded as files."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from api.codebook import codebook
from api.rendering.pages import render_json
from api.rendering.records import serialized
from api.views.records import RESOURCES
from policy.export import parquet
from policy.export.writing import ExportError, export, manifests_of
from policy.release.files import printable


class Command(BaseCommand):
    """Writes FOLDER/VERSION: data package, NDJSON, Parquet, SQLite, SQL, and what explains them."""

    help = "Write the release that is loaded as files; the same release gives the same bytes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the folder, --replace and --since."""
        parser.add_argument("folder", type=Path, help="The folder in which VERSION/ is made.")
        parser.add_argument(
            "--replace", action="store_true", help="Write the files also if they are there."
        )
        parser.add_argument(
            "--since",
            action="append",
            metavar="VERSION",
            help="Write a delta from this version, or from the release of this manifest; from all "
            "whose manifest is known if not given.",
        )

    def handle(
        self,
        *args: Any,
        folder: Path,
        replace: bool,
        since: list[str] | None,
        verbosity: int,
        **options: Any,
    ) -> None:
        """Export; exit code 1 if nothing may be exported, 2 if it cannot be written."""
        try:
            manifests = None if since is None else [_manifest(folder, one) for one in since]
            written = export(folder, replace=replace, since=manifests, extra=_write_answers)
        except ExportError as error:
            raise CommandError(printable(error)) from error
        except OSError as error:
            raise CommandError(printable(error), returncode=2) from error
        if verbosity == 0:
            return
        if written is None:
            self.stdout.write("these files are there already")
            return
        if not parquet.available():
            self.stdout.write("without Parquet: install pyarrow to have it")
        self.stdout.write(f"{printable(written)} written")


def _manifest(folder: Path, version: str) -> Path:
    """Return the manifest of a version, which may be given as its path; ExportError if none."""
    found = [Path(version)] if Path(version).is_file() else manifests_of(folder, version)
    if not found:
        raise ExportError(
            f"--since {version}: there is no manifest of it: give the path of manifest.ndjson of "
            "that release"
        )
    return found[0]


def _write_answers(folder: Path) -> None:
    """Write the records and the codebook as the API answers them."""
    (folder / "ndjson").mkdir()
    for resource, viewset in RESOURCES.items():
        with (folder / "ndjson" / f"{resource}.ndjson").open("wb") as file:
            for records in serialized(viewset):
                file.writelines(render_json(record).encode() + b"\n" for record in records)
    text = json.dumps(codebook(), ensure_ascii=False, indent=1) + "\n"
    (folder / "codebook.json").write_text(text, encoding="utf-8", newline="\n")
