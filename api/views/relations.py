"""What cuts across the lists: search, dyads, and the coverage of a source."""

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from functools import cache, lru_cache
from itertools import chain
from threading import Lock
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import connections, router
from django.db.models import CharField, Count, Field, IntegerField, QuerySet, Value, Window
from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from api import filtersets
from api.database.connections import CompiledQuery, ParameterSlot
from api.database.release import current, served
from api.filters import COUNTRY
from api.formats import streams
from api.formats.html import Html
from api.formats.html import page as html_page
from api.html.details import dyad_page
from api.html.lists import dyads_page, search_page
from api.keys import CountryField
from api.listing import KeysetPagination, ListPage, RowsListing
from api.models import RenderedState
from api.parameters import KEY, ChoicesField, ListField, ParameterField
from api.problems import RenamedError
from api.rendering.pages import bodies, json_response, render_json
from api.search_filters import entries_with
from api.serializers import relations as serializers
from api.shaping import JsonObject
from api.views import records
from api.views.base import StrictView, raise_if_former, unknown_record
from api.views.viewset import RecordViewSet
from policy import dyads
from policy.dyads import Dyad
from policy.models import Country, Renaming, SearchEntry, Source
from policy.models.registry import RecordKind, kind_of
from policy.models.state import live

PARTS: dict[str, type[RecordViewSet]] = {
    "issues": records.BilateralIssueViewSet,
    "events": records.EventViewSet,
    "statements": records.StatementViewSet,
    "trips": records.TripViewSet,
    "gaps": records.GapViewSet,
    "relations": records.RelationViewSet,
}
"""The list that has the records which a dyad carries under a name."""
KINDS: dict[str, str] = {
    str(kind_of(viewset.queryset.model)): name  # type: ignore[union-attr]
    for name, viewset in PARTS.items()
}
COLUMNS: "dict[str, Field[Any, Any]]" = {
    field.name: CharField() if field.type is str else IntegerField() for field in fields(Dyad)
}
"""What the list of dyads can be ordered by."""
NAMED_PAIR = ListField(CountryField(leads_on=False))
"""The two countries in the path of a dyad."""
SHOWN = 100
"""How many records of each kind a dyad carries; the list it links to has them all."""


@lru_cache(maxsize=1)
def every_dyad(token: str, *, rendered: bool) -> list[Dyad]:
    """Return all dyads of the release with this token, which every page of them is cut from."""
    if not rendered:
        return dyads.dyads()
    stored = RenderedState.objects.values_list("dyads", flat=True).get(pk=RenderedState.ONLY)
    return [Dyad(*row) for row in stored]


_counting = Lock()
"""Held while dyads are counted, so that many requests right after a release count them once."""


def known_dyads() -> list[Dyad]:
    """Return all dyads of the release of the open snapshot."""
    with _counting:
        return every_dyad(served().token, rendered=served().rendered)


TOTALS = "totals"
"""What stands for a part before the codings of events."""


class SearchViewSet(RecordViewSet):
    """Records of every kind that hold all the words asked for, the best match first."""

    queryset = SearchEntry.objects.defer("words")
    serializer_class = serializers.SearchHitSerializer
    filterset_class = filtersets.SearchFilterSet
    ordering_fields: ClassVar = {"kind": "kind", "title": "title"}
    ahead = False
    linked_type = None
    summary = "Search records of every kind."

    def get_queryset(self) -> QuerySet[Any]:
        """Return the entries that hold the words."""
        return entries_with(self.values["q"]).defer("words")

    def serialized(self, rows: Sequence[Any]) -> streams.JsonObjects:
        """Add the asked words, around which the snippets are cut."""
        for row in rows:
            row.asked = self.values["q"]
        return super().serialized(rows)

    def page(self, data: JsonObject) -> JsonObject:
        """Return what the page of hits shows."""
        return search_page(self, data)


class DyadsView(StrictView):
    """Every pair of countries that the dataset knows something between."""

    renderer_classes = (JSONRenderer, Html)

    @classmethod
    def parameters(cls, action: str | None) -> dict[str, ParameterField]:
        """Add the filters and the paging of the list."""
        countries, kinds = ListField(CountryField()), ChoicesField(KINDS)
        return {
            **super().parameters(action),
            "country": countries.described(f"Pairs with any of these countries, {COUNTRY}."),
            "exclude_country": countries.described("The opposite of country."),
            "kind": kinds.described("Pairs with a record of any of these kinds between them."),
            "exclude_kind": kinds.described("The opposite of kind."),
            **KeysetPagination.fields(COLUMNS),
        }

    @extend_schema(operation_id="dyads_list", responses=serializers.DyadListSerializer)
    def get(self, request: Request) -> HttpResponse:
        """List dyads.

        A dyad is a pair of countries with anything between them; each tells how many records of
        each kind there are.
        """
        found = [dyad for dyad in known_dyads() if self._fits(dyad)]
        ordering = dict(zip(COLUMNS, COLUMNS, strict=True))
        page = ListPage(RowsListing(found, COLUMNS), request, self.values, ordering)
        rows = page.read(keys_only=False)
        answer = {**page.envelope({}), "results": rows}
        if isinstance(request.accepted_renderer, Html):
            context = dyads_page(self, answer)
            return html_page(request._request, "list", context, self.served)
        return Response(serializers.DyadListSerializer(answer).data)

    def _fits(self, dyad: Dyad) -> bool:
        """Return whether a pair is one that the filters ask for."""
        countries = {dyad.first, dyad.second}
        kinds = {kind for kind, name in KINDS.items() if getattr(dyad, name)}
        return all(
            bool(held.intersection(self.values[name])) != name.startswith("exclude_")
            for held, name in (
                (countries, "country"),
                (countries, "exclude_country"),
                (kinds, "kind"),
                (kinds, "exclude_kind"),
            )
            if name in self.values
        )


class DyadView(StrictView):
    """Everything between two countries."""

    renderer_classes = (JSONRenderer, Html)

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
    def get(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """Get one dyad.

        It holds everything between two countries: issues, events with their totals, statements,
        trips, gaps and relations.
        """
        one, _, other = id.partition("-")
        paired = one and other and "-" not in other
        try:
            codes = NAMED_PAIR.to_python(f"{one},{other}") if paired else []
        except ValidationError as refused:
            raise Http404(f"There is no such dyad. {refused.message}") from refused
        if len(codes) != 2:
            raise Http404(
                f"There is no dyad {id[:60]!r}: write two different countries with a hyphen "
                "between them, such as MEX-USA."
            )
        pair = sorted(codes)
        query = _between_query() if live.get() is None else _between(*pair)
        with connections[router.db_for_read(Country)].cursor() as cursor:
            query.run(cursor, {"first": pair[0], "second": pair[1]})
            rows = cursor.fetchall()
        if not rows:
            self._refuse_unknown(codes)
        keys = {name: sorted(row[1] for row in rows if row[0] == name) for name in PARTS}
        members: dict[str, Any] = {
            "release": render_json(current().version),
            "id": render_json("-".join(pair)),
            "countries": render_json(pair),
        }
        counts = {row[0]: row[3] for row in rows if row[0] != TOTALS}
        for name, texts in self._bodies(keys).items():
            count = counts.get(name, 0)
            members[name] = f'{{"count":{count},"records":[{",".join(texts)}]}}'
            if name == "events":
                totals = dyads.event_totals(row[1:] for row in rows if row[0] == TOTALS)
                members["event_totals"] = render_json(asdict(totals))
        text = ",".join(f'"{name}":{value}' for name, value in members.items())
        if isinstance(request.accepted_renderer, Html):
            context = dyad_page(json.loads(f"{{{text}}}"))
            return html_page(request._request, "dyad", context, self.served)
        return json_response(f"{{{text}}}")

    def _bodies(self, keys: dict[str, list[str]]) -> dict[str, list[str]]:
        """Return the records of these keys as JSON, by the names of the parts."""
        if self.served and self.served.rendered:
            places = {n: [f"{PARTS[n].resource}/{key}" for key in keys[n]] for n in keys}
            stored = bodies(list(chain.from_iterable(places.values())))
            return {name: [stored[place] for place in places[name]] for name in keys}
        written = {}
        for name, viewset in PARTS.items():
            view = viewset.alone(self.request, self.served)
            rows = list(view.queryset.filter(pk__in=keys[name]))
            written[name] = [render_json(record) for record in view.serialized(rows)]
        return written

    def _refuse_unknown(self, codes: list[str]) -> None:
        """Raise Http404 unless these are countries, or RenamedError for those with other keys."""
        known = set(Country.objects.filter(pk__in=codes).values_list("pk", flat=True))
        absent = [code for code in codes if code not in known]
        moved = Renaming.present_keys(RecordKind.COUNTRY, absent)
        present = [moved.get(code, code) for code in codes]
        if moved and Country.objects.filter(pk__in=present).count() == 2:
            pair = "-".join(present)
            raise RenamedError("-".join(codes), pair, f"/api/v1/dyads/{pair}")
        for code in absent:
            if code not in moved:
                raise_if_former(RecordKind.COUNTRY, code, "")
        if absent:
            raise unknown_record(self.request._request, Country, ", ".join(absent))


@cache
def _between_query() -> CompiledQuery:
    """Return the query for any two countries."""
    return _between(*(ParameterSlot(name, CharField()) for name in ("first", "second")))


def _between(*pair: Any) -> CompiledQuery:
    """Return what finds the first keys of each part, with their number, and codings of events."""
    found = {
        name: viewset.queryset.model._base_manager.filter(dyads.between(name, *pair))  # type: ignore[union-attr]
        for name, viewset in PARTS.items()
    }
    parts = [
        rows.order_by("pk").values_list(Value(name), "pk", Value(""), Window(Count("pk")))[:SHOWN]
        for name, rows in found.items()
    ]
    return CompiledQuery(*parts, dyads.codings(found["events"], Value(TOTALS)))


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
        """Get the coverage of one source.

        It has each sentence with the records that rest on it, or the reason why none does.
        """
        try:
            source = Source.objects.filter(pk=KEY.to_python(id)).first()
        except ValidationError as refused:
            raise Http404(f"There is no such source. {refused.message}") from refused
        if source is None:
            raise_if_former(RecordKind.SOURCE, id, "/api/v1/sources/{}/coverage")
            raise unknown_record(request._request, Source, id)
        return Response(serializers.coverage_of(source.pk, current().version))
