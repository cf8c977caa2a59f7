"""The ceiling: a WSGI application that does nothing but give a body and headers by its path."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any


@cache
def answer(path: str) -> tuple[list[tuple[str, str]], list[bytes]]:
    """Return headers and body for a path such as /2048 or /2048/17: bytes, and how many headers."""
    size, _, number = path[1:].partition("/")
    headers = [("Content-Type", "application/json"), ("Content-Length", size)]
    more = int(number or len(headers)) - len(headers)
    headers += [(f"X-Header-{at:02}", "twenty letters or so") for at in range(more)]
    return headers, [b"x" * int(size)]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer every request with 200."""
    headers, body = answer(environ["PATH_INFO"])
    start_response("200 OK", headers)
    return body
