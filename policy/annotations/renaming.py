"""Renamed keys: reads their annotations."""

from pathlib import Path

from policy.annotations.reading import Draft, Entry, read_toml
from policy.models import Renaming
from policy.models.registry import RecordKind, served_models
from policy.vocabulary import nearest

COLUMNS = {"kind", "former", "record"}


def read_renamings(path: Path, draft: Draft) -> None:
    """Read a file of renamed keys, if there is one, once all records are in the draft.

    A record that was renamed more than once has a table for each time; every former key leads to
    the present one. Errors are added to the draft.
    """
    if not path.exists():
        return
    content = read_toml(path, draft)
    for stray in content.keys() - {"renamed"}:
        draft.errors.append(f"{path}: {stray}: is unknown; only renamed belongs here")
    moves: dict[tuple[str, str], str] = {}
    for number, table in enumerate(content.get("renamed", []), 1):
        where = f"{path}: renamed {number}"
        if table.keys() != COLUMNS or not all(isinstance(text, str) for text in table.values()):
            draft.errors.append(f"{where}: needs kind, former and record, and nothing else")
        elif table["kind"] not in RecordKind.values:
            guess = nearest(table["kind"], RecordKind.values) or ", ".join(RecordKind.values)
            draft.errors.append(f"{where}: kind: is unknown; did you mean {guess}?")
        elif (table["kind"], table["former"]) in moves:
            draft.errors.append(f"{where}: former: {table['former']} was renamed above already")
        else:
            moves[table["kind"], table["former"]] = table["record"]
    for kind, former in moves:
        _add(kind, former, moves, path, draft)


def _add(
    kind: str, former: str, moves: dict[tuple[str, str], str], path: Path, draft: Draft
) -> None:
    where = f"{path}: renamed {kind} {former}"
    model = served_models()[RecordKind(kind)]
    if (model, former) in draft.entries:
        draft.errors.append(f"{where}: former: is a key in use; only one that is gone can lead on")
        return
    present = former
    for _ in moves:
        present = moves.get((kind, present), present)
    if (model, present) not in draft.entries:
        draft.errors.append(f"{where}: record: leads to {present}, and no record has that key")
        return
    fields = {"kind": kind, "former": former, "record": present}
    entry = Entry(Renaming, f"{kind}-{former.lower()}", fields, where)
    draft.entries[Renaming, entry.key] = entry
