"""Joins annotations and releases into one, in which one person is one record."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db.models import Model

from policy.annotations.building import annotated
from policy.annotations.concerns import concerns
from policy.annotations.consistency import inconsistencies
from policy.annotations.identities import Identities, identifier, read_identities
from policy.annotations.reading import (
    ADDED,
    Draft,
    Entry,
    InvalidAnnotationsError,
    TomlTable,
    plain,
)
from policy.annotations.search_entries import search_entries
from policy.claims.verdicts import settle
from policy.models import (
    Check,
    Country,
    Identifier,
    Official,
    Organisation,
    Relation,
    Renaming,
    Source,
)
from policy.models.registry import kind_of, owner_key
from policy.models.relations import ENDS
from policy.registers.writing import ReleaseWriter, Told
from policy.release.contents import UNCOUNTED, canonical, release_models
from policy.release.files import UnreadableError, files_of, records_in
from policy.release.records import DecodedRecord
from policy.validation import Record, fields_of

JOINED: tuple[type[Model], ...] = (Country, Official, Organisation)
"""The kinds of records that several sources may speak of."""
NAMES = ("name", "label", "acronym")
"""What sources may call a record differently: those of the first stay, others are aliases."""
OWN = {*NAMES, *ADDED, "support", "country_support", "note"}
"""What is each source's own and contradicts nothing: the record keeps that of the first."""

LEADING: dict[type[Model], list[tuple[str, str, str]]] = {
    Relation: [(f"{end}_kind", end, f"{end}_part") for end in ENDS],
    Renaming: [("kind", "record", "")],
    Check: [("claim_kind", "claim", "")],
}
"""The fields that hold a key without a foreign key: that of its kind, its own, that of a part."""
MODELS = {str(kind_of(model)): model for model in JOINED}

ModelKey = tuple[type[Model], str]
Keys = dict[ModelKey, str]
"""The key that a record of a source gets, by its model and the key it has there."""


@dataclass
class Part:
    """What is joined: the records of one folder, and what its release says of itself."""

    folder: Path
    draft: Draft
    release: TomlTable
    names: Keys = field(default_factory=dict)
    shared: set[ModelKey] = field(default_factory=set)
    """The records, by their keys in the join, that an identity says are those of other parts."""


def build_release(
    folders: list[Path], into: Path, table: Path, progress: Callable[[int], object]
) -> tuple[Record, list[str]]:
    """Write the join of folders of annotations or releases into a folder.

    The release is called as that of the first folder. Returns its record, and a line for each
    identity that nothing was joined by, and each relation that is left out. Raises
    InvalidAnnotationsError with all errors, and UnwritableError.
    """
    errors = Draft()
    identities = read_identities(table, errors)
    parts = [_read(folder, progress) for folder in folders]
    for part in parts:
        errors.errors += part.draft.errors
    errors.errors += _repeated(parts)
    _raise(errors)
    whole = Draft()
    idle = _join(parts, identities, whole)
    _raise(whole)
    whole.errors += inconsistencies(whole)
    _raise(whole)
    settle(whole)
    with ReleaseWriter(into) as writer:
        writer.write(*whole.entries.values(), *search_entries(whole), *concerns(whole))
        return writer.finish(_told(parts[0].release)), idle


def _raise(draft: Draft) -> None:
    if draft.errors:
        raise InvalidAnnotationsError(draft.errors)


def _repeated(parts: list[Part]) -> Iterator[str]:
    """Yield a line for each folder with a source that a folder before it has too."""
    first: dict[str, Path] = {}
    for part in parts:
        keys = [entry.key for entry in part.draft.of(Source)]
        again = [key for key in keys if key in first]
        if again:
            before = first[again[0]]
            cure = "give each folder once, and a join without its parts"
            yield f"{part.folder}: has the source {again[0]}, as {before} has: {cure}"
        first = {**dict.fromkeys(keys, part.folder), **first}


def _told(release: TomlTable) -> Told:
    """Return what the release says of itself; what is missing is told of by its record."""
    names = ("id", "version", "title", "licence", "released", "note")
    return Told(*(str(plain(release.get(name, ""))) for name in names))


def _read(folder: Path, progress: Callable[[int], object]) -> Part:
    """Return the records of a folder: of annotations where it has such, else of a release."""
    draft = Draft()
    if (folder / "release.toml").exists():
        release, _ = annotated(folder, draft)
        return Part(folder, draft, release)
    files, errors = files_of(folder)
    draft.errors += errors
    digest, release = hashlib.sha256(), {}
    for name, path in files.items():
        for record in _records(path, draft, progress):
            if name == "release":
                release = {"id": record["pk"], **record["fields"]}
                continue
            digest.update(canonical(record) + b"\n")
            if name not in UNCOUNTED:
                model, key = release_models()[name], str(record["pk"])
                where = f"{path}: {key}"
                draft.entries[model, key] = Entry(model, key, record["fields"], where)
    if not draft.errors and digest.hexdigest() != release.get("content_hash"):
        draft.errors.append(f"{folder}: its content hash is another: write or copy it again")
    return Part(folder, draft, {**release, "note": _note(folder, release)})


def _records(path: Path, draft: Draft, progress: Callable[[int], object]) -> Iterator[Record]:
    try:
        for found in records_in(path, progress):
            value = found.value if isinstance(found, DecodedRecord) else None
            if isinstance(value, dict) and {"pk", "fields"} <= value.keys():
                yield value
            else:
                draft.errors.append(f"{path}: holds what is no record: load_release tells of it")
    except UnreadableError as error:
        draft.errors.append(f"{path}: {error}")


def _note(folder: Path, release: TomlTable) -> str:
    """Return what was new in a release, which its manifest tells."""
    path = folder / "manifests" / f"{release.get('version')}.ndjson"
    try:
        with path.open("rb") as file:
            return str(json.loads(file.readline())["note"])
    except (OSError, ValueError, LookupError):
        return "A join of several sources."


def _join(parts: list[Part], identities: Identities, whole: Draft) -> list[str]:
    """Put the records of all parts into one draft; return a line for what was of no use."""
    used = _name(parts, identities, whole)
    for part in parts:
        for (model, key), entry in part.draft.entries.items():
            _add(_renamed(model, key, entry, part.names), part, whole)
    for one in identities.officials:
        if (Official, one["record"]) in whole.entries:
            entry = identifier(one)
            whole.entries[Identifier, entry.key] = entry
    for part in parts:
        for (model, former), key in part.names.items():
            _lead_on(model, former, key, whole)
    related, left = identities.related(whole)
    whole.validate(related)
    whole.entries.update({(Relation, entry.key): entry for entry in related})
    told = [f"official {one['value']}" for one in identities.officials]
    told += [f"organisation {one['also']}" for one in identities.organisations]
    return [f"nothing to join by: {name}" for name in told if name not in used] + left


def _name(parts: list[Part], identities: Identities, whole: Draft) -> set[str]:
    """Decide the key of each official and organisation; return the identities that did.

    Officials are one whose identifiers are; their key is the one in the table, else that of the
    first source.
    """
    table = {(one["scheme"], one["value"]): one["record"] for one in identities.officials}
    also = {one["also"]: one["record"] for one in identities.organisations}
    known, used = dict(table), set()
    for part in parts:
        told: dict[str, list[tuple[str, str]]] = {}
        for entry in part.draft.of(Identifier):
            same = entry.fields["scheme"], entry.fields["value"]
            told.setdefault(entry.fields["official"], []).append(same)
        for official, called in told.items():
            found = list(dict.fromkeys(known[same] for same in called if same in known))
            key = found[0] if found else official
            if found[1:]:
                whole.errors.append(
                    f"{part.folder}: official {official}: is {' and '.join(found)} by what lists "
                    "call it: mend identities.toml"
                )
            part.names[Official, official] = key
            if found:
                part.shared.add((Official, key))
            used |= {f"official {same[1]}" for same in called if same in table}
            known |= dict.fromkeys(called, key)
        for entry in part.draft.of(Organisation):
            if entry.key in also:
                used.add(f"organisation {entry.key}")
                part.names[Organisation, entry.key] = also[entry.key]
        part.names = {one: key for one, key in part.names.items() if one[1] != key}
        part.shared |= {(Official, key) for key in table.values()}
        part.shared |= {(Organisation, key) for key in also.values()}
    return used


def _renamed(model: type[Model], key: str, entry: Entry, names: Keys) -> Entry:
    """Return a record with the keys that it and those it names have in the join."""
    if not names:
        return entry
    fields = dict(entry.fields)
    for name, column in fields_of(model).items():
        if name in fields and column.is_relation:
            fields[name] = _keys(column.related_model, fields[name], names)
    for kind, name, part in LEADING.get(model, ()):
        named = fields.get(name)
        key_now = _keys(MODELS.get(fields[kind]), named, names)
        if key_now != named:
            fields[name] = key_now
            if part in fields:
                fields[part] = key_now + fields[part].removeprefix(named)
    owner = owner_key(model)
    if owner and fields[owner] != entry.fields[owner]:
        key = fields[owner] + key.removeprefix(str(entry.fields[owner]))
    return Entry(model, names.get((model, key), key), fields, entry.where)


def _keys(model: Any, value: Any, names: Keys) -> Any:
    if isinstance(value, list):
        return list(dict.fromkeys(names.get((model, one), one) for one in value))
    return names.get((model, value), value)


def _add(entry: Entry, part: Part, whole: Draft) -> None:
    """Add a record of a part, or join it to the one that is there; errors go to the draft."""
    there = whole.entries.setdefault((entry.model, entry.key), entry)
    if there is entry or entry.model is Identifier:
        return
    if entry.model not in JOINED:
        cure = "give each record a key of its own"
        whole.errors.append(f"{entry.where}: stands in {there.where} too: {cure}")
    elif entry.model is not Country and (entry.model, entry.key) not in part.shared:
        whole.errors.append(
            f"{entry.where}: has the key of {there.where}, and nothing says that the two are one: "
            "say so in identities.toml with the reason, or give one another key"
        )
    else:
        _merge(there, entry, whole)


def _merge(there: Entry, adding: Entry, whole: Draft) -> None:
    """Join what another source says to a record, which keeps what it has."""
    for name, value in adding.fields.items():
        if name in ADDED:
            before = there.fields.get(name, [])
            there.fields[name] = before + [one for one in value if one not in before]
        elif name not in there.fields:
            there.fields[name] = value
        elif name not in OWN and there.fields[name] != value:
            whole.errors.append(
                f"{adding.where}: {name}: is {value!r}, and {there.fields[name]!r} in "
                f"{there.where}: keep two records, and relate them as contradicting in "
                "identities.toml"
            )
    aliases = there.fields.get("aliases", [])
    called = [adding.fields[name] for name in NAMES if name in adding.fields]
    known = {there.fields.get(name) for name in NAMES} | {*aliases}
    there.fields["aliases"] = aliases + [one for one in dict.fromkeys(called) if one not in known]


def _lead_on(model: type[Model], former: str, key: str, whole: Draft) -> None:
    """Add where a key leads that a record has in its source and not in the join."""
    kind = kind_of(model)
    if (model, former) in whole.entries:
        whole.errors.append(
            f"{kind} {former}: is called {key} by identities.toml, and another record has that "
            "key: give one of them another"
        )
    fields = {"kind": str(kind), "former": former, "record": key}
    entry = Entry(Renaming, f"{kind}-{former}", fields, f"renaming {former}")
    whole.entries[Renaming, entry.key] = entry
