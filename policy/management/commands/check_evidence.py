"""Checks that every locator, hash and quote of a source matches a text."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from policy.evidence import mismatches, misquotations, overquoted, quoted, read_text
from policy.management.commands._source_text import AnnotationsCommand


class Command(AnnotationsCommand):
    """Compares the annotations of a source with its text."""

    help = "Check each locator, hash and quote of a source against its text."

    def handle(self, *args: Any, source: str, text: Path, folder: Path, **options: Any) -> None:
        """Print every mismatch and fail if there is one."""
        records = self.annotated(folder, source)
        sentences, passages = records["sentence"], records["passage"]
        whole, spans = read_text(text), [*sentences, *passages]
        repeated = quoted(records["statement"], spans, whole)
        wrong = [
            *mismatches(records["source"][0], spans, whole),
            *misquotations(records["statement"], spans, whole),
            *overquoted(repeated, spans),
        ]
        for line in wrong:
            self.stderr.write(line)
        if wrong:
            message = f"{len(wrong)} errors: this is not the text of {source}, or not well quoted"
            raise CommandError(message, returncode=2)
        self.stdout.write(
            f"{source}: {len(sentences)} sentences and {len(passages)} passages fit the text; the "
            f"quotes hold {repeated.summary}"
        )
