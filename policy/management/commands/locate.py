"""Writes the annotations that make phrases of a source citable."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from policy.annotations.locating import Locator, Phrase, append, locate_all, read_phrases
from policy.evidence import TextError, quoted, read_text
from policy.management.commands._source_text import AnnotationsCommand
from policy.release.files import printable


class Command(AnnotationsCommand):
    """Finds phrases and writes their passages in TOML."""

    help = "Print the annotations for phrases of a source's text, or write them to passages.toml."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare SOURCE, TEXT, PHRASE, --folder, --file, --sentence, --nth and --write."""
        super().add_arguments(parser)
        parser.add_argument(
            "phrases", nargs="*", metavar="PHRASE", help="Words to look for, as they stand."
        )
        parser.add_argument(
            "--file",
            type=Path,
            help="A file of more phrases, one a line; - for standard input; or, where its name "
            "ends in .toml, what draft has written. Lines that begin with # say nothing.",
        )
        parser.add_argument("--sentence", metavar="KEY", help="Look in one sentence, such as p1s3.")
        parser.add_argument(
            "--nth", type=int, metavar="N", help="Take the Nth of several occurrences, from 1."
        )
        parser.add_argument(
            "--write", action="store_true", help="Add the passages to the end of passages.toml."
        )

    def create_parser(self, *args: Any, **options: Any) -> CommandParser:
        """Return a parser that takes phrases after options too."""
        parser = super().create_parser(*args, **options)
        parser.parse_args = parser.parse_intermixed_args  # type: ignore[method-assign]
        return parser

    def handle(
        self,
        *args: Any,
        source: str,
        text: Path,
        phrases: list[str],
        folder: Path,
        file: Path | None = None,
        sentence: str | None = None,
        nth: int | None = None,
        write: bool = False,
        **options: Any,
    ) -> None:
        """Print or write the passages, or raise CommandError with all that is wrong."""
        records = self.annotated(folder, source)
        whole = self.text_of(records, text)
        wanted = [*(Phrase(words, sentence, nth) for words in phrases)]
        if file:
            wanted += _phrases_in(file, sentence, nth)
        if not wanted:
            raise TextError("there is no phrase to look for: give some, or --file")
        found = locate_all(Locator(source, records["sentence"], whole), wanted)
        present = {record["pk"].removeprefix(f"{source}-") for record in records["passage"]}
        new = [passage for passage in found if passage.key not in present]
        if write:
            append(folder / "sources" / source / "passages.toml", new)
            records = self.annotated(folder, source)
        for passage in found:
            if passage not in new:
                self.stdout.write(f"# {passage.key} is there already")
            elif write:
                self.stdout.write(f"{passage.key}: {printable(passage.quote)}")
            else:
                self.stdout.write(f"# cite it as {passage.key}\n{passage.toml}")
        if write:
            spans = [*records["sentence"], *records["passage"]]
            total = quoted(records["statement"], spans, whole)
            self.stdout.write(f"{len(new)} passages added; all quotes hold {total.summary}")


def _phrases_in(file: Path, sentence: str | None, nth: int | None) -> Iterator[Phrase]:
    text = sys.stdin.read() if str(file) == "-" else read_text(file)
    if file.suffix == ".toml":
        yield from read_phrases(text)
        return
    for line in text.removeprefix("\ufeff").splitlines():
        if line.strip() and not line.startswith("#"):
            yield Phrase(line.strip(), sentence, nth)
