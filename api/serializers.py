"""How each record is written in JSON; the field lists are the contract."""

from decimal import Decimal
from typing import Any

from django.db.models import Model
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.serializers import ModelSerializer

from api.links import absolute
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
    SearchEntry,
    Sentence,
    Source,
    Statement,
    Stop,
    Trip,
)
from policy.models.base import Support
from policy.models.events import OrderRelation
from policy.models.search import KINDS, RecordKind
from policy.searching import snippet

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
        if "Meta" in vars(cls) and "__doc__" not in vars(cls):
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


class CitationSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A record that rests on a passage, itself or with one of its parts."""

    kind = serializers.ChoiceField(RecordKind.choices, help_text="Kind of the record.")
    id = serializers.CharField(help_text="Key of the record.")


class PassageSerializer(EvidenceSerializer):
    facts = CitationSerializer(
        many=True, read_only=True, help_text="Every record that rests on this passage."
    )

    class Meta:
        model = Passage
        fields = (*EvidenceSerializer.Meta.fields, "facts")


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


class SearchHitSerializer(RecordSerializer):
    """A record that holds all the words asked for."""

    id = serializers.CharField(source="record", read_only=True, help_text="Key of the record.")
    snippet = serializers.SerializerMethodField(help_text="The text around the first word found.")
    rank = serializers.IntegerField(
        read_only=True, help_text="1 if all the asked words stand in the title, else 0."
    )
    url = serializers.SerializerMethodField(help_text="Address of the record.")

    class Meta:
        model = SearchEntry
        fields = ("kind", "id", "title", "snippet", "rank", "url")

    def get_snippet(self, entry: Any) -> str:
        """Cut the text around the first of the asked words."""
        return snippet(entry.text, entry.asked)

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, entry: SearchEntry) -> str:
        """Give the address of the record in its own list."""
        resource = str(KINDS[RecordKind(entry.kind)]._meta.verbose_name_plural).replace(" ", "-")
        return absolute(self.context["request"]._request, f"/api/v1/{resource}/{entry.record}")


class DyadSummarySerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Two countries and how much there is between them."""

    id = serializers.CharField(help_text="The two alpha-3 codes in alphabetical order.")
    first = serializers.CharField(help_text="The one country, as alpha-3.")
    second = serializers.CharField(help_text="The other country, as alpha-3.")
    issues = serializers.IntegerField(help_text="Number of bilateral issues between them.")
    events = serializers.IntegerField(
        help_text="Number of events in which both have a part and at least one acts."
    )


class DyadListSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Every pair of countries with something between them; the list is never cut."""

    release = serializers.CharField(help_text="Version of the release.")
    count = serializers.IntegerField(help_text="Number of pairs.")
    results = DyadSummarySerializer(many=True, help_text="The pairs, in order of their keys.")


class EventTotalsSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """The coded events of a dyad, counted by quad class and scored."""

    coded = serializers.IntegerField(help_text="Number of events that have an event type.")
    quads = serializers.DictField(
        child=serializers.IntegerField(), help_text="Number of coded events by quad class."
    )
    score_sum = serializers.FloatField(help_text="Sum of their PLOVER scores.")
    score_mean = serializers.FloatField(
        allow_null=True, help_text="Mean of their PLOVER scores; null without any."
    )


def part(record: type[serializers.BaseSerializer[Any]], name: str) -> Any:
    """Give the serializer of a dyad's records of one kind, with their number."""
    fields = {
        "count": serializers.IntegerField(help_text="Number of records, shown here or not."),
        "records": record(many=True, help_text="The first hundred, in order of their keys."),
        "__doc__": f"The {name} between two countries.",
    }
    serializer = type(f"Dyad{name.title()}Serializer", (serializers.Serializer,), fields)
    return serializer(help_text=f"The {name} between the two countries.")


class DyadSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Everything the dataset holds between two countries."""

    release = serializers.CharField(help_text="Version of the release.")
    id = serializers.CharField(help_text="The two alpha-3 codes in alphabetical order.")
    countries = Texts(help_text="The two countries, as alpha-3, in that order.")
    issues = part(BilateralIssueSerializer, "issues")
    events = part(EventSerializer, "events")
    event_totals = EventTotalsSerializer(help_text="The coded events, counted and scored.")
    statements = part(StatementSerializer, "statements")
    trips = part(TripSerializer, "trips")
    gaps = part(GapSerializer, "gaps")


class LedgerLineSerializer(RecordSerializer):
    """One sentence, with its passages and the records that rest on them."""

    id = serializers.CharField(source="sentence.pk", help_text=help_of(Sentence, "id"))
    paragraph = serializers.IntegerField(
        source="sentence.paragraph", help_text=help_of(Sentence, "paragraph")
    )
    number = serializers.IntegerField(
        source="sentence.number", help_text=help_of(Sentence, "number")
    )
    start = serializers.IntegerField(source="sentence.start", help_text=help_of(Sentence, "start"))
    end = serializers.IntegerField(source="sentence.end", help_text=help_of(Sentence, "end"))
    sha256 = serializers.CharField(source="sentence.sha256", help_text=help_of(Sentence, "sha256"))
    uncited_reason = serializers.CharField(
        source="sentence.uncited_reason",
        allow_null=True,
        help_text=help_of(Sentence, "uncited_reason"),
    )
    passages = Texts(help_text="Keys of the passages within the sentence.")
    facts = CitationSerializer(
        many=True, source="citations", help_text="Every record that rests on one of them."
    )

    class Meta:
        model = Sentence
        fields = (
            "id",
            "paragraph",
            "number",
            "start",
            "end",
            "sha256",
            "uncited_reason",
            "passages",
            "facts",
        )


class CoverageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What became of each sentence of a source."""

    release = serializers.CharField(help_text="Version of the release.")
    source = serializers.CharField(help_text="Slug of the source.")  # type: ignore[assignment]
    sentences = serializers.IntegerField(help_text="Number of sentences.")
    cited = serializers.IntegerField(help_text="Number of sentences that some record rests on.")
    ledger = LedgerLineSerializer(many=True, help_text="The sentences, in the order of the text.")
