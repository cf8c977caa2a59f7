"""Offices of the register of principal officers and chiefs of mission: titles and bodies."""

import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from policy.annotations.reading import Entry
from policy.models import Organisation
from policy.models.actors import OrganisationKind, PositionStatus, Role
from policy.models.base import Support
from policy.registers.countries import Countries, coded, every_code, names, unlisted_name
from policy.registers.entries import Account, RegisterError, needed, slug, words

SOURCE = "us-pocom"
ROLES, PRINCIPALS = "roles-country-chiefs", "positions-principals"
COUNTRIES, ORGANISATIONS = "missions-countries", "missions-orgs"
OFFICES = (ROLES, PRINCIPALS, COUNTRIES, ORGANISATIONS)

DEPARTMENT = "us-department-of-state"
NO_BODY = ("us-trade-representative", "secretary-of-foreign-affairs-continental-congress")
"""Offices that are neither of the Department of State nor of a body that their title names."""
BODY = re.compile(
    r" of the ((?:Bureau|Office) of .+|(?:U\.S\. )?[^,]+ (?:Agency|Administration|Institute)|"
    r"Agency for .+)$"
)
"""A body that the title of an office names."""
FOREIGN_MINISTERS = ("secretary", "secretary-ad-interim", NO_BODY[1])
DIPLOMATS = ("ambassador-at-large", "career-ambassador")
_KNOWN: dict[str, dict[str, str]] = tomllib.loads(
    Path(__file__).with_name("organisations.toml").read_text()
)


@dataclass
class Office:
    """What the appointments in one file of the register have in common."""

    path: Path
    passage: str
    role: Role
    organisation: str | None
    country: str | None = None
    """The register's id of the country that chiefs are sent to."""
    accredited_to: str | None = None
    """Key of the organisation that chiefs are sent to."""


@dataclass
class Appointment:
    """An appointment as the register has it."""

    office: Office
    used: dict[str, str]
    """The fields that are used."""
    quote: str | None
    status: PositionStatus | None
    part: str
    """The list of its file it stands in, like `chiefs` or `other-nominees`."""


@dataclass
class Register:
    """What is read before the people: titles, bodies and appointments."""

    account: Account
    countries: Countries = field(default_factory=Countries)
    titles: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Title of each office, and the passage it stands in, by id."""
    titled: dict[str, Entry] = field(default_factory=dict)
    """The passages of the files of offices, by key."""
    cited: set[str] = field(default_factory=set)
    organisations: dict[str, Entry] = field(default_factory=dict)
    appointments: dict[str, list[Appointment]] = field(default_factory=lambda: defaultdict(list))
    """The appointments of each person, by the person's id."""
    names: dict[str, str] = field(default_factory=lambda: names(every_code()))

    def organisation(self, key: str, label: str, passage: str, **fields: str) -> str:
        """Take an organisation, if it is not there, and return its key."""
        told: dict[str, Any] = {"kind": OrganisationKind.GOVERNMENT_BODY.value, "label": label}
        told |= {**fields, "support": Support.STATED.value, "evidence": [passage]}
        self.organisations.setdefault(key, Entry(Organisation, key, told, key))
        return key


def _title(path: Path, root: Element, register: Register, **used: str) -> tuple[Entry, str, str]:
    """Return the passage of a file that names an office, its id and its title."""
    told = needed(root, "id", "names/singular")
    passage = register.account.passage(SOURCE, f"{path.parent.name}/{told['id']}", {**told, **used})
    register.titles[told["id"]] = told["names/singular"], passage.key
    return passage, told["id"], told["names/singular"]


def _role(path: Path, root: Element, register: Register) -> tuple[Entry, Office]:
    passage, _, _ = _title(path, root, register)
    return passage, Office(path, passage.key, Role.DIPLOMAT, None)


def _principal(path: Path, root: Element, register: Register) -> tuple[Entry, Office]:
    passage, office, title = _title(path, root, register)
    found = BODY.search(title)
    organisation = None
    if found:
        organisation = register.organisation(
            f"us-{slug(found[1].removeprefix('U.S. '))}", found[1], passage.key, name=found[1],
            country="USA", country_support=Support.INFERRED.value,
        )  # fmt: skip
    elif office not in NO_BODY:
        name = "Department of State"
        organisation = register.organisation(
            DEPARTMENT, name, passage.key, name=name, country="USA",
            country_support=Support.STATED.value,
        )  # fmt: skip
    role = (
        Role.FOREIGN_MINISTER
        if office in FOREIGN_MINISTERS
        else Role.DIPLOMAT
        if office in DIPLOMATS
        else Role.OFFICIAL
    )
    return passage, Office(path, passage.key, role, organisation)


def _mission(name: str, key: str, passage: str, register: Register) -> str:
    return register.organisation(
        f"us-mission-to-{slug(key)}", f"Mission of the United States to {name}", passage,
        country="USA", country_support=Support.STATED.value,
    )  # fmt: skip


def _to_country(path: Path, root: Element, register: Register) -> tuple[Entry, Office]:
    territory = needed(root, "territory-id")["territory-id"]
    country = coded(territory)
    passage = register.account.passage(
        SOURCE, f"{path.parent.name}/{territory}", {"territory-id": territory}
    )
    name = unlisted_name(territory) or register.names[str(country.code)]
    mission = _mission(name, territory, passage.key, register)
    return passage, Office(path, passage.key, Role.DIPLOMAT, mission, country=territory)


def _to_organisation(path: Path, root: Element, register: Register) -> tuple[Entry, Office]:
    known = _KNOWN.get(words(root, "id"))
    if known is None:
        raise RegisterError(
            "id: its organisation is in no table: add it to policy/registers/organisations.toml"
        )
    passage, _, _ = _title(path, root, register)
    name, told = known["name"], {name: known[name] for name in known if name != "key"}
    if "actor_code" in known:
        told["kind"] = OrganisationKind.INTERNATIONAL_ORGANISATION.value
    else:
        told |= {"country": "USA", "country_support": Support.STATED.value}
    to = register.organisation(known["key"], name, passage.key, **told)
    mission = _mission(f"the {name}", known["key"], passage.key, register)
    return passage, Office(path, passage.key, Role.DIPLOMAT, mission, accredited_to=to)


READERS = {
    ROLES: _role,
    PRINCIPALS: _principal,
    COUNTRIES: _to_country,
    ORGANISATIONS: _to_organisation,
}
"""What reads the office of a file, by its folder."""
