"""What cuts across the lists: search, dyads, and the coverage of a source."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, fields
from functools import lru_cache
from itertools import chain
from threading import Lock
from typing import Any, ClassVar, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import CharField, Field, IntegerField, QuerySet
from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pyroaring import BitMap
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from api import filtersets
from api.database.release import current, served
from api.filters import COUNTRY
from api.formats import streams
from api.formats.html import Html
from api.formats.html import page as html_page
from api.html.details import dyad_page
from api.html.lists import dyads_page, search_page
from api.keys import CountryField
from api.listing import KeysetPagination, ListPage, RowsListing
from api.parameters import KEY, ChoicesField, ListField, ParameterField
from api.problems import RenamedError
from api.rendering.bitmaps import Criterion, axis, counts, matching_each, on_axis
from api.rendering.pages import bodies, json_response, render_json
from api.rendering.walks import keys_of
from api.search_filters import entries_with
from api.serializers import relations as serializers
from api.shaping import JsonObject
from api.views import records
from api.views.base import StrictView, raise_if_former, unknown_record
from api.views.viewset import RecordViewSet
from policy import dyads
from policy.dyads import Dyad
from policy.models import Country, Event, Renaming, SearchEntry, Source
from policy.models.registry import RecordKind, kind_of

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


PAIRS: dict[str, tuple[type[Any], str]] = {
    name: (viewset.queryset.model, axis(viewset.queryset.model, "between"))  # type: ignore[union-attr]
    for name, viewset in PARTS.items()
}
"""The model of each part, and the axis of the bitmap index that its pairs of countries are on."""


@lru_cache(maxsize=1)
def every_dyad(token: str, *, rendered: bool) -> list[Dyad]:
    """Return all dyads of the release with this token, which every page of them is cut from."""
    known = matching_each({model: () for model, _ in PAIRS.values()}) if rendered else {}
    if not known or None in known.values():
        return dyads.dyads()
    numbers: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for name, (_, of_pairs) in PAIRS.items():
        for pair, number in counts(of_pairs, None):
            if pair:
                numbers[pair[0], pair[1]][name] = number
    return dyads.in_order(numbers)


_counting = Lock()
"""Held while dyads are counted, so that many requests right after a release count them once."""


def known_dyads() -> list[Dyad]:
    """Return all dyads of the release of the open snapshot."""
    with _counting:
        return every_dyad(served().token, rendered=served().rendered)


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
        found = (_by_index(pair) if self._rendered else None) or _by_sql(pair)
        if not any(found.counts.values()):
            self._refuse_unknown(codes)
        members: dict[str, Any] = {
            "release": render_json(current().version),
            "id": render_json("-".join(pair)),
            "countries": render_json(pair),
        }
        for name, texts in self._bodies(found.keys).items():
            count = found.counts[name]
            members[name] = f'{{"count":{count},"records":[{",".join(texts)}]}}'
            if name == "events":
                members["event_totals"] = render_json(asdict(dyads.event_totals(found.codings)))
        text = ",".join(f'"{name}":{value}' for name, value in members.items())
        if isinstance(request.accepted_renderer, Html):
            context = dyad_page(json.loads(f"{{{text}}}"))
            return html_page(request._request, "dyad", context, self.served)
        return json_response(f"{{{text}}}")

    @property
    def _rendered(self) -> bool:
        return bool(self.served and self.served.rendered)

    def _bodies(self, keys: dict[str, list[str]]) -> dict[str, list[str]]:
        """Return the records of these keys as JSON, by the names of the parts."""
        if self._rendered:
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


class Between(NamedTuple):
    """What lies between two countries, by the names of parts."""

    counts: dict[str, int]
    keys: dict[str, list[str]]
    """The first keys of each part."""
    codings: list[tuple[str, str | None, int]]
    """Event types and modes, with the number of events that are coded so."""


def _by_sql(pair: list[str]) -> Between:
    """Return what the tables tell of two countries."""
    found = {
        name: model._base_manager.filter(dyads.between(name, *pair)).order_by("pk")
        for name, (model, _) in PAIRS.items()
    }
    numbers = {name: rows.count() for name, rows in found.items()}
    keys = {name: list(rows.values_list("pk", flat=True)[:SHOWN]) for name, rows in found.items()}
    return Between(numbers, keys, list(dyads.codings(found["events"])))


def _by_index(pair: list[str]) -> Between | None:
    """Return what the bitmap index tells of two countries, None if it does not hold all parts."""
    found = matching_each({model: [Criterion(on, [pair])] for model, on in PAIRS.values()})
    parts = {name: found[model] for name, (model, _) in PAIRS.items()}
    held = {name: bits for name, bits in parts.items() if bits is not None}
    if len(held) < len(parts):
        return None
    first = {name: list(bits[:SHOWN]) for name, bits in held.items()}
    keys = keys_of(list(chain.from_iterable(first.values())))
    return Between(
        {name: len(bits) for name, bits in held.items()},
        {name: [keys[entry] for entry in entries] for name, entries in first.items()},
        _codings(held["events"]),
    )


def _codings(events: BitMap) -> list[tuple[str, str | None, int]]:
    """Return the event types and modes of events, each with the number of events."""
    if not events:
        return []
    types, modes = (on_axis(axis(Event, name)) for name in ("event_type", "mode"))
    counted = (
        (event_type, mode, (having & events).intersection_cardinality(with_mode))
        for event_type, having in types.items()
        for mode, with_mode in modes.items()
        if event_type is not None
    )
    return [row for row in counted if row[2]]


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
