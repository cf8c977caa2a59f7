"""Verdicts: what a register says to a claim, and what is wrong with how a check is declared."""

from collections.abc import Iterator
from typing import Any

from policy.annotations.reading import Draft, Entry
from policy.claims.journeys import Journeys, day, holds
from policy.claims.rules import RULES, Claim, query_of
from policy.models import Check, Passage, Stop, Trip
from policy.models.registry import RecordKind, served_models
from policy.registers.travels import SOURCE
from policy.vocabulary import nearest, suggestion

REGISTERS = (SOURCE,)
"""The registers that the rules are for: those that have journeys."""


def settle(draft: Draft) -> None:
    """Compute each check of a sound draft anew: what it says comes from the records beside it."""
    read: dict[str, Journeys] = {}
    for entry in draft.of(Check):
        fields = entry.fields
        register, rule = fields["register"], RULES[fields["rule"]]
        claim = _claim(entry, draft)
        of_claim = [key for key in fields["evidence"] if _source(key, draft) != register]
        fields |= {"query": query_of(rule, claim), "verdict": None, "finding": None}
        fields["evidence"] = of_claim
        if holds(draft, register):
            if register not in read:
                read[register] = Journeys(draft, register)
            outcome = rule.compare(claim, read[register])
            entries = {key for stop in outcome.stops for key in stop.entries}
            fields |= {"verdict": outcome.verdict.value, "finding": outcome.finding}
            fields["evidence"] = [*of_claim, *sorted(entries)]


def misdeclared(draft: Draft) -> Iterator[str]:
    """Yield what is wrong with checks beside what each field says by itself."""
    for entry in draft.of(Check):
        for name, message in _misdeclared(entry, draft):
            yield f"{entry.where}: {name}: {message}"


def _misdeclared(entry: Entry, draft: Draft) -> Iterator[tuple[str, str]]:
    fields = entry.fields
    if not fields.get("evidence"):
        yield "evidence", "cite the passage that makes the claim"
    register = str(fields.get("register"))
    if register not in REGISTERS:
        yield "register", f"no rule is for {register!r}; {suggestion(register, REGISTERS)}"
    kind, key = str(fields.get("claim_kind")), str(fields.get("claim"))
    keys = _keys(kind, draft)
    if kind in RecordKind.values and key not in keys:
        guess = nearest(key, keys)
        yield (
            "claim",
            f"there is no {kind} {key!r}" + (f"; did you mean {guess!r}?" if guess else ""),
        )
    trip = draft.entries.get((Trip, _trip(fields)))
    if trip and not trip.fields.get("time_earliest"):
        yield "claim", f"the journey {trip.key} has no days to look for: give it some, or no check"
    yield from _ill_ruled(fields)


def _ill_ruled(fields: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a rule asks for and a check has not, and what it has and the rule does not ask."""
    name = str(fields.get("rule"))
    rule = RULES.get(name)
    if rule is None:
        return
    if fields.get("claim_kind") not in rule.kinds:
        yield "claim_kind", f"{name} tests the claim of a {' or '.join(rule.kinds)}"
    for asked in ("role", "countries", "years"):
        if asked in rule.needs and not fields.get(asked):
            yield asked, f"say which: {name} asks for it"
        elif asked not in rule.needs and fields.get(asked):
            yield asked, f"leave it out: {name} does not ask for it"


def _keys(kind: str, draft: Draft) -> set[str]:
    model = served_models().get(RecordKind(kind)) if kind in RecordKind.values else None
    return {key for of, key in draft.entries if of is model}


def _trip(fields: dict[str, Any]) -> str:
    """Return the key of the journey that a claim is about."""
    return str(fields.get("claim" if fields.get("claim_kind") == RecordKind.TRIP else "trip"))


def _source(key: str, draft: Draft) -> Any:
    return draft.entries[Passage, key].fields["source"]


def _claim(entry: Entry, draft: Draft) -> Claim:
    """Return what a check that is rightly declared tests."""
    fields = entry.fields
    trip = draft.entries[Trip, _trip(fields)]
    stops = [stop.fields for stop in draft.of(Stop) if stop.fields["trip"] == trip.key]
    stops.sort(key=lambda stop: stop.get("listed_position") or len(stops))
    return Claim(
        traveller=trip.fields["traveller"],
        first=day(trip.fields["time_earliest"]),
        last=day(trip.fields["time_latest"]),
        listed=tuple(stop["country"] for stop in stops),
        register=fields["register"],
        role=fields.get("role") or "",
        countries=frozenset(fields.get("countries") or ()),
        years=fields.get("years") or 0,
    )
