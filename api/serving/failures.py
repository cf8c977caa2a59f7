"""The last layer: whatever fails outside of Django comes out as a problem too."""

import logging
import sys
from collections.abc import Callable, Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse

from api.problems import server_error
from api.serving.middleware import add_headers, observe

logger = logging.getLogger(__name__)


def _failed(request: HttpRequest) -> HttpResponse:
    # Logged here, within ``observe``, so that the line has the id of the request.
    logger.error("an answer failed outside of Django", exc_info=True)
    return server_error(request)


_answered = add_headers(observe(_failed))


class FailureLayer:
    """A WSGI application that answers with a problem where another raises an exception."""

    def __init__(self, application: Callable[..., Any]) -> None:
        """Take the application."""
        self._application = application

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request."""
        try:
            return self._application(environ, start_response)  # type: ignore[no-any-return]
        except Exception:  # noqa: BLE001 (whatever it is, the client has to be told)
            response = _answered(WSGIRequest(environ))
            status = f"{response.status_code} {response.reason_phrase}"
            start_response(status, list(response.items()), sys.exc_info())
            return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.content]
