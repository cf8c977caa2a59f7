"""Dyads: what the dataset contains about unordered pairs of countries."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, reduce
from itertools import combinations
from operator import or_
from typing import Any

from django.db.models import Count, Exists, F, FilteredRelation, OuterRef, Q, QuerySet
from django.db.models.functions import Greatest, Least

from policy import plover
from policy.models import (
    BilateralIssue,
    Concern,
    Event,
    EventParty,
    Gap,
    Relation,
    Statement,
    Stop,
)
from policy.models.events import ACTS, PartyRole
from policy.models.registry import RecordKind
from policy.models.relations import ENDS
from policy.models.state import live
from policy.models.statements import concerned, concerning

KINDS = {
    "issues": RecordKind.BILATERAL_ISSUE,
    "events": RecordKind.EVENT,
    "statements": RecordKind.STATEMENT,
    "trips": RecordKind.TRIP,
    "gaps": RecordKind.GAP,
}
"""What may lie between two countries, by the name that a dyad carries it under, relations apart."""
SIDES: Any = BilateralIssue.countries.through
"""The pairs of an issue and one of its countries."""
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
    relations: int


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
    are those of an issue; one acts in an event and the other receives, or where nobody receives,
    both act; each speaks in a statement or is what it is about; an official of one stops in the
    other; a gap concerns both.
    """
    # EXISTS within OR looks so dear to PostgreSQL that it compiles the query, for half a second.
    receives = Q(event__parties__role=PartyRole.RECIPIENT)
    received = FilteredRelation("event__parties", condition=receives)
    facing = ~Q(role=F("role_of_other")) | ACTS & Q(received=None)
    countries: Any = Gap.countries.through
    return {
        "issues": _paired(SIDES, "country", "bilateralissue__countries", "bilateralissue"),
        "events": _paired(EventParty, "country", "event__parties__country", "event")
        .annotate(role_of_other=F("event__parties__role"), received=received)
        .filter(facing),
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
        name: _paired(SIDES, "country", "bilateralissue__countries", f"bilateralissue__{name}")
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

    ``first`` is the country with the lesser code. A relation is where one of its ends is.
    """
    if name != "relations":
        return Q(pk__in=keys_between(name, first, second))
    condition = Q(pk__in=[])
    for other, kind in KINDS.items():
        for end in ENDS:
            # There are few relations, and many records between two countries.
            ways = _ways_between(other, first, second)
            found = [Exists(rows.filter(**{key: OuterRef(end)})) for rows, key in ways]
            condition |= Q(**{f"{end}_kind": kind}) & reduce(or_, map(Q, found))
    return condition


def keys_between(name: str, first: Any, second: Any) -> QuerySet[Any]:
    """Return the keys of the records of a kind between two countries, each once."""
    keys = [rows.values(key) for rows, key in _ways_between(name, first, second)]
    return keys[0].union(*keys[1:]) if keys[1:] else keys[0].distinct()


def _ways_between(name: str, first: Any, second: Any) -> list[tuple[QuerySet[Any], str]]:
    """Return the rows that lay records of a kind between two countries, and the column of keys."""
    direct, *within = (
        (rows[name].filter(one=first, other=second), "record")
        for rows in (pairs(), pairs_of_issues())
        if name in rows
    )
    if name == "statements" and live.get() is not None:
        both = concerning([first]) & concerning([second])
        direct = Statement.objects.order_by().filter(both), "pk"
    elif name == "statements":
        # A join of pairs by way of the statements takes twice as long.
        of_second = Concern.objects.filter(country=second, statement=OuterRef("statement"))
        direct = Concern.objects.order_by().filter(Exists(of_second), country=first), "statement"
    return [direct, *within]


def dyads() -> list[Dyad]:
    """Return every pair of countries with a record between them, in the order of their keys."""
    numbers: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for name, direct in pairs().items():
        if name == "statements" and live.get() is not None:
            for one, other, _ in set(_live_pairs()):
                numbers[one, other][name] += 1
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
    for pair, relations in relations_between().items():
        numbers[pair]["relations"] = len(relations)
    return in_order(numbers)


def in_order(numbers: Mapping[tuple[str, str], Mapping[str, int]]) -> list[Dyad]:
    """Return dyads in the order of their keys, from the numbers of records between countries."""
    names = (*KINDS, "relations")
    return [
        Dyad(f"{one}-{other}", one, other, **{name: of.get(name, 0) for name in names})
        for (one, other), of in sorted(numbers.items())
    ]


def relations_between() -> dict[tuple[str, str], set[str]]:
    """Return the relations of which an end is between two countries, by the pair of these."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    ends = _ends_of_relations()
    for name in KINDS:
        for one, other, record in _between_any(name):
            found[one, other] |= ends[name][record]
    return found


def _between_any(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield the records of a kind in relations with each pair of countries they are between."""
    records = _records_in_relations(name)
    if name == "statements" and live.get() is not None:
        held = set(records.values_list(flat=True))
        yield from (row for row in _live_pairs() if row[2] in held)
        return
    for rows in (pairs(), pairs_of_issues()):
        if name in rows:
            found = rows[name].filter(record__in=records)
            yield from found.values_list("one", "other", "record")


def _records_in_relations(name: str) -> QuerySet[Any]:
    """Return the keys of the records of a kind that a relation has as an end."""
    relations, kind = Relation.objects.order_by(), KINDS[name]
    subjects = relations.filter(subject_kind=kind).values("subject")
    return subjects.union(relations.filter(object_kind=kind).values("object"))


def _ends_of_relations() -> dict[str, dict[str, set[str]]]:
    """Return the relations of each record that is an end of one, by the name of its kind."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    names = {kind.value: name for name, kind in KINDS.items()}
    for end in ENDS:
        for relation, kind, record in Relation.objects.values_list("pk", f"{end}_kind", end):
            if kind in names:
                found[names[kind]][record].add(relation)
    return found


def _live_pairs() -> Iterator[tuple[str, str, str]]:
    """Yield the pairs of countries of each statement, where concerns may not be true."""
    for statement, countries in concerned().items():
        for one, other in combinations(sorted(countries), 2):
            yield one, other, statement
    yield from pairs_of_issues()["statements"].values_list("one", "other", "record")


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


def scores_between(countries: Collection[str]) -> dict[tuple[str, str], EventTotals]:
    """Return the totals of coded events between any two of these countries, where there are any.

    The lesser code stands first. Which events lie between two is told by ``pairs``.
    """
    direct, within = pairs()["events"], pairs_of_issues()["events"]
    same = {column: OuterRef(column) for column in ("one", "other", "record")}
    counted: dict[tuple[str, str], list[tuple[str, str | None, int]]] = defaultdict(list)
    for path, way in (
        ("event", direct),
        ("bilateralissue__events", within.filter(~Exists(direct.filter(**same)))),
    ):
        coded = way.filter(one__in=countries, other__in=countries).annotate(
            event_type=F(f"{path}__event_type"), mode=F(f"{path}__mode")
        )
        rows = coded.filter(event_type__isnull=False)
        rows = rows.values_list("one", "other", "event_type", "mode")
        for one, other, *coding in rows.annotate(records=Count("record", distinct=True)):
            counted[one, other].append((*coding,))
    return {pair: event_totals(codings) for pair, codings in counted.items()}
