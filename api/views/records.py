"""The lists of records and each of them; the docstrings are the public documentation."""

from collections.abc import Sequence
from itertools import chain
from typing import Any, ClassVar

from django.db.models import Model, Prefetch

from api import filtersets
from api.formats import jsonld, streams
from api.formats.geojson import feature
from api.parameters import CountryField
from api.rendering.fields import ahead
from api.serializers import records as serializers
from api.views.viewset import RecordViewSet
from policy import models
from policy.coverage import citations
from policy.models.registry import list_name

PASSAGES = models.Passage.objects.select_related("sentence", "attached").defer(
    *(f"sentence__{name}" for name in ("source", "start", "end", "sha256", "uncited_reason"))
)


def evidence(*paths: str) -> list["Prefetch[Any]"]:
    """Return what fetches the passages of a record and of the records below these paths."""
    return [ahead("__".join(filter(None, [path, "evidence"])), PASSAGES) for path in ("", *paths)]


def keys(model: type[Model], *names: str) -> list["Prefetch[Any]"]:
    """Return what fetches the keys of the records that these fields of a model lead to."""
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    return [ahead(field.name, field.related_model._default_manager.only("pk")) for field in fields]


def columns(same: str, **others: str) -> dict[str, str]:
    """Return columns by the names that clients know; those in ``same`` have no other name."""
    return {**dict(zip(same.split(), same.split(), strict=True)), **others}


IN_TIME = {"id": "pk", **columns("time_earliest time_latest")}


class SourceViewSet(RecordViewSet):
    """Source documents that facts were taken from; their text is not republished."""

    queryset = models.Source.objects.all()
    serializer_class = serializers.SourceSerializer
    filterset_class = filtersets.SourceFilterSet
    linked_type = "schema:CreativeWork"


class PassageViewSet(RecordViewSet):
    """Spans within one sentence that facts cite: locator, short quote and hash."""

    queryset = PASSAGES
    serializer_class = serializers.PassageSerializer
    filterset_class = filtersets.PassageFilterSet
    linked_type = jsonld.PASSAGE
    expandable: ClassVar = {"source": SourceViewSet}
    ordering_fields: ClassVar = {"id": "pk", "start": "start"}

    def complete(self, rows: Sequence[Any]) -> None:
        """Add what rests on the passages, found for a whole page at once."""
        cited = citations(models.Passage.objects.filter(pk__in=[row.pk for row in rows]))
        for row in rows:
            row.facts = cited.get(row.pk, [])


class CountryViewSet(RecordViewSet):
    """States that the sources speak of, with their codes in the usual classifications.

    A country is addressed by its alpha-3, alpha-2 or numeric code, in any case.
    """

    queryset = models.Country.objects.prefetch_related(*evidence())
    serializer_class = serializers.CountrySerializer
    filterset_class = filtersets.CountryFilterSet
    linked_type = "schema:Country"
    key = CountryField(leads_on=False)
    located = True
    ordering_fields: ClassVar = {"id": "pk", "name": "name", "region": "region"}

    def features(self, records: streams.JsonObjects) -> streams.JsonObjects:
        """Return each country at its representative point."""
        points = [[record["longitude"], record["latitude"]] for record in records]
        return [
            feature(record, "Point", [] if None in point else point)
            for record, point in zip(records, points, strict=True)
        ]


class OfficialViewSet(RecordViewSet):
    """People in public life whom the sources name or speak of, with the offices they hold."""

    queryset = models.Official.objects.prefetch_related("positions", *evidence("positions"))
    serializer_class = serializers.OfficialSerializer
    filterset_class = filtersets.OfficialFilterSet
    linked_type = "schema:Person"
    expandable: ClassVar = {"country": CountryViewSet}
    ordering_fields: ClassVar = {"id": "pk", "label": "label", "country": "country_id"}


class BilateralIssueViewSet(RecordViewSet):
    """Matters between exactly two countries, each with its position or its silence."""

    queryset = models.BilateralIssue.objects.prefetch_related(
        "sides", "figures", *evidence("sides", "figures")
    )
    serializer_class = serializers.BilateralIssueSerializer
    filterset_class = filtersets.BilateralIssueFilterSet
    ordering_fields: ClassVar = {**IN_TIME, "title": "title", "topic": "topic", "status": "status"}


class StatementViewSet(RecordViewSet):
    """What exactly one speaker, country or narrator said, wrote or signalled."""

    queryset = models.Statement.objects.prefetch_related(
        *keys(models.Statement, "about", "issues"), *evidence()
    )
    serializer_class = serializers.StatementSerializer
    filterset_class = filtersets.StatementFilterSet
    linked_type = "schema:Claim"
    expandable: ClassVar = {
        "speaker": OfficialViewSet,
        "attributed_country": CountryViewSet,
        "about": CountryViewSet,
        "issues": BilateralIssueViewSet,
    }
    ordering_fields: ClassVar = {**IN_TIME, **columns("kind topic", speaker="speaker_id")}


class EventViewSet(RecordViewSet):
    """Things done or said between states, coded in PLOVER."""

    queryset = models.Event.objects.prefetch_related(
        Prefetch("parties", models.EventParty.objects.filter(role="actor"), to_attr="actors"),
        Prefetch(
            "parties", models.EventParty.objects.filter(role="recipient"), to_attr="recipients"
        ),
        "contexts",
        *keys(models.Event, "issues"),
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
    expandable: ClassVar = {"issues": BilateralIssueViewSet}
    ordering_fields: ClassVar = {**IN_TIME, **columns("event_type confidence", score="scored")}
    computed: ClassVar = {"scored": models.events.score_column()}


class TripViewSet(RecordViewSet):
    """Official journeys with their stops; the order of listing is not the order of visiting."""

    queryset = models.Trip.objects.prefetch_related("stops", *evidence("stops"))
    serializer_class = serializers.TripSerializer
    filterset_class = filtersets.TripFilterSet
    linked_type = "schema:Trip"
    expandable: ClassVar = {"traveller": OfficialViewSet}
    located = True
    ordering_fields: ClassVar = {**IN_TIME, "title": "title", "status": "status"}

    def features(self, records: streams.JsonObjects) -> streams.JsonObjects:
        """Return each trip with a point per stop: no line, for the order is not known."""
        stops = [[stop["country"] for stop in record["stops"]] for record in records]
        codes = set(chain(*stops))
        located = models.Country.objects.filter(pk__in=codes, longitude__isnull=False)
        rows = located.values_list("pk", "longitude", "latitude")
        points = {key: [longitude, latitude] for key, longitude, latitude in rows}
        return [
            feature(record, "MultiPoint", [points[key] for key in keys if key in points])
            for record, keys in zip(records, stops, strict=True)
        ]


class GapViewSet(RecordViewSet):
    """What a source does not say and a reader would ask."""

    queryset = models.Gap.objects.prefetch_related(
        *keys(models.Gap, "countries", "officials", "statements", "issues", "events", "trips"),
        *evidence(),
    )
    serializer_class = serializers.GapSerializer
    filterset_class = filtersets.GapFilterSet
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
