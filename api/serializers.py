"""How each record is written in JSON; the field lists are the contract."""

from decimal import Decimal
from typing import Any

from django.db.models import Model
from rest_framework import serializers
from rest_framework.serializers import ModelSerializer

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

FACT = ("support", "note", "evidence")
TIME = ("time_text", "time_earliest", "time_latest", "time_precision", "time_year_inferred")


def help_of(model: type[Model], field: str) -> str:
    """Give the help text of a model's field, its one home."""
    return str(getattr(model._meta.get_field(field), "help_text"))  # noqa: B009


class Texts(serializers.ListField):
    """A list of texts."""

    child = serializers.CharField()


class Number(serializers.FloatField):
    """A number that is written without a fraction when it has none."""

    def to_representation(self, value: Decimal | float) -> Any:
        """Give the number as JSON has it."""
        return int(value) if value == int(value) else float(value)


class Counts(serializers.DictField):
    """Numbers by name, in the order of the names: PostgreSQL keeps JSON's keys in its own."""

    child = serializers.IntegerField()

    def to_representation(self, value: dict[str, int]) -> Any:
        """Give the numbers, sorted by name."""
        return super().to_representation(dict(sorted(value.items())))


class RecordSerializer(ModelSerializer):  # type: ignore[type-arg]
    """A record that is only ever read, so that every key is always there."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Take the description of a record from its model, the one home of its meaning."""
        super().__init_subclass__(**options)
        if "Meta" in vars(cls):
            cls.__doc__ = cls.Meta.model.__doc__

    def get_extra_kwargs(self) -> dict[str, Any]:
        """Make every field read-only, whatever the model would allow to be written."""
        kwargs: dict[str, Any] = super().get_extra_kwargs()
        for name in self.Meta.fields:
            kwargs.setdefault(name, {})["read_only"] = True
        return kwargs


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


class EvidenceSerializer(RecordSerializer):
    paragraph = serializers.IntegerField(
        source="sentence.paragraph", read_only=True, help_text="Number of the paragraph, from 1."
    )
    sentence = serializers.IntegerField(
        source="sentence.number",
        read_only=True,
        help_text="Number of the sentence within its paragraph, from 1.",
    )
    text = serializers.CharField(
        read_only=True,
        allow_null=True,
        help_text="The exact text of the span, on an instance whose operator may show it; "
        "else null.",
    )

    class Meta:
        model = Passage
        fields = (
            "id",
            "source",
            "paragraph",
            "sentence",
            "start",
            "end",
            "quote",
            "sha256",
            "text",
        )


class FactSerializer(RecordSerializer):
    """A record that rests on passages."""

    evidence = EvidenceSerializer(
        many=True, read_only=True, help_text="The passages this fact rests on."
    )


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
    event = serializers.CharField(read_only=True, help_text="Slug of the other event.")
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
        fields = ("id", "version", "title", "licence", "released", "content_hash", "counts")
