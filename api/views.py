"""What each address answers; the docstrings of the viewsets are the public documentation."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from api import filters, serializers
from api.asking import KEY, CountryCode, Item, RefusedError, check_query
from api.codebook import CodebookSerializer, codebook
from api.links import absolute
from api.pagination import KeysetPagination
from api.problems import KINDS
from api.release import current
from api.schema import RecordSchema, generated_schema
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

DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
LOCATED = Passage.objects.select_related("sentence", "attached")


def evidence(*paths: str) -> list["Prefetch[Any]"]:
    """Give what fetches the passages of a record and of the records below these paths."""
    return [Prefetch("__".join(filter(None, [path, "evidence"])), LOCATED) for path in ("", *paths)]


class Strict(APIView):
    """Refuses every parameter it does not know."""

    parameters: ClassVar[tuple[str, ...]] = ()

    def known_parameters(self) -> set[str]:
        """Give the names of the parameters this address takes."""
        return {"format", *self.parameters}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the query before anything is done with it."""
        super().initial(request, *args, **kwargs)
        check_query(request.META.get("QUERY_STRING", ""), self.known_parameters())

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Tell the methods, and nothing that the schema does not tell better."""
        return Response(status=204)


class RecordViewSet(Strict, ReadOnlyModelViewSet):  # type: ignore[type-arg]
    """A list of records and each of them, in the same shape."""

    filter_backends = (filters.FilterBackend,)
    pagination_class = KeysetPagination
    ordering_fields: ClassVar[Mapping[str, str]] = {"id": "pk"}
    filterset_class: type[filters.Questions]
    key: Item = KEY
    schema = RecordSchema()

    def known_parameters(self) -> set[str]:
        """Add the questions and the paging of a list."""
        known = super().known_parameters()
        if self.action == "list":
            known |= {*self.filterset_class.base_filters, *KeysetPagination.parameters}
        return known

    def get_object(self) -> Any:
        """Find the record; what cannot be a key names none."""
        try:
            (self.kwargs["pk"],) = self.key.settle([self.key.read(self.kwargs["pk"])])
        except RefusedError as refused:
            raise Http404(refused.detail) from refused
        return super().get_object()


IN_TIME = {"id": "pk", "time_earliest": "time_earliest", "time_latest": "time_latest"}


class SourceViewSet(RecordViewSet):
    """Source documents that facts were taken from; their text is not republished."""

    queryset = Source.objects.all()
    serializer_class = serializers.SourceSerializer
    filterset_class = filters.SourceQuestions


class PassageViewSet(RecordViewSet):
    """Spans within one sentence that facts cite: locator, short quote and hash."""

    queryset = LOCATED
    serializer_class = serializers.EvidenceSerializer
    filterset_class = filters.PassageQuestions
    ordering_fields: ClassVar = {"id": "pk", "start": "start"}


class CountryViewSet(RecordViewSet):
    """States that the sources speak of, with their codes in the usual classifications.

    A country is addressed by its alpha-3, alpha-2 or numeric code, in any case.
    """

    queryset = Country.objects.prefetch_related(*evidence())
    serializer_class = serializers.CountrySerializer
    filterset_class = filters.CountryQuestions
    key = CountryCode()
    ordering_fields: ClassVar = {"id": "pk", "name": "name", "region": "region"}


class OfficialViewSet(RecordViewSet):
    """People in public life whom the sources name or speak of, with the offices they hold."""

    queryset = Official.objects.prefetch_related("positions", *evidence("positions"))
    serializer_class = serializers.OfficialSerializer
    filterset_class = filters.OfficialQuestions
    ordering_fields: ClassVar = {"id": "pk", "label": "label", "country": "country_id"}


class StatementViewSet(RecordViewSet):
    """What somebody said, wrote or signalled, attributed to exactly one voice."""

    queryset = Statement.objects.prefetch_related("about", "issues", *evidence())
    serializer_class = serializers.StatementSerializer
    filterset_class = filters.StatementQuestions
    ordering_fields: ClassVar = {
        **IN_TIME,
        "kind": "kind",
        "topic": "topic",
        "speaker": "speaker_id",
    }


class BilateralIssueViewSet(RecordViewSet):
    """Matters between exactly two countries, each with its position or its silence."""

    queryset = BilateralIssue.objects.prefetch_related(
        "sides", "figures", *evidence("sides", "figures")
    )
    serializer_class = serializers.BilateralIssueSerializer
    filterset_class = filters.BilateralIssueQuestions
    ordering_fields: ClassVar = {**IN_TIME, "title": "title", "topic": "topic", "status": "status"}


class EventViewSet(RecordViewSet):
    """Things done or said between states, coded in PLOVER."""

    queryset = Event.objects.prefetch_related(
        Prefetch("parties", EventParty.objects.filter(role="actor"), to_attr="actors"),
        Prefetch("parties", EventParty.objects.filter(role="recipient"), to_attr="recipients"),
        "contexts",
        "issues",
        "orders",
        "orders_of_others",
        *evidence("orders", "orders_of_others"),
    )
    serializer_class = serializers.EventSerializer
    filterset_class = filters.EventQuestions
    ordering_fields: ClassVar = {**IN_TIME, "event_type": "event_type", "confidence": "confidence"}


class TripViewSet(RecordViewSet):
    """Official journeys with their stops; the order of listing is not the order of visiting."""

    queryset = Trip.objects.prefetch_related("stops", *evidence("stops"))
    serializer_class = serializers.TripSerializer
    filterset_class = filters.TripQuestions
    ordering_fields: ClassVar = {**IN_TIME, "title": "title", "status": "status"}


class GapViewSet(RecordViewSet):
    """What a source does not say and a reader would ask."""

    queryset = Gap.objects.prefetch_related(
        "countries", "officials", "statements", "issues", "events", "trips", *evidence()
    )
    serializer_class = serializers.GapSerializer
    filterset_class = filters.GapQuestions
    ordering_fields: ClassVar = {"id": "pk", "source": "source_id"}


class ReleaseView(Strict):
    """The version, content hash and counts of the dataset that is loaded."""

    @extend_schema(operation_id="release_retrieve", responses=serializers.ReleaseSerializer)
    def get(self, request: Request) -> Response:
        """Tell which release is served: version, content hash and counts."""
        return Response(serializers.ReleaseSerializer(current()).data)


class CodebookView(Strict):
    """Every code with its label and definition."""

    @extend_schema(operation_id="codebook_retrieve", responses=CodebookSerializer)
    def get(self, request: Request) -> Response:
        """List the PLOVER codes and every other vocabulary, with definitions, scores and notes."""
        return Response(codebook())


class IndexView(Strict):
    """What this is, what is in it, and where to go on."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Describe the service and link to everything in it."""
        release = current()

        def link(path: str) -> str:
            return absolute(request._request, path)

        return Response(
            {
                "name": "Demarche",
                "description": "Foreign-policy facts as an API, each traced to the sentence it "
                "rests on.",
                "release": release.version,
                "licence": release.licence,
                "counts": serializers.ReleaseSerializer(release).data["counts"],
                "resources": {
                    name: link(f"/api/v1/{name}") for name in [*RESOURCES, "release", "codebook"]
                },
                "docs": link("/docs"),
                "reference": link("/redoc"),
                "schema": link("/api/schema"),
                "problems": link("/problems"),
            }
        )


class ProblemsView(Strict):
    """The pages that the type of a problem leads to."""

    @extend_schema(exclude=True)
    def get(self, request: Request, name: str | None = None) -> Response:
        """Explain one kind of problem, or all."""
        if name is not None and name not in KINDS:
            raise Http404(f"No kind of problem is called {name!r}.")
        pages = [
            {
                "type": absolute(request._request, f"/problems/{kind.name}"),
                "title": kind.title,
                "status": kind.status.value,
                "meaning": kind.meaning,
            }
            for kind in KINDS.values()
            if name in (None, kind.name)
        ]
        return Response({"problems": pages} if name is None else pages[0])


class HealthView(Strict):
    """Whether the process answers."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Say that the process is alive, without looking at the database."""
        return Response({"status": "ok"})


class ReadyView(Strict):
    """Whether the loaded release can be served."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Read the release from the database; 503 while that cannot be done."""
        release = current()
        return Response({"status": "ready", "release": release.version})


class SchemaView(Strict):
    """The OpenAPI description of this API."""

    renderer_classes = (OpenApiYamlRenderer, OpenApiJsonRenderer)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Give the schema in YAML, or in JSON when asked by Accept or format."""
        return Response(generated_schema())


def page(template: str) -> Any:
    """Give the view of a documentation page."""

    def view(request: HttpRequest) -> HttpResponse:
        response = render(request, template)
        response["Content-Security-Policy"] = DOCS_POLICY
        return response

    return require_safe(view)


RESOURCES: dict[str, type[RecordViewSet]] = {
    "countries": CountryViewSet,
    "officials": OfficialViewSet,
    "statements": StatementViewSet,
    "bilateral-issues": BilateralIssueViewSet,
    "events": EventViewSet,
    "trips": TripViewSet,
    "sources": SourceViewSet,
    "passages": PassageViewSet,
    "gaps": GapViewSet,
}
