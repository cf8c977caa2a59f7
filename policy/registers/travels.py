"""The register of foreign travels of American presidents and secretaries of state."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from policy.annotations.reading import Entry
from policy.models import Identifier, Official, Position, Stop
from policy.models.actors import PositionStatus, Role, Scheme
from policy.models.base import Support
from policy.registers.countries import Countries, coded, every_code, names
from policy.registers.dates import bounds, quotable, uncertain
from policy.registers.entries import (
    Account,
    Progress,
    RegisterError,
    changed_on,
    checked,
    files_in,
    needed,
    roots,
    slug,
    words,
)
from policy.registers.journeys import Visit, joined, time_of, trip

SOURCE = "us-travels"
ABOUT = {
    "title": "Travels of the Secretary of State and of the President",
    "author": "Office of the Historian",
    "publisher": "U.S. Department of State",
    "url": "https://github.com/HistoryAtState/travels",
    "note": "In the public domain (CC0 1.0). Whom a traveller met is told in remarks, which are "
    "quoted where they have at most twelve words; nobody in them is coded. Left out: remarks of "
    "more words, years of birth and death.",
}
FOLDERS = ("president-travels", "secretary-travels")
PRESIDENTS = "presidents"
USED = ("id", "role", "name", "start-date", "end-date", "locale")
"""The elements of an entry that are used as they are."""


@dataclass
class Traveller:
    """A person of the register, with what is said of the office and the visits."""

    scheme: Scheme
    value: str
    names: dict[str, str] = field(default_factory=dict)
    """The passage that each name first stands in."""
    visits: list[Visit] = field(default_factory=list)
    offices: list[dict[str, Any]] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The key of the person; presidents have ids that others have in the list of people."""
        own = slug(self.value)
        return f"president-{own}" if self.scheme is Scheme.US_HISTORIAN_PRESIDENTS else own


def paths(folder: Path) -> list[Path]:
    """Return the files of a clone that are read; raises RegisterError if it is none."""
    return files_in(folder, PRESIDENTS, *FOLDERS)


def records(folder: Path, account: Account, progress: Progress) -> Iterator[list[Entry]]:
    """Yield the records of a clone, those that belong together at once, the source last."""
    countries = Countries()
    countries.add("USA")
    travellers: dict[str, Traveller] = {}
    for path, root in roots(paths(folder), account, progress):
        for place, element in enumerate(root):
            if path.parent.name != PRESIDENTS or element.tag == "president":
                account.read += 1
                read = _president if path.parent.name == PRESIDENTS else _visit
                try:
                    yield [read(element, place, travellers, countries, account)]
                except (RegisterError, ValueError) as error:
                    account.refuse(path, words(element, "id") or f"entry {place + 1}", error)
    known = names(every_code())
    for _, traveller in sorted(travellers.items()):
        yield from _person(traveller, known)
    for country in countries.entries():
        yield [country]
    yield [account.source(SOURCE, **ABOUT)]


def _president(
    element: Element,
    place: int,
    travellers: dict[str, Traveller],
    countries: Countries,
    account: Account,
) -> Entry:
    """Read when a president was in office."""
    told = needed(element, "id", "name", "took-office-date")
    told["left-office-date"] = words(element, "left-office-date")
    office = {
        **uncertain("start", told["took-office-date"]),
        **uncertain("end", told["left-office-date"]),
    }
    number = element.get("n", str(place))
    passage = account.passage(SOURCE, f"presidents/{number}", {"n": number, **told})
    who = _traveller(travellers, Scheme.US_HISTORIAN_PRESIDENTS, told["id"])
    who.names.setdefault(told["name"], passage.key)
    title = {"title": "President of the United States", "role": Role.HEAD_OF_STATE.value}
    who.offices.append({"key": f"president-{number}", **title, **office, "evidence": [passage.key]})
    return passage


def _visit(
    element: Element,
    place: int,
    travellers: dict[str, Traveller],
    countries: Countries,
    account: Account,
) -> Entry:
    """Read an entry of somebody's travels."""
    if element.tag != "trip":
        raise RegisterError(f"<{element.tag}> is unknown: only trips are read; take it out")
    told = needed(element, *(name for name in USED if name != "locale"), "country")
    where: Any = element.find("country")
    told |= {"who": element.get("who", ""), "country-id": where.get("id", "")}
    told |= {"locale": words(element, "locale")}
    start, end = (_day(told[name], name) for name in ("start-date", "end-date"))
    if end < start:
        raise RegisterError(f"end-date: {end} is before the start, {start}: mend one of them")
    if told["role"] not in ("president", "secretary"):
        raise RegisterError(f"role: {told['role']!r} is unknown: use president or secretary")
    if not slug(told["who"]):
        raise RegisterError("who: is missing: fill in the id of the traveller")
    country = coded(told["country-id"], name=told["country"])
    if country.code is None:
        raise RegisterError(f"country: {country.note} Stops need one: use a state with a code")
    if told["id"] in account.keys:
        raise RegisterError("id: stands twice: give one of the entries another")
    remarks = quotable(words(element, "remarks"))
    visit = Visit(
        told["id"], "", start, end, country.code, told["locale"] or None, country.note, place
    )
    _check(visit)
    used = told | ({"remarks": remarks} if remarks else {})
    passage = account.passage(SOURCE, told["id"], used, remarks)
    visit.passage = passage.key
    presides = told["role"] == "president"
    scheme = Scheme.US_HISTORIAN_PRESIDENTS if presides else Scheme.US_HISTORIAN_PEOPLE
    who = _traveller(travellers, scheme, told["who"])
    if not presides and not who.offices:
        who.offices.append(_secretary(passage.key))
    who.names.setdefault(told["name"], passage.key)
    who.visits.append(visit)
    countries.add(country.code, told["country"], passage.key)
    changed_on(element, account)
    return passage


def _day(text: str, name: str) -> date:
    first, last, _ = bounds(text)
    if first != last:
        raise RegisterError(f"{name}: {text!r} is no day: write YYYY-MM-DD")
    return first


def _check(visit: Visit) -> None:
    """Raise RegisterError for a visit that would make no valid stop."""
    fields = {"trip": "x", "country": visit.country, "status": "completed", "city": visit.city}
    fields |= {**time_of(*visit.days), "support": "stated"}
    checked(Entry(Stop, f"x-{visit.country.lower()}-{slug(visit.entry)}", fields, visit.entry))


def _secretary(passage: str) -> dict[str, Any]:
    return {
        "key": "secretary-of-state",
        "title": "Secretary of State",
        "role": Role.FOREIGN_MINISTER.value,
        "note": "The register calls the traveller so, and does not say from when to when.",
        "evidence": [passage],
    }


def _traveller(travellers: dict[str, Traveller], scheme: Scheme, value: str) -> Traveller:
    found = Traveller(scheme, value)
    return travellers.setdefault(found.key, found)


def _person(traveller: Traveller, known: dict[str, str]) -> Iterator[list[Entry]]:
    """Yield the records of a person, and those of each journey."""
    key, stated = traveller.key, Support.STATED.value
    label = next(iter(traveller.names))
    fields = {
        "name": label,
        "label": label,
        "aliases": list(traveller.names),
        "country": "USA",
        "country_support": stated,
        "support": stated,
        "evidence": list(dict.fromkeys(traveller.names.values())),
    }
    yield [
        checked(Entry(Official, key, fields, key)),
        *(_position(key, office) for office in traveller.offices),
        identifier(key, traveller.scheme, traveller.value, SOURCE, "It is the person's id there."),
    ]
    for journey in joined(traveller.visits):
        yield [checked(entry) for entry in trip(key, label, journey, known)]


def _position(official: str, office: dict[str, Any]) -> Entry:
    told = {name: value for name, value in office.items() if name != "key"}
    fields = {
        "official": official,
        **told,
        "country": "USA",
        "status": PositionStatus.HELD.value,
        "support": Support.STATED.value,
    }
    key = f"{official}-{SOURCE}-{office['key']}"
    return checked(Entry(Position, key, fields, key))


def identifier(official: str, scheme: Scheme, value: str, by: str, reason: str) -> Entry:
    """Return the record of what a list calls a person."""
    key = f"{official}-{scheme}-{slug(value)}"
    fields = {
        "official": official,
        "scheme": scheme.value,
        "value": value,
        "checked_by": by,
        "reason": reason,
    }
    return checked(Entry(Identifier, key, fields, key))
