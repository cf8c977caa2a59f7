"""Middleware: the id of each request, the access log, and what is refused before any view."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from contextvars import ContextVar
from random import getrandbits
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse

from api.problems import METHODS, not_allowed, respond
from api.serving.headers import (
    CORS,
    HSTS,
    PAGE_POLICY,
    PREFLIGHT,
    REQUEST_ID_HEADER,
    SECURITY,
)
from api.serving.logs import access, log_access

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
ALIVE = "/healthz"
PROBES = {ALIVE, "/readyz"}
"""Probes, which containers and balancers ask with any Host header."""
RECONCILE = "/api/v1/reconcile"
"""The one address that answers to POST too: OpenRefine sends its questions in a body."""

current_request: ContextVar[str] = ContextVar("current_request", default="-")

Handler = Callable[[HttpRequest], HttpResponse]


class RequestIdFilter(logging.Filter):
    """Adds the id of the current request to every log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id; no record is dropped."""
        record.request_id = current_request.get()
        return True


def id_of(environ: Mapping[str, Any]) -> str:
    """Return the request id that a client sent, or a new one if that is missing or malformed."""
    given = str(environ.get("HTTP_X_REQUEST_ID", ""))
    if given and REQUEST_ID.fullmatch(given):
        return given
    # It only has to be unique among recent ones, which needs no randomness of the system.
    return f"{getrandbits(128):032x}"


def without_slash(path: str) -> str:
    """Return a path without a single slash at its end, which makes no difference."""
    return path[:-1] if path[-1:] == "/" and path[-2:] not in ("/", "//") else path


def methods_of(path: str) -> tuple[str, ...]:
    """Return the methods that a path answers to."""
    return (*METHODS, "POST") if without_slash(path) == RECONCILE else METHODS


def has_body(environ: Mapping[str, Any]) -> bool:
    """Tell whether a body was sent with a request."""
    length = environ.get("CONTENT_LENGTH", "")
    return length not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ


def observed(
    environ: Mapping[str, Any], headers: list[tuple[str, str]], status: int
) -> list[tuple[str, str]]:
    """Write the line about a cached answer, and return its headers with an id."""
    request_id = id_of(environ)
    if access.isEnabledFor(logging.INFO):
        query = environ.get("QUERY_STRING", "")
        path = (
            f"{settings.FORCE_SCRIPT_NAME or ''}{quote(environ['PATH_INFO'], encoding='latin-1')}"
        )
        target = f"{path}?{query}" if query else path
        told = request_id, environ["REQUEST_METHOD"], target, status
        log_access(*told, cached=True, queries=0, seconds=0.0)
    return [*headers, (REQUEST_ID_HEADER, request_id)]


class QueryCounter:
    """An execute wrapper that counts the queries of a request."""

    queries = 0

    def __call__(self, execute: Callable[..., Any], *args: Any) -> Any:
        """Run a query, and count it."""
        self.queries += 1
        return execute(*args)


def observe(get_response: Handler) -> Handler:
    """Add an id and a length to every answer, and write its line of the log."""

    def middleware(request: HttpRequest) -> HttpResponse:
        started, request_id, counter = time.perf_counter(), id_of(request.META), QueryCounter()
        with ExitStack() as until_answered:
            until_answered.callback(current_request.reset, current_request.set(request_id))
            for alias in connections:
                until_answered.enter_context(connections[alias].execute_wrapper(counter))
            response = get_response(request)
            told = request_id, str(request.method), request.get_full_path(), response.status_code
            seconds = round(time.perf_counter() - started, 6)
            log_access(*told, cached=False, queries=counter.queries, seconds=seconds)
        if not response.streaming and not response.has_header("Content-Length"):
            response["Content-Length"] = str(len(response.content))
        response[REQUEST_ID_HEADER] = request_id
        return response

    return middleware


def require_read(get_response: Handler) -> Handler:
    """Refuse what is no question to us, and take a path with a trailing slash for the one without.

    A question has a host of ours, a method that reads, and a body only where that is POST.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        canonical = without_slash(request.path_info)
        if canonical not in PROBES:
            request.get_host()
        # Django writes the method in capitals; META has it as it was sent.
        method, methods = request.META["REQUEST_METHOD"], methods_of(canonical)
        if method not in methods:
            return not_allowed(request, methods)
        if has_body(request.META) and method != "POST":
            detail = "A question has no body: write parameters into the query of the address."
            return respond(request, "bad-request", detail)
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
        given = CORS
        if request.method == "OPTIONS":
            methods = ", ".join(methods_of(request.path_info))
            given = {**CORS, **PREFLIGHT, "Access-Control-Allow-Methods": methods}
        for name, value in given.items():
            headers[name] = value
        # What is refused, and what tells of this moment, holds for no later request.
        headers.setdefault("Cache-Control", "no-store")
        if headers.get("Content-Type", "").startswith("text/html"):
            headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        for name, value in SECURITY.items():
            headers.setdefault(name, value)
        if settings.PUBLIC_URL.startswith("https://"):
            headers["Strict-Transport-Security"] = HSTS
        return response

    return middleware
