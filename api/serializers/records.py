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
    column,
    help_of,
    names,
    parts,
)
from policy import models, plover
from policy.models.base import Support
from policy.models.events import OrderRelation


class SourceSerializer(RecordSerializer):
    class Meta:
        model = models.Source
        fields = names("id title author publisher published url language sha256 code_points note")


class PassageSerializer(EvidenceSerializer):
    facts = parts(CitationSerializer, "Every record that rests on this passage.")

    class Meta:
        model = models.Passage
        fields = (*EvidenceSerializer.Meta.fields, "facts")


class CountrySerializer(FactSerializer):
    other_names = Texts(help_text=help_of(models.Country, "other_names"))
    aliases = Texts(help_text=help_of(models.Country, "aliases"))

    class Meta:
        model = models.Country
        fields = names(
            "id alpha2 numeric name other_names region region_name subregion subregion_name",
            "cow cow_code longitude latitude aliases",
            FACT,
        )


class PositionSerializer(FactSerializer):
    class Meta:
        model = models.Position
        fields = names("id title role country organisation start end", FACT)


class OfficialSerializer(FactSerializer):
    aliases = Texts(help_text=help_of(models.Official, "aliases"))
    positions = parts(PositionSerializer, "The offices the person holds, as sources say.")

    class Meta:
        model = models.Official
        fields = names("id name label aliases country country_support positions", FACT)


class StatementSerializer(FactSerializer):
    class Meta:
        model = models.Statement
        fields = names(
            "id summary kind topic speaker attributed_country narrator attribution_support",
            "about issues medium quotation verbatim",
            TIME,
            FACT,
        )


class IssueSideSerializer(FactSerializer):
    class Meta:
        model = models.IssueSide
        fields = names("country position not_stated", FACT)


class FigureSerializer(FactSerializer):
    value = Number(allow_null=True, help_text=help_of(models.Figure, "value"))

    class Meta:
        model = models.Figure
        fields = names("id measure words value comparator unit", TIME, FACT)


class BilateralIssueSerializer(FactSerializer):
    sides = parts(IssueSideSerializer, "The two countries, each with its position.")
    figures = parts(FigureSerializer, "The numbers the source gives about it.")

    class Meta:
        model = models.BilateralIssue
        fields = names("id title summary topic status sides figures", TIME, FACT)


class EventPartySerializer(RecordSerializer):
    class Meta:
        model = models.EventParty
        fields = names("country support")


class EventOrderSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """How an event lies in time to another, seen from itself."""

    relation = serializers.ChoiceField(
        choices=OrderRelation.choices, help_text="How this event lies to the other."
    )
    event = RecordKey(models.Event, help_text="Slug of the other event.")
    support = column(
        serializers.ChoiceField, models.EventOrder, "order.support", choices=Support.choices
    )
    note = column(serializers.CharField, models.EventOrder, "order.note", allow_null=True)
    evidence = column(EvidenceSerializer, models.EventOrder, "order.evidence", many=True)


class EventSerializer(FactSerializer):
    quad = serializers.ChoiceField(
        choices=plover.Quad.choices,
        allow_null=True,
        help_text="Quad class of the event type; null for an uncoded event.",
    )
    score = serializers.FloatField(
        allow_null=True,
        help_text="PLOVER score of type and mode, -10 (conflict) to +10 (cooperation); null for "
        "an uncoded event.",
    )
    alternatives = Texts(help_text=help_of(models.Event, "alternatives"))
    contexts: Any = serializers.SlugRelatedField(
        many=True,
        read_only=True,
        slug_field="context",
        help_text="The subjects it touches, as PLOVER contexts.",
    )
    actors = parts(EventPartySerializer, "The countries that act, each stated or inferred.")
    recipients = parts(
        EventPartySerializer, "The countries it is done or said to, each stated or inferred."
    )
    order = parts(
        EventOrderSerializer,
        "How it lies in time to other events, where the source says.",
        source="neighbours",
    )

    class Meta:
        model = models.Event
        fields = names(
            "id summary event_type mode quad score auxiliary confidence alternatives",
            "rationale uncoded_reason contexts actors recipients order issues",
            TIME,
            FACT,
        )


class StopSerializer(FactSerializer):
    class Meta:
        model = models.Stop
        fields = names("country status listed_position visit_order city host", TIME, FACT)


class TripSerializer(FactSerializer):
    purposes = Texts(help_text=help_of(models.Trip, "purposes"))
    stops = parts(StopSerializer, "The countries on it, in the order of the source's list.")

    class Meta:
        model = models.Trip
        fields = names("id title summary traveller status region_text purposes stops", TIME, FACT)


class GapSerializer(RecordSerializer):
    evidence = parts(EvidenceSerializer, help_of(models.Gap, "evidence"))

    class Meta:
        model = models.Gap
        fields = names(
            "id source question note countries officials statements issues events trips evidence"
        )


class CodingAgreementSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """How far the coders of a source agreed, over all fields of the records both have."""

    coders = serializers.IntegerField(help_text="How many coders read the same text.")
    compared = serializers.IntegerField(help_text="How many pairs of values were compared.")
    agreement = serializers.FloatField(help_text="Share of those that are equal, from 0 to 1.")
    alpha = serializers.FloatField(
        allow_null=True,
        help_text="Mean of Krippendorff's alpha (nominal) of the fields, each weighted by how "
        "often it was compared; null if each field has only one value.",
    )


class ReleaseSerializer(RecordSerializer):
    content_hash = serializers.CharField(
        allow_null=True,
        help_text="SHA-256 over every record of the release in canonical JSON; null if modified.",
    )
    modified = serializers.BooleanField(
        help_text="True if something other than load_release wrote to the tables, so that they may "
        "hold other records than the release."
    )
    counts = Counts(help_text=help_of(models.Release, "counts"))
    coding_agreement = CodingAgreementSerializer(
        allow_null=True, help_text=help_of(models.Release, "coding_agreement")
    )

    class Meta:
        model = models.Release
        fields = names(
            "id version title licence released schema_version content_hash modified counts",
            "coding_agreement",
        )
