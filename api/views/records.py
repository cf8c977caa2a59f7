"""The lists of records and each of them; the docstrings are the public documentation."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import Model, Prefetch

from api import filtersets
from api.formats import jsonld, streams
from api.parameters import CountryField
from api.rendering.fields import ahead
from api.serializers import records as serializers
from api.views.base import RecordViewSet
from policy.coverage import citations
from policy.models import (
    BilateralIssue,
    Country,
    Event,
    EventParty,
    Gap,
    Official,
    Passage,
    Source,
    Statement,
    Trip,
)
from policy.models.registry import list_name

PASSAGES = Passage.objects.select_related("sentence", "attached").defer(
    *(f"sentence__{name}" for name in ("source", "start", "end", "sha256", "uncited_reason"))
)


def evidence(*paths: str) -> list["Prefetch[Any]"]:
    """Return what fetches the passages of a record and of the records below these paths."""
    return [ahead("__".join(filter(None, [path, "evidence"])), PASSAGES) for path in ("", *paths)]


def keys(path: str, model: type[Model]) -> "Prefetch[Any]":
    """Return what fetches the keys of the records that a field leads to."""
    return ahead(path, model._default_manager.only("pk"))


IN_TIME = {"id": "pk", "time_earliest": "time_earliest", "time_latest": "time_latest"}


class SourceViewSet(RecordViewSet):
    """Source documents that facts were taken from; their text is not republished."""

    queryset = Source.objects.all()
    serializer_class = serializers.SourceSerializer
    filterset_class = filtersets.SourceFilterSet
    linked_type = "schema:CreativeWork"


class PassageViewSet(RecordViewSet):
    """Spans within one sentence that facts cite: locator, short quote and hash."""

    queryset = PASSAGES
    serializer_class = serializers.PassageSerializer
    filterset_class = filtersets.PassageFilterSet
    linked_type = jsonld.PASSAGE
    facet_fields: ClassVar = {"source": "source", "paragraph": "sentence__paragraph"}
    expandable: ClassVar = {"source": SourceViewSet}
    ordering_fields: ClassVar = {"id": "pk", "start": "start"}

    def complete(self, rows: Sequence[Any]) -> None:
        """Add what rests on the passages, found for a whole page at once."""
        cited = citations(Passage.objects.filter(pk__in=[row.pk for row in rows]))
        for row in rows:
            row.facts = cited.get(row.pk, [])


class CountryViewSet(RecordViewSet):
    """States that the sources speak of, with their codes in the usual classifications.

    A country is addressed by its alpha-3, alpha-2 or numeric code, in any case.
    """

    queryset = Country.objects.prefetch_related(*evidence())
    serializer_class = serializers.CountrySerializer
    filterset_class = filtersets.CountryFilterSet
    linked_type = "schema:Country"
    key = CountryField()
    facet_fields: ClassVar = {"region": "region", "subregion": "subregion"}
    located = True
    ordering_fields: ClassVar = {"id": "pk", "name": "name", "region": "region"}

    def features(self, records: streams.JsonObjects) -> streams.JsonObjects:
        """Return each country at its representative point."""
        return [streams.country_feature(record) for record in records]


class OfficialViewSet(RecordViewSet):
    """People in public life whom the sources name or speak of, with the offices they hold."""

    queryset = Official.objects.prefetch_related("positions", *evidence("positions"))
    serializer_class = serializers.OfficialSerializer
    filterset_class = filtersets.OfficialFilterSet
    linked_type = "schema:Person"
    facet_fields: ClassVar = {
        "country": "country",
        "role": "positions__role",
        "support": "support",
    }
    expandable: ClassVar = {"country": CountryViewSet}
    ordering_fields: ClassVar = {"id": "pk", "label": "label", "country": "country_id"}


class BilateralIssueViewSet(RecordViewSet):
    """Matters between exactly two countries, each with its position or its silence."""

    queryset = BilateralIssue.objects.prefetch_related(
        "sides", "figures", *evidence("sides", "figures")
    )
    serializer_class = serializers.BilateralIssueSerializer
    filterset_class = filtersets.BilateralIssueFilterSet
    facet_fields: ClassVar = {
        "topic": "topic",
        "status": "status",
        "country": "sides__country",
        "support": "support",
    }
    ordering_fields: ClassVar = {**IN_TIME, "title": "title", "topic": "topic", "status": "status"}


class StatementViewSet(RecordViewSet):
    """What exactly one speaker, country or narrator said, wrote or signalled."""

    queryset = Statement.objects.prefetch_related(
        keys("about", Country), keys("issues", BilateralIssue), *evidence()
    )
    serializer_class = serializers.StatementSerializer
    filterset_class = filtersets.StatementFilterSet
    linked_type = "schema:Claim"
    facet_fields: ClassVar = {
        "kind": "kind",
        "topic": "topic",
        "speaker": "speaker",
        "about": "about",
        "support": "support",
    }
    expandable: ClassVar = {
        "speaker": OfficialViewSet,
        "attributed_country": CountryViewSet,
        "about": CountryViewSet,
        "issues": BilateralIssueViewSet,
    }
    ordering_fields: ClassVar = {
        **IN_TIME,
        "kind": "kind",
        "topic": "topic",
        "speaker": "speaker_id",
    }


class EventViewSet(RecordViewSet):
    """Things done or said between states, coded in PLOVER."""

    queryset = Event.objects.prefetch_related(
        Prefetch("parties", EventParty.objects.filter(role="actor"), to_attr="actors"),
        Prefetch("parties", EventParty.objects.filter(role="recipient"), to_attr="recipients"),
        "contexts",
        keys("issues", BilateralIssue),
        "orders",
        "orders_of_others",
        # What an event says of its order is no plain row, so this is read as Django has it.
        Prefetch("orders__evidence", PASSAGES),
        Prefetch("orders_of_others__evidence", PASSAGES),
        *evidence(),
    )
    serializer_class = serializers.EventSerializer
    filterset_class = filtersets.EventFilterSet
    linked_type = "schema:Event"
    facet_fields: ClassVar = {
        "event_type": "event_type",
        "mode": "mode",
        "context": "contexts__context",
        "confidence": "confidence",
        "country": "parties__country",
        "support": "support",
    }
    expandable: ClassVar = {"issues": BilateralIssueViewSet}
    ordering_fields: ClassVar = {**IN_TIME, "event_type": "event_type", "confidence": "confidence"}


class TripViewSet(RecordViewSet):
    """Official journeys with their stops; the order of listing is not the order of visiting."""

    queryset = Trip.objects.prefetch_related("stops", *evidence("stops"))
    serializer_class = serializers.TripSerializer
    filterset_class = filtersets.TripFilterSet
    linked_type = "schema:Trip"
    facet_fields: ClassVar = {
        "status": "status",
        "country": "stops__country",
        "traveller": "traveller",
    }
    expandable: ClassVar = {"traveller": OfficialViewSet}
    located = True
    ordering_fields: ClassVar = {**IN_TIME, "title": "title", "status": "status"}

    def features(self, records: streams.JsonObjects) -> streams.JsonObjects:
        """Return each trip as the representative points of the countries it stops in."""
        codes = {stop["country"] for record in records for stop in record["stops"]}
        located = Country.objects.filter(pk__in=codes, longitude__isnull=False)
        rows = located.values_list("pk", "longitude", "latitude")
        points = {key: [longitude, latitude] for key, longitude, latitude in rows}
        return [streams.trip_feature(record, points) for record in records]


class GapViewSet(RecordViewSet):
    """What a source does not say and a reader would ask."""

    queryset = Gap.objects.prefetch_related(
        keys("countries", Country),
        keys("officials", Official),
        keys("statements", Statement),
        keys("issues", BilateralIssue),
        keys("events", Event),
        keys("trips", Trip),
        *evidence(),
    )
    serializer_class = serializers.GapSerializer
    filterset_class = filtersets.GapFilterSet
    facet_fields: ClassVar = {"source": "source", "country": "countries"}
    expandable: ClassVar = {
        "source": SourceViewSet,
        "countries": CountryViewSet,
        "officials": OfficialViewSet,
        "statements": StatementViewSet,
        "issues": BilateralIssueViewSet,
        "events": EventViewSet,
        "trips": TripViewSet,
    }
    ordering_fields: ClassVar = {"id": "pk", "source": "source_id"}


RESOURCES: dict[str, type[RecordViewSet]] = {
    list_name(viewset.queryset.model): viewset
    for viewset in (
        CountryViewSet,
        OfficialViewSet,
        StatementViewSet,
        BilateralIssueViewSet,
        EventViewSet,
        TripViewSet,
        SourceViewSet,
        PassageViewSet,
        GapViewSet,
    )
}
"""The viewset of each list, in the order in which they are listed."""
