"""Dyads: what the dataset contains about unordered pairs of countries."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, combinations
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Greatest, Least

from policy import plover
from policy.models import Concern, Event, EventParty, Gap, IssueSide, Stop
from policy.models.events import PartyRole
from policy.models.state import live
from policy.models.statements import concerned, concerning

WITHIN_ISSUES = ("events", "statements", "gaps")
"""What may belong to a bilateral issue, and is then between the two countries of it."""


@dataclass(frozen=True, slots=True)
class Dyad:
    """Two countries, and the numbers of records between them."""

    id: str
    """The two alpha-3 codes in alphabetical order, such as MEX-USA."""
    first: str
    second: str
    issues: int
    events: int
    statements: int
    trips: int
    gaps: int


@dataclass(frozen=True, slots=True)
class EventTotals:
    """The coded events of a dyad, counted by quad class and scored."""

    coded: int
    quads: dict[str, int]
    score_sum: float
    score_mean: float | None


@cache
def pairs() -> dict[str, QuerySet[Any]]:
    """Return for each kind of record the rows that lay a record between two countries.

    Each row has ``record``, ``one`` and ``other``, of which ``one`` has the lesser code. The two
    are the sides of an issue; both have parts in an event and at least one acts; each speaks in a
    statement or is what it is about; an official of one stops in the other; a gap concerns both.
    """
    acting = Q(role=PartyRole.ACTOR) | Q(role_of_other=PartyRole.ACTOR)
    countries: Any = Gap.countries.through
    return {
        "issues": _paired(IssueSide, "country", "issue__sides__country", "issue"),
        "events": _paired(EventParty, "country", "event__parties__country", "event")
        .annotate(role_of_other=F("event__parties__role"))
        .filter(acting),
        "statements": _paired(Concern, "country", "statement__concerns__country", "statement"),
        "trips": _paired(
            Stop,
            Least("country", "trip__traveller__country"),
            Greatest("country", "trip__traveller__country"),
            "trip",
        ),
        "gaps": _paired(countries, "country", "gap__countries", "gap"),
    }


@cache
def pairs_of_issues() -> dict[str, QuerySet[Any]]:
    """Return such rows for the records that belong to an issue between two countries."""
    return {
        name: _paired(IssueSide, "country", "issue__sides__country", f"issue__{name}")
        for name in WITHIN_ISSUES
    }


def _paired(model: Any, one: Any, other: Any, record: str) -> QuerySet[Any]:
    one, other = (F(path) if isinstance(path, str) else path for path in (one, other))
    rows: QuerySet[Any] = model._base_manager.order_by().annotate(
        one=one, other=other, record=F(record)
    )
    return rows.filter(other__gt=F("one"), record__isnull=False)


def between(name: str, first: Any, second: Any) -> Q:
    """Return the condition on the records of a kind that they are between two countries.

    ``first`` is the country with the lesser code.
    """
    ways = [rows[name] for rows in (pairs(), pairs_of_issues()) if name in rows]
    found, *others = (way.filter(one=first, other=second).values("record") for way in ways)
    if name == "statements" and live.get() is not None:
        within = Q(pk__in=others[0])
        return within | (concerning([first]) & concerning([second]))
    return Q(pk__in=found.union(*others) if others else found)


def dyads() -> list[Dyad]:
    """Return every pair of countries with a record between them, in the order of their keys."""
    numbers: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    if live.get() is not None:
        for pair in _live_pairs():
            numbers[pair]["statements"] += 1
    for name, direct in pairs().items():
        if name == "statements" and live.get() is not None:
            continue
        same = {column: OuterRef(column) for column in ("one", "other", "record")}
        within = pairs_of_issues().get(name)
        ways = (
            [direct, within.filter(~Exists(direct.filter(**same)))]
            if within is not None
            else [direct]
        )
        for way in ways:
            counted = way.values_list("one", "other")
            for one, other, records in counted.annotate(records=Count("record", distinct=True)):
                numbers[one, other][name] += records
    return [
        Dyad(f"{one}-{other}", one, other, **{name: numbers[one, other][name] for name in pairs()})
        for one, other in sorted(numbers)
    ]


def _live_pairs() -> Iterator[tuple[str, str]]:
    """Yield the pairs of countries of each statement, where concerns may not be true."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for statement, countries in concerned().items():
        found[statement].update(combinations(sorted(countries), 2))
    within = pairs_of_issues()["statements"]
    for one, other, statement in within.values_list("one", "other", "record"):
        found[statement].add((one, other))
    yield from chain.from_iterable(found.values())


def codings(events: QuerySet[Event], *before: Any) -> "QuerySet[Event, tuple[Any, ...]]":
    """Return the event types and modes of events, each with the number of events.

    ``before`` stands before them in each row.
    """
    rows = events.order_by().filter(event_type__isnull=False)
    return rows.values_list(*before, "event_type", "mode").annotate(records=Count("pk"))


def event_totals(counted: Iterable[tuple[str, str | None, int]]) -> EventTotals:
    """Return the totals of codings: by quad class, with sum and mean score, which may be None."""
    quads: Counter[str] = Counter({quad.value: 0 for quad in plover.Quad})
    total, coded = 0.0, 0
    for event_type, mode, records in counted:
        quads[plover.quad_of(event_type).value] += records
        total += plover.score_of(event_type, mode) * records
        coded += records
    return EventTotals(
        coded, dict(quads), round(total, 4), round(total / coded, 4) if coded else None
    )
