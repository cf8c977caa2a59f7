"""How many answers that take long a process makes at once, so that others find a thread."""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import BoundedSemaphore

from django.conf import settings

from api.problems import UnavailableError

DEAR = frozenset({"q", "facets"})
"""Parameters with which a list may take seconds, as it needs more than an index range."""
WAIT = 0.5
"""Seconds that such a list waits for its turn; most of them take milliseconds."""

searching = BoundedSemaphore(max(1, settings.THREADS // 4))
"""The places for such lists, few because those that take seconds hinder each other."""
sending = BoundedSemaphore(4)
"""The places for long lists, few because slow readers hold them."""


def list_of(values: Collection[str]) -> AbstractContextManager[None]:
    """Take a place for a list with these parameters, if it needs one; raises UnavailableError."""
    if DEAR.isdisjoint(values):
        return nullcontext()
    return _place(searching, WAIT, "slow searches and facets are being answered")


def long_list() -> AbstractContextManager[None]:
    """Take a place for a long list; raises UnavailableError if all are taken."""
    return _place(sending, 0, "long lists are being read")


@contextmanager
def _place(places: BoundedSemaphore, wait: float, taken: str) -> Iterator[None]:
    if not places.acquire(timeout=wait):
        raise UnavailableError(
            f"As many {taken} as this server gives at once: ask again later, or for less at once."
        )
    try:
        yield
    finally:
        places.release()
