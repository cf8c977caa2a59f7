"""Imports a register: its entries in, a release of its own out."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from policy.annotations.reading import Entry
from policy.models import Passage
from policy.registers import offices, pocom, travels
from policy.registers.entries import Account, Progress, RegisterError
from policy.registers.writing import ReleaseWriter, Told
from policy.validation import Record


class Register(NamedTuple):
    """How a register is read."""

    source: str
    about: dict[str, str]
    paths: Callable[[Path], list[Path]]
    records: Callable[[Path, Account, Progress], Iterator[list[Entry]]]


REGISTERS: dict[str, Register] = {
    "travels": Register(travels.SOURCE, travels.ABOUT, travels.paths, travels.records),
    "pocom": Register(offices.SOURCE, pocom.ABOUT, pocom.paths, pocom.records),
}
"""The registers that can be imported, by the names of their repositories."""


def import_register(
    register: Register, folder: Path, into: Path, version: str, progress: Progress
) -> tuple[Account, Record]:
    """Write the release of a clone into a folder; return what became of its entries.

    ``progress`` is told how many bytes of the files have been read. Raises RegisterError for a
    folder that is no clone, and UnwritableError.
    """
    account = Account()
    with ReleaseWriter(into) as writer:
        for records in register.records(folder, account, progress):
            writer.write_found(*records)
        if not account.recorded:
            raise RegisterError(f"{folder}: no entry of it could be read; nothing was written")
        if not account.adds_up:
            raise RegisterError(f"{folder}: entries were lost, which is an error of the importer")
        told = Told(
            id=register.source,
            version=version,
            title=register.about["title"],
            licence="CC0-1.0",
            released=f"{account.newest or '1970-01-01'}T00:00:00Z",
            note=f"{account.recorded} entries of {register.about['url']}, imported.",
        )
        return account, writer.finish(told)


def entries_of(register: Register, folder: Path) -> dict[str, str]:
    """Return the hash of each entry of a clone by its id, as an import takes it."""
    account = Account()
    return {
        entry.fields["entry"]: entry.fields["sha256"]
        for records in register.records(folder, account, lambda _: None)
        for entry in records
        if entry.model is Passage
    }
