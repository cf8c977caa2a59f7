"""What every answer tells a browser to refrain from."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

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


def add_security_headers(get_response: Handler) -> Handler:
    """Return every answer its headers; insist on https where that is the public address."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in HEADERS.items():
            response.setdefault(name, value)
        if settings.PUBLIC_URL.startswith("https://"):
            response["Strict-Transport-Security"] = HSTS
        return response

    return middleware
