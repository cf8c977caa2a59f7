"""Attaches a source's text to its loaded passages, for an operator who may publish it."""

from pathlib import Path
from typing import Any

from policy.evidence import attach, read_text
from policy.management.commands._source_text import SourceTextCommand


class Command(SourceTextCommand):
    """Stores the exact text of every passage of a loaded source."""

    help = "Attach a source's text to the loaded dataset, so that passages carry it."

    def handle(self, *args: Any, source: str, text: Path, **options: Any) -> None:
        """Attach the text to all passages, or to none if it is not the right one."""
        count = attach(source, read_text(text))
        self.stdout.write(f"{source}: {count} passages now carry their text")
