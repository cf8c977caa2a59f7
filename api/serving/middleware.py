"""What holds for every answer, whatever gives it: its id, its line in the log, open reading."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from contextvars import ContextVar
from random import getrandbits
from typing import Any

from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse

from api.problems import METHODS, not_allowed, respond
from api.serving.headers import CORS, HSTS, PREFLIGHT, REQUEST_ID_HEADER, SECURITY

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
ALIVE = "/healthz"
PROBES = {ALIVE, "/readyz"}
"""What a container or a balancer asks by whatever name it knows the machine."""

current_request: ContextVar[str] = ContextVar("current_request", default="-")
access = logging.getLogger("api.access")

Handler = Callable[[HttpRequest], HttpResponse]


class RequestIdFilter(logging.Filter):
    """Puts the id of the request being answered into every line of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id; every line is kept."""
        record.request_id = current_request.get()
        return True


def id_of(environ: Mapping[str, Any]) -> str:
    """Return the id a client sent, or a new one where it sent none that will do."""
    given = str(environ.get("HTTP_X_REQUEST_ID", ""))
    if given and REQUEST_ID.fullmatch(given):
        return given
    # It only has to be another than the last ones, so the system need not be asked for it.
    return f"{getrandbits(128):032x}"


def without_slash(path: str) -> str:
    """Return a path without the one slash at its end that makes no difference."""
    return path[:-1] if path[-1:] == "/" and path[-2:] not in ("/", "//") else path


def has_body(environ: Mapping[str, Any]) -> bool:
    """Tell whether a body was sent with a request."""
    length = environ.get("CONTENT_LENGTH", "")
    return length not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ


def asked_in(environ: Mapping[str, Any]) -> str:
    """Return path and query of a request that was found to be a good one."""
    query = environ.get("QUERY_STRING", "")
    return f"{environ['PATH_INFO']}?{query}" if query else str(environ["PATH_INFO"])


def note(method: str, asked: str, status: int, **measured: Any) -> None:
    """Write the line about one answer: what was asked, the status and what was measured."""
    told = {"method": method, "path": asked, "status": status, **measured}
    access.info("%s %s %s", method, asked, status, extra=told)


def observed(
    environ: Mapping[str, Any], headers: list[tuple[str, str]], status: int
) -> list[tuple[str, str]]:
    """Write the line about a cached answer, and return its headers with an id."""
    request_id = id_of(environ)
    if access.isEnabledFor(logging.INFO):
        token = current_request.set(request_id)
        told = environ["REQUEST_METHOD"], asked_in(environ), status
        note(*told, cached=True, queries=0, seconds=0.0)
        current_request.reset(token)
    return [*headers, (REQUEST_ID_HEADER, request_id)]


class RequestObserver:
    """A request while it is answered: its id, the queries it asks, and how long that takes."""

    def __init__(self, environ: Mapping[str, Any]) -> None:
        """Take the environment of the request."""
        self.request_id = id_of(environ)
        self._queries = 0
        self._started = time.perf_counter()
        self._open = ExitStack()

    def __enter__(self) -> "RequestObserver":
        """Put the id into every line of the log, and count the queries."""
        self._open.callback(current_request.reset, current_request.set(self.request_id))
        for alias in connections:
            self._open.enter_context(connections[alias].execute_wrapper(self._count))
        return self

    def __exit__(self, *raised: object) -> None:
        """Stop that."""
        self._open.close()

    def _count(self, execute: Callable[..., Any], *args: Any) -> Any:
        self._queries += 1
        return execute(*args)

    def note(self, method: str, asked: str, status: int) -> None:
        """Write the line about the answer."""
        seconds = round(time.perf_counter() - self._started, 6)
        note(method, asked, status, cached=False, queries=self._queries, seconds=seconds)


def observe(get_response: Handler) -> Handler:
    """Add an id and a length to every answer, and write its line of the log."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with RequestObserver(request.META) as observed:
            response = get_response(request)
            observed.note(str(request.method), request.get_full_path(), response.status_code)
        if not response.streaming and not response.has_header("Content-Length"):
            response["Content-Length"] = str(len(response.content))
        response[REQUEST_ID_HEADER] = observed.request_id
        return response

    return middleware


def require_read(get_response: Handler) -> Handler:
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


def add_headers(get_response: Handler) -> Handler:
    """Add what every answer carries; insist on https where that is the public address."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        headers = response.headers
        given = {**CORS, **PREFLIGHT} if request.method == "OPTIONS" else CORS
        for name, value in given.items():
            headers[name] = value
        # What is refused, and what tells of this moment, holds for no later request.
        headers.setdefault("Cache-Control", "no-store")
        for name, value in SECURITY.items():
            headers.setdefault(name, value)
        if settings.PUBLIC_URL.startswith("https://"):
            headers["Strict-Transport-Security"] = HSTS
        return response

    return middleware
