"""Dyads: what the dataset contains about unordered pairs of countries."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from policy import plover
from policy.models import BilateralIssue, Event, EventParty, Gap, IssueSide, Trip
from policy.models.events import PartyRole
from policy.models.statements import concerning


@dataclass(frozen=True, slots=True)
class Dyad:
    """Two countries, and the numbers of issues and events between them."""

    first: str
    second: str
    issues: int = 0
    events: int = 0

    @property
    def id(self) -> str:
        """The two alpha-3 codes in alphabetical order, such as MEX-USA."""
        return f"{self.first}-{self.second}"


@dataclass(frozen=True, slots=True)
class EventTotals:
    """The coded events of a dyad, counted by quad class and scored."""

    coded: int
    quads: dict[str, int]
    score_sum: float
    score_mean: float | None


def dyads() -> list[Dyad]:
    """Return every pair of countries with an issue or an event between them, in key order."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    issues = (
        IssueSide.objects.filter(issue__sides__country__gt=F("country"))
        .order_by()
        .values_list("country", "issue__sides__country")
        .annotate(records=Count("issue", distinct=True))
    )
    for first, second, records in issues:
        counts[first, second]["issues"] = records
    events = (
        EventParty.objects.filter(
            Q(role=PartyRole.ACTOR) | Q(event__parties__role=PartyRole.ACTOR),
            event__parties__country__gt=F("country"),
        )
        .order_by()
        .values_list("country", "event__parties__country")
        .annotate(records=Count("event", distinct=True))
    )
    for first, second, records in events:
        counts[first, second]["events"] = records
    return [
        Dyad(first, second, counts[first, second]["issues"], counts[first, second]["events"])
        for first, second in sorted(counts)
    ]


def issues_between(first: str, second: str) -> Q:
    """Return the condition on bilateral issues: these are the two sides."""
    return _both(BilateralIssue, "sides__country", first, second)


def events_between(first: str, second: str) -> Q:
    """Return the condition on events: both are parties, and at least one of them is an actor."""
    acts = Q(parties__role=PartyRole.ACTOR, parties__country__in=[first, second])
    acting = Q(pk__in=Event.objects.order_by().filter(acts).values("pk"))
    return acting & _both(Event, "parties__country", first, second)


def statements_between(first: str, second: str) -> Q:
    """Return the condition on statements: each country speaks in it or is what it is about."""
    return concerning([first]) & concerning([second])


def trips_between(first: str, second: str) -> Q:
    """Return the condition on trips: an official of the one stops in the other."""
    return _travels(first, second) | _travels(second, first)


def gaps_between(first: str, second: str) -> Q:
    """Return the condition on gaps: they concern both countries, or an issue between them."""
    issues = BilateralIssue.objects.order_by().filter(issues_between(first, second))
    within = Gap.objects.order_by().filter(issues__in=issues).values("pk")
    return _both(Gap, "countries", first, second) | Q(pk__in=within)


def event_totals(events: QuerySet[Event]) -> EventTotals:
    """Return the coded events by quad class, with sum and mean score; the mean may be None."""
    rows = (
        events.order_by()
        .filter(event_type__isnull=False)
        .values_list("event_type", "mode")
        .annotate(records=Count("pk", distinct=True))
    )
    quads: Counter[str] = Counter({quad.value: 0 for quad in plover.Quad})
    total, coded = 0.0, 0
    for event_type, mode, records in rows:
        quads[plover.quad_of(event_type).value] += records
        total += plover.score_of(event_type, mode) * records
        coded += records
    return EventTotals(
        coded, dict(quads), round(total, 4), round(total / coded, 4) if coded else None
    )


def _both(model: Any, path: str, first: str, second: str) -> Q:
    def one(country: str) -> Q:
        return Q(pk__in=model.objects.order_by().filter(**{path: country}).values("pk"))

    return one(first) & one(second)


def _travels(origin: str, destination: str) -> Q:
    stopping = Trip.objects.order_by().filter(stops__country=destination)
    return Q(traveller__country=origin, pk__in=stopping.values("pk"))
