"""Which database a request reads: a replica with the current release, else one that answers."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from itertools import chain, count
from threading import Lock
from typing import Any, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, OperationalError

from api.database.connections import read_transaction, within

PRIMARY = DEFAULT_DB_ALIAS
OPENING = 2.0
"""Seconds that a database may take to open a snapshot before the next one is tried."""
REST = 5.0
"""Seconds for which a database that failed is not used; then a single request tries it."""

Seen = TypeVar("Seen")
chosen: ContextVar[str] = ContextVar("chosen", default=PRIMARY)


class Router:
    """Routes all reads of a request to the database that its snapshot is open in."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        """Return the alias of that database."""
        return chosen.get()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        """Return the alias of the primary: replicas are read-only."""
        return PRIMARY


class Databases:
    """The primary and its replicas, and which of them failed recently."""

    def __init__(self, replicas: Iterable[str]) -> None:
        """Take the aliases of the replicas."""
        self._replicas = list(replicas)
        self.many = bool(self._replicas)
        """Whether there is another database to read from when one fails."""
        self._turns = count()
        self._lock = Lock()
        self._resting: dict[str, float] = {}

    def newest(self) -> Iterator[str]:
        """Yield where to look up the release: the primary first, and all databases if all rest."""
        aliases = [PRIMARY, *self._in_turn()]
        awake = False
        for alias in self._awake(aliases):
            awake = True
            yield alias
        if not awake:
            yield from aliases

    def readers(self) -> Iterator[str]:
        """Return where to read: the replicas in rotation, and the primary last."""
        return self._awake([*self._in_turn(), PRIMARY])

    def _in_turn(self) -> list[str]:
        first = next(self._turns) % len(self._replicas) if self._replicas else 0
        return self._replicas[first:] + self._replicas[:first]

    def _awake(self, aliases: list[str]) -> Iterator[str]:
        for alias in aliases:
            with self._lock:
                now = time.monotonic()
                until = self._resting.get(alias)
                if until is not None:
                    if now < until:
                        continue
                    self._resting[alias] = now + REST
            yield alias

    def note(self, alias: str, *, works: bool) -> None:
        """Remember whether a database answered."""
        with self._lock:
            if works:
                self._resting.pop(alias, None)
            else:
                self._resting[alias] = time.monotonic() + REST


databases = Databases(alias for alias in settings.DATABASES if alias != PRIMARY)


@contextmanager
def reading(
    aliases: Iterable[str], read: Callable[[], Seen], will_do: Callable[[Seen], bool]
) -> Iterator[Seen]:
    """Open a snapshot of one database, route all reads within to it, and yield what ``read`` gives.

    That is the first database whose result ``will_do`` accepts, the primary, whose result is always
    accepted, or else the first that answered. Raises django.db.Error if none answers, or if the
    chosen one fails later.
    """
    with ExitStack() as stack:
        stack.callback(chosen.set, chosen.get())
        # What fails within may be the question's fault; if not, opening the next snapshot fails.
        yield _open(stack, aliases, read, will_do)


def _open(
    stack: ExitStack,
    aliases: Iterable[str],
    read: Callable[[], Seen],
    will_do: Callable[[Seen], bool],
) -> Seen:
    failure: Error = OperationalError("no database answered a moment ago")
    others: list[str] = []
    for alias in chain(aliases, others):
        try:
            with ExitStack() as attempt, within(OPENING):
                chosen.set(alias)
                attempt.enter_context(read_transaction(alias))
                seen = read()
                databases.note(alias, works=True)
                if alias == PRIMARY or alias in others or will_do(seen):
                    stack.push(attempt.pop_all())
                    return seen
                # Tried again after the rest, in case none of them is accepted either.
                others.append(alias)
        except Error as away:
            failure = away
            databases.note(alias, works=False)
    raise failure
