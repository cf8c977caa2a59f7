"""How search hits, dyads and the coverage of a source are written in JSON."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.addresses import record_url
from api.serializers import records
from api.serializers.base import CitationSerializer, RecordSerializer, Texts, column, names, parts
from api.serializers.service import FacetsField
from api.shaping import JsonObject
from policy.coverage import ledger
from policy.models import SearchEntry, Sentence
from policy.models.registry import RecordKind, list_name, served_models
from policy.search.words import snippet


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
        """Return the address of the record in its own list."""
        resource = list_name(served_models()[RecordKind(entry.kind)])
        return record_url(self.context["request"]._request, resource, entry.record)


class DyadSummarySerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Two countries and how much there is between them."""

    id = serializers.CharField(help_text="The two alpha-3 codes in alphabetical order.")
    first = serializers.CharField(help_text="The one country, as alpha-3.")
    second = serializers.CharField(help_text="The other country, as alpha-3.")
    issues = serializers.IntegerField(help_text="Number of bilateral issues between them.")
    events = serializers.IntegerField(
        help_text="Number of events in which both have a part and at least one acts, or that "
        "belong to an issue between them."
    )
    statements = serializers.IntegerField(
        help_text="Number of statements that concern both or belong to an issue between them."
    )
    trips = serializers.IntegerField(
        help_text="Number of trips of an official of the one with a stop in the other."
    )
    gaps = serializers.IntegerField(
        help_text="Number of gaps that concern both or an issue between them."
    )
    relations = serializers.IntegerField(
        help_text="Number of relations with such a record at one of their ends."
    )


class DyadListSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """One page of the pairs of countries with something between them, and the way to the others."""

    release = serializers.CharField(help_text="Version of the release.")
    count = serializers.IntegerField(help_text="Number of pairs, all pages together.")
    next = serializers.URLField(
        allow_null=True, help_text="URL of the next page; null on the last."
    )
    previous = serializers.URLField(
        allow_null=True, help_text="URL of the page before; null on the first."
    )
    facets = FacetsField(help_text="Always empty: pairs are not counted by value.")
    results = parts(DyadSummarySerializer, "The pairs of this page, in order.")


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


def dyad_part(record: type[serializers.BaseSerializer[Any]], name: str) -> Any:
    """Return the serializer of a dyad's records of one kind, with their number."""
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
    issues = dyad_part(records.BilateralIssueSerializer, "issues")
    events = dyad_part(records.EventSerializer, "events")
    event_totals = EventTotalsSerializer(help_text="The coded events, counted and scored.")
    statements = dyad_part(records.StatementSerializer, "statements")
    trips = dyad_part(records.TripSerializer, "trips")
    gaps = dyad_part(records.GapSerializer, "gaps")
    relations = dyad_part(records.RelationSerializer, "relations")


class LedgerLineSerializer(RecordSerializer):
    """One sentence, with its passages and the records that rest on them."""

    id = column(serializers.CharField, Sentence, "sentence.id")
    paragraph = column(serializers.IntegerField, Sentence, "sentence.paragraph")
    number = column(serializers.IntegerField, Sentence, "sentence.number")
    start = column(serializers.IntegerField, Sentence, "sentence.start")
    end = column(serializers.IntegerField, Sentence, "sentence.end")
    sha256 = column(serializers.CharField, Sentence, "sentence.sha256")
    uncited_reason = column(
        serializers.CharField, Sentence, "sentence.uncited_reason", allow_null=True
    )
    passages = Texts(help_text="Keys of the passages within the sentence.")
    facts = parts(CitationSerializer, "Every record that rests on one of them.", source="citations")

    class Meta:
        model = Sentence
        fields = names("id paragraph number start end sha256 uncited_reason passages facts")


class CoverageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What became of each sentence of a source."""

    release = serializers.CharField(help_text="Version of the release.")
    source = serializers.CharField(help_text="Slug of the source.")  # type: ignore[assignment]
    sentences = serializers.IntegerField(help_text="Number of sentences.")
    cited = serializers.IntegerField(help_text="Number of sentences that some record rests on.")
    ledger = parts(LedgerLineSerializer, "The sentences, in the order of the text.")


def coverage_of(source: str, release: str) -> JsonObject:
    """Return the coverage of a source, as JSON has it."""
    lines = ledger(source)
    cited = sum(1 for line in lines if line.citations)
    answer = {"source": source, "sentences": len(lines), "cited": cited, "ledger": lines}
    return dict(CoverageSerializer({**answer, "release": release}).data)
