"""Former keys: reads where each leads or why its record was removed, and finds lost ones."""

import json
from collections.abc import Iterator
from pathlib import Path

from django.db.models import Model

from policy.annotations.reading import (
    Draft,
    Entry,
    InvalidAnnotationsError,
    TomlTable,
    read_tables,
)
from policy.models import Renaming
from policy.models.registry import RecordKind, served_models
from policy.release.contents import file_name
from policy.validation import Record
from policy.vocabulary import suggestion

TABLES = {
    "renamed": {"kind", "former", "record"},
    "removed": {"kind", "former", "release", "reason"},
}
"""The tables of the file and the columns of each."""

FormerKey = tuple[str, str]
"""A kind and a key that a record of it gave up."""

GivenUp = dict[FormerKey, TomlTable]
"""The table that tells of each former key."""


def read_renamings(path: Path, draft: Draft) -> GivenUp:
    """Read a file of former keys, if there is one, once all records are in the draft.

    A record that was renamed more than once has a table for each time; every former key leads to
    the present one, or to the removal. Returns the tables; errors are added to the draft.
    """
    given_up: GivenUp = {}
    if not path.is_symlink() and not path.exists():
        return given_up
    for name, number, table in read_tables(path, TABLES, draft):
        where = f"{path}: {name} {number}"
        if table.keys() != TABLES[name] or not all(isinstance(one, str) for one in table.values()):
            columns = ", ".join(sorted(TABLES[name]))
            draft.errors.append(f"{where}: needs {columns} as texts, and nothing else")
        elif table["kind"] not in RecordKind.values:
            hint = suggestion(table["kind"], RecordKind.values)
            draft.errors.append(f"{where}: kind: is unknown; {hint}")
        elif (table["kind"], table["former"]) in given_up:
            draft.errors.append(f"{where}: former: {table['former']} is told of above already")
        else:
            given_up[table["kind"], table["former"]] = table
    for kind, former in given_up:
        _add(kind, former, given_up, path, draft)
    return given_up


def led_on(kind: str, former: str, given_up: GivenUp) -> Iterator[TomlTable]:
    """Yield the tables that a former key leads through, the last one telling what became of it."""
    key = former
    for _ in given_up:
        table = given_up.get((kind, key))
        if table is None:
            return
        yield table
        key = table.get("record", "")


def _add(kind: str, former: str, given_up: GivenUp, path: Path, draft: Draft) -> None:
    where = f"{path}: {kind} {former}"
    model = served_models()[RecordKind(kind)]
    if (model, former) in draft.entries:
        draft.errors.append(f"{where}: former: is a key in use; only one that is gone can lead on")
        return
    *_, last = led_on(kind, former, given_up)
    present = last.get("record")
    if present and (model, present) not in draft.entries:
        draft.errors.append(f"{where}: record: leads to {present}, and no record has that key")
        return
    fields = {**last, "kind": kind, "former": former}
    entry = Entry(Renaming, f"{kind}-{former.lower()}", fields, where)
    draft.entries[Renaming, entry.key] = entry


def lost_keys(folder: Path, draft: Draft) -> Iterator[str]:
    """Yield an error for each key in the fixtures of a folder that leads nowhere any more.

    The fixtures are those of the release before, so a key once built is never lost.
    """
    former = {(entry.fields["kind"], entry.fields["former"]) for entry in draft.of(Renaming)}
    before = {
        (kind.value, key)
        for kind, model in served_models().items()
        for key, _ in _earlier(folder, model)
        if (model, key) not in draft.entries
    }
    before |= {(gone["kind"], gone["former"]) for _, gone in _earlier(folder, Renaming)}
    for kind, key in sorted(before - former):
        yield (
            f"{folder / 'renamed.toml'}: {kind} {key}: stands in the fixtures and leads nowhere "
            "any more: write of which record it is a former key, or when and why it was removed"
        )


def _earlier(folder: Path, model: type[Model]) -> list[tuple[str, Record]]:
    """Return the keys and fields in a fixture; InvalidAnnotationsError if it cannot be read."""
    path = folder / f"{file_name(model)}.json"
    try:
        found = json.loads(path.read_bytes()) if path.exists() else []
        return [(str(record["pk"]), record["fields"]) for record in found]
    except (OSError, ValueError, TypeError, LookupError) as error:
        message = f"{path}: cannot be read: {error}: restore the fixtures of the release before"
        raise InvalidAnnotationsError([message]) from error
