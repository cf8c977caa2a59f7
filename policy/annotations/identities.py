"""Identities: which records of several sources are one, what other lists call them, and why."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from policy.annotations.reading import Draft, Entry, TomlTable, read_tables
from policy.models import Identifier, Official, Passage, Relation, Source
from policy.models.actors import Scheme
from policy.models.registry import RecordKind, served_models
from policy.models.relations import ENDS
from policy.models.sources import SourceKind
from policy.vocabulary import suggestion

WHY = {"checked_by", "reason"}
TABLES = {
    "official": {"record", "scheme", "value", *WHY},
    "organisation": {"record", "also", *WHY},
}
"""The tables that say what is one, and the columns of each."""


@dataclass
class Identities:
    """What is one, by an explicit table, and how records of several sources lie to one another."""

    officials: list[TomlTable] = field(default_factory=list)
    """What a list calls an official: ``scheme`` and ``value``."""
    organisations: list[TomlTable] = field(default_factory=list)
    """The key that another source gives an organisation: ``also``."""
    relations: list[Entry] = field(default_factory=list)

    def related(self, draft: Draft) -> tuple[list[Entry], list[str]]:
        """Return the relations that a draft has all records for, and why each other is left out."""
        found, left = [], []
        for entry in self.relations:
            lacking = _lacking(entry, draft)
            if lacking is None:
                found.append(entry)
            else:
                left.append(f"{entry.key}: left out, {lacking}")
        return found, sorted(left)


def read_identities(path: Path, draft: Draft) -> Identities:
    """Read a file of identities, if there is one; errors are added to the draft."""
    found = Identities()
    if not path.is_symlink() and not path.exists():
        return found
    seen: set[tuple[str, ...]] = set()
    for name, number, table in read_tables(path, [*TABLES, "relation"], draft):
        where = f"{path}: {name} {number}"
        if name == "relation":
            found.relations += _relation(table, where, draft)
        elif table.keys() != TABLES[name] or not _texts(table):
            columns = ", ".join(sorted(TABLES[name]))
            draft.errors.append(f"{where}: needs {columns} as texts, and nothing else")
        elif name == "official" and table["scheme"] not in Scheme.values:
            hint = suggestion(table["scheme"], Scheme.values)
            draft.errors.append(f"{where}: scheme: is unknown; {hint}")
        else:
            other = (table.get("scheme", name), table.get("value") or table["also"])
            if other in seen:
                draft.errors.append(f"{where}: {other[1]} is told of above already")
            seen.add(other)
            (found.officials if name == "official" else found.organisations).append(table)
    return found


def _texts(table: TomlTable) -> bool:
    return all(isinstance(one, str) and one for one in table.values())


def _relation(table: TomlTable, where: str, draft: Draft) -> Iterator[Entry]:
    """Yield the record of a table; one that is wrong goes to the draft's errors instead."""
    key = table.get("id")
    fields = {name: value for name, value in table.items() if name != "id"}
    entry = Entry(Relation, str(key), fields, f"{where}: {key}")
    errors = len(draft.errors)
    if not isinstance(key, str):
        draft.errors.append(f"{where}: id: is missing")
    draft.validate([entry])
    if len(draft.errors) == errors:
        yield entry


def _lacking(entry: Entry, draft: Draft) -> str | None:
    """Return what a relation names and the sources in a draft lack, None where that is nothing.

    What a text lacks is no reason: it is a mistake in the relation, and told as such.
    """
    sources = {one.key: one.fields for one in draft.of(Source)}
    for key in entry.fields.get("evidence", ()):
        of = max((one for one in sources if key.startswith(f"{one}-")), key=len, default=None)
        if (Passage, key) in draft.entries:
            continue
        if of is None:
            return f"no source has a passage {key}"
        if sources[of].get("kind") == SourceKind.REGISTER:
            return f"{of} has no entry {key.removeprefix(f'{of}-')}"
    keys = {key for _, key in draft.entries}
    for end in ENDS:
        kind, key = entry.fields[f"{end}_kind"], entry.fields[end]
        part = entry.fields.get(f"{end}_part")
        if (served_models()[RecordKind(kind)], key) not in draft.entries:
            return f"there is no {kind} {key}"
        if part and part not in keys:
            return f"{key} has no part {part}"
    return None


def add_identifiers(found: Identities, draft: Draft) -> None:
    """Add to a draft what other lists call those officials that are in it."""
    for table in found.officials:
        if (Official, table["record"]) in draft.entries:
            entry = identifier(table)
            draft.entries.setdefault((Identifier, entry.key), entry)


def identifier(table: TomlTable) -> Entry:
    """Return the record of what a list calls an official."""
    fields = {name: value for name, value in table.items() if name != "record"}
    key = f"{table['record']}-{table['scheme']}-{table['value']}"
    return Entry(Identifier, key, {"official": table["record"], **fields}, f"identity {key}")
