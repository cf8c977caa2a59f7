"""What holds for every answer, whatever view gives it."""

import logging
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
PROBES = {"/healthz", "/readyz"}
"""What a container or a balancer asks by whatever name it knows the machine."""

current_request: ContextVar[str] = ContextVar("current_request", default="-")
access = logging.getLogger("api.access")


class RequestIdFilter(logging.Filter):
    """Puts the id of the request being answered into every line of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id; every line is kept."""
        record.request_id = current_request.get()
        return True


def everywhere(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Give every answer an id, its length and open reading, and the log a line about it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        token = current_request.set(request_id)
        try:
            response = get_response(request)
            asked = request.get_full_path()
            access.info("%s %s %s", request.method, asked, response.status_code)
        finally:
            current_request.reset(token)
        if not response.streaming and not response.has_header("Content-Length"):
            response["Content-Length"] = str(len(response.content))
        response["X-Request-ID"] = request_id
        response["X-Content-Type-Options"] = "nosniff"
        response["Access-Control-Allow-Origin"] = "*"
        return response

    return middleware


def addressed(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Refuse a host that is not ours, and take a path with a trailing slash for the one without."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info not in PROBES:
            request.get_host()
        if len(request.path_info) > 1 and request.path_info.endswith("/"):
            request.path_info = request.path_info[:-1]
            request.path = request.path[:-1]
        return get_response(request)

    return middleware
