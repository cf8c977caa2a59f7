"""What every answer tells a browser to refrain from, and what no request may bring."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from api.problems import respond

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Embed it anywhere, run and frame nothing; a view may say otherwise, as the docs pages do."""

HSTS = "max-age=31536000"
"""A year of https alone. Subdomains are not ours to speak for."""

Handler = Callable[[HttpRequest], HttpResponse]


def has_body(environ: Mapping[str, Any]) -> bool:
    """Tell whether a request says that a body follows; it is not read to find out."""
    length = environ.get("CONTENT_LENGTH") or "0"
    return length != "0" or "HTTP_TRANSFER_ENCODING" in environ


def guarded(get_response: Handler) -> Handler:
    """Give every answer its headers; insist on https where that is the public address."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in HEADERS.items():
            response.setdefault(name, value)
        if settings.PUBLIC_URL.startswith("https://"):
            response["Strict-Transport-Security"] = HSTS
        return response

    return middleware


def bodiless(get_response: Handler) -> Handler:
    """Refuse a question with a body: nothing reads it, and no cache tells it from another."""

    def middleware(request: HttpRequest) -> HttpResponse:
        # Any other method is refused by its view, with or without one.
        asks = request.method in {"GET", "HEAD", "OPTIONS"}
        if asks and has_body(request.META):
            return respond(request, "bad-request", "A question has no body: ask in the query.")
        return get_response(request)

    return middleware
