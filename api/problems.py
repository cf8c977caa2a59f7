"""Every error of the API, as problem details (RFC 9457)."""

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import DisallowedHost, PermissionDenied
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.encoding import iri_to_uri
from rest_framework import exceptions
from rest_framework.views import set_rollback

from api.addresses import absolute

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
METHODS = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A problem type: its name in the URL of its page, its status, title and meaning."""

    name: str
    status: HTTPStatus
    title: str
    meaning: str


PROBLEM_TYPES = {
    kind.name: kind
    for kind in (
        ProblemType(
            "bad-request",
            HTTPStatus.BAD_REQUEST,
            "The request cannot be understood",
            "The request as a whole is malformed: for example its Host header is not one this "
            "instance serves, or its query is not UTF-8. The detail says what to change.",
        ),
        ProblemType(
            "invalid-parameters",
            HTTPStatus.BAD_REQUEST,
            "A parameter is unknown or malformed",
            "Each entry of errors names a parameter, says what is wrong with it, and where it can "
            "gives the nearest match and the allowed values. No parameter is ever ignored.",
        ),
        ProblemType(
            "renamed",
            HTTPStatus.PERMANENT_REDIRECT,
            "The record has another key now",
            "The key was given up in a later release. Location leads to the same record, with the "
            "same query; keep the new address.",
        ),
        ProblemType(
            "not-found",
            HTTPStatus.NOT_FOUND,
            "There is nothing at this address",
            "The path names no resource, or a record this release does not hold.",
        ),
        ProblemType(
            "method-not-allowed",
            HTTPStatus.METHOD_NOT_ALLOWED,
            "The API is read-only",
            "Only GET, HEAD and OPTIONS are answered; the Allow header lists them.",
        ),
        ProblemType(
            "not-acceptable",
            HTTPStatus.NOT_ACCEPTABLE,
            "No such format",
            "The Accept header admits none of the formats this address can answer in.",
        ),
        ProblemType(
            "stale-cursor",
            HTTPStatus.GONE,
            "The cursor belongs to another release",
            "The dataset was replaced since the cursor was made, so its page no longer exists. "
            "Ask again without the cursor parameter to start over in the present release.",
        ),
        ProblemType(
            "too-many-requests",
            HTTPStatus.TOO_MANY_REQUESTS,
            "Too many requests at once",
            "A proxy in front of this instance gives each client so many answers a second, and no "
            "more. Ask again after Retry-After seconds, or for more at once.",
        ),
        ProblemType(
            "internal-error",
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "The server failed",
            "A defect of the server, logged with the request. Nothing about the request is wrong.",
        ),
        ProblemType(
            "unavailable",
            HTTPStatus.SERVICE_UNAVAILABLE,
            "The dataset cannot be reached",
            "The database is away or holds no release, or too many long lists are being read at "
            "once. Ask again after Retry-After seconds.",
        ),
    )
}


class InvalidParametersError(exceptions.ValidationError):
    """Invalid parameters, each with a hint how to correct it."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        """Store one entry per invalid parameter, as ``error`` returns it."""
        super().__init__("A parameter cannot be honoured.")
        self.errors = errors


class UnavailableError(exceptions.APIException):
    """A temporary failure: the same request may succeed later."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE


class RenamedError(exceptions.APIException):
    """A key that a record had in an earlier release; ``path`` has its present one."""

    status_code = HTTPStatus.PERMANENT_REDIRECT

    def __init__(self, former: str, present: str, path: str) -> None:
        """Store the path to redirect to; both keys go into the message."""
        super().__init__(f"{former!r} is called {present!r} now: follow Location, and keep it.")
        self.path = path


class StaleCursorError(exceptions.APIException):
    """A cursor from another release."""

    status_code = HTTPStatus.GONE
    default_detail = "The cursor is from another release: ask again without the cursor parameter."


def error(
    parameter: str, detail: str, nearest: str | None = None, allowed: list[str] | None = None
) -> dict[str, Any]:
    """Return one entry of a problem's errors."""
    return {"parameter": parameter, "detail": detail, "nearest": nearest, "allowed": allowed}


def problem(request: HttpRequest, kind: ProblemType, detail: str, **members: Any) -> dict[str, Any]:
    """Return the body of a problem: type, title, status, detail, instance and errors."""
    return {
        "type": absolute(request, f"/problems/{kind.name}"),
        "title": kind.title,
        "status": kind.status.value,
        "detail": detail,
        "instance": request.get_full_path(),
        "errors": members.pop("errors", []),
        **members,
    }


def respond(
    request: HttpRequest,
    name: str,
    detail: str,
    headers: dict[str, str] | None = None,
    errors: list[dict[str, Any]] | None = None,
) -> HttpResponse:
    """Return a problem response, in JSON whatever format was requested."""
    kind = PROBLEM_TYPES[name]
    body = problem(request, kind, detail, errors=errors or [])
    return JsonResponse(body, status=kind.status, content_type=MEDIA_TYPE, headers=headers)


def refuse(request: HttpRequest, refused: InvalidParametersError) -> HttpResponse:
    """Return the response to invalid parameters."""
    detail = " ".join(f"{entry['parameter']}: {entry['detail']}" for entry in refused.errors)
    return respond(request, "invalid-parameters", detail, errors=refused.errors)


def exception_handler(raised: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Return the problem for an exception of a view, or None if it is a bug, for Django to log."""
    request = context["request"]._request
    if isinstance(raised, Http404):
        raised = exceptions.NotFound(str(raised) or None)
    elif isinstance(raised, PermissionDenied):
        raised = exceptions.PermissionDenied()
    if isinstance(raised, Error):
        raise raised
    if not isinstance(raised, exceptions.APIException):
        return None
    set_rollback()
    if isinstance(raised, InvalidParametersError):
        return refuse(request, raised)
    if isinstance(raised, RenamedError):
        path = f"{raised.path}?{request.META['QUERY_STRING']}".removesuffix("?")
        location = absolute(request, iri_to_uri(path) or "")
        return respond(request, "renamed", str(raised.detail), {"Location": location})
    by_status = {kind.status.value: kind for kind in PROBLEM_TYPES.values()}
    by_status[400] = PROBLEM_TYPES["bad-request"]
    kind = by_status.get(raised.status_code, PROBLEM_TYPES["bad-request"])
    away = raised.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    return respond(request, kind.name, str(raised.detail), {"Retry-After": "5"} if away else {})


def unavailable(request: HttpRequest, away: Exception) -> HttpResponse:
    """Return the response while the database is unavailable, and log the reason."""
    logger.warning("the database cannot be asked: %s", away, exc_info=away)
    detail = "The database cannot be asked at the moment: ask again later."
    return respond(request, "unavailable", detail, {"Retry-After": "5"})


def not_allowed(request: HttpRequest) -> HttpResponse:
    """Return the response to a method not in METHODS; methods are case-sensitive."""
    detail = f"Nothing answers to {request.META['REQUEST_METHOD'][:40]!r}: ask with GET."
    return respond(request, "method-not-allowed", detail, {"Allow": ", ".join(METHODS)})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the response to what Django refuses before any view, such as an unknown Host."""
    if isinstance(exception, DisallowedHost):
        return respond(request, "bad-request", "This instance does not answer for that Host.")
    return respond(request, "bad-request", str(exception) or "The request is malformed.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the response to an unknown path."""
    return respond(
        request, "not-found", f"No resource is at {request.path[:200]}; / lists what there is."
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Return the response to an unexpected exception."""
    return respond(request, "internal-error", "The server failed; the failure was logged.")
