"""Attaches a source's text to its loaded passages, for an operator who may publish it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from policy.evidence import TextError, attach, read_text
from policy.management.commands._source_text import add_source_and_text


class Command(BaseCommand):
    """Stores the exact text of every passage of a loaded source."""

    help = "Attach a source's text to the loaded dataset, so that passages carry it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare SOURCE and TEXT."""
        add_source_and_text(parser)

    def handle(self, *args: Any, source: str, text: Path, **options: Any) -> None:
        """Attach the text to all passages, or to none if it is not the right one."""
        try:
            count = attach(source, read_text(text))
        except TextError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{source}: {count} passages now carry their text")
