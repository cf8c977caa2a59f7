"""Proposes what to locate in the text of a source."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from policy.annotations.proposals import draft, known_names
from policy.evidence import TextError
from policy.management.commands._source_text import AnnotationsCommand

ENDING = ".draft.toml"
"""The ending of a draft's name, which git ignores: the file repeats words of the text."""


class Command(AnnotationsCommand):
    """Lists known names, numbers, dates and quotations, sentence by sentence."""

    help = (
        "List the known names, the numbers, dates and quotations of each sentence as commented "
        "TOML. Take the marks of comments from what facts rest on; locate --file finds it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare SOURCE, TEXT, --folder and --output."""
        super().add_arguments(parser)
        parser.add_argument(
            "--output",
            type=Path,
            metavar="PATH",
            help=f"A new file to write to, whose name ends in {ENDING}; else it is printed.",
        )

    def handle(
        self,
        *args: Any,
        source: str,
        text: Path,
        folder: Path,
        output: Path | None = None,
        **options: Any,
    ) -> None:
        """Print the draft, or write it to a file that is not there yet."""
        records = self.annotated(folder, source)
        whole = self.text_of(records, text)
        lines = list(draft(source, records["sentence"], whole, known_names(folder)))
        if output is None:
            self.stdout.write("\n".join(lines))
            return
        if not output.name.endswith(ENDING):
            raise TextError(
                f"{output}: repeats words of the text, which git must ignore: end its name in "
                f"{ENDING}"
            )
        try:
            with output.open("x", encoding="utf-8") as file:
                file.write("\n".join([*lines, ""]))
        except OSError as error:
            raise TextError(f"{output}: cannot be written: {error.strerror}") from error
        self.stdout.write(f"{output}: {sum(line[0] == ' ' for line in lines)} phrases proposed")
