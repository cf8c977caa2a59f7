"""How many answers a process makes at once, so that none keeps others waiting."""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import BoundedSemaphore

from django.conf import settings

from api.problems import UnavailableError

ON_SQLITE = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
DEAR = frozenset({"q", "facets"})
"""Parameters with which a list may take seconds, as it needs more than an index range."""
WAIT = 0.5
"""Seconds that such a list waits for its turn; most of them take milliseconds."""

PATIENCE = 0.1
"""Seconds that a short answer waits for its turn on SQLite, after which it is made in any case."""

answering = BoundedSemaphore(2)
"""The places for short answers on SQLite.

SQLite's module lets go of the interpreter at every row, so that many threads mostly wait for it: a
thread fewer makes more. A second place is there while one is taken for long.
"""
searching = BoundedSemaphore(max(1, settings.THREADS // 4))
"""The places for such lists, few because those that take seconds hinder each other."""
sending = BoundedSemaphore(4)
"""The places for long lists, few because slow readers hold them."""


@contextmanager
def short_answer(query: str) -> Iterator[None]:
    """Wait for a place for an answer to a query string, unless it may take long itself."""
    dear = any(part.partition("=")[0] in DEAR for part in query.split("&"))
    taken = not dear and ON_SQLITE and answering.acquire(timeout=PATIENCE)
    try:
        yield
    finally:
        if taken:
            answering.release()


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
