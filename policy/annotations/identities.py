"""Identities: which records of several sources are one, what other lists call them, and why."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from policy.annotations.reading import Draft, Entry, TomlTable, read_tables
from policy.models import Identifier, Official, Relation
from policy.models.actors import Scheme
from policy.models.registry import RecordKind, served_models
from policy.models.relations import ENDS
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

    def related(self, draft: Draft) -> Iterator[Entry]:
        """Yield the relations both of whose ends, and the parts that are meant, are in a draft."""
        keys = {key for _, key in draft.entries}
        for entry in self.relations:
            parts = {entry.fields.get(f"{end}_part") for end in ENDS} - {None}
            if parts <= keys and all(_present(entry, end, draft) for end in ENDS):
                yield entry


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


def _present(entry: Entry, end: str, draft: Draft) -> bool:
    model = served_models()[RecordKind(entry.fields[f"{end}_kind"])]
    return (model, entry.fields[end]) in draft.entries


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
