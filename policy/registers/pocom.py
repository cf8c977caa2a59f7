"""The register of American principal officers and chiefs of mission."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from policy.annotations.reading import Entry
from policy.models import Official, Position
from policy.models.actors import PositionStatus, Scheme
from policy.models.base import Support
from policy.registers.countries import Coded, coded
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
from policy.registers.offices import (
    OFFICES,
    READERS,
    SOURCE,
    Appointment,
    Office,
    Register,
)
from policy.registers.travels import identifier

ABOUT = {
    "title": "Principal Officers and Chiefs of Mission of the U.S. Department of State",
    "author": "Office of the Historian",
    "publisher": "U.S. Department of State",
    "url": "https://github.com/HistoryAtState/pocom",
    "note": "In the public domain (CC0 1.0). Of its remarks only the words beside a date are "
    "quoted, and those on an office that was not taken up, where they have at most twelve words. "
    "Left out: years of birth and death, residences, careers, days of arrival, and which missions "
    "one chief had at the same time from one residence.",
}
PEOPLE = "people"
SERVED = ("principals", "chiefs")
NOMINEES = "other-nominees"
PARTS = (*SERVED, NOMINEES, "other-appointees")
"""The lists of appointments in a file; one of another name is told by the ids in it."""
CONCURRENT = "concurrent-appointments"
"""Its entries repeat appointments, and say from where a chief held several."""


def paths(folder: Path) -> list[Path]:
    """Return the files of a clone that are read; raises RegisterError if it is none."""
    return files_in(folder, *OFFICES, PEOPLE)


def records(folder: Path, account: Account, progress: Progress) -> Iterator[list[Entry]]:
    """Yield the records of a clone, those that belong together at once, the source last."""
    register = Register(account)
    register.countries.add("USA")
    for path, root in roots(files_in(folder, *OFFICES), account, progress):
        account.read += 1
        office: Office | None = None
        try:
            passage, office = READERS[path.parent.name](path, root, register)
            register.titled[passage.key] = passage
        except (RegisterError, ValueError) as error:
            account.refuse(path, words(root, "id") or words(root, "territory-id"), error)
        _appointments(path, root, office, register)
    for _, organisation in sorted(register.organisations.items()):
        register.cited |= {*organisation.fields["evidence"]}
        yield [checked(organisation)]
    for path, root in roots(files_in(folder, PEOPLE), account, progress):
        account.read += 1
        try:
            passage, *person = _person(root, register)
        except (RegisterError, ValueError) as error:
            account.refuse(path, words(root, "id") or path.stem, error)
            continue
        yield [passage]
        offices = list(_positions(person[0].key, words(root, "id"), register))
        yield from ([cited] for cited, _ in offices)
        yield [*person, *(position for _, position in offices)]
    _refuse_unknown(register)
    concurrent = len([*(folder / CONCURRENT).glob("*.xml")])
    account.read += concurrent
    account.aside["lists of missions that one chief had at the same time"] += concurrent
    yield from ([passage] for passage in _cited(register))
    for country in register.countries.entries():
        yield [country]
    yield [account.source(SOURCE, **ABOUT)]


def _refuse_unknown(register: Register) -> None:
    """Refuse the appointments of people who are not in the list of them."""
    for person, found in sorted(register.appointments.items()):
        for one in found:
            cure = f"person-id: there is no {person!r} in people/: mend it or add the person"
            register.account.refuse(one.office.path, one.used["id"], cure)


def _cited(register: Register) -> Iterator[Entry]:
    """Yield the passages of titles that somebody has; the others are left aside."""
    for key, passage in register.titled.items():
        if key in register.cited:
            yield passage
        else:
            register.account.recorded -= 1
            register.account.aside["titles that nobody has"] += 1


def _appointments(path: Path, root: Element, office: Office | None, register: Register) -> None:
    """Keep the appointments in a file by their people; without an office they are refused."""
    account = register.account
    for part in root:
        for number, element in enumerate(part, 1):
            if part.tag not in PARTS and element.find("id") is None:
                continue
            account.read += 1
            entry = words(element, "id") or f"{part.tag} {number}"
            if element.tag == "mission-note":
                account.aside["notes on a mission, in prose"] += 1
            elif element.tag not in ("principal", "chief"):
                account.refuse(path, entry, f"<{element.tag}> is unknown: take it out")
            elif office is None:
                account.refuse(path, entry, "its office was refused: mend that first")
            else:
                try:
                    person, one = _appointment(element, office, part.tag)
                except (RegisterError, ValueError) as error:
                    account.refuse(path, entry, error)
                else:
                    register.appointments[person].append(one)
                    changed_on(element, account)


def _appointment(element: Element, office: Office, part: str) -> tuple[str, Appointment]:
    used = needed(element, "id", "person-id", "role-title-id")
    for day in ("appointed", "started", "ended"):
        for name in ("date", "note"):
            used[f"{day}/{name}"] = words(element, f"{day}/{name}")
        uncertain(day, used[f"{day}/date"], used[f"{day}/note"])
    if office.country:
        territory = words(element, "contemporary-territory-id") or office.country
        used["contemporary-territory-id"] = territory
        coded(territory)
    quote = None
    if (status := _status(used, part)) is not PositionStatus.HELD:
        quote = quotable(words(element, "note"))
    return used["person-id"], Appointment(office, used, quote, status, part)


def _status(used: dict[str, str], part: str) -> PositionStatus | None:
    """Return how far somebody came, by the dates that are there and the list it stands in."""
    # An end alone, in a list of those who did not serve, is that of an appointment.
    if used["started/date"] or (used["ended/date"] and part in SERVED):
        return PositionStatus.HELD
    if used["appointed/date"] or used["ended/date"]:
        return PositionStatus.APPOINTED
    return PositionStatus.NOMINATED if part == NOMINEES else None


def _person(root: Element, register: Register) -> Iterator[Entry]:
    """Yield the passage of a person, the person, and what the list of people calls them."""
    told = needed(root, "id", "persName/surname")
    parts = ("persName/forename", "persName/surname", "persName/genName", "persName/altname")
    told |= {part: words(root, part) for part in parts}
    former = [" ".join("".join(one.itertext()).split()) for one in root.iter("old-id")]
    key, stated = slug(told["id"]), Support.STATED.value
    *full, other = (told[part] for part in parts)
    name = " ".join(filter(None, full))
    passage = register.account.passage(SOURCE, f"{PEOPLE}/{told['id']}", told)
    yield passage
    fields = {
        "name": name,
        "label": name,
        "aliases": [name, *([other] if other and other != name else [])],
        "country": "USA",
        "country_support": stated,
        "support": stated,
        "evidence": [passage.key],
    }
    yield checked(Entry(Official, key, fields, key))
    scheme = Scheme.US_HISTORIAN_PEOPLE
    yield identifier(key, scheme, told["id"], SOURCE, "It is the person's id there.")
    changed_on(root, register.account)
    for old in dict.fromkeys(former):
        if old and old != told["id"]:
            yield identifier(key, scheme, old, SOURCE, "It was the person's id there.")


def _positions(official: str, person: str, register: Register) -> Iterator[tuple[Entry, Entry]]:
    """Yield the offices of a person, each after the passage of its appointment."""
    keys: set[str] = set()
    for one in register.appointments.pop(person, ()):
        key = f"{official}-{SOURCE}-{slug(one.used['id'])}"
        number = 1
        while (name := f"{key}-{number}" if number > 1 else key) in keys:
            number += 1
        keys.add(name)
        office, account = one.office, register.account
        try:
            title = _title_of(one, register)
            position = checked(Entry(Position, name, _fields(official, one, title, register), name))
            place = f"{office.path.parent.name}/{office.path.stem}/{one.used['id']}"
            used = one.used | ({"note": one.quote} if one.quote else {})
            passage = account.passage(SOURCE, place, used, one.quote)
        except RegisterError as error:
            account.refuse(office.path, one.used["id"], error)
            continue
        position.fields["evidence"].insert(0, passage.key)
        register.cited |= {*position.fields["evidence"]}
        yield passage, position


def _title_of(one: Appointment, register: Register) -> tuple[str, str]:
    """Return the title of an office, and the passage it stands in."""
    role = one.used["role-title-id"]
    if role not in register.titles:
        raise RegisterError(f"role-title-id: {role!r} has no file: mend it or add the file")
    return register.titles[role]


def _fields(
    official: str, one: Appointment, title: tuple[str, str], register: Register
) -> dict[str, Any]:
    """Return the fields of an office, with the passages that its title rests on."""
    used, office = one.used, one.office
    times = {
        **uncertain("appointed", used["appointed/date"], used["appointed/note"]),
        **uncertain("start", used["started/date"], used["started/note"]),
        **uncertain("end", used["ended/date"], used["ended/note"]),
    }
    country = _sent_to(used, register)
    notes = [country.note] if country else []
    if one.part not in SERVED:
        notes.append(f"The register lists it apart, among {one.part.replace('-', ' ')}.")
    if (
        "start_earliest" in times
        and times.get("end_latest", times["start_earliest"]) < (times["start_earliest"])
    ):
        notes.append("In the register it ends before it begins; both are kept as they stand.")
    return {
        "official": official,
        "title": title[0],
        "role": office.role.value,
        "country": "USA",
        "organisation": office.organisation,
        "status": one.status.value if one.status else None,
        "accredited_to": country.code if country else None,
        "accredited_to_organisation": office.accredited_to,
        **times,
        "support": (Support.INFERRED if country and country.inferred else Support.STATED).value,
        "note": " ".join(filter(None, notes)) or None,
        "evidence": list(dict.fromkeys([title[1], office.passage])),
    }


def _sent_to(used: dict[str, str], register: Register) -> Coded | None:
    """Return the country that a chief was sent to, None for other offices."""
    if "contemporary-territory-id" not in used:
        return None
    days = (used["started/date"], used["appointed/date"], used["ended/date"])
    year = next((bounds(day)[0].year for day in days if day), None)
    country = coded(used["contemporary-territory-id"], year=year)
    if country.code:
        register.countries.add(country.code)
    return country
