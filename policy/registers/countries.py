"""The countries of registers, by their ids: double names and former states among them."""

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from policy.annotations.reading import Draft, Entry, InvalidAnnotationsError
from policy.annotations.reference import complete_countries
from policy.models import Country
from policy.vocabulary import nearest

_TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())


class Coded(NamedTuple):
    """A country of a register: its code, None where no list has one, and what to know of it."""

    code: str | None
    note: str | None = None
    inferred: bool = False
    """Whether the code follows from the years, as the register does not tell the state apart."""


def coded(register_id: str, *, name: str | None = None, year: int | None = None) -> Coded:
    """Return the country that a register means by an id, by a name beside it, in a year.

    Raises ValueError for an id that is in no table.
    """
    for row in _TABLES["named"]:
        if (row["id"], row["name"]) == (register_id, name):
            return Coded(row["code"])
    for row in _TABLES["era"]:
        if row["id"] == register_id and year and row["from"] <= year <= row["until"]:
            note = (
                f"The register says {register_id}, which is {row['code']} from {row['from']} to "
                f"{row['until']}."
            )
            return Coded(row["code"], note, inferred=True)
    if register_id in _TABLES["unlisted"]:
        note = f"It is {_TABLES['unlisted'][register_id]}, of which no list of ISO 3166 has a code."
        return Coded(None, note)
    code = _TABLES["codes"].get(register_id)
    if code is None:
        guess = nearest(register_id, _TABLES["codes"])
        hint = f"did you mean {guess!r}? else " if guess else ""
        raise ValueError(
            f"country {register_id!r} is in no table: {hint}add it to "
            "policy/registers/countries.toml"
        )
    return Coded(code, _TABLES["note"].get(register_id))


def unlisted_name(register_id: str) -> str | None:
    """Return what to call a state that no list has a code of, None for any other."""
    found: str | None = _TABLES["unlisted"].get(register_id)
    return found


class Countries:
    """The countries that a release speaks of, with the words a register has for them."""

    def __init__(self) -> None:
        """Start without a country."""
        self._draft = Draft()

    def add(self, code: str, words: str | None = None, passage: str | None = None) -> None:
        """Take a country; words of the register for it come with the passage they stand in."""
        fields: dict[str, list[str]] = {"aliases": [], "evidence": []}
        entry = Entry(Country, code, fields, f"country {code}")
        found = self._draft.entries.setdefault((Country, code), entry)
        if words and passage and words not in found.fields["aliases"]:
            found.fields["aliases"].append(words)
            found.fields["evidence"] = [
                *found.fields["evidence"],
                *([passage] if passage not in found.fields["evidence"] else []),
            ]

    def entries(self) -> Iterator[Entry]:
        """Yield the countries with all that the reference data say of them.

        Raises InvalidAnnotationsError for a code that these do not have.
        """
        _complete(self._draft)
        yield from self._draft.of(Country)


def names(codes: Iterable[str]) -> dict[str, str]:
    """Return the short English names of countries by their codes."""
    draft = Draft({(Country, code): Entry(Country, code, {}, code) for code in codes})
    _complete(draft)
    return {entry.key: str(entry.fields["name"]) for entry in draft.of(Country)}


def every_code() -> set[str]:
    """Return all codes that registers can lead to."""
    rows = [*_TABLES["named"], *_TABLES["era"]]
    return {*_TABLES["codes"].values(), *(row["code"] for row in rows)}


def _complete(draft: Draft) -> None:
    complete_countries(settings.BASE_DIR / "fixtures" / "reference.toml", draft)
    if draft.errors:
        raise InvalidAnnotationsError(draft.errors)
