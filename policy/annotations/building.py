"""Builds the text of the fixtures of a release from hand-written annotations."""

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pycountry

from policy.annotations import reading
from policy.annotations.concerns import concerns
from policy.annotations.consistency import inconsistencies
from policy.annotations.reading import Draft, Entry, TomlTable
from policy.annotations.renaming import read_renamings
from policy.annotations.search_entries import search_entries
from policy.models import Country, Release
from policy.models.base import Support
from policy.models.releases import SCHEMA_VERSION
from policy.release.contents import UNCOUNTED, content_hash, file_name
from policy.validation import Record, errors_of


def build(folder: Path) -> dict[str, str]:
    """Return the text of each fixture file, by file name, from the annotations in a folder.

    The folder contains ``reference.toml``, ``release.toml``, ``sources/<source>/*.toml`` and, if
    keys were renamed, ``renamed.toml``. The same annotations give the same bytes. Raises
    InvalidAnnotationsError with all errors at once.
    """
    draft = Draft()
    reference = reading.read_toml(folder / "reference.toml", draft)
    release = reading.read_toml(folder / "release.toml", draft)
    sources = sorted(path for path in (folder / "sources").glob("*") if path.is_dir())
    if not sources:
        draft.errors.append(f"{folder / 'sources'}: holds no source: make a folder of annotations")
    for source in sources:
        reading.read_source(source, draft)
    for source in sources:
        reading.read_mentions(source, draft)
    read_renamings(folder / "renamed.toml", draft)
    for entry in draft.of(Country):
        _complete_country(entry, reference, draft)
    for entry in draft.entries.values():
        for name, message in errors_of(entry.model, entry.record):
            draft.errors.append(f"{entry.where}: {name + ': ' if name else ''}{message}")
    draft.errors.extend(inconsistencies(draft))
    texts = {} if draft.errors else _fixtures(draft, release.get("release", {}))
    if draft.errors:
        raise reading.InvalidAnnotationsError(draft.errors)
    return texts


def _complete_country(entry: Entry, reference: TomlTable, draft: Draft) -> None:
    found = pycountry.countries.get(alpha_3=entry.key)
    row = reference.get("countries", {}).get(entry.key)
    if found is None or row is None:
        draft.errors.append(
            f"{entry.where}: id: is not an ISO 3166-1 alpha-3 code with a row in reference.toml"
        )
        return
    stray = entry.fields.keys() - {"aliases", "evidence", "note"}
    for name in sorted(stray):
        draft.errors.append(f"{entry.where}: {name}: leave it out; it is reference data")
    region, subregion = row.get("region"), row.get("subregion")
    entry.fields.update(
        support=Support.REFERENCE.value,
        alpha2=found.alpha_2,
        numeric=found.numeric,
        name=getattr(found, "common_name", found.name),
        region=region,
        region_name=reference["regions"].get(region),
        subregion=subregion,
        subregion_name=reference["subregions"].get(subregion),
        longitude=float(row["point"][0]) if "point" in row else None,
        latitude=float(row["point"][1]) if "point" in row else None,
        cow=row.get("cow"),
        cow_code=row.get("cow_code"),
    )
    if "," in entry.fields["name"]:
        last, _, first = entry.fields["name"].partition(", ")
        entry.fields["name"] = f"{first} {last}"


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
    for entry in [*draft.entries.values(), *search_entries(draft), *concerns(draft)]:
        files.setdefault(file_name(entry.model), []).append(entry)
    for name, entries in sorted(files.items()):
        yield name, sorted((entry.record for entry in entries), key=lambda record: record["pk"])
