"""Reference data: completes each country with its codes, its names and its place."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from policy.annotations.reading import Draft, Entry, TomlTable, read_sections
from policy.annotations.sentences import library
from policy.models import Country
from policy.models.base import Support
from policy.vocabulary import suggestion

SECTIONS = ("regions", "subregions", "countries")
OWN = ("name", "alpha2", "numeric", "from", "until", "successors")
"""What a row says of a country that ISO 3166-1 does not list."""
COLUMNS = ("region", "subregion", "cow", "cow_code", "point", "names", *OWN)
INVERTED = re.compile("^(.+), ((?:.+ )?of(?: the)?|[^ ]+)$")
"""A name as a sorted list has it: Korea, Republic of."""


def complete_countries(path: Path, draft: Draft) -> None:
    """Add what the file of reference data says to every country in the draft, and its errors."""
    sections = read_sections(path, SECTIONS, draft)
    errors = len(draft.errors)
    for key, row in sections["countries"].items():
        draft.errors += [f"{path}: {key}: {message}" for message in _row_errors(row, sections)]
    if len(draft.errors) > errors:
        return
    for entry in draft.of(Country):
        _complete(entry, sections, draft)


def _row_errors(row: object, sections: dict[str, TomlTable]) -> Iterator[str]:
    if not isinstance(row, dict):
        yield f"must be a table, not {row!r}"
        return
    for name in row:
        if name not in COLUMNS:
            yield f"{name}: is unknown; {suggestion(name, COLUMNS)}"
    for name in ("region", "subregion"):
        if name in row and str(row[name]) not in sections[f"{name}s"]:
            yield f"{name}: {row[name]!r} is not in {name}s"
    for name in ("names", "successors"):
        if not isinstance(row.get(name, []), list):
            yield f"{name}: must be a list of texts, not {row[name]!r}"
    point = row.get("point", [0, 0])
    if not isinstance(point, list) or [type(one) in (int, Decimal) for one in point] != [True] * 2:
        yield f"point: must be longitude and latitude, not {point!r}"


def _complete(entry: Entry, sections: dict[str, TomlTable], draft: Draft) -> None:
    found = library("pycountry").countries.get(alpha_3=entry.key)
    row = sections["countries"].get(entry.key)
    if row is None or (found is None) is not ("name" in row):
        draft.errors.append(
            f"{entry.where}: id: is not an ISO 3166-1 alpha-3 code with a row in reference.toml, "
            "nor one that has a name there"
        )
        return
    stray = entry.fields.keys() - {"aliases", "evidence", "note"}
    for name in sorted(stray):
        draft.errors.append(f"{entry.where}: {name}: leave it out; it is reference data")
    region, subregion = row.get("region"), row.get("subregion")
    longitude, latitude = map(float, row["point"]) if "point" in row else (None, None)
    own: list[str] = row.get("names", [])
    name, *others = [*_names(found, row), *own]
    entry.fields.update(
        support=Support.REFERENCE.value,
        alpha2=found.alpha_2 if found else row.get("alpha2"),
        numeric=found.numeric if found else row.get("numeric"),
        existed_from=row.get("from"),
        existed_until=row.get("until"),
        successors=row.get("successors", []),
        name=name,
        other_names=list(dict.fromkeys(one for one in others if one != name)),
        region=region,
        region_name=sections["regions"].get(region),
        subregion=subregion,
        subregion_name=sections["subregions"].get(subregion),
        longitude=longitude,
        latitude=latitude,
        cow=row.get("cow"),
        cow_code=row.get("cow_code"),
    )


def _names(found: Any, row: TomlTable) -> list[str]:
    """Return the common, the official and the listed name; ``found`` is what ISO 3166-1 has."""
    if found is None:
        return [row["name"]]
    common, official = (
        getattr(found, name, found.name) for name in ("common_name", "official_name")
    )
    return [_in_order(name) for name in (common, official, found.name)]


def _in_order(name: str) -> str:
    """Return a name as it is said, without its article."""
    return INVERTED.sub(r"\2 \1", name).removeprefix("the ").removeprefix("The ")
