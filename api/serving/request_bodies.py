"""Bodies of requests: read whole, within a limit of length and a few at a time."""

from collections.abc import Mapping
from threading import BoundedSemaphore
from typing import Any

from api.problems import TooLargeError, UnavailableError

MOST = 65_536
"""Length in bytes of the longest body that is read."""
WAIT = 0.5
"""Seconds that a body waits for its turn."""
_places = BoundedSemaphore(4)
"""The places for bodies that are being read, few because slow clients hold them."""


def body_of(environ: Mapping[str, Any]) -> bytes:
    """Return the body of a request; raises TooLargeError and UnavailableError.

    It is waited for as long as the client holds the connection, in one of a few places: granian
    cannot let go of a body that somebody still reads.
    """
    told = environ.get("CONTENT_LENGTH")
    length = int(told) if told else None
    if length is not None and length > MOST:
        raise TooLargeError(f"The body is {length} bytes long; at most {MOST} are read.")
    if not _places.acquire(timeout=WAIT):
        raise UnavailableError("As many bodies as this server reads at once: ask again later.")
    try:
        body: bytes = environ["wsgi.input"].read(MOST + 1 if length is None else length)
    except OSError:
        # The connection broke; nobody reads the answer.
        body = b""
    finally:
        _places.release()
    if len(body) > MOST:
        raise TooLargeError(f"The body is longer than the {MOST} bytes that are read.")
    return body
