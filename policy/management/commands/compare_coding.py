"""Compares what two coders made of one text."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from policy.annotations.agreement import Coding, Comparison, overall
from policy.evidence import read_text
from policy.management.commands._source_text import EvidenceCommand
from policy.release.files import printable


class Command(EvidenceCommand):
    """Prints the agreement in each field, and every disagreement under its sentence."""

    help = (
        "Print how far two folders of annotations of one text agree (per cent and Krippendorff's "
        "alpha, nominal), each disagreement, and the coding_agreement of release.toml."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare A, B and --text."""
        parser.add_argument("a", type=Path, metavar="A", help="The first coder's folder.")
        parser.add_argument("b", type=Path, metavar="B", help="The second coder's folder.")
        parser.add_argument("--text", type=Path, help="The text, to print the sentences from.")

    def handle(
        self, *args: Any, a: Path, b: Path, text: Path | None = None, **options: Any
    ) -> None:
        """Print a table of the fields, then the disagreements in the order of the text."""
        whole = read_text(text) if text else ""
        comparison = Comparison(Coding(a), Coding(b))
        measures = list(comparison.measures())
        self.stdout.write(f"{'kind':20} {'field':24} {'number':>6} {'equal':>6} {'alpha':>6}")
        for measure in measures:
            kind, field, values = measure
            alpha = "-" if measure.alpha is None else f"{measure.alpha:.2f}"
            share = f"{measure.equal / len(values):.0%}"
            self.stdout.write(f"{kind:20} {field:24} {len(values):6} {share:>6} {alpha:>6}")
        differences = sorted(
            comparison.disagreements(),
            key=lambda one: one.sentence.fields["start"] if one.sentence else -1,
        )
        heading: Any = self
        for one in differences:
            if one.sentence != heading:
                heading = one.sentence
                self.stdout.write(f"\n{_heading(heading, whole)}")
            self.stdout.write(printable(f"  {one.words}"))
        told = ", ".join(
            f"{name} = {value}" for name, value in overall(measures).items() if value is not None
        )
        self.stdout.write(f"\n{len(differences)} disagreements\ncoding_agreement = {{{told}}}")


def _heading(sentence: Any, text: str) -> str:
    if sentence is None:
        return "without evidence"
    start, end = sentence.fields["start"], sentence.fields["end"]
    return f"{sentence.key} ({start} to {end}) {printable(text[start:end])}".rstrip()
