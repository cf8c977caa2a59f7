"""The rules by which claims are compared with a register: each a function of claim and journeys."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, groupby
from typing import NamedTuple
from urllib.parse import urlencode

from policy.claims.journeys import Journeys, RegisteredStop
from policy.models.claims import CheckRule, Verdict
from policy.models.registry import RecordKind


@dataclass(frozen=True, slots=True)
class Claim:
    """What a check tests: the journey a source tells of, and what the rule is given."""

    traveller: str
    first: date
    """The first day that the source's words allow for the journey."""
    last: date
    listed: tuple[str, ...]
    """The countries of its stops, in the order of the source's list."""
    register: str
    role: str = ""
    countries: frozenset[str] = frozenset()
    years: int = 0

    @property
    def days(self) -> str:
        """The days in words."""
        return f"{self.first} to {self.last}"

    @property
    def since(self) -> date:
        """The day so many years before the journey."""
        year = max(self.first.year - self.years, 1)
        try:
            return self.first.replace(year=year)
        except ValueError:
            return self.first.replace(year=year, day=28)


class Outcome(NamedTuple):
    """What a rule found: the verdict, what it comes from in words, and the stops it rests on."""

    verdict: Verdict
    finding: str
    stops: list[RegisteredStop]


Stops = Sequence[RegisteredStop]
READINGS = (False, True)
"""Whether stops in office count only where the head of state has none beside them."""


def days_within(claim: Claim, journeys: Journeys) -> Outcome:
    """Compare the days of a journey."""

    def compare(stops: Stops) -> Outcome:
        first, last = stops[0].first, max(stop.last for stop in stops)
        inside = claim.first <= first and last <= claim.last
        finding = (
            f"{journeys.label(claim.traveller)} was abroad from {first} to {last}, which "
            f"{'lies' if inside else 'does not lie'} within {claim.days}."
        )
        return Outcome(Verdict.AGREES if inside else Verdict.DIFFERS, finding, [*stops])

    return _of_each(claim, journeys, compare)


def same_countries(claim: Claim, journeys: Journeys) -> Outcome:
    """Compare the countries of a journey, whatever their order."""

    def compare(stops: Stops) -> Outcome:
        visited = list(dict.fromkeys(stop.country for stop in stops))
        both = [code for code in claim.listed if code in visited]
        absent = [code for code in claim.listed if code not in visited]
        others = [code for code in visited if code not in claim.listed]
        told = [
            f"{words} {_listed(codes, journeys)}."
            for words, codes in (
                ("Both have", both),
                ("The claim alone has", absent),
                ("The register alone has", others),
            )
            if codes
        ]
        differs = absent or others
        return Outcome(Verdict.DIFFERS if differs else Verdict.AGREES, " ".join(told), [*stops])

    return _of_each(claim, journeys, compare)


def listed_as_visited(claim: Claim, journeys: Journeys) -> Outcome:
    """Compare the order of a list with that of the visits."""

    def compare(stops: Stops) -> Outcome:
        # Two entries in a row of one country are one visit.
        visits = [
            stop
            for stop, before in zip(stops, [None, *stops[:-1]], strict=True)
            if before is None or stop.country != before.country
        ]
        same_days = [
            [stop.country for stop in group]
            for _, group in groupby(visits, key=lambda stop: (stop.first, stop.last))
        ]
        left, fits = list(claim.listed), True
        for codes in same_days:
            fits = fits and sorted(left[: len(codes)]) == sorted(codes)
            left = left[len(codes) :]
        told = f"By their days the visits were to {_listed(chain(*same_days), journeys)}"
        if left or not fits:
            finding = f"{told}; listed are {_listed(claim.listed, journeys)}."
            return Outcome(Verdict.DIFFERS, finding, [*stops])
        open_order = [codes for codes in same_days if len(codes) > 1]
        if open_order:
            tied = "; ".join(_listed(codes, journeys) for codes in open_order)
            finding = f"{told}, as listed if those on the same days came so: {tied}."
            return Outcome(Verdict.DEPENDS, finding, [*stops])
        return Outcome(Verdict.AGREES, f"{told}, as listed.", [*stops])

    return _of_each(claim, journeys, compare)


def _of_each(claim: Claim, journeys: Journeys, compare: Callable[[Stops], Outcome]) -> Outcome:
    """Compare each journey on the days of a claim, and all of them as one if they are several."""
    found = journeys.on_days(claim.traveller, claim.first, claim.last)
    if not found:
        finding = f"It has no journey of {journeys.label(claim.traveller)} from {claim.days}."
        return Outcome(Verdict.DIFFERS, finding, [])
    if len(found) == 1:
        return compare(found[0])
    whole = compare(sorted(chain(*found), key=lambda stop: (stop.first, stop.last)))
    readings = [*(compare(stops) for stops in found), whole]
    if len({one.verdict for one in readings}) == 1:
        return whole
    told = " ".join(dict.fromkeys(one.finding for one in readings))
    finding = f"It depends on which of {len(found)} journeys are meant, or all of them. {told}"
    return Outcome(Verdict.DEPENDS, finding, whole.stops)


def first_in_office(claim: Claim, journeys: Journeys) -> Outcome:
    """Look for a stop in office before the journey."""
    openings = [_opening(claim.traveller, claim, journeys, alone=alone) for alone in READINGS]
    ours = _trips(claim, journeys)
    return _depending(
        [stop is not None and stop.trip in ours for stop in openings],
        _first_stop(claim, journeys, openings),
        [stop for stop in openings if stop],
        *(claim, journeys),
    )


def first_in_years(claim: Claim, journeys: Journeys) -> Outcome:
    """Look for others who opened their time in office as the traveller of the claim did."""
    own = [_opening(claim.traveller, claim, journeys, alone=alone) for alone in READINGS]
    openings = [_openings(claim, journeys, alone=alone) for alone in READINGS]
    alike = [[stop for stop in found if claim.since <= stop.first] for found in openings]
    ours = _trips(claim, journeys)
    told = [_first_stop(claim, journeys, own)]
    others = sorted({*chain(*alike)}, key=lambda stop: (stop.first, stop.traveller))
    told += [_opened(stop, claim, journeys, first=stop in openings[0]) for stop in others]
    if not others:
        told.append(
            f"Nobody else in the office opened it in one of the countries since {claim.since}."
        )
    # Those of all stops are in order, so the last one before the years is the latest.
    before = [stop for stop in openings[0] if stop.first < claim.since][-1:]
    told += [
        f"Before {claim.since}: {_opened(stop, claim, journeys, first=True)}" for stop in before
    ]
    return _depending(
        [
            stop is not None
            and stop.trip in ours
            and stop.country in claim.countries
            and not counter
            for stop, counter in zip(own, alike, strict=True)
        ],
        " ".join(told),
        [*filter(None, own), *others, *before],
        *(claim, journeys),
    )


def _opening(
    official: str, claim: Claim, journeys: Journeys, *, alone: bool
) -> RegisteredStop | None:
    """Return somebody's first stop in office, in one of the readings."""
    home = journeys.home_of(claim.traveller)
    for stop in journeys.in_office(official, claim.role, home):
        if not alone or not journeys.beside(stop, home):
            return stop
    return None


def _openings(claim: Claim, journeys: Journeys, *, alone: bool) -> list[RegisteredStop]:
    """Return the first stops of others, before the journey and in one of the countries."""
    holders = {*journeys.holders(claim.role, journeys.home_of(claim.traveller))}
    found = [
        _opening(official, claim, journeys, alone=alone) for official in holders - {claim.traveller}
    ]
    counted = [
        stop
        for stop in found
        if stop and stop.country in claim.countries and stop.first < claim.first
    ]
    return sorted(counted, key=lambda stop: (stop.first, stop.traveller))


def _trips(claim: Claim, journeys: Journeys) -> set[str]:
    """Return the trips of the traveller on the days of the claim."""
    found = journeys.on_days(claim.traveller, claim.first, claim.last)
    return {stop.trip for stop in chain(*found)}


def _depending(
    readings: list[bool],
    finding: str,
    stops: list[RegisteredStop],
    claim: Claim,
    journeys: Journeys,
) -> Outcome:
    """Return the outcome of the two readings, which rests on what is beside the stops too."""
    home = journeys.home_of(claim.traveller)
    rests_on = [*stops, *chain(*(journeys.beside(stop, home) for stop in stops))]
    if len({*readings}) == 1:
        return Outcome(Verdict.AGREES if readings[0] else Verdict.DIFFERS, finding, rests_on)
    told = f"{finding} It depends on whether a stop beside the head of state counts as one's own."
    return Outcome(Verdict.DEPENDS, told, rests_on)


def _first_stop(claim: Claim, journeys: Journeys, openings: list[RegisteredStop | None]) -> str:
    """Return in words what the traveller's first stops in office are."""
    who = journeys.label(claim.traveller)
    if openings[0] is None:
        return f"It has no stop of {who} in the office."
    stops = dict.fromkeys(stop for stop in openings if stop)
    return " ".join(_opened(stop, claim, journeys, first=stop == openings[0]) for stop in stops)


def _opened(stop: RegisteredStop, claim: Claim, journeys: Journeys, *, first: bool) -> str:
    """Return in words where and when somebody had a first stop, and beside whom."""
    heads = journeys.beside(stop, journeys.home_of(claim.traveller))
    beside = ", ".join(dict.fromkeys(journeys.label(head.traveller) for head in heads))
    which = f"first stop in office{'' if first else ' alone'}"
    where = (
        f"{journeys.country(stop.country)} on {stop.first}{f', beside {beside}' if beside else ''}"
    )
    return f"{journeys.label(stop.traveller)}'s {which} was in {where}."


def _listed(codes: Iterable[str], journeys: Journeys) -> str:
    return ", ".join(journeys.country(code) for code in codes)


class Rule(NamedTuple):
    """What a rule tests, what it has to be given beside the claim, and what it reads."""

    compare: Callable[[Claim, Journeys], Outcome]
    kinds: tuple[RecordKind, ...]
    """The kinds of records whose claims it tests."""
    needs: tuple[str, ...]
    query: Callable[[Claim], dict[str, str]]
    """The parameters of the list of trips that shows what it is computed over."""


def _on_days(claim: Claim) -> dict[str, str]:
    return {
        "traveller": claim.traveller, "from": str(claim.first), "to": str(claim.last),
    }  # fmt: skip


def _until(claim: Claim) -> dict[str, str]:
    return {"traveller": claim.traveller, "to": str(claim.last)}


def _of_everybody(claim: Claim) -> dict[str, str]:
    return {"to": str(claim.last)}


OF_TRIPS = (RecordKind.TRIP,)
RULES: dict[str, Rule] = {
    CheckRule.DAYS_WITHIN: Rule(days_within, OF_TRIPS, (), _on_days),
    CheckRule.SAME_COUNTRIES: Rule(same_countries, OF_TRIPS, (), _on_days),
    CheckRule.LISTED_AS_VISITED: Rule(listed_as_visited, OF_TRIPS, (), _on_days),
    CheckRule.FIRST_IN_OFFICE: Rule(first_in_office, OF_TRIPS, ("role",), _until),
    CheckRule.FIRST_IN_YEARS: Rule(
        *(first_in_years, (RecordKind.STATEMENT,), ("role", "countries", "years"), _of_everybody)
    ),
}
"""The rules by their codes."""


def query_of(rule: Rule, claim: Claim) -> str:
    """Return the list of the API that shows what a verdict is computed over."""
    return f"trips?{urlencode({'source': claim.register, **rule.query(claim)}, safe=',')}"
