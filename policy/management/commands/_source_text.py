"""The bases of the commands that read annotations or take a source and its text."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from policy.annotations.reading import InvalidAnnotationsError, records_of_source
from policy.evidence import TextError, read_text, sha256
from policy.validation import Record


class EvidenceCommand(BaseCommand):
    """A command that says what is wrong with annotations, a text or the database."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run; whatever is wrong with annotations, text or database is a CommandError."""
        try:
            return super().execute(*args, **options)
        except (InvalidAnnotationsError, TextError) as error:
            raise CommandError(str(error), returncode=2) from error
        except Error as error:
            message = f"the database cannot be used, run manage.py migrate: {error}"
            raise CommandError(message, returncode=4) from error


class SourceTextCommand(EvidenceCommand):
    """A command with the arguments SOURCE and TEXT."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare SOURCE and TEXT."""
        parser.add_argument("source", help="Key of the source, such as article-1.")
        parser.add_argument(
            "text", type=Path, help="File with the exact text of the source, UTF-8."
        )


class AnnotationsCommand(SourceTextCommand):
    """A command that compares a text with the annotations, without a database."""

    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare SOURCE, TEXT and --folder."""
        super().add_arguments(parser)
        parser.add_argument(
            "--folder",
            type=Path,
            default=settings.BASE_DIR / "fixtures",
            help="The folder whose sources/SOURCE holds the annotations.",
        )

    @staticmethod
    def annotated(folder: Path, source: str) -> dict[str, list[Record]]:
        """Return the records of a source; raises TextError if it has no sentences."""
        path = folder / "sources" / source
        records = records_of_source(path)
        if not records["sentence"]:
            raise TextError(f"{path}: has no sentences yet: number them in sentences.toml first")
        return records

    @staticmethod
    def text_of(records: dict[str, list[Record]], path: Path) -> str:
        """Return the text in a file; raises TextError unless it is that of the source."""
        text, source = read_text(path), records["source"][0]
        if sha256(text) != source["fields"]["sha256"]:
            raise TextError(f"{path}: is not the text of {source['pk']}: its SHA-256 differs")
        return text
