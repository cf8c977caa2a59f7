"""A WSGI application in this process, called as a server would call it."""

import io
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
from django.core.signals import request_finished, request_started
from django.db import Error, close_old_connections


def asking(application: Any) -> Any:
    """Return a function that requests a target and returns status, headers by name and body.

    With ``breaks`` the body is what came before it broke off.
    """

    def ask(
        target: str, method: str = "GET", *, breaks: bool = False, **headers: str
    ) -> SimpleNamespace:
        path, _, query = target.partition("?")
        given = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": unquote(path), "QUERY_STRING": query,
            "SERVER_NAME": "localhost", "SERVER_PORT": "8000", "HTTP_HOST": "localhost:8000",
            "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "REMOTE_ADDR": "127.0.0.1",
            **given,
        }  # fmt: skip
        got = SimpleNamespace()

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            got.status, got.headers = int(status[:3]), {n.lower(): v for n, v in headers}
            assert len(got.headers) == len(headers), "a header stands twice"

        result = application(environ, start)
        pieces: list[bytes] = []
        with pytest.raises(Error) if breaks else nullcontext():
            pieces.extend(result)
        got.body = b"".join(pieces)
        if hasattr(result, "close"):
            result.close()
        return got

    return ask


@contextmanager
def connections_kept() -> Iterator[None]:
    """Keep the test's transaction open after a request, as Django's test client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)
