"""How each record is written in JSON; the field lists are the contract."""

from typing import Any

from rest_framework import serializers

from api.serializers.base import (
    CHECKED,
    FACT,
    RELATED,
    TIME,
    CitationSerializer,
    ClaimSerializer,
    Counts,
    EvidenceSerializer,
    FactSerializer,
    Number,
    PlainSerializer,
    RecordKey,
    RecordSerializer,
    RelatedFactSerializer,
    RelatedSerializer,
    Texts,
    column,
    help_of,
    names,
    parts,
    uncertain,
)
from policy import models, plover
from policy.models.base import Support
from policy.models.events import OrderRelation

CURRENT = f"summary status sides figures {TIME} {FACT}"
"""The keys of an issue that its current account tells."""


class SourceSerializer(RelatedSerializer):
    class Meta:
        model = models.Source
        fields = names(
            "id kind title author publisher",
            uncertain("published"),
            "url language sha256 code_points entries note",
            RELATED,
        )


class PassageSerializer(EvidenceSerializer, RelatedSerializer):
    facts = parts(CitationSerializer, "Every record that rests on this passage.")

    class Meta:
        model = models.Passage
        fields = (*EvidenceSerializer.Meta.fields, "facts", *names(RELATED))


class CountrySerializer(RelatedFactSerializer):
    other_names = Texts(help_text=help_of(models.Country, "other_names"))
    successors = Texts(help_text=help_of(models.Country, "successors"))
    aliases = Texts(help_text=help_of(models.Country, "aliases"))

    class Meta:
        model = models.Country
        fields = names(
            "id alpha2 numeric name other_names region region_name subregion subregion_name",
            "cow cow_code longitude latitude existed_from existed_until successors aliases",
            FACT,
            RELATED,
        )


class PositionSerializer(FactSerializer):
    class Meta:
        model = models.Position
        fields = names(
            "id title role country organisation status accredited_to accredited_to_organisation",
            uncertain("appointed"),
            uncertain("start"),
            uncertain("end"),
            FACT,
        )


class IdentifierSerializer(RecordSerializer):
    class Meta:
        model = models.Identifier
        fields = names("scheme value checked_by reason")


class OrganisationSerializer(RelatedFactSerializer):
    aliases = Texts(help_text=help_of(models.Organisation, "aliases"))

    class Meta:
        model = models.Organisation
        fields = names(
            "id kind name label acronym aliases country country_support members actor_code",
            FACT,
            RELATED,
        )


class OfficialSerializer(RelatedFactSerializer):
    aliases = Texts(help_text=help_of(models.Official, "aliases"))
    positions = parts(PositionSerializer, "The offices the person holds, as sources say.")
    same_as = parts(IdentifierSerializer, "What other lists call the person.")

    class Meta:
        model = models.Official
        fields = names(
            "id name label aliases country country_support positions same_as", FACT, RELATED
        )


class StatementSerializer(ClaimSerializer):
    class Meta:
        model = models.Statement
        fields = names(
            "id summary kind topic speaker attributed_organisation attributed_country narrator",
            "via_official via_organisation attribution_support about about_organisations issues",
            "medium quotation quotation_language quotation_translated verbatim",
            TIME,
            FACT,
            CHECKED,
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


class AccountSerializer(FactSerializer):
    current = serializers.BooleanField(
        source="is_current", help_text="True for the newest account that tells a status."
    )
    sides = parts(IssueSideSerializer, "The two countries, each with its position.")
    figures = parts(FigureSerializer, "The numbers the source gives about it.")

    class Meta:
        model = models.Account
        fields = names("id source current summary status sides figures", TIME, FACT)


def of_current(name: str) -> Any:
    """Return the field of an issue that its current account tells; null where it has none."""
    field: Any = AccountSerializer().fields[name]
    source = f"current.{field.source}"
    if isinstance(field, serializers.ListSerializer):
        return parts(type(field.child), str(field.help_text), source=source)
    return type(field)(*field._args, **{**field._kwargs, "source": source, "allow_null": True})


class BilateralIssueSerializer(RelatedSerializer):
    account = serializers.CharField(
        source="current.id", allow_null=True, help_text="Key of the account that these are of."
    )
    source = RecordKey(  # type: ignore[assignment]
        models.Source,
        source="current.source_id",
        allow_null=True,
        help_text=help_of(models.Account, "source"),
    )
    vars().update({name: of_current(name) for name in names(CURRENT)})
    accounts = parts(AccountSerializer, "What each source says of it, the same in all of them.")

    class Meta:
        model = models.BilateralIssue
        fields = names("id title topic countries account source", CURRENT, "accounts", RELATED)


class EventPartySerializer(FactSerializer):
    class Meta:
        model = models.EventParty
        fields = names("country organisation sector", FACT)


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


class EventSerializer(RelatedFactSerializer):
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
    actors = parts(EventPartySerializer, "The countries and organisations that act.")
    recipients = parts(
        EventPartySerializer, "The countries and organisations it is done or said to."
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
            "place_country place_text",
            TIME,
            FACT,
            RELATED,
        )


class StopSerializer(FactSerializer):
    class Meta:
        model = models.Stop
        fields = names("id country status listed_position visit_order city host", TIME, FACT)


class TripSerializer(ClaimSerializer):
    purposes = Texts(help_text=help_of(models.Trip, "purposes"))
    stops = parts(StopSerializer, "The countries on it, in the order of the source's list.")

    class Meta:
        model = models.Trip
        fields = names(
            "id title summary traveller status region_text purposes stops", TIME, FACT, CHECKED
        )


class GapSerializer(RelatedSerializer):
    evidence = parts(EvidenceSerializer, help_of(models.Gap, "evidence"))

    class Meta:
        model = models.Gap
        fields = names(
            "id source question note countries organisations officials statements issues events",
            "trips evidence",
            RELATED,
        )


class RelationSerializer(FactSerializer):
    class Meta:
        model = models.Relation
        fields = names(
            "id relation subject_kind subject subject_part object_kind object object_part", FACT
        )


class CheckSerializer(RecordSerializer):
    countries = Texts(help_text=help_of(models.Check, "countries"))
    evidence = parts(EvidenceSerializer, help_of(models.Check, "evidence"))

    class Meta:
        model = models.Check
        fields = names(
            "id title claim_kind claim trip register rule rule_text role countries years query",
            "verdict finding evidence",
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


class CitedAsSerializer(PlainSerializer):
    """How to cite the release, with the address of this instance."""

    text = serializers.CharField(help_text="The citation in words.")
    bibtex = serializers.CharField(help_text="The same as an entry of BibTeX.")


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
    citation = CitedAsSerializer(help_text="How to cite the release.")

    class Meta:
        model = models.Release
        fields = names(
            "id version title licence released schema_version content_hash modified counts",
            "coding_agreement citation",
        )
