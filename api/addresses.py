"""Absolute URLs that a client can follow, also behind a proxy."""

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest


def absolute(request: HttpRequest, path: str) -> str:
    """Return the full URL of a path of this instance: below PUBLIC_URL, or the request's host."""
    if settings.PUBLIC_URL:
        return f"{settings.PUBLIC_URL}{path}"
    try:
        return f"{request.scheme}://{request.get_host()}{path}"
    except DisallowedHost:
        # The response to a disallowed host needs links too; a relative path still works.
        return path


def record_url(request: HttpRequest, resource: str, key: str) -> str:
    """Return the full URL of a record in the list of this name."""
    return absolute(request, f"/api/v1/{resource}/{key}")


def local(path: str) -> str:
    """Return the path of a link within a page: below the path of PUBLIC_URL, on the same host."""
    return f"{settings.FORCE_SCRIPT_NAME or ''}{path}"
