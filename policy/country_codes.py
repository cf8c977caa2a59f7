"""The codes of countries: every one that ISO 3166 has, whether the dataset holds it or not."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

from policy.vocabulary import nearest

_tables = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())

ALPHA3: dict[str, str] = {}
"""The alpha-3 code by alpha-3, alpha-2 and numeric code; what is current goes before the rest."""
for _table in ("current", "withdrawn"):
    for _codes in _tables[_table].split(","):
        for _code in _codes.split():
            ALPHA3.setdefault(_code, _codes.split()[0])
NAMES = {
    _name.upper(): _code
    for _code, _name in (e.split(maxsplit=1) for e in _tables["names"].split(";"))
}
"""The alpha-3 code by each name that a country has or had, in upper case."""
MISTAKEN = dict(_pair.split() for _pair in _tables["mistaken"].split(","))
"""The code that is meant by each that is often taken for one of ISO 3166."""


def likely_code(text: str, known: Iterable[tuple[str, str]]) -> str | None:
    """Return the code that somebody means who wrote this, or None.

    ``known`` has the names of the countries that are more likely than others, each with its code.
    """
    written, names = text.strip().upper(), {name.upper(): code for name, code in known}
    if written in ALPHA3:
        return written
    meant = MISTAKEN.get(written) or names.get(written) or NAMES.get(written)
    if meant or len(written) < 3:
        return meant
    if len(written) > 3:
        # Among so many names, something is a little like any word.
        name = nearest(written, names) or nearest(written, NAMES, 0.85)
        return {**NAMES, **names}[name] if name else None
    for codes in (names.values(), ALPHA3.values()):
        # Who slips in three letters seldom does so in the first.
        meant = meant or nearest(written, {code for code in codes if code[0] == written[0]})
    return meant
