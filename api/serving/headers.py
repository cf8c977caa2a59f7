"""The headers that answers share: security, open reading (CORS), caching."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

SECURITY = {
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
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Dataset-Version, Retry-After, X-Request-ID",
}
"""Lets a page of any origin read an answer."""
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}
"""Lets such a page send headers of its own, such as If-None-Match."""
REQUEST_ID_HEADER = "X-Request-ID"
VARY = "Accept, Accept-Encoding"
"""What the representation of a resource depends on beside its address."""
NOT_MODIFIED = {"ETag", "Cache-Control", "Vary", "Dataset-Version", "Last-Modified", *CORS}
"""The headers of an answer that are sent again with a 304."""

Handler = Callable[[HttpRequest], HttpResponse]


def lifetime() -> str:
    """Return the Cache-Control of an answer that holds until another release is loaded."""
    return f"public, max-age={settings.CACHE_MAX_AGE}"


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
