"""Writes what is made of the models and the release: docs/data.md and CITATION.cff."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.python import Deserializer

from policy.citation import citation_file
from policy.database.dictionary import data_dictionary
from policy.release.files import files_of, records_in


class Command(BaseCommand):
    """Writes the data dictionary and the citation file of the committed release."""

    help = "Write docs/data.md and CITATION.cff; with --check only compare."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare --check."""
        parser.add_argument("--check", action="store_true", help="Fail if a file is not current.")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        """Write both, or compare."""
        path = files_of(settings.BASE_DIR / "fixtures")[0]["release"]
        record = next(iter(records_in(path, lambda _: None)))
        release: Any = next(iter(Deserializer([record.value]))).object  # type: ignore[union-attr]
        texts = {"docs/data.md": data_dictionary(), "CITATION.cff": citation_file(release)}
        for name, text in texts.items():
            file = settings.BASE_DIR / name
            if check and (not file.exists() or file.read_text(encoding="utf-8") != text):
                raise CommandError(f"not current: {name}: run manage.py write_docs")
            if not check:
                file.write_text(text, encoding="utf-8", newline="\n")
