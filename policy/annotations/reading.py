"""Reads annotations: TOML files in, one entry per record out."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import models

from policy.models import (
    BilateralIssue,
    Country,
    Event,
    EventContext,
    EventOrder,
    EventParty,
    Figure,
    Gap,
    IssueSide,
    Official,
    Passage,
    Position,
    Sentence,
    Source,
    Statement,
    Stop,
    Trip,
)
from policy.models.base import Fact
from policy.models.registry import owner_key
from policy.validation import Record, errors_of, fields_of
from policy.vocabulary import nearest

TomlTable = dict[str, Any]
"""One TOML table: the annotation of one record."""


class InvalidAnnotationsError(Exception):
    """All errors of a set of annotations, each with file, record and field."""

    def __init__(self, errors: list[str]) -> None:
        """Store one line per error."""
        self.errors = errors
        super().__init__("\n".join(errors))


@dataclass(frozen=True)
class AnnotationType:
    """How one kind of annotation becomes records: its table, its model and its key."""

    table: str
    model: type[models.Model]
    key: Callable[[str, TomlTable], str]
    owner: str | None = None
    fixed: tuple[tuple[str, str], ...] = ()
    parts: tuple["AnnotationType", ...] = ()
    key_only: tuple[str, ...] = ()


def _id(owner: str, table: TomlTable) -> str:
    return str(table["id"])


def _country(owner: str, table: TomlTable) -> str:
    return f"{owner}-{str(table['country']).lower()}"


def _party(role: str) -> Callable[[str, TomlTable], str]:
    return lambda owner, table: f"{owner}-{role}-{str(table['country']).lower()}"


def _keyed(owner: str, table: TomlTable) -> str:
    return f"{owner}-{table['key']}"


FILES: dict[str, AnnotationType] = {
    "source.toml": AnnotationType("source", Source, _id),
    "sentences.toml": AnnotationType(
        "sentence",
        Sentence,
        lambda source, table: f"{source}-p{table['paragraph']}s{table['number']}",
        owner="source",
    ),
    "passages.toml": AnnotationType(
        "passage",
        Passage,
        lambda source, table: f"{source}-{table['sentence']}-{table['start']}-{table['end']}",
        owner="source",
    ),
    "countries.toml": AnnotationType("country", Country, _id),
    "officials.toml": AnnotationType(
        "official",
        Official,
        _id,
        parts=(AnnotationType("position", Position, _keyed, key_only=("key",)),),
    ),
    "bilateral-issues.toml": AnnotationType(
        "issue",
        BilateralIssue,
        _id,
        parts=(
            AnnotationType("side", IssueSide, _country),
            AnnotationType("figure", Figure, _keyed, key_only=("key",)),
        ),
    ),
    "statements.toml": AnnotationType("statement", Statement, _id),
    "events.toml": AnnotationType(
        "event",
        Event,
        _id,
        parts=(
            AnnotationType("actors", EventParty, _party("actor"), fixed=(("role", "actor"),)),
            AnnotationType(
                "recipients", EventParty, _party("recipient"), fixed=(("role", "recipient"),)
            ),
            AnnotationType(
                "contexts",
                EventContext,
                lambda owner, table: f"{owner}-{str(table['context']).replace('_', '-')}",
            ),
            AnnotationType(
                "order",
                EventOrder,
                lambda owner, table: f"{owner}-{table['relation']}-{table['other']}",
            ),
        ),
    ),
    "trips.toml": AnnotationType(
        "trip", Trip, _id, parts=(AnnotationType("stop", Stop, _country),)
    ),
    "gaps.toml": AnnotationType("gap", Gap, _id, owner="source"),
}
MENTIONS = "mentions.toml"
"""The file with passages that a source adds to records declared in another source's folder."""


@dataclass
class Entry:
    """One record of a future fixture, and where it was annotated."""

    model: type[models.Model]
    key: str
    fields: dict[str, Any]
    where: str

    @property
    def record(self) -> Record:
        """The record as Django writes it in a fixture, its fields in the model's order."""
        order = list(fields_of(self.model))
        fields = {
            name: plain(self.fields[name])
            for name in sorted(
                self.fields, key=lambda name: order.index(name) if name in order else len(order)
            )
        }
        return {"model": self.model._meta.label_lower, "pk": self.key, "fields": fields}


@dataclass
class Draft:
    """All entries read so far, and all errors found in them."""

    entries: dict[tuple[type[models.Model], str], Entry] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def of(self, model: type[models.Model]) -> list[Entry]:
        """Return the entries of one model, in the order of their keys."""
        return sorted(
            (entry for (kind, _), entry in self.entries.items() if kind is model),
            key=lambda entry: entry.key,
        )


def read_toml(path: Path, draft: Draft) -> TomlTable:
    """Return a file's content; if it cannot be read, add an error to the draft."""
    try:
        return tomllib.loads(path.read_bytes().decode(), parse_float=Decimal)
    except FileNotFoundError:
        draft.errors.append(f"{path}: is missing")
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        draft.errors.append(f"{path}: is not TOML in UTF-8: {error}")
    return {}


def read_source(folder: Path, draft: Draft) -> None:
    """Read one source's folder into the draft; the folder's name is the source's key."""
    known = [*FILES, MENTIONS]
    for path in sorted(folder.glob("*.toml")):
        if path.name not in known:
            guess = nearest(path.name, known)
            hint = f"did you mean {guess}?" if guess else f"known are {', '.join(known)}"
            draft.errors.append(f"{path}: is not a file of annotations; {hint}")
    if not (folder / "source.toml").exists():
        draft.errors.append(f"{folder / 'source.toml'}: is missing")
    for name, kind in FILES.items():
        path = folder / name
        if path.exists():
            _read_file(kind, path, draft)


def _read_file(kind: AnnotationType, path: Path, draft: Draft) -> None:
    source = path.parent.name
    content = read_toml(path, draft)
    for stray in content.keys() - {kind.table}:
        draft.errors.append(f"{path}: {stray}: is unknown; only {kind.table} belongs here")
    tables = content.get(kind.table, [])
    if kind.model is Source:
        if not isinstance(tables, dict) or tables.get("id") != source:
            draft.errors.append(f"{path}: source: id: must be the folder's name, {source!r}")
            return
        tables = [tables]
    reader = _Reader(draft, path, source)
    for number, table in enumerate(tables if isinstance(tables, list) else [tables], 1):
        reader.read(kind, table, f"{kind.table} {number}", source)


@dataclass
class _Reader:
    """Turns the tables of one file into entries of a draft."""

    draft: Draft
    path: Path
    source: str

    def read(self, kind: AnnotationType, table: Any, label: str, owner: str) -> None:
        """Read one table, and the tables nested in it."""
        if kind.model is EventContext and isinstance(table, str):
            table = {"context": table}
        if not isinstance(table, dict):
            self.draft.errors.append(f"{self.path}: {label}: must be a table, not {table!r}")
            return
        try:
            key = kind.key(owner, table)
        except KeyError as error:
            self.draft.errors.append(f"{self.path}: {label}: {error.args[0]}: is missing")
            return
        where = f"{self.path}: {kind.table} {key}"
        if "id" in table and kind.key is not _id:
            self.draft.errors.append(f"{where}: id: leave it out; the key is made from the rest")
        fields = self._fields(kind, table, owner)
        self._add(Entry(kind.model, key, fields, where))
        for part in kind.parts:
            nested = table.get(part.table, [])
            if not isinstance(nested, list):
                self.draft.errors.append(f"{where}: {part.table}: must be a list of tables")
                continue
            for number, inner in enumerate(nested, 1):
                self.read(part, inner, f"{kind.table} {key}: {part.table} {number}", key)

    def _fields(self, kind: AnnotationType, table: TomlTable, owner: str) -> dict[str, Any]:
        apart = {"id", *kind.key_only, *(part.table for part in kind.parts)}
        fields = {name: value for name, value in table.items() if name not in apart}
        if owner_name := kind.owner or owner_key(kind.model):
            fields[owner_name] = owner
        fields.update(kind.fixed)
        if kind.model is Passage and isinstance(fields.get("sentence"), str):
            fields["sentence"] = f"{self.source}-{fields['sentence']}"
        if isinstance(fields.get("evidence"), list):
            fields["evidence"] = [f"{self.source}-{reference}" for reference in fields["evidence"]]
        return fields

    def _add(self, entry: Entry) -> None:
        existing = self.draft.entries.setdefault((entry.model, entry.key), entry)
        if existing is entry:
            return
        if existing.model is not Country:
            self.draft.errors.append(f"{entry.where}: id: stands twice; first in {existing.where}")
            return
        for name, value in entry.fields.items():
            if isinstance(value, list):
                merged = [*existing.fields.get(name, []), *value]
                existing.fields[name] = list(dict.fromkeys(merged))
            else:
                self.draft.errors.append(
                    f"{entry.where}: {name}: another source describes this country; add only "
                    "aliases and evidence"
                )


def read_mentions(folder: Path, draft: Draft) -> None:
    """Add a source's passages to records declared in another source's folder."""
    path = folder / MENTIONS
    if not path.exists():
        return
    kinds = {kind.table: kind.model for kind in FILES.values() if issubclass(kind.model, Fact)}
    for number, table in enumerate(read_toml(path, draft).get("mention", []), 1):
        model = kinds.get(str(table.get("kind")))
        entry = draft.entries.get((model, str(table.get("record")))) if model else None
        evidence = table.get("evidence")
        if entry is None or not isinstance(evidence, list) or len(table) != 3:
            draft.errors.append(
                f"{path}: mention {number}: needs kind (one of {', '.join(kinds)}), record (the "
                "key of a record that a source declares) and evidence (a list), and nothing else"
            )
            continue
        added = [f"{folder.name}-{reference}" for reference in evidence]
        entry.fields["evidence"] = [*entry.fields.get("evidence", []), *added]


def records_of_source(folder: Path) -> dict[str, list[Record]]:
    """Return the records that one source's folder declares, by model name, in order of their keys.

    Raises InvalidAnnotationsError if a file cannot be read; only ``build`` checks consistency.
    """
    draft = Draft()
    read_source(folder, draft)
    for kind in (Source, Sentence, Passage):
        for entry in draft.of(kind):
            draft.errors += [
                f"{entry.where}: {name}: {message}"
                for name, message in errors_of(kind, entry.record)
            ]
    if draft.errors:
        raise InvalidAnnotationsError(draft.errors)
    records: dict[str, list[Record]] = {
        kind.model._meta.model_name or "": [entry.record for entry in draft.of(kind.model)]
        for kind in FILES.values()
    }
    return records


def plain(value: Any) -> Any:
    """Return a TOML value as JSON represents it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value
