"""Builds the text of the fixtures of a release from hand-written annotations."""

import json
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from policy.annotations import reading
from policy.annotations.accounts import mark_current
from policy.annotations.changes import (
    FOLDER,
    earlier_releases,
    log_of_changes,
    published_releases,
)
from policy.annotations.codes import codes
from policy.annotations.concerns import concerns
from policy.annotations.consistency import inconsistencies
from policy.annotations.identities import add_identifiers, read_identities
from policy.annotations.reading import Draft, Entry, TomlTable
from policy.annotations.reference import complete_countries
from policy.annotations.renaming import GivenUp, lost_keys, read_renamings
from policy.annotations.search_entries import search_entries
from policy.claims.verdicts import settle
from policy.models import Release
from policy.models.releases import SCHEMA_VERSION
from policy.release.contents import UNCOUNTED, canonical, content_hash, file_name
from policy.release.manifest import Head, LinesOf, manifest_lines, written
from policy.validation import Record, errors_of

FILES = ("reference.toml", "release.toml", "identities.toml", "renamed.toml", "changes.toml")
"""The files of annotations beside those of the sources."""


def build(folder: Path, draft: Draft | None = None) -> dict[str, str]:
    """Return the text of each fixture file, by file name, from the annotations in a folder.

    The folder contains ``reference.toml``, ``release.toml``, ``sources/<source>/*.toml``, the
    manifests of earlier releases in ``manifests`` and, where there is something to tell,
    ``identities.toml`` of what other lists call officials, ``renamed.toml`` of keys that were given
    up, and ``changes.toml`` of reasons for changes. The same annotations give the same bytes;
    fixtures that are there already are only looked at for keys that are lost. With the fixtures
    comes the manifest of the release. A ``draft`` that is given holds what was read, for the
    ledger. Raises InvalidAnnotationsError with all errors at once.
    """
    draft = draft or Draft()
    release, given_up = annotated(folder, draft)
    if not draft.errors:
        # An annotation that cannot be read would seem to be gone.
        draft.errors.extend(lost_keys(folder, draft))
    if not draft.errors:
        settle(draft)
    texts = {} if draft.errors else _fixtures(folder, draft, release, given_up)
    if draft.errors:
        raise reading.InvalidAnnotationsError(draft.errors)
    return texts


def annotated(folder: Path, draft: Draft) -> tuple[TomlTable, GivenUp]:
    """Read the annotations in a folder into a draft, with all errors there are.

    Returns what the release says of itself, and which keys were given up.
    """
    reading.files_in(folder, FILES, draft)
    release = reading.read_sections(folder / "release.toml", ["release"], draft)["release"]
    sources = _sources(folder / "sources", draft)
    for source in sources:
        reading.read_source(source, draft)
    add_identifiers(read_identities(folder / "identities.toml", draft), draft)
    mark_current(draft)
    given_up = read_renamings(folder / "renamed.toml", draft)
    complete_countries(folder / "reference.toml", draft)
    draft.validate(draft.entries.values())
    draft.errors.extend(inconsistencies(draft))
    return release, given_up


def _sources(folder: Path, draft: Draft) -> list[Path]:
    """Return the folders of the sources; whatever else is there, and not hidden, is an error."""
    found = [path for path in sorted(folder.glob("*")) if not path.name.startswith(".")]
    draft.errors += [
        f"{path}: is not the folder of a source: mend it or take it out"
        for path in found
        if not path.is_dir()
    ]
    if not found:
        draft.errors.append(f"{folder}: holds no source: make a folder of annotations")
    return [path for path in found if path.is_dir()]


def _dump(records: list[Record]) -> str:
    return json.dumps(records, ensure_ascii=False, indent=1) + "\n"


def _fixtures(folder: Path, draft: Draft, release: TomlTable, given_up: GivenUp) -> dict[str, str]:
    derived = [*search_entries(draft), *concerns(draft), *codes()]
    files = _by_file([*draft.entries.values(), *derived])
    counts = {name: len(files[name]) for name in files if name not in UNCOUNTED}
    record = _release(draft, release, counts)
    if draft.errors:
        return {}
    head = Head.of(record, release["note"])
    heads = [*earlier_releases(folder, head.version, draft), head]
    lines = list(manifest_lines(_lines_of(files)))
    log = [
        *published_releases(heads),
        *log_of_changes(folder, heads, lines, given_up, draft),
    ]
    draft.validate(log)
    files |= _by_file(log)
    files = dict(sorted(files.items()))
    record["fields"]["content_hash"] = content_hash(chain.from_iterable(files.values()))
    texts = {f"{name}.json": _dump(records) for name, records in files.items()}
    texts["release.json"] = _dump([record])
    manifest = written(Head.of(record, head.note), manifest_lines(_lines_of(files)))
    texts[f"{FOLDER}/{head.version}.ndjson"] = b"".join(manifest).decode()
    return texts


def _release(draft: Draft, release: TomlTable, counts: dict[str, int]) -> Record:
    """Return the record of the release, whose hash is still to come."""
    told = {name: reading.plain(value) for name, value in release.items()}
    key, note = told.pop("id", None), told.pop("note", None)
    fields = {**told, "schema_version": SCHEMA_VERSION, "content_hash": "0" * 64, "counts": counts}
    record = {"model": Release._meta.label_lower, "pk": key, "fields": fields}
    wrong = list(errors_of(Release, record))
    if not isinstance(note, str) or not note:
        wrong.append(("note", "say in a text what is new in the release"))
    draft.errors += [f"release.toml: release: {name}: {message}" for name, message in wrong]
    return record


def _lines_of(files: dict[str, list[Record]]) -> LinesOf:
    """Return what returns the canonical lines of a file by its name."""
    return lambda name: map(canonical, files.get(name, ()))


def _by_file(entries: Iterable[Entry]) -> dict[str, list[Record]]:
    """Return the records of each fixture by its name, in the order of their keys."""
    files: dict[str, list[Entry]] = {}
    for entry in entries:
        files.setdefault(file_name(entry.model), []).append(entry)
    return {
        name: sorted((entry.record for entry in found), key=lambda record: record["pk"])
        for name, found in sorted(files.items())
    }
