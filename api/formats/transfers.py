"""A whole list on its way to a client: begun at once, visibly cut off where it breaks.

The server ends a stream that failed as if it were complete. So a list has a Content-Length, which
tells a client what is missing, or is compressed (``api/serving/compression.py``).
"""

from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain, islice
from threading import BoundedSemaphore
from time import monotonic

from api.problems import UnavailableError
from api.serving.sockets import drop_stalled

LISTS = 4
"""How many long lists a process sends at once: slow readers must not take all its threads."""
GRACE = 30.0
"""Seconds that a client may take beyond what its pace allows."""
PACE = 50_000
"""Bytes per second at which a client has to read, on average."""

sending = BoundedSemaphore(LISTS)


@contextmanager
def turn() -> Iterator[None]:
    """Take one of the places for long lists; raises UnavailableError if all are taken."""
    if not sending.acquire(blocking=False):
        raise UnavailableError(
            "As many long lists are being read as this server gives at once: ask again later, "
            "or for pages."
        )
    try:
        yield
    finally:
        sending.release()


def begin(
    pieces: Generator[bytes], held: ExitStack, port: int
) -> tuple[Iterable[bytes], int | None]:
    """Return the pieces with the first ones made, and the length of a list that they are all of.

    ``port`` is the server's.

    A list of one chunk, no longer than a page may be, is given as freely as a page: it is one
    piece, so no thread waits for its reader. Raises UnavailableError as ``turn`` does.
    """
    begun = list(islice(pieces, 3))
    if len(begun) < 3:
        whole = b"".join(begun)
        return [whole], len(whole)
    held.enter_context(turn())
    drop_stalled(port)
    # A cursor has to be closed before its connection is.
    held.callback(pieces.close)
    return chain(begun, pieces), None


class Transfer:
    """A list that is read from the database while it is sent, and what is held open for that."""

    def __init__(self, pieces: Iterable[bytes], held: ExitStack) -> None:
        """Take the pieces of the list, and what to close after the last one."""
        self._pieces, self._held = pieces, held

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces; raises TimeoutError if they are taken too slowly."""
        waited, sent = 0.0, 0
        with self._held:
            for piece in self._pieces:
                begun = monotonic()
                yield piece
                waited += monotonic() - begun
                sent += len(piece)
                if waited > GRACE + sent / PACE:
                    raise TimeoutError(f"a client took {sent} bytes in {waited:.0f} seconds")

    def close(self) -> None:
        """Close what is held open, for a list that is not sent, or not to its end."""
        self._held.close()
