"""Bodies of requests: read whole, within limits of length and of time."""

from collections.abc import Mapping
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread
from typing import Any

from api.problems import SlowBodyError, TooLargeError, UnavailableError

MOST = 65_536
"""Length in bytes of the longest body that is read."""
PATIENCE = 5.0
"""Seconds within which a body has to arrive."""
WAIT = 0.5
"""Seconds that a body waits for its turn."""
_places = BoundedSemaphore(4)
"""The places for bodies that are being read, few because slow clients hold them."""


def body_of(environ: Mapping[str, Any]) -> bytes:
    """Return the body of a request; raises TooLargeError, SlowBodyError and UnavailableError.

    The server waits for a body without end. So another thread reads it, which is left behind where
    that takes too long, and ends when the connection does; its place is taken until then.
    """
    told = environ.get("CONTENT_LENGTH")
    length = int(told) if told else None
    if length is not None and length > MOST:
        raise TooLargeError(f"The body is {length} bytes long; at most {MOST} are read.")
    if not _places.acquire(timeout=WAIT):
        raise UnavailableError("As many bodies as this server reads at once: ask again later.")
    read: SimpleQueue[bytes] = SimpleQueue()
    number = MOST + 1 if length is None else length
    reader = Thread(target=_read, args=(environ["wsgi.input"], number, read), daemon=True)
    reader.start()
    try:
        body = read.get(timeout=PATIENCE)
    except Empty:
        raise SlowBodyError from None
    if len(body) > MOST:
        raise TooLargeError(f"The body is longer than the {MOST} bytes that are read.")
    if length is not None and len(body) < length:
        raise SlowBodyError
    return body


def _read(stream: Any, number: int, read: "SimpleQueue[bytes]") -> None:
    """Read a body, and give up its place."""
    try:
        read.put(stream.read(number))
    except Exception:  # noqa: BLE001  (whatever a connection that broke raises)
        read.put(b"")
    finally:
        _places.release()
