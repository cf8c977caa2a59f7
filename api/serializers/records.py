"""How each record is written in JSON; the field lists are the contract."""

from typing import Any

from rest_framework import serializers

from api.serializers.base import (
    FACT,
    TIME,
    CitationSerializer,
    Counts,
    EvidenceSerializer,
    FactSerializer,
    Number,
    RecordKey,
    RecordSerializer,
    Texts,
    help_of,
)
from policy import plover
from policy.models import (
    BilateralIssue,
    Country,
    Event,
    EventOrder,
    EventParty,
    Figure,
    Gap,
    IssueSide,
    Official,
    Passage,
    Position,
    Release,
    Source,
    Statement,
    Stop,
    Trip,
)
from policy.models.base import Support
from policy.models.events import OrderRelation


class SourceSerializer(RecordSerializer):
    class Meta:
        model = Source
        fields = (
            "id",
            "title",
            "author",
            "publisher",
            "published",
            "url",
            "language",
            "sha256",
            "code_points",
            "note",
        )


class PassageSerializer(EvidenceSerializer):
    facts = CitationSerializer(
        many=True, read_only=True, help_text="Every record that rests on this passage."
    )

    class Meta:
        model = Passage
        fields = (*EvidenceSerializer.Meta.fields, "facts")


class CountrySerializer(FactSerializer):
    aliases = Texts(read_only=True, help_text=help_of(Country, "aliases"))

    class Meta:
        model = Country
        fields = (
            "id",
            "alpha2",
            "numeric",
            "name",
            "region",
            "region_name",
            "subregion",
            "subregion_name",
            "cow",
            "cow_code",
            "longitude",
            "latitude",
            "aliases",
            *FACT,
        )


class PositionSerializer(FactSerializer):
    class Meta:
        model = Position
        fields = ("id", "title", "role", "country", "organisation", "start", "end", *FACT)


class OfficialSerializer(FactSerializer):
    aliases = Texts(read_only=True, help_text=help_of(Official, "aliases"))
    positions = PositionSerializer(
        many=True, read_only=True, help_text="The offices the person holds, as sources say."
    )

    class Meta:
        model = Official
        fields = (
            "id",
            "name",
            "label",
            "aliases",
            "country",
            "country_support",
            "positions",
            *FACT,
        )


class StatementSerializer(FactSerializer):
    class Meta:
        model = Statement
        fields = (
            "id",
            "summary",
            "kind",
            "topic",
            "speaker",
            "attributed_country",
            "narrator",
            "attribution_support",
            "about",
            "issues",
            "medium",
            "quotation",
            "verbatim",
            *TIME,
            *FACT,
        )


class IssueSideSerializer(FactSerializer):
    class Meta:
        model = IssueSide
        fields = ("country", "position", "not_stated", *FACT)


class FigureSerializer(FactSerializer):
    value = Number(read_only=True, allow_null=True, help_text=help_of(Figure, "value"))

    class Meta:
        model = Figure
        fields = ("id", "measure", "words", "value", "comparator", "unit", *TIME, *FACT)


class BilateralIssueSerializer(FactSerializer):
    sides = IssueSideSerializer(
        many=True, read_only=True, help_text="The two countries, each with its position."
    )
    figures = FigureSerializer(
        many=True, read_only=True, help_text="The numbers the source gives about it."
    )

    class Meta:
        model = BilateralIssue
        fields = (
            "id",
            "title",
            "summary",
            "topic",
            "status",
            "sides",
            "figures",
            *TIME,
            *FACT,
        )


class EventPartySerializer(RecordSerializer):
    class Meta:
        model = EventParty
        fields = ("country", "support")


class EventOrderSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """How an event lies in time to another, seen from itself."""

    relation = serializers.ChoiceField(
        choices=OrderRelation.choices,
        read_only=True,
        help_text="How this event lies to the other.",
    )
    event = RecordKey(Event, read_only=True, help_text="Slug of the other event.")
    support = serializers.ChoiceField(
        choices=Support.choices,
        source="order.support",
        read_only=True,
        help_text=help_of(EventOrder, "support"),
    )
    note = serializers.CharField(
        source="order.note",
        read_only=True,
        allow_null=True,
        help_text=help_of(EventOrder, "note"),
    )
    evidence = EvidenceSerializer(
        many=True,
        source="order.evidence",
        read_only=True,
        help_text=help_of(EventOrder, "evidence"),
    )


class EventSerializer(FactSerializer):
    quad = serializers.ChoiceField(
        choices=plover.Quad.choices,
        read_only=True,
        allow_null=True,
        help_text="Quad class of the event type; null for an uncoded event.",
    )
    score = serializers.FloatField(
        read_only=True,
        allow_null=True,
        help_text="PLOVER score of type and mode, -10 (conflict) to +10 (cooperation); null for "
        "an uncoded event.",
    )
    alternatives = Texts(read_only=True, help_text=help_of(Event, "alternatives"))
    contexts: Any = serializers.SlugRelatedField(
        many=True,
        read_only=True,
        slug_field="context",
        help_text="The subjects it touches, as PLOVER contexts.",
    )
    actors = EventPartySerializer(
        many=True, read_only=True, help_text="The countries that act, each stated or inferred."
    )
    recipients = EventPartySerializer(
        many=True,
        read_only=True,
        help_text="The countries it is done or said to, each stated or inferred.",
    )
    order = EventOrderSerializer(
        many=True,
        read_only=True,
        source="neighbours",
        help_text="How it lies in time to other events, where the source says.",
    )

    class Meta:
        model = Event
        fields = (
            "id",
            "summary",
            "event_type",
            "mode",
            "quad",
            "score",
            "auxiliary",
            "confidence",
            "alternatives",
            "rationale",
            "uncoded_reason",
            "contexts",
            "actors",
            "recipients",
            "order",
            "issues",
            *TIME,
            *FACT,
        )


class StopSerializer(FactSerializer):
    class Meta:
        model = Stop
        fields = (
            "country",
            "status",
            "listed_position",
            "visit_order",
            "city",
            "host",
            *TIME,
            *FACT,
        )


class TripSerializer(FactSerializer):
    purposes = Texts(read_only=True, help_text=help_of(Trip, "purposes"))
    stops = StopSerializer(
        many=True,
        read_only=True,
        help_text="The countries on it, in the order of the source's list.",
    )

    class Meta:
        model = Trip
        fields = (
            "id",
            "title",
            "summary",
            "traveller",
            "status",
            "region_text",
            "purposes",
            "stops",
            *TIME,
            *FACT,
        )


class GapSerializer(RecordSerializer):
    evidence = EvidenceSerializer(many=True, read_only=True, help_text=help_of(Gap, "evidence"))

    class Meta:
        model = Gap
        fields = (
            "id",
            "source",
            "question",
            "note",
            "countries",
            "officials",
            "statements",
            "issues",
            "events",
            "trips",
            "evidence",
        )


class ReleaseSerializer(RecordSerializer):
    counts = Counts(
        read_only=True,
        help_text=help_of(Release, "counts"),
    )

    class Meta:
        model = Release
        fields = (
            "id",
            "version",
            "title",
            "licence",
            "released",
            "schema_version",
            "content_hash",
            "counts",
        )
