"""Prints the annotation that makes a phrase of a source citable."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from policy.evidence import locate, read_text
from policy.management.commands._source_text import AnnotationsCommand


class Command(AnnotationsCommand):
    """Finds a phrase and writes its passage in TOML."""

    help = "Print the annotation for a phrase of a source's text."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare SOURCE, TEXT, PHRASE and --folder."""
        super().add_arguments(parser)
        parser.add_argument("phrase", help="The words to look for, exactly as they stand.")

    def handle(
        self, *args: Any, source: str, text: Path, phrase: str, folder: Path, **options: Any
    ) -> None:
        """Print the passage, or raise CommandError with the reason why there is none."""
        sentences = self.annotated(folder, source)["sentence"]
        self.stdout.write(locate(source, sentences, read_text(text), phrase), ending="")
