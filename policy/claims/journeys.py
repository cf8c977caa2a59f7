"""The journeys in a register, as the rules for claims ask for them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from policy.annotations.reading import Draft
from policy.models import Country, Official, Passage, Position, Source, Stop, Trip
from policy.models.actors import PositionStatus, Role


@dataclass(frozen=True, slots=True)
class RegisteredStop:
    """One stop in a register: somebody in one country for some days."""

    trip: str
    traveller: str
    country: str
    first: date
    last: date
    entries: tuple[str, ...]
    """The passages of the register that it rests on."""

    def shares_a_day(self, first: date, last: date) -> bool:
        """Return whether one of the days from the first to the last is one of the stop."""
        return self.first <= last and first <= self.last


class Journeys:
    """The journeys that a draft has from one register, and who held which office when."""

    def __init__(self, draft: Draft, register: str) -> None:
        """Take the records of a release, and the key of a register that is among them."""
        self._draft = draft
        self._of: dict[str, list[RegisteredStop]] = defaultdict(list)
        """The stops of each traveller, in the order of their days."""
        self._terms: dict[tuple[str, str], dict[str, list[tuple[date, date]]]] = {}
        """The days in office of each holder of an office, by role and country."""
        for stop in _stops(draft, register):
            self._of[stop.traveller].append(stop)
        for stops in self._of.values():
            stops.sort(key=lambda stop: (stop.first, stop.last, stop.country, stop.entries))
        for (model, _), entry in draft.entries.items():
            if model is Position:
                self._add_term(entry.fields)
        self._heads: dict[tuple[str, str], list[RegisteredStop]] = defaultdict(list)
        """The stops of heads of state, by the country that each is head of and that of the stop."""
        for (role, home), holders in self._terms.items():
            if role == Role.HEAD_OF_STATE:
                for holder in holders:
                    for stop in self.in_office(holder, role, home):
                        self._heads[home, stop.country].append(stop)

    def _add_term(self, fields: dict[str, Any]) -> None:
        if fields.get("role") and fields.get("status") in (None, PositionStatus.HELD):
            office = fields["role"], fields.get("country") or ""
            terms = self._terms.setdefault(office, {}).setdefault(fields["official"], [])
            first, last = fields.get("start_earliest"), fields.get("end_latest")
            if first or last:
                terms.append((day(first or date.min), day(last or date.max)))

    def on_days(self, traveller: str, first: date, last: date) -> list[list[RegisteredStop]]:
        """Return the journeys of somebody that share a day with these days, each with its stops."""
        journeys: dict[str, list[RegisteredStop]] = defaultdict(list)
        for stop in self._of.get(traveller, ()):
            journeys[stop.trip].append(stop)
        return [
            stops
            for stops in journeys.values()
            if stops[0].first <= last and first <= max(stop.last for stop in stops)
        ]

    def in_office(self, official: str, role: str, home: str) -> list[RegisteredStop]:
        """Return the stops of somebody in an office; all of them where its days are unknown."""
        terms = self._terms.get((role, home), {}).get(official)
        if terms is None:
            return []
        return [
            stop
            for stop in self._of.get(official, ())
            if not terms or any(first <= stop.first <= last for first, last in terms)
        ]

    def holders(self, role: str, home: str) -> Iterable[str]:
        """Return who held an office of a country."""
        return self._terms.get((role, home), {})

    def beside(self, stop: RegisteredStop, home: str) -> list[RegisteredStop]:
        """Return the stops of the head of state that coincide with a stop of somebody else."""
        return [
            other
            for other in self._heads.get((home, stop.country), ())
            if other.traveller != stop.traveller and other.shares_a_day(stop.first, stop.last)
        ]

    def home_of(self, official: str) -> str:
        """Return the country that somebody serves; empty where it is not known."""
        return self._text(Official, official, "country")

    def label(self, official: str) -> str:
        """Return what to call somebody."""
        return self._text(Official, official, "label") or official

    def country(self, code: str) -> str:
        """Return the name of a country, its code where the release does not have it."""
        return self._text(Country, code, "name") or code

    def _text(self, model: Any, key: str, name: str) -> str:
        entry = self._draft.entries.get((model, key))
        return str(entry.fields.get(name) or "") if entry else ""


def holds(draft: Draft, register: str) -> bool:
    """Return whether a draft has the records of a register."""
    return (Source, register) in draft.entries


def day(value: Any) -> date:
    """Return a day, which annotations have as such and releases as text."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def _stops(draft: Draft, register: str) -> Iterable[RegisteredStop]:
    for (model, _), entry in draft.entries.items():
        if model is not Stop:
            continue
        fields = entry.fields
        cited = (draft.entries.get((Passage, key)) for key in fields.get("evidence", ()))
        entries = tuple(one.key for one in cited if one and one.fields["source"] == register)
        if entries and fields.get("time_earliest"):
            yield RegisteredStop(
                fields["trip"],
                draft.entries[Trip, fields["trip"]].fields["traveller"],
                fields["country"],
                day(fields["time_earliest"]),
                day(fields["time_latest"]),
                entries,
            )
