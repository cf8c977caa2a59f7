"""Events between states, coded in PLOVER, with their parties, contexts and order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Cast

from policy import plover
from policy.models.actors import Country, Organisation
from policy.models.base import (
    OPTIONAL,
    Fact,
    Key,
    LongText,
    Text,
    Timed,
    code_field,
    texts_field,
)
from policy.models.issues import BilateralIssue
from policy.models.registry import RecordKind
from policy.vocabulary import Vocabulary


def mode_fits_event_type() -> Q:
    """Return the condition that a mode is one of its event type's."""
    condition = Q(mode__isnull=True)
    for event_type, code in plover.CODEBOOK.items():
        if code.modes:
            condition |= Q(event_type=event_type.value, mode__in=[mode.code for mode in code.modes])
    return condition


def scored(fits: Callable[[float], bool]) -> Q:
    """Return the condition that an event has a score which fits."""
    condition = Q(event_type__in=[])
    for event_type, entry in plover.CODEBOOK.items():
        for mode, score in plover.scores_of(entry).items():
            if fits(score):
                condition |= Q(event_type=event_type.value, mode=mode)
    return condition


def score_column() -> Cast:
    """Return the score of an event as a column, null for one without a code."""
    cases = [
        When(scored(lambda score, wanted=wanted: score == wanted), then=Value(wanted))  # type: ignore[misc]
        for wanted in sorted(
            {s for e in plover.CODEBOOK.values() for s in plover.scores_of(e).values()}
        )
    ]
    return Cast(Case(*cases), models.FloatField(null=True))


class Event(Fact, Timed):
    """Something done or said between states, coded in PLOVER."""

    record_kind: ClassVar = RecordKind.EVENT

    id = Key("Slug of the event, stable for good.")
    summary = LongText("What happened, in our words.")
    event_type = code_field(
        plover.EventType, "PLOVER event type; null where coding would invent.", **OPTIONAL
    )
    mode = Text(
        "PLOVER mode of the event type; null when none applies.",
        max_length=20,
        choices=plover.MODE_CHOICES,
        **OPTIONAL,
    )
    auxiliary = code_field(
        plover.Auxiliary,
        "Whether the event is past, planned, supposed or denied; null when it is none.",
        **OPTIONAL,
    )
    confidence = code_field(
        plover.Confidence,
        "How sure the coder is of the event type; null when there is none.",
        **OPTIONAL,
    )
    alternatives = texts_field("Other codes a careful coder might choose, as TYPE or TYPE/mode.")
    rationale = LongText("Why it is coded so, in our words; null when plain.", **OPTIONAL)
    uncoded_reason = LongText("Why there is no event type; null when there is one.", **OPTIONAL)
    issues = models.ManyToManyField(
        BilateralIssue,
        blank=True,
        related_name="events",
        help_text="Slugs of the bilateral issues it belongs to.",
    )
    place_country = models.ForeignKey(
        Country,
        models.PROTECT,
        related_name="events_in",
        help_text="The country it happened in, as alpha-3; null when not stated.",
        **OPTIONAL,
    )
    place_text = Text(
        "The source's words for where it happened; null when it has none.",
        max_length=200,
        **OPTIONAL,
    )

    class Meta(Timed.Meta):
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            *Timed.Meta.constraints,
            models.CheckConstraint(
                name="policy_event_coded_or_not",
                condition=Q(
                    event_type__isnull=False, confidence__isnull=False, uncoded_reason__isnull=True
                )
                | Q(
                    event_type__isnull=True,
                    confidence__isnull=True,
                    uncoded_reason__isnull=False,
                    mode__isnull=True,
                ),
                violation_error_message=(
                    "Give event_type with confidence, or uncoded_reason without either or a mode."
                ),
            ),
            models.CheckConstraint(
                name="policy_event_mode",
                condition=mode_fits_event_type(),
                violation_error_message="This mode does not belong to this event type.",
            ),
        ]

    @property
    def quad(self) -> plover.Quad | None:
        """The quad class of the event type, or None for an uncoded event."""
        return plover.quad_of(self.event_type) if self.event_type else None

    @property
    def score(self) -> float | None:
        """The PLOVER score of type and mode, -10 to +10, or None for an uncoded event."""
        return plover.score_of(self.event_type, self.mode) if self.event_type else None

    @property
    def neighbours(self) -> list["Neighbour"]:
        """The events this one is ordered against, in whichever direction the order is recorded."""
        own = [Neighbour(OrderRelation(o.relation), o.other_id, o) for o in self.orders.all()]
        turned = [
            Neighbour(SEEN_FROM_THE_OTHER[OrderRelation(o.relation)], o.event_id, o)
            for o in self.orders_of_others.all()
        ]
        return sorted([*own, *turned], key=lambda neighbour: neighbour.event)

    def clean(self) -> None:
        """Refuse alternatives that are not PLOVER codes (ValidationError)."""
        if not isinstance(self.alternatives, list):
            return
        for alternative in self.alternatives:
            event_type, _, mode = str(alternative).partition("/")
            try:
                plover.score_of(event_type, mode or None)
            except ValueError as error:
                raise ValidationError({"alternatives": str(error)}) from error


class PartyRole(Vocabulary):
    """Which part somebody has in an event."""

    ACTOR = "actor", "Does or says it; in a reciprocal event, every side."
    RECIPIENT = "recipient", "It is done or said to them."


ACTS, RECEIVES = Q(role=PartyRole.ACTOR), Q(role=PartyRole.RECIPIENT)
"""The conditions that a party of an event has this part in it."""


class EventParty(Fact):
    """A country or organisation that acts in an event or receives it."""

    part_of: ClassVar = "event"

    id = Key("Slug of the event, the part and the organisation or country.", max_length=200)
    event = models.ForeignKey(
        Event, models.CASCADE, related_name="parties", help_text="Slug of the event."
    )
    role = code_field(PartyRole, "The part in the event.")
    country = models.ForeignKey(
        Country,
        models.PROTECT,
        related_name="event_parts",
        help_text="The country, as alpha-3; for an organisation the country it acts for or is of "
        "in this event, null when none is meant.",
        **OPTIONAL,
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        related_name="event_parts",
        help_text="Slug of the organisation; null where the country itself is the party.",
        **OPTIONAL,
    )
    sector = code_field(
        plover.Sector, "PLOVER sector of the party; null when the source says none.", **OPTIONAL
    )

    class Meta:
        verbose_name_plural = "event parties"
        ordering: ClassVar = ["event_id", "role", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["event", "country"],
                condition=Q(organisation__isnull=True),
                name="policy_eventparty_country",
            ),
            models.UniqueConstraint(
                fields=["event", "organisation"], name="policy_eventparty_organisation"
            ),
            models.CheckConstraint(
                name="policy_eventparty_somebody",
                condition=Q(country__isnull=False) | Q(organisation__isnull=False),
                violation_error_message="Give country, organisation, or both.",
            ),
        ]


class EventContext(models.Model):
    """A subject that an event touches, as a PLOVER context."""

    part_of: ClassVar = "event"

    id = Key("Slug of the event and the context.")
    event = models.ForeignKey(
        Event, models.CASCADE, related_name="contexts", help_text="Slug of the event."
    )
    context = code_field(plover.Context, "The PLOVER context.")

    class Meta:
        verbose_name_plural = "event contexts"
        ordering: ClassVar = ["event_id", "context", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "context"], name="policy_eventcontext_once")
        ]


class OrderRelation(Vocabulary):
    """How two events lie in time."""

    BEFORE = "before", "The first event came before the other."
    AFTER = "after", "The first event came after the other."
    CONCURRENT = "concurrent", "The two events belong to the same time."


SEEN_FROM_THE_OTHER = {
    OrderRelation.BEFORE: OrderRelation.AFTER,
    OrderRelation.AFTER: OrderRelation.BEFORE,
    OrderRelation.CONCURRENT: OrderRelation.CONCURRENT,
}


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another event, the relation of the event at hand to it, and the order that records it."""

    relation: OrderRelation
    event: str
    order: "EventOrder"


class EventOrder(Fact):
    """The order of two events in time, where the source gives it without a date."""

    part_of: ClassVar = "event"

    id = Key("Slug of the two events.")
    event = models.ForeignKey(
        Event, models.CASCADE, related_name="orders", help_text="Slug of the first event."
    )
    relation = code_field(OrderRelation, "How the first lies to the other.")
    other = models.ForeignKey(
        Event, models.CASCADE, related_name="orders_of_others", help_text="Slug of the other event."
    )

    class Meta:
        verbose_name_plural = "event orders"
        ordering: ClassVar = ["event_id", "other_id", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "other"], name="policy_eventorder_once"),
            models.CheckConstraint(
                name="policy_eventorder_two",
                condition=~Q(event=F("other")),
                violation_error_message="An event cannot be ordered against itself.",
            ),
        ]
