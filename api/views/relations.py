"""What cuts across the lists: search, dyads, and the coverage of a source."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api import filtersets
from api.database.release import current
from api.filters import COUNTRY, entries_with
from api.formats import streams
from api.parameters import KEY, CountryField, ListField, ParameterField
from api.problems import RenamedError
from api.serializers import relations as serializers
from api.views import records
from api.views.base import RecordViewSet, StrictView, raise_if_former
from policy import dyads
from policy.coverage import ledger
from policy.models import Country, Renaming, SearchEntry, Source
from policy.models.registry import RecordKind

PARTS: dict[str, tuple[type[RecordViewSet], Callable[[str, str], Q]]] = {
    "issues": (records.BilateralIssueViewSet, dyads.issues_between),
    "events": (records.EventViewSet, dyads.events_between),
    "statements": (records.StatementViewSet, dyads.statements_between),
    "trips": (records.TripViewSet, dyads.trips_between),
    "gaps": (records.GapViewSet, dyads.gaps_between),
}
"""What a dyad carries: the records of which list, and which of them are between two countries."""
NAMED_PAIR = ListField(CountryField(leads_on=False), least=2, most=2)
"""The two countries in the path of a dyad."""
SHOWN = 100
"""How many records of each kind a dyad carries; the list it links to has them all."""


class SearchViewSet(RecordViewSet):
    """Records of every kind that hold all the words asked for, the best match first."""

    queryset = SearchEntry.objects.defer("words")
    serializer_class = serializers.SearchHitSerializer
    filterset_class = filtersets.SearchFilterSet
    ordering_fields: ClassVar = {"kind": "kind", "title": "title"}
    facet_fields: ClassVar = {"kind": "kind"}
    ahead = False
    linked_type = None

    def get_queryset(self) -> QuerySet[Any]:
        """Return the entries that hold the words."""
        return entries_with(self.values["q"]).defer("words")

    def serialized(self, rows: Sequence[Any]) -> streams.JsonObjects:
        """Add the asked words, around which the snippets are cut."""
        for row in rows:
            row.asked = self.values["q"]
        return super().serialized(rows)


class DyadsView(StrictView):
    """Every pair of countries that the dataset knows something between."""

    @classmethod
    def parameters(cls, action: str | None) -> dict[str, ParameterField]:
        """Add the countries of the pairs."""
        text = f"Pairs with any of these countries, {COUNTRY}."
        return {**super().parameters(action), "country": ListField(CountryField(), help_text=text)}

    @extend_schema(operation_id="dyads_list", responses=serializers.DyadListSerializer)
    def get(self, request: Request) -> Response:
        """List the pairs in order of their keys, with the numbers of issues and events between."""
        wanted = set(self.values.get("country", []))
        every = dyads.dyads()
        found = [one for one in every if not wanted or {one.first, one.second} & wanted]
        page = {"release": current().version, "count": len(found), "results": found}
        return Response(serializers.DyadListSerializer(page).data)


class DyadView(StrictView):
    """Everything between two countries."""

    @extend_schema(
        operation_id="dyads_retrieve",
        responses=serializers.DyadSerializer,
        parameters=[
            OpenApiParameter(
                "id",
                OpenApiTypes.STR,
                "path",
                description="Two countries with a hyphen between them, in either order, each as "
                "alpha-3, alpha-2 or numeric code, in any case: USA-MEX.",
            )
        ],
    )
    def get(self, request: Request, id: str) -> Response:  # noqa: A002
        """Return issues with both positions, events with their totals, statements, trips, gaps."""
        pair = self._countries(id)
        answer: dict[str, Any] = {
            "release": current().version,
            "id": "-".join(pair),
            "countries": pair,
        }
        for name, (viewset, between) in PARTS.items():
            found: QuerySet[Any] = viewset.queryset.filter(between(*pair))  # type: ignore[union-attr]
            answer[name] = {"count": found.count(), "records": found[:SHOWN]}
            if name == "events":
                answer["event_totals"] = dyads.event_totals(found)
        return Response(serializers.DyadSerializer(answer).data)

    def _countries(self, text: str) -> list[str]:
        """Return the two alpha-3 codes in order; Http404 when these are not two known countries."""
        try:
            codes = NAMED_PAIR.to_python(text.replace("-", ","))
        except ValidationError as refused:
            raise Http404(refused.message) from refused
        known = set(Country.objects.filter(pk__in=codes).values_list("pk", flat=True))
        if len(known) < 2:
            moved = Renaming.present_keys(RecordKind.COUNTRY, codes)
            present = [moved.get(code, code) for code in codes]
            if Country.objects.filter(pk__in=present).count() == 2:
                pair = "-".join(present)
                raise RenamedError("-".join(codes), pair, f"/api/v1/dyads/{pair}")
            absent = [code for code in codes if code not in known]
            for code in absent:
                if code not in moved:
                    raise_if_former(RecordKind.COUNTRY, code, "")
            raise Http404(f"This release holds no country {', '.join(absent)}.")
        return sorted(codes)


class CoverageView(StrictView):
    """What became of each sentence of a source."""

    @extend_schema(
        operation_id="sources_coverage",
        responses=serializers.CoverageSerializer,
        parameters=[
            OpenApiParameter("id", dict(KEY.schema), "path", description="Slug of the source.")
        ],
    )
    def get(self, request: Request, id: str) -> Response:  # noqa: A002
        """Return each sentence with the records that rest on it, or why none does."""
        try:
            source = Source.objects.filter(pk=KEY.to_python(id)).first()
        except ValidationError as refused:
            raise Http404(refused.message) from refused
        if source is None:
            raise_if_former(RecordKind.SOURCE, id, "/api/v1/sources/{}/coverage")
            raise Http404(f"This release holds no source {id!r}.")
        lines = ledger(source.pk)
        cited = sum(1 for line in lines if line.citations)
        answer = {"source": source.pk, "sentences": len(lines), "cited": cited, "ledger": lines}
        answer["release"] = current().version
        return Response(serializers.CoverageSerializer(answer).data)
