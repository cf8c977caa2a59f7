"""The log of changes: every release, and what each did to the records, built from manifests."""

import json
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain, pairwise
from pathlib import Path

from policy.annotations.reading import Draft, Entry, TomlTable, read_tables
from policy.annotations.renaming import GivenUp, led_on
from policy.models import Change, PublishedRelease
from policy.models.changes import ChangeType
from policy.models.registry import RecordKind
from policy.release.comparison import ChangedRecord, Contents, compared, contents
from policy.release.manifest import (
    Head,
    InvalidManifestError,
    Line,
    read_head,
    read_lines,
    version_order,
)
from policy.vocabulary import suggestion

FOLDER = "manifests"
COLUMNS = {"release", "kind", "record", "reason"}
"""What a table of changes.toml may hold; without ``record`` it is said of all of the kind."""

Reasons = dict[tuple[str, str, str | None], str]
"""Why records changed, by release, kind and key; None for all others of the kind that changed."""


def earlier_releases(folder: Path, version: str, draft: Draft) -> list[Head]:
    """Return the heads of the manifests of all releases before a version, in order.

    Errors, such as a release without a manifest, are added to the draft.
    """
    heads: list[Head] = []
    for path in sorted((folder / FOLDER).glob("*.ndjson")):
        try:
            heads.append(read_head(path))
        except InvalidManifestError as error:
            draft.errors.append(str(error))
    heads.sort(key=lambda head: head.order)
    order = version_order(version)
    draft.errors += [
        f"{folder / 'release.toml'}: release: version: {head.version} was released already: raise "
        f"it, or take out {FOLDER}/{head.version}.ndjson if nobody was given that release"
        for head in heads
        if head.order > order
    ]
    heads = [head for head in heads if head.order < order]
    _check_built(folder, version, heads, draft)
    return heads


def _check_built(folder: Path, version: str, heads: list[Head], draft: Draft) -> None:
    """Add an error if the fixtures are those of an earlier release whose manifest is not there."""
    try:
        built = json.loads((folder / "release.json").read_bytes())[0]["fields"]
    except (OSError, ValueError, LookupError, TypeError):
        # There are none yet, or they are told of by what compares keys.
        return
    known = {head.version: head.content_hash for head in heads}
    was = str(built.get("version"))
    if was != version and known.get(was) != built.get("content_hash"):
        draft.errors.append(
            f"{folder / FOLDER / was}.ndjson: the fixtures are those of release {was}, and there "
            "is no manifest of it with their content hash: write its version into release.toml, "
            "restore its annotations, build, and raise the version after that"
        )


def read_reasons(path: Path, versions: list[str], draft: Draft) -> Reasons:
    """Return why records changed, from a file that may be missing; errors go to the draft."""
    found: Reasons = {}
    if not path.is_symlink() and not path.exists():
        return found
    for name, number, table in read_tables(path, ["change"], draft):
        where = f"{path}: {name} {number}"
        wrong = _wrong(table, versions)
        key = table.get("release", ""), table.get("kind", ""), table.get("record")
        if wrong:
            draft.errors.append(f"{where}: {wrong}")
        elif key in found:
            draft.errors.append(f"{where}: {key[2] or key[1]} is told of above already")
        else:
            found[key] = table["reason"]
    return found


def _wrong(table: TomlTable, versions: list[str]) -> str | None:
    """Return what is wrong with a table of reasons by itself, None if nothing is."""
    texts = all(isinstance(one, str) and one for one in table.values())
    if not texts or not COLUMNS - {"record"} <= table.keys() <= COLUMNS:
        return "needs release, kind and reason as texts, and may have record, and nothing else"
    if table["release"] not in versions:
        return f"release: is unknown; {suggestion(table['release'], versions)}"
    if table["kind"] not in RecordKind.values:
        return f"kind: is unknown; {suggestion(table['kind'], RecordKind.values)}"
    return None


def log_of_changes(
    folder: Path, heads: list[Head], present: list[Line], given_up: GivenUp, draft: Draft
) -> list[Entry]:
    """Return an entry for each change of each release, oldest first, numbered from 1.

    ``heads`` are those of all releases, the one that is built last; ``present`` is its manifest.
    Records that are gone without a word, and reasons for what did not change, are errors of the
    draft.
    """
    path = folder / "changes.toml"
    reasons = read_reasons(path, [head.version for head in heads], draft)
    log: list[Entry] = []
    try:
        for version, told in _releases(folder, heads, present, given_up):
            for one in told:
                reason = reasons.get((version, one.kind, one.record))
                if one.change is ChangeType.REMOVED:
                    reason = _removal(folder, version, one, given_up, draft)
                elif one.change is ChangeType.CHANGED:
                    reason = reason or reasons.get((version, one.kind, None))
                log.append(_entry(len(log) + 1, version, one, reason))
    except InvalidManifestError as error:
        draft.errors.append(str(error))
    draft.errors += [f"{path}: {line}" for line in _idle(reasons, log)]
    return log


def _idle(reasons: Reasons, log: list[Entry]) -> Iterator[str]:
    """Yield an error for each reason of what did not change, or was removed."""
    changed: dict[tuple[str, str], list[str]] = defaultdict(list)
    for fields in (entry.fields for entry in log):
        if fields["change"] != ChangeType.REMOVED:
            changed[fields["release"], fields["kind"]].append(fields["record"])
    for version, kind, record in reasons:
        keys = changed[version, kind]
        if not keys or record not in (None, *keys):
            hint = suggestion(record, keys) if record and keys else "take the table out"
            yield f"{kind} {record or ''}".strip() + f": did not change in {version}; {hint}"


def _releases(
    folder: Path, heads: list[Head], present: list[Line], given_up: GivenUp
) -> Iterator[tuple[str, Iterator[ChangedRecord]]]:
    """Yield the version of each release but the first, with what it changed."""
    held = (contents(read_lines(manifest_path(folder, head))) for head in heads[:-1])
    both = zip(heads, chain(held, [contents(present)]), strict=True)
    for (_, before), (head, after) in pairwise(both):

        def present_key(kind: str, key: str, after: Contents = after) -> str | None:
            keys = (table.get("record", "") for table in led_on(kind, key, given_up))
            return next((key for key in keys if (kind, key) in after), None)

        yield head.version, compared(before, after, present_key)


def _removal(
    folder: Path, version: str, gone: ChangedRecord, given_up: GivenUp, draft: Draft
) -> str | None:
    """Return why a record was removed; that nothing tells of it is an error of the draft."""
    last = ([*led_on(gone.kind, gone.record, given_up)] or [{}])[-1]
    if last.get("release") != version:
        draft.errors.append(
            f"{folder / 'renamed.toml'}: {gone.kind} {gone.record}: is gone since {version}: write "
            "of which record it is a former key, or that it was removed in that release"
        )
    return last.get("reason")


def _entry(number: int, version: str, one: ChangedRecord, reason: str | None) -> Entry:
    fields = {
        "release": version,
        "change": one.change.value,
        "kind": one.kind,
        "record": one.record,
        "former": one.former,
        "fields": list(one.fields),
        "reason": reason,
    }
    return Entry(Change, str(number), fields, f"change {number}")


def published_releases(heads: list[Head]) -> Iterator[Entry]:
    """Yield an entry for each release, the one that is built last and without its own hash."""
    previous: str | None = None
    for number, head in enumerate(heads, 1):
        fields = {
            "place": number,
            "released": head.released,
            "schema_version": head.schema_version,
            "previous": previous,
            "content_hash": None if head is heads[-1] else head.content_hash,
            "note": head.note,
        }
        yield Entry(PublishedRelease, head.version, fields, f"release {head.version}")
        previous = head.version


def manifest_path(folder: Path, head: Head) -> Path:
    """Return where the manifest of a release lies below the annotations."""
    return folder / FOLDER / f"{head.version}.ndjson"
