"""Begins the annotations of a source from its text."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from policy.annotations.sentences import begin_source
from policy.evidence import read_text
from policy.management.commands._source_text import AnnotationsCommand
from policy.release.files import printable


class Command(AnnotationsCommand):
    """Writes source.toml and sentences.toml of a new source."""

    help = "Split a text into sentences, and write source.toml and sentences.toml of a new source."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare SOURCE, TEXT, --folder and --language."""
        super().add_arguments(parser)
        parser.add_argument(
            "--language", help="BCP 47 tag of the text's language, if it is not to be detected."
        )

    def handle(
        self,
        *args: Any,
        source: str,
        text: Path,
        folder: Path,
        language: str | None = None,
        **options: Any,
    ) -> None:
        """Write the two files, and print where each sentence lies and begins, to be looked over."""
        target, whole = folder / "sources" / source, read_text(text)
        spans = begin_source(target, whole, language)
        for span in spans:
            words = whole[span.start : span.end].split()
            shown = " ".join([*words[:4], "…", *words[-2:]] if len(words) > 7 else words)
            self.stdout.write(f"{span.key} {span.start}-{span.end}: {printable(shown)}")
        self.stdout.write(f"{target}: {spans[-1].paragraph} paragraphs, {len(spans)} sentences")
