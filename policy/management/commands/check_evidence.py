"""Checks that every locator, hash and quote of a source matches a text."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from policy.evidence import TextError, mismatches, misquotations, read_text
from policy.management.commands._source_text import add_folder, add_source_and_text, records_of


class Command(BaseCommand):
    """Compares the annotations of a source with its text."""

    help = "Check each locator, hash and quote of a source against its text."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare SOURCE, TEXT and --folder."""
        add_source_and_text(parser)
        add_folder(parser)

    def handle(self, *args: Any, source: str, text: Path, folder: Path, **options: Any) -> None:
        """Print every mismatch and fail if there is one."""
        records = records_of(folder, source)
        spans = [*records["sentence"], *records["passage"]]
        try:
            whole = read_text(text)
        except TextError as error:
            raise CommandError(str(error)) from error
        wrong = [
            *mismatches(records["source"][0], spans, whole),
            *misquotations(records["statement"], spans, whole),
        ]
        for line in wrong:
            self.stderr.write(line)
        if wrong:
            raise CommandError(f"{len(wrong)} mismatches: this is not the text of {source}")
        self.stdout.write(
            f"{source}: {len(records['sentence'])} sentences and {len(records['passage'])} "
            "passages fit the text"
        )
