"""What changed from one release to the next, found by their manifests."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from policy.models.changes import ChangeType
from policy.release.manifest import Line

ServedKey = tuple[str, str]
"""Kind and key of a record of the dataset."""
Contents = dict[ServedKey, dict[str, Any]]
"""What each record holds: hashes by field, and by the name of its parts those of each part."""


class ChangedRecord(NamedTuple):
    """What a release did to one record."""

    kind: str
    record: str
    change: ChangeType
    former: str | None = None
    fields: tuple[str, ...] = ()
    """The fields, and the names of the parts, that differ."""


def contents(lines: Iterable[Line]) -> Contents:
    """Return what the records of a manifest hold; the lines of derived records are left out."""
    found: Contents = defaultdict(dict)
    for line in lines:
        if line.kind and line.record:
            held = found[line.kind, line.record]
            if line.part:
                held.setdefault(line.part, {})[line.key] = line.fields
            else:
                held.update(line.fields)
    return dict(found)


def compared(
    before: Contents, after: Contents, present_key: Callable[[str, str], str | None]
) -> Iterator[ChangedRecord]:
    """Yield what became of each record, in the order of kinds and keys.

    ``present_key`` returns the key that a record has after, by its kind and the key it had before;
    None if it was removed.
    """
    moved: dict[ServedKey, str] = {}
    found: list[ChangedRecord] = []
    for kind, key in before.keys() - after.keys():
        present = present_key(kind, key)
        if present is None or (kind, present) not in after:
            found.append(ChangedRecord(kind, key, ChangeType.REMOVED))
            continue
        moved[kind, present] = key
        fields = _differing(before[kind, key], after[kind, present])
        found.append(ChangedRecord(kind, present, ChangeType.RENAMED, key, fields))
    for kind, key in after.keys() - before.keys() - moved.keys():
        found.append(ChangedRecord(kind, key, ChangeType.ADDED))
    for kind, key in after.keys() & before.keys():
        fields = _differing(before[kind, key], after[kind, key])
        if fields:
            found.append(ChangedRecord(kind, key, ChangeType.CHANGED, None, fields))
    yield from sorted(found, key=lambda one: (one.kind, one.record, one.former or ""))


def _differing(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    return tuple(
        sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    )
