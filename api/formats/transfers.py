"""A whole list on its way to a client: begun at once, visibly cut off where it breaks.

The server ends a stream that failed as if it were complete. So a list has a Content-Length, which
tells a client what is missing, or is compressed (``api/serving/compression.py``).
"""

from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack
from itertools import chain, islice
from time import monotonic
from typing import Any

from api.serving import turns
from api.serving.sockets import drop_stalled

GRACE = 30.0
"""Seconds that a client may take beyond what its pace allows."""
PACE = 50_000
"""Bytes per second at which a client has to read, on average."""


def begin(
    pieces: Generator[bytes], held: ExitStack, port: str, *, long: bool
) -> bytes | Iterable[bytes]:
    """Return a list that is no longer than a page may be, or the pieces of a ``long`` one.

    The first pieces are made already. ``port`` is the server's. Raises UnavailableError, for a
    long list before anything of it is made: those who are refused must cost little.
    """
    # A cursor has to be closed before its connection is.
    held.callback(pieces.close)
    if not long:
        return b"".join(pieces)
    held.enter_context(turns.long_list())
    drop_stalled(int(port))
    return chain(list(islice(pieces, 2)), pieces)


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


def held_open(response: Any, held: ExitStack) -> Any:
    """Return a response; if it is a list, with what is held open until the list is sent."""
    if response.streaming:
        response.streaming_content = Transfer(response.streaming_content, held.pop_all())
    return response
