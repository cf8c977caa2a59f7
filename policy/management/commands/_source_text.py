"""The base of the commands that take a source and its text."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from policy.annotations.reading import InvalidAnnotationsError
from policy.evidence import TextError


class SourceTextCommand(BaseCommand):
    """A command with the arguments SOURCE and TEXT."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare SOURCE and TEXT."""
        parser.add_argument("source", help="Key of the source, such as article-1.")
        parser.add_argument(
            "text", type=Path, help="File with the exact text of the source, UTF-8."
        )

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run; whatever is wrong with the annotations or the text is a CommandError."""
        try:
            return super().execute(*args, **options)
        except (InvalidAnnotationsError, TextError) as error:
            raise CommandError(str(error)) from error


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
