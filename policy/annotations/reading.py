"""Reads annotations: TOML files in, one entry per record out."""

import tomllib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from django.db.models import Model

from policy import models
from policy.models.claims import COMPUTED
from policy.models.registry import kind_of, owner_key
from policy.release.files import printable
from policy.validation import Record, errors_of, fields_of
from policy.vocabulary import suggestion

TomlTable = dict[str, Any]
"""One TOML table: the annotation of one record."""


class InvalidAnnotationsError(Exception):
    """All errors of a set of annotations, each with file, record and field."""

    def __init__(self, errors: list[str]) -> None:
        """Store one line per error."""
        self.errors = [printable(error) for error in errors]
        super().__init__("\n".join(self.errors))


class AnnotationType(NamedTuple):
    """How one kind of annotation becomes records: its table, its model and its key."""

    table: str
    model: type[Model]
    key: str = "{id}"
    """The key as a format string over the table and its owner, a record or the source."""
    parts: tuple["AnnotationType", ...] = ()
    role: str | None = None
    """The role of the parties in this table."""
    several: bool = False
    """Whether ``key`` may tell apart what would have the same key otherwise."""


FILES: dict[str, AnnotationType] = {
    "source.toml": AnnotationType("source", models.Source),
    "sentences.toml": AnnotationType("sentence", models.Sentence, "{owner}-p{paragraph}s{number}"),
    "passages.toml": AnnotationType("passage", models.Passage, "{owner}-{sentence}-{start}-{end}"),
    "countries.toml": AnnotationType("country", models.Country),
    "organisations.toml": AnnotationType("organisation", models.Organisation),
    "officials.toml": AnnotationType(
        "official",
        models.Official,
        parts=(
            AnnotationType("position", models.Position, "{owner}-{key}"),
            AnnotationType("same_as", models.Identifier, "{owner}-{scheme}-{value}"),
        ),
    ),
    "bilateral-issues.toml": AnnotationType(
        "issue",
        models.BilateralIssue,
        parts=(
            AnnotationType(
                "account",
                models.Account,
                "{owner}-{source}",
                parts=(
                    AnnotationType("side", models.IssueSide, "{owner}-{country}"),
                    AnnotationType("figure", models.Figure, "{owner}-{key}"),
                ),
                several=True,
            ),
        ),
    ),
    "statements.toml": AnnotationType("statement", models.Statement),
    "events.toml": AnnotationType(
        "event",
        models.Event,
        parts=(
            AnnotationType("actors", models.EventParty, "{owner}-actor-{party}", role="actor"),
            AnnotationType(
                "recipients", models.EventParty, "{owner}-recipient-{party}", role="recipient"
            ),
            AnnotationType("contexts", models.EventContext, "{owner}-{context}"),
            AnnotationType("order", models.EventOrder, "{owner}-{relation}-{other}"),
        ),
    ),
    "trips.toml": AnnotationType(
        "trip",
        models.Trip,
        parts=(AnnotationType("stop", models.Stop, "{owner}-{country}", several=True),),
    ),
    "gaps.toml": AnnotationType("gap", models.Gap),
    "relations.toml": AnnotationType("relation", models.Relation),
    "checks.toml": AnnotationType("check", models.Check),
}
ADDED = ("aliases", "evidence", "members")
"""The lists that any source may add to, in a record that another one declares."""


@dataclass
class Entry:
    """One record of a future fixture, and where it was annotated."""

    model: type[Model]
    key: str
    fields: dict[str, Any]
    where: str

    @property
    def record(self) -> Record:
        """The record as Django writes it in a fixture, its fields in the model's order.

        What a field holds by default is left out, and keys are sorted: the same row of a table
        always gives the same record.
        """
        known = fields_of(self.model)
        order = {name: 0 for name in known if name in self.fields}
        fields = {name: plain(value) for name, value in (order | self.fields).items()}
        for name in order:
            kind, value = known[name], fields[name]
            if kind.many_to_many and isinstance(value, list):
                fields[name] = sorted(value, key=str)
            if value in (None, []) or (kind.has_default() and value == kind.get_default()):
                del fields[name]
        key = self.model._meta.pk.to_python(self.key)
        return {"model": self.model._meta.label_lower, "pk": key, "fields": fields}


@dataclass
class Draft:
    """All entries read so far, and all errors found in them."""

    entries: dict[tuple[type[Model], str], Entry] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def of(self, model: type[Model]) -> list[Entry]:
        """Return the entries of one model, in the order of their keys."""
        found = (entry for (kind, _), entry in self.entries.items() if kind is model)
        return sorted(found, key=lambda entry: entry.key)

    def validate(self, entries: Iterable[Entry]) -> None:
        """Add the errors of each record on its own."""
        self.errors += [
            f"{entry.where}: {name + ': ' if name else ''}{message}"
            for entry in entries
            for name, message in errors_of(entry.model, entry.record)
        ]


def read_toml(path: Path, draft: Draft) -> TomlTable:
    """Return a file's content; if it cannot be read, add an error to the draft."""
    try:
        return tomllib.loads(path.read_bytes().decode(), parse_float=Decimal)
    except FileNotFoundError:
        draft.errors.append(f"{path}: is {'a link to no file' if path.is_symlink() else 'missing'}")
    except OSError as error:
        draft.errors.append(f"{path}: cannot be read: {error.strerror}")
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        draft.errors.append(f"{path}: is not TOML in UTF-8: {error}")
    return {}


def read_tables(
    path: Path, known: Collection[str], draft: Draft
) -> Iterator[tuple[str, int, TomlTable]]:
    """Yield name, number and content of each table in a file; anything else in it is an error."""
    for name, value in read_toml(path, draft).items():
        if name not in known:
            draft.errors.append(f"{path}: {name}: is unknown; {suggestion(name, known)}")
            continue
        for number, table in enumerate(value if isinstance(value, list) else [value], 1):
            if isinstance(table, dict):
                yield name, number, table
            else:
                draft.errors.append(f"{path}: {name} {number}: must be a table, not {table!r}")


def read_sections(path: Path, known: Collection[str], draft: Draft) -> dict[str, TomlTable]:
    """Return the tables in a file by their names, each of which stands once or is empty."""
    return {
        **{name: {} for name in known},
        **{name: table for name, _, table in read_tables(path, known, draft)},
    }


def read_source(folder: Path, draft: Draft) -> None:
    """Read one source's folder into the draft; the folder's name is the source's key."""
    present = files_in(folder, FILES, draft)
    for name, kind in FILES.items():
        if name in present or kind.model is models.Source:
            _read_file(kind, folder / name, draft)


def files_in(folder: Path, known: Collection[str], draft: Draft) -> set[str]:
    """Return the names of the TOML files in a folder, a broken link too; others are errors."""
    names = {path.name for path in folder.glob("*.toml")}
    draft.errors += [
        f"{folder / name}: is not a file of annotations; {suggestion(name, known)}"
        for name in sorted(names.difference(known))
    ]
    return names


def _read_file(kind: AnnotationType, path: Path, draft: Draft) -> None:
    source = path.parent.name
    tables = list(read_tables(path, [kind.table], draft))
    if kind.model is models.Source and [table.get("id") for *_, table in tables] != [source]:
        draft.errors.append(f"{path}: source: id: must be the folder's name, {source!r}")
        return
    reader = _Reader(draft, path, source)
    for name, number, table in tables:
        reader.read(kind, table, f"{name} {number}", source)


@dataclass
class _Reader:
    """Turns the tables of one file into entries of a draft."""

    draft: Draft
    path: Path
    source: str

    def read(self, kind: AnnotationType, table: Any, label: str, owner: str) -> None:
        """Read one table, and the tables nested in it."""
        if kind.model is models.EventContext and isinstance(table, str):
            table = {"context": table}
        if not isinstance(table, dict):
            self.draft.errors.append(f"{self.path}: {label}: must be a table, not {table!r}")
            return
        try:
            key = _key(kind, table, owner, self.source)
        except KeyError as error:
            self.draft.errors.append(f"{self.path}: {label}: {error.args[0]}: is missing")
            return
        where = f"{self.path}: {kind.table} {key}"
        if "id" in table and kind.key != "{id}":
            self.draft.errors.append(f"{where}: id: leave it out; the key is made from the rest")
        derived = {"source", "current_for", owner_key(kind.model) or "source"}
        derived |= {*COMPUTED, *(["role"] if kind.role else ())}
        for name in sorted(derived & table.keys() & fields_of(kind.model).keys()):
            why = "the build computes it" if name in COMPUTED else "it follows from the place"
            self.draft.errors.append(f"{where}: {name}: leave it out; {why}")
        fields = self._fields(kind, table, owner)
        self._add(Entry(kind.model, key, fields, where), kind)
        for part in kind.parts:
            nested = table.get(part.table, [])
            if not isinstance(nested, list):
                self.draft.errors.append(f"{where}: {part.table}: must be a list of tables")
                continue
            for number, inner in enumerate(nested, 1):
                self.read(part, inner, f"{kind.table} {key}: {part.table} {number}", key)

    def _fields(self, kind: AnnotationType, table: TomlTable, owner: str) -> dict[str, Any]:
        apart = {"id", *(part.table for part in kind.parts)}
        if "{key}" in kind.key or kind.several:
            apart.add("key")
        fields = {name: value for name, value in table.items() if name not in apart}
        owner_name = owner_key(kind.model) or "source"
        if owner_name in fields_of(kind.model):
            fields[owner_name] = owner
        if "source" in fields_of(kind.model):
            fields["source"] = self.source
        if kind.role:
            fields["role"] = kind.role
        if kind.model is models.Passage and isinstance(fields.get("sentence"), str):
            fields["sentence"] = f"{self.source}-{fields['sentence']}"
        if isinstance(fields.get("evidence"), list):
            fields["evidence"] = [f"{self.source}-{reference}" for reference in fields["evidence"]]
        return fields

    def _add(self, entry: Entry, kind: AnnotationType) -> None:
        """Add an entry; to a record of another source only lists and parts may be added."""
        existing = self.draft.entries.setdefault((entry.model, entry.key), entry)
        if existing is entry:
            return
        if Path(existing.where).parent == Path(entry.where).parent or not kind_of(entry.model):
            cure = '; give it a key of its own, such as key = "later"' if kind.several else ""
            self.draft.errors.append(
                f"{entry.where}: id: stands twice; first in {existing.where}{cure}"
            )
            return
        declared, *rest = sorted((existing, entry), key=lambda one: not said_once(one))
        self.draft.entries[entry.model, entry.key] = declared
        for adding in rest:
            for name in said_once(adding):
                added = [one for one in ADDED if one in fields_of(entry.model)]
                hint = ", ".join([*added, *(part.table for part in kind.parts)])
                self.draft.errors.append(
                    f"{adding.where}: {name}: another source declares this record, in "
                    f"{declared.where}; add only {hint}, and write a relation for what differs"
                )
            for name in ADDED:
                if name in adding.fields:
                    before = _list(declared.fields.get(name))
                    more = [one for one in _list(adding.fields[name]) if one not in before]
                    declared.fields[name] = before + more


def said_once(entry: Entry) -> list[str]:
    """Return the fields of an entry that only one source may give."""
    return [name for name in entry.fields if name not in ADDED]


def _list(value: Any) -> list[Any]:
    """Return a list as it is, and none in place of anything else, which is an error elsewhere."""
    return value if isinstance(value, list) else []


def _key(kind: AnnotationType, table: TomlTable, owner: str, source: str) -> str:
    """Return the key of a table's record; raises KeyError with the name of a missing field."""
    parts = {**table, "owner": owner, "source": source}
    if "country" in table:
        parts["country"] = str(table["country"]).lower()
    if kind.role:
        if not {"organisation", "country"} & table.keys():
            raise KeyError("country or organisation")
        parts["party"] = table.get("organisation") or parts["country"]
    if "context" in table:
        parts["context"] = str(table["context"]).replace("_", "-")
    key = kind.key.format_map(parts)
    return f"{key}-{table['key']}" if kind.several and "key" in table else key


def records_of_source(folder: Path) -> dict[str, list[Record]]:
    """Return the records that one source's folder declares, by model name, in order of their keys.

    Raises InvalidAnnotationsError if a file cannot be read; only ``build`` checks consistency.
    """
    draft = Draft()
    read_source(folder, draft)
    for kind in (models.Source, models.Sentence, models.Passage):
        draft.validate(draft.of(kind))
    if draft.errors:
        raise InvalidAnnotationsError(draft.errors)
    return {
        str(kind.model._meta.model_name): [entry.record for entry in draft.of(kind.model)]
        for kind in FILES.values()
    }


def plain(value: Any) -> Any:
    """Return a TOML value as JSON represents it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        # JSON has numbers of its own, where a column of decimals has texts.
        numbers = {name: float(one) for name, one in value.items() if isinstance(one, Decimal)}
        return {**value, **numbers}
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else f"{value.normalize():f}"
    return value
