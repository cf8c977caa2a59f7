"""What holds for every answer, whatever gives it: its id, its line in the log, open reading."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from contextvars import ContextVar
from random import getrandbits
from typing import Any

from django.db import connections
from django.http import HttpRequest, HttpResponse

from api.problems import METHODS, not_allowed, respond

REQUEST_ID_HEADER = "X-Request-ID"
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
ALIVE = "/healthz"
PROBES = {ALIVE, "/readyz"}
"""What a container or a balancer asks by whatever name it knows the machine."""
OPEN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Dataset-Version, Retry-After, X-Request-ID",
}
"""What lets a page of any origin read an answer."""
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}
"""What lets it ask with headers of its own, such as If-None-Match."""

current_request: ContextVar[str] = ContextVar("current_request", default="-")
access = logging.getLogger("api.access")


class RequestIdFilter(logging.Filter):
    """Puts the id of the request being answered into every line of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id; every line is kept."""
        record.request_id = current_request.get()
        return True


def id_of(environ: Mapping[str, Any]) -> str:
    """Give the id a client sent, or a new one where it sent none that will do."""
    given = str(environ.get("HTTP_X_REQUEST_ID", ""))
    if given and REQUEST_ID.fullmatch(given):
        return given
    # It only has to be another than the last ones, so the system need not be asked for it.
    return f"{getrandbits(128):032x}"


def without_slash(path: str) -> str:
    """Give a path without the one slash at its end that makes no difference."""
    return path[:-1] if path[-1:] == "/" and path[-2:] not in ("/", "//") else path


def has_body(environ: Mapping[str, Any]) -> bool:
    """Tell whether a body was sent with a request."""
    length = environ.get("CONTENT_LENGTH", "")
    return length not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ


def note(method: str, asked: str, status: int, **measured: Any) -> None:
    """Write the line about one answer: what was asked, the status and what was measured."""
    told = {"method": method, "path": asked, "status": status, **measured}
    access.info("%s %s %s", method, asked, status, extra=told)


def observed(
    environ: Mapping[str, Any], headers: list[tuple[str, str]], status: int
) -> list[tuple[str, str]]:
    """Give an answer that asked nobody its id, and the log its line; gives the headers."""
    request_id = id_of(environ)
    if access.isEnabledFor(logging.INFO):
        token = current_request.set(request_id)
        query = environ.get("QUERY_STRING", "")
        asked = environ["PATH_INFO"] + (f"?{query}" if query else "")
        note(environ["REQUEST_METHOD"], asked, status, cached=True, queries=0, seconds=0.0)
        current_request.reset(token)
    return [*headers, (REQUEST_ID_HEADER, request_id)]


class Counter:
    """Counts the queries that go through it."""

    def __init__(self) -> None:
        """Begin at none."""
        self.queries = 0

    def __call__(self, execute: Callable[..., Any], *args: Any) -> Any:
        """Pass a query on."""
        self.queries += 1
        return execute(*args)


def everywhere(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Give every answer an id, its length and open reading, and the log a line about it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request_id = id_of(request.META)
        token = current_request.set(request_id)
        started, counter = time.perf_counter(), Counter()
        try:
            with ExitStack() as counting:
                for alias in connections:
                    counting.enter_context(connections[alias].execute_wrapper(counter))
                response = get_response(request)
            seconds = round(time.perf_counter() - started, 6)
            measured = {"cached": False, "queries": counter.queries, "seconds": seconds}
            note(str(request.method), request.get_full_path(), response.status_code, **measured)
        finally:
            current_request.reset(token)
        if not response.streaming and not response.has_header("Content-Length"):
            response["Content-Length"] = str(len(response.content))
        response[REQUEST_ID_HEADER] = request_id
        for name, value in OPEN.items():
            response[name] = value
        if request.method == "OPTIONS":
            for name, value in PREFLIGHT.items():
                response[name] = value
        if not response.has_header("Cache-Control"):
            # What is refused, and what tells of this moment, holds for no later request.
            response["Cache-Control"] = "no-store"
        return response

    return middleware


def addressed(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Refuse what is no question to us, and take a path with a trailing slash for the one without.

    A question has a host of ours, a method that reads, and no body.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info not in PROBES:
            request.get_host()
        # Django gives the method in capitals; what was sent is in META.
        if request.META["REQUEST_METHOD"] not in METHODS:
            return not_allowed(request)
        if has_body(request.META):
            detail = "A question has no body: write parameters into the query of the address."
            return respond(request, "bad-request", detail)
        canonical = without_slash(request.path_info)
        if canonical != request.path_info:
            request.path_info = canonical
            request.path = request.path[:-1]
        return get_response(request)

    return middleware
