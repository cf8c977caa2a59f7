"""Prints the annotation that makes a phrase of a source citable."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from policy.evidence import TextError, locate, read_text
from policy.management.commands._source_text import add_folder, add_source_and_text, records_of


class Command(BaseCommand):
    """Finds a phrase and writes its passage in TOML."""

    help = "Print the annotation for a phrase of a source's text."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare SOURCE, TEXT, PHRASE and --folder."""
        add_source_and_text(parser)
        parser.add_argument("phrase", help="The words to look for, exactly as they stand.")
        add_folder(parser)

    def handle(
        self, *args: Any, source: str, text: Path, phrase: str, folder: Path, **options: Any
    ) -> None:
        """Print the passage, or raise CommandError with the reason why there is none."""
        records = records_of(folder, source)
        try:
            found = locate(source, records["sentence"], read_text(text), phrase)
        except TextError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(found, ending="")
