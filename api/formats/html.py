"""Pages for people, as a format beside the others; ``api/html`` makes what they show."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from rest_framework.renderers import BaseRenderer

from api.database.release import ServedRelease
from api.html.layout import render_page
from api.negotiation import PAGE


class Html(BaseRenderer):
    """A page for people, for clients that name its media type: browsers do."""

    media_type = PAGE
    format = "html"
    charset = "utf-8"
    schema: ClassVar = {"type": "string"}


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    served: ServedRelease | None = None,
) -> HttpResponse:
    """Return a page, made at once: while the snapshot that it is read from is open.

    It says whether the tables of what is served hold something else than the release does.
    """
    modified = served is not None and served.modified
    body = render_page(request, template, {"modified": modified, **context})
    return HttpResponse(body, content_type=f"{Html.media_type}; charset={Html.charset}")
