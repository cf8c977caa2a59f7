"""Manifests: which records a release holds, each with its hash, in the order of the content hash.

A manifest is NDJSON: a head, then a line for each record but the release itself. It tells what
changed from one release to another without the text of either.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Self

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
        fields = release["fields"]
        told = (str(fields[name]) for name in ("version", "released"))
        return cls(*told, fields["schema_version"], fields["content_hash"], note)

    @property
    def order(self) -> tuple[int, ...]:
        """What puts versions in order."""
        return version_order(self.version)


@dataclass(frozen=True, slots=True)
class Line:
    """One record of a release; ``kind`` and ``record`` name what it is served as or is part of.

    They are null for what is no record of the dataset, such as a search entry. ``part`` is what a
    record calls its parts of this kind, null for the record itself.
    """

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
            yield line_of(file, line, record, *_served(model, record, owners))


def line_of(
    file: str, line: bytes, record: Record, kind: str | None, owner: str | None, part: str | None
) -> Line:
    """Return the line of a record that is served as, or within, a record of this kind and key."""
    sha256 = hashlib.sha256(line).hexdigest()
    fields = hashes(record["fields"]) if kind else {}
    return Line(file, record["pk"], sha256, kind, owner, part, fields)


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
) -> tuple[str | None, str | None, str | None]:
    """Return kind and key of the record that one is served in, and what it is called there."""
    key, part = str(record["pk"]), None
    name = owner_key(model)
    if name:
        part = str(model._meta.get_field(name).remote_field.related_name)  # type: ignore[union-attr]
        key, model = record["fields"][name], _related(model, name)
    while name := owner_key(model):
        key, model = owners[model, key], _related(model, name)
    kind = kind_of(model)
    return (kind.value, key, part) if kind else (None, None, None)


def written(head: Head, lines: Iterable[Line]) -> Iterator[bytes]:
    """Yield the lines of a manifest as they stand in its file, newlines included."""
    for one in chain([head], lines):
        yield canonical(asdict(one)) + b"\n"


def read_head(path: Path) -> Head:
    """Return the head of a manifest; raises InvalidManifestError if there is none."""
    try:
        with path.open("rb") as file:
            return Head(**json.loads(file.readline()))
    except (OSError, ValueError, TypeError) as error:
        raise InvalidManifestError(f"{path}: {_RESTORE}: {error}") from error


def read_lines(path: Path) -> Iterator[Line]:
    """Yield the lines of a manifest after its head; raises InvalidManifestError."""
    last: tuple[str, bool, Key] | None = None
    try:
        with path.open("rb") as file:
            file.readline()
            for text in file:
                line = Line(**json.loads(text))
                here = place(line.file, line.key)
                if last and here <= last:
                    raise ValueError(f"{line.file} {line.key} is out of order")
                last = here
                yield line
    except (OSError, ValueError, TypeError) as error:
        raise InvalidManifestError(f"{path}: {_RESTORE}: {error}") from error


_RESTORE = "is no manifest: restore it as it was published"
