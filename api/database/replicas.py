"""Which database a request reads: a replica that has the release, else whichever answers."""

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
"""Seconds that a database may take to open a snapshot before another is asked."""
REST = 5.0
"""Seconds for which a database that failed is left alone; then one request alone tries it."""

Seen = TypeVar("Seen")
chosen: ContextVar[str] = ContextVar("chosen", default=PRIMARY)


class Router:
    """Sends all that a request reads to the one database that its snapshot is open in."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        """Return the alias of that database."""
        return chosen.get()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        """Return the alias of the primary: a replica takes nothing."""
        return PRIMARY


class Databases:
    """The primary and its replicas, and which of them failed a moment ago."""

    def __init__(self, replicas: Iterable[str]) -> None:
        """Take the aliases of the replicas."""
        self._replicas = list(replicas)
        self.many = bool(self._replicas)
        """Whether there is another database to read from when one fails."""
        self._turns = count()
        self._lock = Lock()
        self._resting: dict[str, float] = {}

    def newest(self) -> Iterator[str]:
        """Return whom to ask what is loaded: the primary first. Where all rest, all of them."""
        aliases = [PRIMARY, *self._in_turn()]
        awake = False
        for alias in self._awake(aliases):
            awake = True
            yield alias
        if not awake:
            yield from aliases

    def readers(self) -> Iterator[str]:
        """Return whom to read from: the replicas, each first in its turn, and last the primary."""
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
        """Keep in mind whether a database answered."""
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
    """Open a snapshot of one database, and send all reading within to it; gives what ``read`` does.

    The first database is taken whose answer to ``read`` will do; the primary's always does. Where
    none does, the first that answered. Raises django.db.Error when none answers, or when the one
    that was taken fails later on.
    """
    with ExitStack() as stack:
        stack.callback(chosen.set, chosen.get())
        seen = _open(stack, aliases, read, will_do)
        try:
            yield seen
        except Error:
            databases.note(chosen.get(), works=False)
            raise


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
                # Asked again after the rest, should none of them do either.
                others.append(alias)
        except Error as away:
            failure = away
            databases.note(alias, works=False)
    raise failure
