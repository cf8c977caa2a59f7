"""What the list of every kind of record does: filter, page, shape, write in any format."""

import json
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import Error
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.functional import classproperty
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from api.database.release import ServedRelease, rendered_record, served
from api.filterset_bases import ListFilterSet
from api.formats import geojson, jsonld, streams, transfers
from api.formats.html import Html, page
from api.formats.jsonld import context, linked
from api.html.details import record_page
from api.html.lists import COUNTED, list_page, usual_facets
from api.html.records import Records
from api.keyset import own_order
from api.listing import KeysetPagination, Listing, ListPage
from api.negotiation import prefers_first
from api.parameters import KEY, ChoicesField, Errors, ParameterField, Values
from api.problems import METHODS, error, unanswered
from api.rendering import pages
from api.schema import SELECTION, RecordSchema
from api.serializers.base import ClaimSerializer, RelatedSerializer
from api.serving import turns
from api.serving.cache import known_length
from api.serving.compression import PLAIN, preferred_encoding
from api.shaping import (
    JsonObject,
    check_shape,
    count_facets,
    kept_keys,
    shaped,
    shaping_fields,
)
from api.views.base import StrictView, raise_if_former, unknown_record
from policy.models.claims import checks_of
from policy.models.registry import RecordKind, kind_of, list_name
from policy.models.relations import is_superseded, relations_of

SHAPING = frozenset({"fields", "omit", "expand"})
PAGING = frozenset({"cursor", "page_size", "facets", "expand"})


class RecordViewSet(StrictView, ReadOnlyModelViewSet):  # type: ignore[type-arg]
    """A list of records and each of them, in the same shape."""

    filter_backends = ()
    pagination_class = KeysetPagination
    ordering_fields: ClassVar[Mapping[str, str]] = {"id": "pk"}
    computed: ClassVar[Mapping[str, Any]] = {}
    """The columns among those of ``ordering_fields`` that are computed, by name."""
    expandable: ClassVar[Mapping[str, Any]] = {}
    located = False
    linked_type: str | None = "prov:Entity"
    """What a record is in JSON-LD; None for a list without that format."""
    ahead = True
    """Whether the records are rendered when a release is loaded."""
    filterset_class: type[ListFilterSet]
    key: ParameterField = KEY
    summary = ""
    """What the schema calls the list, where its name does not tell."""
    template = "record"
    """The template of the page of a record."""
    schema = RecordSchema()

    @classproperty
    def resource(cls) -> str:  # noqa: N805
        """Name of the list in its path."""
        return list_name(cls.queryset.model)  # type: ignore[arg-type, union-attr]

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        """Return the keys of a record, in order."""
        return cls.serializer_class.Meta.fields  # type: ignore[union-attr, no-any-return]

    @classmethod
    def formats(cls, action: str | None) -> Sequence[type[Any]]:
        """Return the renderers of a list or a record, the usual one first."""
        known: list[type[Any]] = [JSONRenderer, streams.Selection]
        if action == "list":
            known += streams.STREAMS
        if cls.located:
            known.append(geojson.GeoJson)
        if cls.linked_type:
            known.append(jsonld.JsonLd)
        return [*known, Html]

    @classmethod
    def parameters(cls, action: str | None) -> dict[str, ParameterField]:
        """Add the shaping of records, and the filters and paging of a list."""
        fields = {**super().parameters(action), **shaping_fields(cls.keys(), cls.expandable)}
        if action != "list":
            return fields
        facets = ChoicesField(
            cls.filterset_class.facets(),
            help_text="Count the records of the whole list by each value of these.",
        )
        filters = {name: one.field for name, one in cls.filterset_class.base_filters.items()}
        paging = cls.pagination_class.fields(cls.ordering_fields)
        return {**fields, "facets": facets, **filters, **paging}

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer what is rendered without REST framework, which takes longer than all the rest."""
        try:
            found = self._rendered(request)
        except Error as away:
            return unanswered(request, away)
        if found is None:
            return super().dispatch(request, *args, **kwargs)
        self.served, body = found
        return self._labelled(request, pages.json_response(body, ", ".join(METHODS)))

    def _rendered(self, request: Any) -> tuple[ServedRelease, str] | None:
        """Return a rendered record, or the page of a recipe, and the release it is of.

        None where there is none, or where something has to be read that may be refused.
        """
        if not (settings.RECIPES and self.ahead and request.method == "GET"):
            return None
        formats = self.formats("retrieve" if self.kwargs else "list")
        media_types = tuple(known.media_type for known in formats)
        if not prefers_first(request.META.get("HTTP_ACCEPT", "*/*"), media_types):
            return None
        if not self.kwargs:
            return pages.rendered_page(request)
        key = self.kwargs["pk"]
        if request.META.get("QUERY_STRING") or "\0" in key:
            return None
        return rendered_record(f"{self.resource}/{key}")

    def check_filters(self, values: Values) -> Errors:
        """Yield the errors that the filters of a list find."""
        return self.filterset_class.check(values)

    def check_parameters(self, values: Values) -> Errors:
        """Yield the errors of shaping and paging in a format that has none."""
        renderer = self.request.accepted_renderer
        if SHAPING & values.keys():
            yield from check_shape(values, self.keys())
        if isinstance(renderer, geojson.GeoJson | jsonld.JsonLd | Html):
            detail = "This format always holds whole records: leave the parameter out."
            unfit = SHAPING
        elif isinstance(renderer, streams.STREAMS):
            detail = "A stream is the whole list with its own keys: leave the parameter out."
            unfit = PAGING
        else:
            return
        yield from (error(name, detail) for name in sorted(unfit & values.keys()))

    def get_queryset(self) -> QuerySet[Any]:
        """Return the list, without what the renderings of its records hold already."""
        names = self.values.get("ordering", [])
        columns = [self.ordering_fields[name.removeprefix("-")] for name in names]
        computed = {name: self.computed[name] for name in columns if name in self.computed}
        queryset: QuerySet[Any] = super().get_queryset().annotate(**computed)
        if not self.rendered:
            return queryset
        ordered_by = columns or own_order(queryset.model)
        read = [column for column in ordered_by if column not in computed]
        return queryset.select_related(None).prefetch_related(None).only("pk", *read)

    def _read_key(self) -> str:
        """Return the key in the path, in its canonical form; what cannot be one is 404."""
        try:
            (self.kwargs["pk"],) = self.key.resolve([self.key.to_python(self.kwargs["pk"])])
        except ValidationError as refused:
            what = self.queryset.model._meta.verbose_name  # type: ignore[union-attr]
            raise Http404(f"There is no such {what}. {refused.message}") from refused
        return str(self.kwargs["pk"])

    def get_object(self) -> Any:
        """Find the record; a key it had in an earlier release leads on."""
        self._read_key()
        try:
            return super().get_object()
        except Http404:
            model, key = self.get_queryset().model, self.kwargs["pk"]
            kind = kind_of(model)
            if kind:
                raise_if_former(kind, key, f"/api/v1/{self.resource}/{{}}")
            raise unknown_record(self.request._request, model, key) from None

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Return a page of the list, or the whole of it as a stream."""
        with turns.list_of(self.values):
            return self._list(request)

    def _list(self, request: Request) -> Any:
        chosen = self.filterset_class.chosen(self.values)
        filters = chosen.base_filters
        listing = Listing.of(self.get_queryset(), filters, self.values)
        renderer = request.accepted_renderer
        if isinstance(renderer, streams.STREAMS):
            return self._stream(listing, type(renderer))
        found = ListPage(listing, request, self.values, self.ordering_fields)
        rows = found.read(keys_only=self.rendered)
        asked = self.values.get("facets")
        if isinstance(renderer, Html) and not asked and found.count <= COUNTED:
            asked = usual_facets(chosen.facets())
        facets = count_facets(listing, asked or (), chosen.facets())
        around = found.envelope(facets)
        if self._as_rendered(request):
            indexed = listing.indexed_by(found.pager.columns, found.count)
            if settings.RECIPES and self.served:
                token, shared = self.served.token, (found.pager, self.resource, listing.rows)
                recipe = pages.PageRecipe(token, *shared, around, indexed=indexed)
                pages.keep(request._request, recipe)
            return pages.json_response(pages.page_of(around, self._bodies(rows)))
        records = self.written(rows)
        if isinstance(renderer, geojson.GeoJson):
            features = self.features(records)
            return Response({"type": "FeatureCollection", **around, "features": features})
        if isinstance(renderer, jsonld.JsonLd):
            graph = [linked(self, record) for record in records]
            return Response({"@context": context(self, around), **around, "@graph": graph})
        data = {**around, "results": records}
        if isinstance(renderer, Html):
            shown = self.page(data)
            return page(request._request, "list", shown, self.served)
        return Response(data, content_type=self._media_type)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Return one record."""
        if self._as_rendered(request):
            place = f"{self.resource}/{self._read_key()}"
            body = pages.bodies([place]).get(place)
            if body is not None:
                return pages.json_response(body)
        (record,) = self.written([self.get_object()])
        if isinstance(request.accepted_renderer, Html):
            shown = self.record_page(record)
            return page(request._request, self.template, shown, self.served)
        if isinstance(request.accepted_renderer, geojson.GeoJson):
            return Response(self.features([record])[0])
        if isinstance(request.accepted_renderer, jsonld.JsonLd):
            return Response({"@context": context(self), **linked(self, record)})
        return Response(record, content_type=self._media_type)

    def page(self, data: JsonObject) -> JsonObject:
        """Return what the page of the list shows."""
        records = Records()
        entries = [
            records.node(self.serializer_class, record, 2, self.resource)
            for record in data["results"]
        ]
        return list_page(self, data, entries, records)

    def record_page(self, record: JsonObject) -> JsonObject:
        """Return what the page of a record shows."""
        return record_page(self, record)

    def features(self, records: streams.JsonObjects) -> streams.JsonObjects:
        """Return the records as GeoJSON features; only what is ``located`` is asked for them."""
        raise NotImplementedError

    def written(self, rows: Sequence[Any]) -> streams.JsonObjects:
        """Return the records of these rows in the shape that was asked for."""
        records = self.records(rows)
        return shaped(records, self.values, self._related) if self._media_type else records

    @property
    def _media_type(self) -> str | None:
        """The media type of records with chosen keys or related records, else None."""
        return SELECTION if SHAPING & self.values.keys() else None

    def records(self, rows: Sequence[Any]) -> streams.JsonObjects:
        """Return the records of these rows, from their renderings if there are any."""
        if self.rendered:
            return [json.loads(body) for body in self._bodies(rows)]
        return self.serialized(rows)

    def serialized(self, rows: Sequence[Any]) -> streams.JsonObjects:
        """Return the records of these rows as the serializer makes them."""
        self.complete(rows)
        records: streams.JsonObjects = self.get_serializer(rows, many=True).data
        return records

    def complete(self, rows: Sequence[Any]) -> None:
        """Add to rows what their records tell beside them: how they lie to others."""
        if issubclass(self.serializer_class, RelatedSerializer):  # type: ignore[arg-type]
            kind = RecordKind(self.queryset.model.record_kind)  # type: ignore[union-attr]
            found = relations_of(kind, [row.pk for row in rows])
            for row in rows:
                row.relations = found.get(row.pk, [])
                row.superseded = is_superseded(row.relations)
        if issubclass(self.serializer_class, ClaimSerializer):  # type: ignore[arg-type]
            tested = checks_of(kind, [row.pk for row in rows])
            for row in rows:
                row.checks = tested.get(row.pk, [])

    @classmethod
    def alone(cls, request: Any = None, served: ServedRelease | None = None) -> Any:
        """Return the view of a list outside of a request for it, to read its records with."""
        view = cls(action="list")
        view.request, view.served, view.values = request, served, {}
        return view

    @property
    def rendered(self) -> bool:
        """Whether the records of this list are rendered, and their renderings true."""
        return self.ahead and self.served is not None and self.served.rendered

    def _as_rendered(self, request: Request) -> bool:
        """Tell whether the answer holds whole records in JSON, just as they were rendered."""
        plain = type(request.accepted_renderer) is JSONRenderer and not self._media_type
        return self.rendered and plain

    def _bodies(self, rows: Sequence[Any]) -> Sequence[str]:
        """Return the renderings of these rows, in their order."""
        places = [f"{self.resource}/{row.pk}" for row in rows]
        found = pages.bodies(places)
        return [found[place] for place in places]

    def _related(self, name: str, keys: Collection[str]) -> streams.JsonObjects:
        """Return the records that the keys of a field lead to."""
        view = self.expandable[name].alone(self.request, self.served)
        records: streams.JsonObjects = view.records(view.get_queryset().filter(pk__in=keys))
        return records

    def _stream(self, listing: Listing, renderer: type[streams.Csv]) -> HttpResponseBase:
        columns = listing.columns(self.ordering_fields, self.values.get("ordering", []))
        keys = sorted(kept_keys(self.values, self.keys()), key=self.keys().index)
        whole = self.rendered and not self._media_type

        def lines(chunk: Sequence[Any]) -> Iterable[str]:
            if whole and renderer is streams.Ndjson:
                return (body + "\n" for body in self._bodies(chunk))
            return (renderer.line(record, keys) for record in self.written(chunk))

        total = listing.count(served())

        def pieces() -> Generator[bytes]:
            rows = listing.chunks(columns, streams.CHUNK, total=total, keys_only=self.rendered)
            return streams.stream(rows, renderer.head(keys), lines)

        port = self.request.META["SERVER_PORT"]
        long = total > streams.CHUNK
        sent = transfers.begin(pieces(), self.opened, port, long=long)
        content_type = f"{renderer.media_type}; charset=utf-8"
        if isinstance(sent, bytes):
            return HttpResponse(sent, content_type)
        response = StreamingHttpResponse(sent, content_type=content_type)
        # What is compressed on its way has no length, with HEAD neither.
        if preferred_encoding(self.request.META.get("HTTP_ACCEPT_ENCODING", "")) == PLAIN:
            length = known_length(self.request.META, self.served)
            if length is None:
                length = self._length(listing, renderer, keys) if whole else None
                length = sum(map(len, pieces())) if length is None else length
            response["Content-Length"] = str(length)
        return response

    def _length(
        self, listing: Listing, renderer: type[streams.Csv], keys: Sequence[str]
    ) -> int | None:
        """Return the length of a list of whole records in bytes, None if it has to be made."""
        narrowed = bool(listing.rows.query.where)
        places = listing.places() if narrowed else None
        if narrowed and places is None:
            return None
        return streams.length(self.resource, renderer, keys, places)
