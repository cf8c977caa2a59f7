"""Every error of the API, as problem details (RFC 9457)."""

import logging
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from django.core.exceptions import DisallowedHost
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.encoding import iri_to_uri
from rest_framework import exceptions

from api.addresses import absolute
from api.database.connections import DEADLINE, is_cut_off, is_refused
from api.html.layout import asking, pairs_of, render_page
from api.negotiation import prefers_page
from policy.vocabulary import nearest

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
METHODS = ("GET", "HEAD", "OPTIONS")
NO_PARAMETER = "There is no parameter"
"""What the error of an unknown parameter begins with."""


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A problem type: its name in the URL of its page, its status, title and meaning."""

    name: str
    status: int
    title: str
    meaning: str


_tables = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())
PROBLEM_TYPES = {name: ProblemType(name, **table) for name, table in _tables.items()}


class InvalidParametersError(exceptions.ValidationError):
    """Invalid parameters, each with a hint how to correct it."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        """Store one entry per invalid parameter, as ``error`` returns it."""
        super().__init__("A parameter cannot be honoured.")
        self.errors = errors


class UnavailableError(exceptions.APIException):
    """A temporary failure: the same request may succeed later."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE


class TooLargeError(exceptions.APIException):
    """A body that is longer than what is read."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class MediaTypeError(exceptions.APIException):
    """A body of a type that is not read."""

    status_code = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class RenamedError(exceptions.APIException):
    """A key that a record had in an earlier release; ``path`` has its present one."""

    status_code = HTTPStatus.PERMANENT_REDIRECT

    def __init__(self, former: str, present: str, path: str) -> None:
        """Store the path to redirect to; both keys go into the message."""
        super().__init__(f"{former!r} is called {present!r} now: follow Location, and keep it.")
        self.path = path


class RemovedError(exceptions.APIException):
    """A key of a record that an earlier release had and none has now."""

    status_code = HTTPStatus.GONE
    problem = "removed"

    def __init__(self, key: str, release: str, reason: str) -> None:
        """Put the key, the release that removed the record and the reason into the message."""
        super().__init__(f"{key!r} was removed in release {release}: {reason}")


class StaleCursorError(exceptions.APIException):
    """A cursor from another release."""

    status_code = HTTPStatus.GONE
    default_detail = "The cursor is from another release: ask again without the cursor parameter."


def unknown(
    request: HttpRequest, what: str, key: str, path: str, known: Iterable[str] = ()
) -> Http404:
    """Return the 404 for a key that no such thing has.

    It names the nearest of the known keys, and the path that lists all.
    """
    guess = nearest(key[:60], known)
    hint = f" Did you mean {guess!r}?" if guess else ""
    return Http404(f"No {what} is called {key[:200]!r}.{hint} {absolute(request, path)} lists all.")


def error(
    parameter: str, detail: str, nearest: str | None = None, allowed: list[str] | None = None
) -> dict[str, Any]:
    """Return one entry of a problem's errors."""
    return {"parameter": parameter, "detail": detail, "nearest": nearest, "allowed": allowed}


def corrected(request: HttpRequest, wrong: dict[str, Any]) -> str:
    """Return the address of the request with the nearest match in place of what is wrong.

    Empty where that is neither the name of a parameter nor one value of one.
    """
    name, nearest = wrong["parameter"], wrong["nearest"]
    texts = [text for given, text in pairs_of(request) if given == name]
    if not nearest or len(texts) != 1:
        return ""
    if wrong["detail"].startswith(NO_PARAMETER):
        return asking(request, {name}, **{nearest: texts[0]})
    values, allowed = texts[0].split(","), wrong["allowed"] or ()
    strange = [value for value in values if value not in allowed]
    if len(strange) != 1:
        return ""
    return asking(request, **{name: ",".join(nearest if v in strange else v for v in values)})


def respond(
    request: HttpRequest,
    name: str,
    detail: str,
    headers: dict[str, str] | None = None,
    errors: Sequence[dict[str, Any]] = (),
) -> HttpResponse:
    """Return a problem response: in JSON whatever format was requested, but for a page."""
    kind = PROBLEM_TYPES[name]
    body = {
        "type": absolute(request, f"/problems/{name}"),
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "instance": request.get_full_path(),
        "errors": errors,
    }
    meta, headers = request.META, {"Vary": "Accept", **(headers or {})}
    if prefers_page(meta.get("QUERY_STRING", ""), meta.get("HTTP_ACCEPT", "*/*")):
        shown = [{**wrong, "corrected": corrected(request, wrong)} for wrong in errors]
        text = render_page(request, "problem", {**body, "errors": shown, "problem": kind})
        return HttpResponse(text, status=kind.status, headers=headers)
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
    if isinstance(raised, Error):
        raise raised
    if not isinstance(raised, exceptions.APIException):
        return None
    if isinstance(raised, InvalidParametersError):
        return refuse(request, raised)
    if isinstance(raised, RenamedError):
        path = f"{raised.path}?{request.META['QUERY_STRING']}".removesuffix("?")
        location = absolute(request, iri_to_uri(path) or "")
        return respond(request, "renamed", str(raised.detail), {"Location": location})
    # The first problem type of a status is the general one.
    names = {kind.status: kind.name for kind in reversed(PROBLEM_TYPES.values())}
    name = getattr(raised, "problem", None) or names.get(raised.status_code, "bad-request")
    away = raised.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    return respond(request, name, str(raised.detail), {"Retry-After": "5"} if away else None)


def unanswered(request: HttpRequest, error: Error) -> HttpResponse:
    """Return the response where the database gave no answer, and log the reason.

    That is a 400 where it refused a value of this very question, else a 503.
    """
    logger.warning("the database gave no answer: %s", error, exc_info=error)
    if is_refused(error):
        detail = (
            "The database cannot look for a value of this question: leave it out, or shorten it."
        )
        return respond(request, "bad-request", detail)
    detail = "The database cannot be asked at the moment: ask again later."
    if is_cut_off(error):
        detail = f"The question took longer than {DEADLINE} seconds: narrow it, or ask again later."
    return respond(request, "unavailable", detail, {"Retry-After": "5"})


def not_allowed(request: HttpRequest, methods: Sequence[str]) -> HttpResponse:
    """Return the response to a method that is none of these; methods are case-sensitive."""
    asking = "GET or POST" if "POST" in methods else "GET"
    detail = f"Nothing answers to {request.META['REQUEST_METHOD'][:40]!r} here: ask with {asking}."
    return respond(request, "method-not-allowed", detail, {"Allow": ", ".join(methods)})


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
