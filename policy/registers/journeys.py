"""Journeys: neighbouring visits of one traveller, joined, with their days, cities and order."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from policy.annotations.reading import Entry
from policy.models import Stop, Trip
from policy.models.base import Precision, Support
from policy.models.trips import TripStatus

GAP = timedelta(days=1)
"""How long after the last day of a visit the next may begin, to belong to one journey."""
RULE = (
    "The register lists visits. Those of one traveller are taken as one journey where each begins "
    "at the latest on the day after the last day of those before; whether the traveller was home "
    "in between is not stated. The stops are numbered by their first days."
)
TIED = (
    "It begins on the same day as another stop: that which ends first is taken to come first, and "
    "where they end on one day too the order is left open."
)


@dataclass
class Visit:
    """One entry of a register of travels: somebody in one country for some days."""

    entry: str
    """Its id in the register."""
    passage: str
    start: date
    end: date
    country: str
    city: str | None
    note: str | None
    place: int
    """Its place in the order of the register."""

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day."""
        return self.start, self.end


def joined(visits: Iterable[Visit]) -> Iterator[list[Visit]]:
    """Yield the visits of each journey of one traveller, in the order of their days."""
    journey: list[Visit] = []
    last = date.min
    for visit in sorted(visits, key=lambda visit: (visit.days, visit.place)):
        if journey and visit.start > last + GAP:
            yield journey
            journey = []
        last = max(last, visit.end) if journey else visit.end
        journey.append(visit)
    if journey:
        yield journey


def trip(traveller: str, label: str, journey: list[Visit], names: dict[str, str]) -> list[Entry]:
    """Return the records of a journey, the trip first; ``names`` are those of the countries."""
    first, last = journey[0].start, max(visit.end for visit in journey)
    key = f"{traveller}-{first.isoformat()}"
    several = len(journey) > 1
    fields = {
        "title": _title(label, first, [names[visit.country] for visit in journey]),
        "summary": _summary(label, first, last, journey, names),
        "traveller": traveller,
        "status": TripStatus.COMPLETED.value,
        **time_of(first, last),
        "support": (Support.INFERRED if several else Support.STATED).value,
        "note": RULE if several else None,
        "evidence": [visit.passage for visit in journey],
    }
    return [Entry(Trip, key, fields, key), *_stops(key, journey)]


def time_of(first: date, last: date) -> dict[str, Any]:
    """Return the fields of a time that lasted from a day to another."""
    words = [day.isoformat() for day in dict.fromkeys((first, last))]
    return {
        "time_text": " to ".join(words),
        "time_earliest": first,
        "time_latest": last,
        "time_precision": (Precision.DAY if first == last else Precision.PERIOD).value,
    }


def _stops(trip_key: str, journey: list[Visit]) -> Iterator[Entry]:
    starts = Counter(visit.start for visit in journey)
    days = Counter(visit.days for visit in journey)
    listed = sorted(journey, key=lambda visit: visit.place)
    for order, visit in enumerate(journey, 1):
        tied = starts[visit.start] > 1
        key = f"{trip_key}-{visit.country.lower()}-{visit.entry}"
        fields = {
            "trip": trip_key,
            "country": visit.country,
            "status": TripStatus.COMPLETED.value,
            "listed_position": listed.index(visit) + 1,
            "visit_order": None if days[visit.days] > 1 else order,
            "city": visit.city,
            **time_of(visit.start, visit.end),
            "support": (Support.INFERRED if tied else Support.STATED).value,
            "note": " ".join(filter(None, [visit.note, TIED if tied else None])) or None,
            "evidence": [visit.passage],
        }
        yield Entry(Stop, key, fields, key)


def _title(label: str, first: date, countries: list[str]) -> str:
    """Return who went where and when, the first of many countries."""
    told = list(dict.fromkeys(countries))
    if len(told) > 4:
        told = [*told[:3], f"{len(told) - 3} more"]
    return f"{label} in {_listed(told)}, {first.year}"


def _summary(
    label: str, first: date, last: date, journey: list[Visit], names: dict[str, str]
) -> str:
    when = f"On {first}" if first == last else f"From {first} to {last}"
    where = (
        f"{names[visit.country]} ({visit.city})" if visit.city else names[visit.country]
        for visit in journey
    )
    return f"{when} {label} was in {_listed(list(dict.fromkeys(where)))}."


def _listed(texts: list[str]) -> str:
    *rest, last = texts
    return f"{', '.join(rest)} and {last}" if rest else last
