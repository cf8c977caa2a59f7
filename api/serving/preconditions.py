"""Preconditions of a request, evaluated in the order of RFC 9110 section 13.2.2."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.utils.http import parse_etags, parse_http_date_safe

CONDITIONS = {
    "HTTP_IF_MATCH",
    "HTTP_IF_UNMODIFIED_SINCE",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
}


def outcome(environ: Mapping[str, Any], headers: list[tuple[str, str]]) -> HTTPStatus:
    """Return the status that preconditions leave to an answer that is 200 with these headers.

    A precondition on a date is ignored where the answer has no Last-Modified.
    """
    if not CONDITIONS & environ.keys():
        return HTTPStatus.OK
    told = {name.lower(): value for name, value in headers}
    tag, modified = told.get("etag"), _moment(told.get("last-modified"))
    match, none_match = environ.get("HTTP_IF_MATCH"), environ.get("HTTP_IF_NONE_MATCH")
    if match is not None:
        if not _lists(parse_etags(match), tag):
            return HTTPStatus.PRECONDITION_FAILED
    elif modified is not None:
        until = _moment(environ.get("HTTP_IF_UNMODIFIED_SINCE"))
        if until is not None and modified > until:
            return HTTPStatus.PRECONDITION_FAILED
    if none_match is not None:
        # Weak comparison: our tags are strong, but a proxy may have weakened them.
        if _lists([known.removeprefix("W/") for known in parse_etags(none_match)], tag):
            return HTTPStatus.NOT_MODIFIED
    elif modified is not None:
        since = _moment(environ.get("HTTP_IF_MODIFIED_SINCE"))
        if since is not None and modified <= since:
            return HTTPStatus.NOT_MODIFIED
    return HTTPStatus.OK


def _lists(tags: list[str], tag: str | None) -> bool:
    return tags == ["*"] or tag in tags


def _moment(date: str | None) -> int | None:
    """Return an HTTP date in seconds since 1970, None where there is none or it is malformed."""
    return parse_http_date_safe(date) if date else None
