"""The ceiling: a WSGI application that does nothing but give a body of the size in its path."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any


@cache
def answer(path: str) -> tuple[list[tuple[str, str]], list[bytes]]:
    """Give headers and body for a path such as /2048."""
    body = b"x" * int(path[1:])
    return [("Content-Type", "application/json"), ("Content-Length", str(len(body)))], [body]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer every request with 200."""
    headers, body = answer(environ["PATH_INFO"])
    start_response("200 OK", headers)
    return body
