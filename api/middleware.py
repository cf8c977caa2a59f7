"""What holds for every answer, whatever view gives it."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

PROBES = {"/healthz", "/readyz"}
"""What a container or a balancer asks by whatever name it knows the machine."""
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def everywhere(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Check the host, drop a trailing slash, and give each answer an id and open reading."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info not in PROBES:
            request.get_host()
        if len(request.path_info) > 1 and request.path_info.endswith("/"):
            request.path_info = request.path_info[:-1]
            request.path = request.path[:-1]
        given = request.headers.get("X-Request-ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        response = get_response(request)
        if not response.streaming and not response.has_header("Content-Length"):
            response["Content-Length"] = str(len(response.content))
        response["X-Request-ID"] = request_id
        response["X-Content-Type-Options"] = "nosniff"
        response["Access-Control-Allow-Origin"] = "*"
        return response

    return middleware
