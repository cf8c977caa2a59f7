"""Views of everything but records: release, codebook, schema, documentation, health checks."""

from copy import copy
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from api.addresses import absolute, local
from api.codebook import CodebookSerializer, codebook
from api.database.connections import within
from api.database.release import LOOK, current
from api.formats.html import Html
from api.formats.html import page as html_page
from api.formats.jsonld import JsonLd, own_terms
from api.html.front import front_page
from api.html.guide import chapters, guide_page
from api.parameters import read_parameters
from api.problems import PROBLEM_TYPES, InvalidParametersError, refuse, unknown
from api.schema import generated_schema
from api.serializers import records as serializers
from api.views import downloads
from api.views.base import StrictView
from api.views.changes import newest_releases
from api.views.records import RESOURCES
from api.views.relations import known_dyads
from policy.citation import citation, dataset

DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


SHOWN = 3
"""How many releases the front page tells of."""


class ReleaseView(StrictView):
    """The version, content hash and counts of the dataset that is loaded."""

    @extend_schema(operation_id="release_retrieve", responses=serializers.ReleaseSerializer)
    def get(self, request: Request) -> Response:
        """Get the release that is served.

        It has a version, a content hash and counts, and tells how to cite it.
        """
        return Response(cited(request._request))


def cited(request: HttpRequest) -> Any:
    """Return the release that is loaded as JSON has it, with how to cite it from this address."""
    # The record is shared by all requests, which may know the instance by different names.
    release: Any = copy(current())
    release.citation = citation(release, absolute(request, "/"))
    return serializers.ReleaseSerializer(release).data


class CodebookView(StrictView):
    """Every code with its label and definition."""

    reads_database = False

    @extend_schema(operation_id="codebook_retrieve", responses=CodebookSerializer)
    def get(self, request: Request) -> Response:
        """Get the codebook.

        It has the PLOVER codes and every other vocabulary, with definitions, scores and notes.
        """
        return Response(codebook())


class TermsView(StrictView):
    """The terms of the JSON-LD that are in no published vocabulary."""

    reads_database = False
    renderer_classes = (JsonLd, JSONRenderer)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the definition of each term; its address in the records leads here."""
        return Response(own_terms(request._request, RESOURCES.values()))


class IndexView(StrictView):
    """A description of the service, with counts and links; in JSON-LD, of the dataset."""

    renderer_classes = (JSONRenderer, JsonLd, Html)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """Return the description of the service, with links to all resources."""
        names = [*RESOURCES, "dyads", "release", "releases", "changes", "codebook"]
        release: Any = current()
        link = partial(absolute, request._request)
        described = dataset(release, link("/"), downloads.distribution(request._request, release))
        if isinstance(request.accepted_renderer, JsonLd):
            return Response({"@context": "https://schema.org/", **described})
        index = {
            "name": "Demarche",
            "description": "Foreign-policy facts as an API, each traced to the sentence it "
            "rests on.",
            "release": release.version,
            "modified": release.modified,
            "licence": release.licence,
            "counts": dict(sorted(release.counts.items())),
            "resources": {name: link(f"/api/v1/{name}") for name in names},
            "search": link("/api/v1/search?q={words}"),
            "reconcile": link("/api/v1/reconcile"),
            "files": link(f"/releases/{release.version}") if settings.RELEASES_DIR else None,
            "feed": link("/api/v1/releases.atom"),
            "guide": link("/guide"),
            "docs": link("/docs"),
            "schema": link("/api/schema"),
            "problems": link("/problems"),
        }
        if isinstance(request.accepted_renderer, Html):
            context = front_page(
                index, cited(request._request), known_dyads(), described, newest_releases(SHOWN)
            )
            return html_page(request._request, "front", context)
        return Response(index)


class ProblemsView(StrictView):
    """The pages that the ``type`` of a problem links to."""

    renderer_classes = (JSONRenderer, Html)

    reads_database = False

    @extend_schema(exclude=True)
    def get(self, request: Request, name: str | None = None) -> HttpResponse:
        """Return the explanation of one problem type, or of all."""
        if name is not None and name not in PROBLEM_TYPES:
            raise unknown(request._request, "kind of problem", name, "/problems", PROBLEM_TYPES)
        pages = {
            kind.name: {
                "type": absolute(request._request, f"/problems/{kind.name}"),
                "title": kind.title,
                "status": kind.status,
                "meaning": kind.meaning,
            }
            for kind in PROBLEM_TYPES.values()
        }
        if isinstance(request.accepted_renderer, Html):
            kinds = [PROBLEM_TYPES[name]] if name else list(PROBLEM_TYPES.values())
            title = kinds[0].title if name else "Problems"
            context = {"title": title, "problems": kinds, "many": name is None}
            return html_page(request._request, "problems", context)
        return Response(pages[name] if name else {"problems": list(pages.values())})


class GuideView(StrictView):
    """How to ask: the chapters of the guide in Markdown, or its page."""

    reads_database = False
    renderer_classes = (JSONRenderer, Html)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """Return the guide, with the address of this instance in its examples."""
        address = absolute(request._request, "")
        if isinstance(request.accepted_renderer, Html):
            return html_page(request._request, "guide", guide_page(address))
        return Response({"chapters": [one._asdict() for one in chapters(address)]})


class HealthView(StrictView):
    """Whether the process is alive."""

    reads_database = False
    lasting = False

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the status of the process, without a database query."""
        return Response({"status": "ok"})


class ReadyView(StrictView):
    """Whether the loaded release can be served."""

    lasting = False

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Limit the time, because health checks have shorter timeouts than clients."""
        with within(LOOK):
            return super().dispatch(request, *args, **kwargs)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the release read from the database, or 503 if that fails."""
        release: Any = current()
        return Response(
            {"status": "ready", "release": release.version, "modified": release.modified}
        )


class SchemaView(StrictView):
    """The OpenAPI description of this API."""

    reads_database = False

    renderer_classes = (OpenApiYamlRenderer, OpenApiJsonRenderer)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """Return the schema in YAML, or in JSON when asked by Accept or format."""
        renderer = request.accepted_renderer
        content_type = "; charset=".join(filter(None, (renderer.media_type, renderer.charset)))
        body = generated_schema(type(renderer), absolute(request._request, ""))
        return HttpResponse(body, content_type=content_type)


def page(template: str, content_type: str = "text/html; charset=utf-8") -> Any:
    """Return the view of a documentation page."""

    def view(request: HttpRequest) -> HttpResponse:
        try:
            read_parameters(request.META.get("QUERY_STRING", ""), {})
        except InvalidParametersError as refused:
            return refuse(request, refused)
        if request.method == "OPTIONS":
            return HttpResponse(status=204)
        context = {"base": absolute(request, ""), "home": local("/")}
        response = render(request, template, context, content_type=content_type)
        response["Content-Security-Policy"] = DOCS_POLICY
        return response

    return view
