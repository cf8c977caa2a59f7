"""Builds the text of the fixtures of a release from hand-written annotations."""

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from policy.annotations import reading
from policy.annotations.accounts import mark_current
from policy.annotations.codes import codes
from policy.annotations.concerns import concerns
from policy.annotations.consistency import inconsistencies
from policy.annotations.reading import Draft, Entry, TomlTable
from policy.annotations.reference import complete_countries
from policy.annotations.renaming import lost_keys, read_renamings
from policy.annotations.search_entries import search_entries
from policy.models import Release
from policy.models.releases import SCHEMA_VERSION
from policy.release.contents import UNCOUNTED, content_hash, file_name
from policy.validation import Record, errors_of


def build(folder: Path, draft: Draft | None = None) -> dict[str, str]:
    """Return the text of each fixture file, by file name, from the annotations in a folder.

    The folder contains ``reference.toml``, ``release.toml``, ``sources/<source>/*.toml`` and, if
    keys were given up, ``renamed.toml``. The same annotations give the same bytes; fixtures that
    are there already are only looked at for keys that are lost. A ``draft`` that is given holds
    what was read, for the ledger. Raises InvalidAnnotationsError with all errors at once.
    """
    draft = draft or Draft()
    reading.files_in(folder, ("reference.toml", "release.toml", "renamed.toml"), draft)
    release = reading.read_sections(folder / "release.toml", ["release"], draft)["release"]
    sources = _sources(folder / "sources", draft)
    for source in sources:
        reading.read_source(source, draft)
    mark_current(draft)
    read_renamings(folder / "renamed.toml", draft)
    complete_countries(folder / "reference.toml", draft)
    draft.validate(draft.entries.values())
    draft.errors.extend(inconsistencies(draft))
    if not draft.errors:
        # An annotation that cannot be read would seem to be gone.
        draft.errors.extend(lost_keys(folder, draft))
    texts = {} if draft.errors else _fixtures(draft, release)
    if draft.errors:
        raise reading.InvalidAnnotationsError(draft.errors)
    return texts


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


def _fixtures(draft: Draft, release: TomlTable) -> dict[str, str]:
    files = dict(_by_file(draft))
    texts = {f"{name}.json": _dump(records) for name, records in files.items()}
    fields = {
        **{name: reading.plain(value) for name, value in release.items() if name != "id"},
        "schema_version": SCHEMA_VERSION,
        "content_hash": content_hash(chain.from_iterable(files.values())),
        "counts": {name: len(files[name]) for name in files if name not in UNCOUNTED},
    }
    record = {"model": Release._meta.label_lower, "pk": release.get("id"), "fields": fields}
    draft.errors += [
        f"release.toml: release: {name}: {message}" for name, message in errors_of(Release, record)
    ]
    texts["release.json"] = _dump([record])
    return texts


def _by_file(draft: Draft) -> Iterator[tuple[str, list[Record]]]:
    """Yield each kind's fixture name and its records, in the order of their keys."""
    files: dict[str, list[Entry]] = {}
    for entry in [*draft.entries.values(), *search_entries(draft), *concerns(draft), *codes()]:
        files.setdefault(file_name(entry.model), []).append(entry)
    for name, entries in sorted(files.items()):
        yield name, sorted((entry.record for entry in entries), key=lambda record: record["pk"])
