"""Checks that every locator, hash and quote of a source matches a text, or entry a register."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from policy.evidence import (
    TextError,
    entry_mismatches,
    mismatches,
    misquotations,
    overquoted,
    quoted,
    read_text,
)
from policy.management.commands._source_text import AnnotationsCommand
from policy.registers.entries import RegisterError
from policy.registers.importing import REGISTERS, Register, entries_of
from policy.release.files import UnreadableError, files_of, records_in
from policy.release.records import DecodedRecord
from policy.validation import Record


class Command(AnnotationsCommand):
    """Compares the annotations of a source with its text, or those of a register with a clone."""

    help = (
        "Check each locator, hash and quote of a source against its text; or each entry of a "
        "register in a release, the --folder, against a clone, which is TEXT then."
    )

    def handle(self, *args: Any, source: str, text: Path, folder: Path, **options: Any) -> None:
        """Print every mismatch and fail if there is one."""
        registers = {register.source: register for register in REGISTERS.values()}
        if source in registers:
            self._check_register(registers[source], text, folder)
            return
        records = self.annotated(folder, source)
        sentences, passages = records["sentence"], records["passage"]
        whole, spans = read_text(text), [*sentences, *passages]
        repeated = quoted(records["statement"], spans, whole)
        wrong = [
            *mismatches(records["source"][0], spans, whole),
            *misquotations(records["statement"], spans, whole),
            *overquoted(repeated, spans),
        ]
        self._refuse(wrong, f"this is not the text of {source}, or not well quoted")
        self.stdout.write(
            f"{source}: {len(sentences)} sentences and {len(passages)} passages fit the text; the "
            f"quotes hold {repeated.summary}"
        )

    def _check_register(self, register: Register, clone: Path, folder: Path) -> None:
        source = register.source
        try:
            hashes = entries_of(register, clone)
            passages = [one for one in _passages(folder) if one["fields"]["source"] == source]
        except (RegisterError, UnreadableError) as error:
            raise TextError(str(error)) from error
        if not passages:
            raise TextError(f"{folder}: holds no entry of {source}: give a release with --folder")
        wrong = list(entry_mismatches(passages, hashes))
        self._refuse(wrong, f"this is not the clone that {folder} was made from")
        cited = {one["fields"]["entry"] for one in passages}
        self.stdout.write(
            f"{source}: {len(passages)} entries fit the register; {len(hashes.keys() - cited)} "
            "others of it are cited nowhere"
        )

    def _refuse(self, wrong: list[str], cause: str) -> None:
        for line in wrong:
            self.stderr.write(line)
        if wrong:
            raise CommandError(f"{len(wrong)} errors: {cause}", returncode=2)


def _passages(folder: Path) -> Iterator[Record]:
    """Yield the passages of a release."""
    files, _ = files_of(folder)
    if path := files.get("passages"):
        for found in records_in(path, lambda _: None):
            if isinstance(found, DecodedRecord):
                yield found.value
