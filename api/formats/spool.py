"""A whole list, written out before its first byte is sent.

A server can not take back what it has begun to send: were the database to fail half-way, the list
would look whole and be cut short. And a client that reads slowly would keep the database waiting.
So a list is written to a temporary file, compressed, and sent from there with its length.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from threading import BoundedSemaphore

import zstandard
from django.http import StreamingHttpResponse

from api.problems import UnavailableError

LISTS = 4
"""How many long lists a process gives at once: slow readers must not take all its threads."""
PIECE = 65536
"""How many bytes are read and sent at a time."""


spooling = BoundedSemaphore(LISTS)


class Spool:
    """A list of any length in a file that goes away by itself."""

    def __init__(self, pieces: Iterable[bytes], closed: Callable[[], None]) -> None:
        """Write all pieces; ``closed`` is called when the list is not needed any more.

        Raises OSError, having closed what it opened, where the file cannot be written.
        """
        self.length = 0
        self._closed: Callable[[], None] | None = closed
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the answer)
        try:
            with zstandard.ZstdCompressor(level=1).stream_writer(self._file, closefd=False) as out:
                for piece in pieces:
                    self.length += len(piece)
                    out.write(piece)
            self._file.seek(0)
        except BaseException:
            self._file.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        """Return the list, a piece at a time."""
        try:
            yield from zstandard.ZstdDecompressor().read_to_iter(self._file, write_size=PIECE)
        finally:
            self.close()

    def close(self) -> None:
        """Remove the file."""
        self._file.close()
        if self._closed:
            self._closed()
            self._closed = None


def whole_list(
    pieces: Iterable[bytes], content_type: str, *, spooled: bool
) -> StreamingHttpResponse:
    """Return the answer that is a whole list; raises UnavailableError where there is no room."""
    if not spooled:
        whole = b"".join(pieces)
        headers = {"Content-Length": str(len(whole))}
        return StreamingHttpResponse([whole], content_type=content_type, headers=headers)
    if not spooling.acquire(blocking=False):
        raise UnavailableError(
            "As many long lists are being read as this server gives at once: ask again later, "
            "or for pages."
        )
    try:
        spool = Spool(pieces, spooling.release)
    except BaseException as failed:
        spooling.release()
        if isinstance(failed, OSError):
            raise UnavailableError("There is no room for a whole list: ask later.") from failed
        raise
    headers = {"Content-Length": str(spool.length)}
    return StreamingHttpResponse(spool, content_type=content_type, headers=headers)
