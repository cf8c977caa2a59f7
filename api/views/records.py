"""The lists of records and each of them; the docstrings are the public documentation."""

from collections.abc import Sequence
from itertools import chain
from typing import Any, ClassVar

from django.db.models import F, Model, Prefetch

from api import filtersets
from api.addresses import local
from api.database.release import current
from api.formats import jsonld, streams
from api.formats.geojson import feature
from api.html.details import sentences_of
from api.keys import CountryField
from api.rendering.fields import ahead
from api.serializers import records as serializers
from api.serializers.relations import coverage_of
from api.shaping import JsonObject
from api.views.viewset import RecordViewSet
from policy import models
from policy.coverage import citations
from policy.models.issues import EmptyAccount
from policy.models.registry import list_name
from policy.models.sources import SourceKind

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


OF_CURRENT = ("status", "time_earliest", "time_latest")
"""What issues can be ordered by of their current accounts."""
CURRENT: Any = models.BilateralIssue._meta.get_field("current")
NO_ACCOUNT = EmptyAccount()


class SourceViewSet(RecordViewSet):
    """Documents and registers that facts were taken from; their text is not republished."""

    queryset = models.Source.objects.all()
    serializer_class = serializers.SourceSerializer
    filterset_class = filtersets.SourceFilterSet
    linked_type = "schema:CreativeWork"
    template = "source"

    def record_page(self, record: JsonObject) -> JsonObject:
        """Add each sentence with what rests on it, and the gaps of the source.

        The entries of a register are too many for a page: it leads to their list.
        """
        if record["kind"] == SourceKind.REGISTER:
            every = local(f"/api/v1/passages?source={record['id']}")
            return {**super().record_page(record), "entries": every}
        of_source = {
            view: view.alone(self.request, self.served) for view in (PassageViewSet, GapViewSet)
        }
        passages, gaps = (
            view.records(view.get_queryset().filter(source=record["id"]))
            for view in of_source.values()
        )
        sentences = sentences_of(coverage_of(record["id"], current().version), passages, gaps)
        return {**super().record_page(record), **sentences}


class PassageViewSet(RecordViewSet):
    """What facts cite: a span within a sentence, or an entry of a register, with its hash."""

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
        super().complete(rows)


class CountryViewSet(RecordViewSet):
    """States, present and former, that the sources speak of, with their usual codes.

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


class OrganisationViewSet(RecordViewSet):
    """What acts or speaks and is neither state nor person, whether the sources name it or not."""

    queryset = models.Organisation.objects.prefetch_related(
        *keys(models.Organisation, "members"), *evidence()
    )
    serializer_class = serializers.OrganisationSerializer
    filterset_class = filtersets.OrganisationFilterSet
    linked_type = "schema:Organization"
    expandable: ClassVar = {"country": CountryViewSet, "members": CountryViewSet}
    ordering_fields: ClassVar = {"id": "pk", "label": "label", "country": "country_id"}


class OfficialViewSet(RecordViewSet):
    """People in public life whom the sources name or speak of, with the offices they hold."""

    queryset = models.Official.objects.prefetch_related(
        "positions", "same_as", *evidence("positions")
    )
    serializer_class = serializers.OfficialSerializer
    filterset_class = filtersets.OfficialFilterSet
    linked_type = "schema:Person"
    expandable: ClassVar = {"country": CountryViewSet}
    ordering_fields: ClassVar = {"id": "pk", "label": "label", "country": "country_id"}


class BilateralIssueViewSet(RecordViewSet):
    """Matters between exactly two countries, and what each source says of them.

    An issue shows its newest account as its own status, summary, sides and figures.
    """

    queryset = models.BilateralIssue.objects.prefetch_related(
        *keys(models.BilateralIssue, "countries"),
        "accounts__sides",
        "accounts__figures",
        *evidence("accounts", "accounts__sides", "accounts__figures")[1:],
    )
    serializer_class = serializers.BilateralIssueSerializer
    filterset_class = filtersets.BilateralIssueFilterSet
    expandable: ClassVar = {"countries": CountryViewSet}
    ordering_fields: ClassVar = {
        "id": "pk",
        "title": "title",
        "topic": "topic",
        **{name: f"current_{name}" for name in OF_CURRENT},
    }
    computed: ClassVar = {f"current_{name}": F(f"current__{name}") for name in OF_CURRENT}

    def complete(self, rows: Sequence[Any]) -> None:
        """Take the current account of each issue from its accounts, which are read already."""
        for row in rows:
            current = next((one for one in row.accounts.all() if one.is_current), NO_ACCOUNT)
            CURRENT.set_cached_value(row, current)
        super().complete(rows)


class StatementViewSet(RecordViewSet):
    """What exactly one speaker, organisation, country or narrator said, wrote or signalled."""

    queryset = models.Statement.objects.prefetch_related(
        *keys(models.Statement, "about", "about_organisations", "issues"), *evidence()
    )
    serializer_class = serializers.StatementSerializer
    filterset_class = filtersets.StatementFilterSet
    linked_type = "schema:Claim"
    expandable: ClassVar = {
        "speaker": OfficialViewSet,
        "attributed_organisation": OrganisationViewSet,
        "attributed_country": CountryViewSet,
        "about": CountryViewSet,
        "about_organisations": OrganisationViewSet,
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
        *evidence("actors", "recipients"),
    )
    serializer_class = serializers.EventSerializer
    filterset_class = filtersets.EventFilterSet
    linked_type = "schema:Event"
    expandable: ClassVar = {"issues": BilateralIssueViewSet, "place_country": CountryViewSet}
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
        *keys(
            *(models.Gap, "countries", "organisations", "officials"),
            *("statements", "issues", "events", "trips"),
        ),
        *evidence(),
    )
    serializer_class = serializers.GapSerializer
    filterset_class = filtersets.GapFilterSet
    expandable: ClassVar = {
        "source": SourceViewSet,
        "countries": CountryViewSet,
        "organisations": OrganisationViewSet,
        "officials": OfficialViewSet,
        "statements": StatementViewSet,
        "issues": BilateralIssueViewSet,
        "events": EventViewSet,
        "trips": TripViewSet,
    }
    ordering_fields: ClassVar = {"id": "pk", "source": "source_id"}


class RelationViewSet(RecordViewSet):
    """How one record lies to another: what contradicts, corrects, retracts or confirms it."""

    queryset = models.Relation.objects.prefetch_related(*evidence())
    serializer_class = serializers.RelationSerializer
    filterset_class = filtersets.RelationFilterSet
    ordering_fields: ClassVar = {"id": "pk", "relation": "relation"}


class CheckViewSet(RecordViewSet):
    """What registers say to claims of the sources: the rule, the verdict, what it rests on."""

    queryset = models.Check.objects.prefetch_related(*evidence())
    serializer_class = serializers.CheckSerializer
    filterset_class = filtersets.CheckFilterSet
    expandable: ClassVar = {"trip": TripViewSet}
    ordering_fields: ClassVar = {"id": "pk", **columns("title rule")}


RESOURCES: dict[str, type[RecordViewSet]] = {
    list_name(viewset.queryset.model): viewset
    for viewset in (
        CountryViewSet,
        OrganisationViewSet,
        OfficialViewSet,
        StatementViewSet,
        BilateralIssueViewSet,
        EventViewSet,
        TripViewSet,
        SourceViewSet,
        PassageViewSet,
        GapViewSet,
        RelationViewSet,
        CheckViewSet,
    )
}
"""The viewset of each list, in the order in which they are listed."""
