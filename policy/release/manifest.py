"""Manifests: which records a release holds, each with its hash, in the order of the content hash.

A manifest is NDJSON: a head, then a line for each record but the release itself. It tells what
changed from one release to another without the text of either.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

from django.db import models

from policy.models.registry import kind_of, owner_key
from policy.release.contents import canonical, release_models
from policy.validation import Record

LinesOf = Callable[[str], Iterable[bytes]]
"""Returns the records of a file of a release, by its name, as canonical lines in order of keys."""
Key = str | int
"""The key of a record; those of some derived records are numbers."""
Fields = dict[str, str]
"""The first eight hex digits of the SHA-256 of each value of a record that is not empty."""

EMPTY: tuple[Any, ...] = (None, False, "", [], {})
"""The values that count as none, whether a record holds them or leaves them out."""


class InvalidManifestError(Exception):
    """A manifest that does not fit its release; the message names the cure."""


_OF_RELEASE = ("version", "released", "schema_version", "content_hash")


@dataclass(frozen=True, slots=True)
class Head:
    """Which release a manifest is of, and what was new in it, in our words."""

    version: str
    released: str
    schema_version: int
    content_hash: str
    note: str

    @classmethod
    def of(cls, release: Record, note: str) -> Self:
        """Return the head for the record of a release."""
        told = {name: release["fields"][name] for name in _OF_RELEASE}
        return cls(**told, note=note)

    @property
    def order(self) -> tuple[int, ...]:
        """What puts versions in order."""
        return version_order(self.version)


class Served(NamedTuple):
    """What a record is served as or within: kind, key, and what that record calls such parts."""

    kind: str | None = None
    """Null for what is no record of the dataset, such as a search entry."""
    record: str | None = None
    part: str | None = None
    """Null for what is no part."""


@dataclass(frozen=True, slots=True)
class Line:
    """One record of a release, its hashes, and what it is served as or within."""

    file: str
    key: Key
    sha256: str
    kind: str | None
    record: str | None
    part: str | None
    fields: Fields


def version_order(version: str) -> tuple[int, ...]:
    """Return what puts a version in order: its numbers; raises ValueError for anything else."""
    return tuple(map(int, version.split(".")))


def place(file: str, key: Key) -> tuple[str, bool, Key]:
    """Return what puts the records of a release in order: by file, then by key, numbers first."""
    return file, isinstance(key, str), key


def hashes(fields: Record) -> Fields:
    """Return the hash of each value of a record that is not empty."""
    return {
        name: hashlib.sha256(canonical(value)).hexdigest()[:8]
        for name, value in fields.items()
        if value not in EMPTY
    }


def manifest_lines(lines: LinesOf) -> Iterator[Line]:
    """Yield a line for each record of a release.

    Beside one record, only the keys of parts that have parts of their own are kept in memory.
    """
    owners = dict(_owners(lines))
    for file, model in release_models().items():
        if file == "release":
            continue
        for line in lines(file):
            record = json.loads(line)
            yield line_of(file, line, record, _served(model, record, owners))


def line_of(file: str, line: bytes, record: Record, served: Served) -> Line:
    """Return the line of a record, which is a canonical line of a file itself."""
    sha256 = hashlib.sha256(line).hexdigest()
    fields = hashes(record["fields"]) if served.kind else {}
    return Line(file, record["pk"], sha256, *served, fields)


def _owners(lines: LinesOf) -> Iterator[tuple[tuple[type[models.Model], str], str]]:
    """Yield the key of the owner of each part that has parts of its own."""
    known = release_models()
    within = {_related(model, name) for model in known.values() if (name := owner_key(model))}
    for file, model in known.items():
        name = owner_key(model)
        if name and model in within:
            for line in lines(file):
                record = json.loads(line)
                yield (model, record["pk"]), record["fields"][name]


def _related(model: type[models.Model], name: str) -> type[models.Model]:
    related: type[models.Model] = model._meta.get_field(name).related_model  # type: ignore[assignment]
    return related


def _served(
    model: type[models.Model], record: Record, owners: dict[tuple[type[models.Model], str], str]
) -> Served:
    """Return what a record is served as or within."""
    key, part = str(record["pk"]), None
    name = owner_key(model)
    if name:
        part = str(model._meta.get_field(name).remote_field.related_name)  # type: ignore[union-attr]
        key, model = record["fields"][name], _related(model, name)
    while name := owner_key(model):
        key, model = owners[model, key], _related(model, name)
    kind = kind_of(model)
    return Served(kind.value, key, part) if kind else Served()


def written(head: Head, lines: Iterable[Line]) -> Iterator[bytes]:
    """Yield the lines of a manifest as they stand in its file, newlines included."""
    yield canonical(asdict(head)) + b"\n"
    for line in lines:
        yield canonical(asdict(line)) + b"\n"


def read_head(path: Path) -> Head:
    """Return the head of a manifest; raises InvalidManifestError if there is none."""
    with _explained(path), path.open("rb") as file:
        head = Head(**json.loads(file.readline()))
        if path.stem not in (head.version, "manifest") or len(head.order) != 3:
            raise ValueError(f"its release is {head.version}")
    return head


def read_lines(path: Path) -> Iterator[Line]:
    """Yield the lines of a manifest after its head; raises InvalidManifestError."""
    last: tuple[str, bool, Key] = ("", False, 0)
    with _explained(path), path.open("rb") as file:
        file.readline()
        for text in file:
            line = Line(**json.loads(text))
            here = place(line.file, line.key)
            if here <= last:
                raise ValueError(f"{line.file} {line.key} is out of order")
            last = here
            yield line


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Raise InvalidManifestError for whatever a file has that a manifest has not."""
    try:
        yield
    except (OSError, ValueError, TypeError, AttributeError) as error:
        message = f"{path}: is no manifest ({error}): restore it as it was published"
        raise InvalidManifestError(message) from error
