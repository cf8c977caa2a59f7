"""Arguments shared by the commands that take a source and its text."""

from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from policy.annotations.reading import InvalidAnnotationsError, records_of_source
from policy.validation import Record


def add_source_and_text(parser: ArgumentParser) -> None:
    """Declare the arguments SOURCE and TEXT."""
    parser.add_argument("source", help="Key of the source, such as article-1.")
    parser.add_argument("text", type=Path, help="File with the exact text of the source, UTF-8.")


def add_folder(parser: ArgumentParser) -> None:
    """Declare the option --folder."""
    parser.add_argument(
        "--folder",
        type=Path,
        default=settings.BASE_DIR / "fixtures",
        help="The folder whose sources/SOURCE holds the annotations.",
    )


def records_of(folder: Path, source: str) -> dict[str, list[Record]]:
    """Return the records of one source's folder by model name; CommandError if it is invalid."""
    try:
        return records_of_source(folder / "sources" / source)
    except InvalidAnnotationsError as error:
        raise CommandError("\n".join(error.errors)) from error
