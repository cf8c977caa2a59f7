"""Entries of a register: read from its XML, told of one by one, and made into passages."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

from policy.annotations.reading import Entry
from policy.models import Passage, Source
from policy.models.sources import SourceKind
from policy.release.contents import canonical
from policy.release.files import printable
from policy.validation import errors_of

MAX_FILE = 1 << 26
"""Greatest length of a file of a register, in bytes."""

WHOLE = "(the whole file)"
"""The id of what is refused where no entry of a file could be read."""

Progress = Callable[[int], object]
"""Told how many bytes have been read, file by file."""


class RegisterError(Exception):
    """A folder that holds no such register, or an entry that cannot be used; it names the cure."""

    def __init__(self, message: str) -> None:
        """Take the message, which may name files and quote the register."""
        super().__init__(printable(message))


@dataclass
class Account:
    """What became of the entries of a register: each was recorded, refused or left aside."""

    read: int = 0
    recorded: int = 0
    refused: list[str] = field(default_factory=list)
    """One line for each: file, id, what is wrong and the cure."""
    aside: Counter[str] = field(default_factory=Counter)
    """The entries that hold nothing we record, by what they are."""
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    keys: set[str] = field(default_factory=set)
    newest: str = ""
    """The last day on which an entry was changed, as the register writes it."""

    def refuse(self, file: Path, entry: str, problem: object) -> None:
        """Tell of an entry that is not recorded."""
        self.refused.append(printable(f"{file.parent.name}/{file.name}: {entry}: {problem}"))

    @property
    def adds_up(self) -> bool:
        """Whether no entry was lost."""
        return self.read == self.recorded + len(self.refused) + self.aside.total()

    def passage(
        self, source: str, entry: str, fields: dict[str, str], quote: str | None = None
    ) -> Entry:
        """Return the passage for an entry, of which these fields are used, and count it.

        An id that stands more than once is told apart by a number. Raises RegisterError if it
        cannot be kept.
        """
        number, name = 1, entry
        while name in self.keys or f"{source}-{slug(name)}" in self.keys:
            number += 1
            name = f"{entry}/{number}"
        sha256 = hashlib.sha256(canonical(fields)).hexdigest()
        key = f"{source}-{slug(name)}"
        told = {"source": source, "entry": name, "sha256": sha256, "quote": quote}
        made = Entry(Passage, key, told, entry)
        checked(made)
        self.keys |= {name, key}
        self.digest.update(f"{sha256}\n".encode())
        self.recorded += 1
        return made

    def source(self, key: str, **fields: str) -> Entry:
        """Return the record of the register, once all of it has been read."""
        told = {
            "kind": SourceKind.REGISTER.value,
            "language": "en",
            "sha256": self.digest.hexdigest(),
            "entries": self.read,
            **fields,
        }
        return Entry(Source, key, told, key)


def checked(entry: Entry) -> Entry:
    """Return a record; raises RegisterError with all that is wrong with it by itself."""
    wrong = [f"{name}: {message}" for name, message in errors_of(entry.model, entry.record)]
    if wrong:
        raise RegisterError("; ".join(wrong))
    return entry


def slug(text: str) -> str:
    """Return a text as a part of a key: lower-case letters, digits and single hyphens."""
    plain = unicodedata.normalize("NFKD", text.replace("ø", "o").replace("Ø", "o"))
    return re.sub(r"[^a-z0-9]+", "-", plain.encode("ascii", "ignore").decode().lower()).strip("-")


def files_in(folder: Path, *names: str) -> list[Path]:
    """Return the XML files in folders of a register, in order; RegisterError if there is none."""
    found: list[Path] = []
    for name in names:
        inner = sorted((folder / name).rglob("*.xml"))
        if not inner:
            raise RegisterError(f"{folder / name}: holds no XML: give a clone of the register")
        found += inner
    return found


def parsed(path: Path) -> Element:
    """Return the root of a file; raises RegisterError if it is not plain XML in UTF-8.

    A document type is refused: entities declared in one can grow without end.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise RegisterError(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RegisterError(f"is not UTF-8 at byte {error.start}: save it as UTF-8") from error
    if len(data) > MAX_FILE:
        raise RegisterError(f"is longer than {MAX_FILE} bytes: is it a file of the register?")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise RegisterError("declares a document type: take the declaration out")
    try:
        return ET.fromstring(text)  # noqa: S314 - without a document type it is harmless
    except (ET.ParseError, ValueError) as error:
        raise RegisterError(f"is not XML: {error}: restore it from the register") from error


def roots(
    paths: list[Path], account: Account, progress: Progress
) -> Iterator[tuple[Path, Element]]:
    """Yield the root of each file; one that cannot be read counts as an entry that is refused."""
    for path in paths:
        try:
            root = parsed(path)
        except RegisterError as error:
            account.read += 1
            account.refuse(path, WHOLE, error)
        else:
            yield path, root
        progress(path.stat().st_size if path.exists() else 0)


def words(element: Element, path: str) -> str:
    """Return the text below an element, its blanks made single; empty where there is none."""
    found = element.find(path)
    return " ".join("".join(found.itertext()).split()) if found is not None else ""


def needed(element: Element, *paths: str) -> dict[str, str]:
    """Return texts below an element by their paths; raises RegisterError where one is empty."""
    found = {path: words(element, path) for path in paths}
    for path, text in found.items():
        if not text:
            raise RegisterError(f"{path}: is missing: fill it in")
    return found


def changed_on(element: Element, account: Account) -> None:
    """Note the day on which an entry was changed, or made."""
    for name in ("last-modified-datetime", "last-modified-date", "created-datetime"):
        account.newest = max(account.newest, words(element, name)[:10])
