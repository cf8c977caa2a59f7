"""The release that is served, and snapshots: one state of the database for each request."""

import hashlib
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, cast

from django.conf import settings
from django.db import OperationalError, connections, transaction
from django.db.models import Case, CharField, Count, F, Min, QuerySet, Subquery, Sum, Value, When

from api.database.connections import (
    PATIENCE,
    CompiledQuery,
    ParameterSlot,
    read_cursor,
    read_transaction,
    renew,
    silence,
    within,
)
from api.database.replicas import PRIMARY, chosen, databases, reading
from api.models import RenderedState, Rendering
from api.problems import UnavailableError
from api.rendering.version import serializers_digest
from policy.models import Release, StateMark
from policy.models.state import live
from policy.release.contents import UNCOUNTED, release_models
from policy.release.state import state_digest
from policy.release.verification import is_release, live_entries, records_in_tables
from policy.search.live import LiveEntries

logger = logging.getLogger(__name__)
FRESH = 0.5
"""Seconds after which the release is looked up again."""
AGAIN = 0.1
"""Seconds after which it is looked up again if that failed."""
TRUSTED = 1.0
"""Seconds for which the result of a look-up is used; no answer is staler than that."""
LOOK = 2.0
"""Seconds that a look-up may take; a database that takes longer counts as unavailable."""


class NoReleaseError(UnavailableError):
    """The database is available but holds no release."""

    default_detail = (
        "No release is loaded: the operator has to run manage.py migrate and then load_release."
    )


def _sha256(*parts: object) -> str:
    return hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()


def _code_digest() -> str:
    """Return a digest of the code, on which every answer depends; 10 ms, once per process."""
    digest = hashlib.sha256()
    for folder in ("policy", "api"):
        for path in sorted(Path(settings.BASE_DIR, folder).rglob("*")):
            if path.suffix in {".py", ".json", ".toml", ".html", ".css"}:
                digest.update(path.read_bytes())
    return digest.hexdigest()


SOFTWARE = _sha256(_code_digest(), settings.PUBLIC_URL)
"""Differs whenever an answer may that depends on no release, such as the codebook."""
HALF = 32
"""Length of each half of a stamp: hex digits of what is rendered, then of what renders it."""


@dataclass(frozen=True, slots=True)
class ServedRelease:
    """The release that the tables name, and a token that differs whenever any answer may.

    ``stamp`` differs whenever the JSON of any of its records may; ``obstacle`` says why the stored
    renderings cannot be used, None where they can. Where the tables are not just what that
    release holds, it has no content hash, and searches read ``live`` instead of the index.
    """

    release: Release
    live: LiveEntries | None
    token: str
    stamp: str
    obstacle: str | None

    @property
    def rendered(self) -> bool:
        """Whether the stored renderings are those of this stamp."""
        return self.obstacle is None

    @property
    def modified(self) -> bool:
        """Whether something other than a load wrote to the tables."""
        return self.live is not None

    @property
    def state(self) -> str:
        """What differs whenever the tables do."""
        return self.stamp[:HALF]


def _obstacle(stored: str | None, stamp: str) -> str | None:
    """Return why renderings with the stored stamp cannot be used, None where they can."""
    if stored is None:
        return "there are none"
    if stored[:HALF] != stamp[:HALF]:
        return "the tables held something else when they were made"
    if stored != stamp:
        return "they were made by another version of the serializers"
    return None


@dataclass(slots=True)
class _Snapshot:
    served: ServedRelease | None = None


_open: ContextVar[_Snapshot | None] = ContextVar("snapshot", default=None)


@contextmanager
def snapshot() -> Iterator[None]:
    """Read everything within from one state of the database; raises django.db.Error."""
    if watch.away and not databases.many:
        raise OperationalError("the database did not answer a moment ago")
    # A replica that does not have the release which is known here is passed over.
    one_state = (
        reading(databases.readers(), _look, watch.knows)
        if databases.many
        else read_transaction(PRIMARY)
    )
    with within(PATIENCE), watch.needed(), one_state as seen:
        token = _open.set(_Snapshot(seen))
        try:
            yield
        finally:
            _open.reset(token)
            live.set(None)


def served() -> ServedRelease:
    """Return the release of the open snapshot; raises NoReleaseError and django.db.Error."""
    opened = _open.get()
    if opened is None:
        opened = _Snapshot()
    if opened.served is None:
        opened.served = _look()
    if opened.served is None:
        raise NoReleaseError
    if _open.get() is opened:
        live.set(opened.served.live)
    return opened.served


def rendered_record(place: str) -> tuple[ServedRelease, str] | None:
    """Return the release and a rendering, read by one statement, which is a snapshot by itself.

    None if there is no such rendering or it cannot be used, if this state of the dataset was not
    seen before, and if there are replicas to choose from. Raises django.db.Error.
    """
    if databases.many or watch.away:
        return None
    with within(PATIENCE), watch.needed(), read_cursor(PRIMARY) as cursor:
        _record_query().run(cursor, {"place": place})
        *state, body = cursor.fetchone() or (None,)
    release = _recent.get(tuple(state))
    return (release, body) if release and release.rendered and body is not None else None


def current() -> Release:
    """Return the record of the release that is loaded; raises NoReleaseError."""
    return served().release


def _releases() -> QuerySet[Any]:
    """Return the release with the marks of the state of the tables and the renderings' stamp."""
    marks = StateMark.objects.order_by().values(all=Value(1))
    only = Case(When(number=1, then=F("least")))
    digests = marks.annotate(number=Count("pk"), least=Min("digest")).annotate(only=only)
    stamps = RenderedState.objects.filter(pk=RenderedState.ONLY).values("stamp")
    return Release.objects.annotate(
        marks=Subquery(marks.annotate(sum=Sum("mark")).values("sum")),
        digest=Subquery(digests.values("only")),
        rendered=Subquery(stamps),
    )


@cache
def _release_query() -> CompiledQuery:
    return CompiledQuery(_releases()[:1])


@cache
def _record_query() -> CompiledQuery:
    place = ParameterSlot("place", CharField())
    body = Subquery(Rendering.objects.filter(pk=place).values("body"))
    return CompiledQuery(_releases().annotate(body=body)[:1])


def _look() -> ServedRelease | None:
    """Return the release that is loaded; the one seen last is recognised by its row alone."""
    row = _row()
    if row is None or row in _recent:
        return _recent.get(row)
    with _examining, transaction.atomic(using=chosen.get()):
        row, release = _row(), cast("Any", _releases().first())
        if row is None or row in _recent:
            return _recent.get(row)
        digest, instead = release.digest, None
        if digest is None:
            # The database answers; what is to come mostly takes this process its time.
            renew()
            digest, instead = _examined(release)
        release.modified = instead is not None
        stamp = digest[:HALF] + serializers_digest()[:HALF]
        obstacle = _obstacle(release.rendered, stamp)
    served = ServedRelease(release, instead, _sha256(stamp, SOFTWARE), stamp, obstacle)
    _recent.clear()
    _recent[row] = served
    return served


def _examined(release: Any) -> tuple[str, LiveEntries | None]:
    """Return the digest of a state that no load left, and what to search if it is no release."""
    using = chosen.get()
    found = records_in_tables(using)
    if found and is_release(found, release):
        return state_digest(release.content_hash, using), None
    release.content_hash = None
    release.counts = {
        name: model._base_manager.using(using).count()
        for name, model in release_models().items()
        if name not in UNCOUNTED
    }
    entries = None if found is None else live_entries(found)
    return _sha256("modified", release.marks), LiveEntries(entries)


_examining = Lock()
_recent: dict[Any, ServedRelease] = {}
"""The release seen last, by the row that the database returned."""


def _row() -> tuple[Any, ...] | None:
    with connections[chosen.get()].cursor() as cursor:
        _release_query().run(cursor, {})
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


class Watch:
    """Caches which release is loaded, and looks it up again on demand after half a second.

    One thread does; meanwhile the others use the last result, for no longer than a second.
    """

    def __init__(self) -> None:
        """Start with an empty cache."""
        self._looking, self._counting = Lock(), Lock()
        self._seen: ServedRelease | None = None
        self._since = float("-inf")
        self._begun = float("inf")
        self._failed = False
        self._waiting = 0
        self._last = ""

    def knows(self, served: ServedRelease | None) -> bool:
        """Tell whether this is the release that was loaded when it was last looked up."""
        return served is not None and self._last in ("", served.token)

    @property
    def away(self) -> bool:
        """Whether the last look-up failed a short while ago, or one is taking too long.

        Every request triggers a look-up, so an older failure says nothing about now.
        """
        now = time.monotonic()
        failed = self._failed and now - self._since < 2 * LOOK
        # While a state is examined the database has answered; it is this process that takes long.
        return failed or (now - self._begun > TRUSTED and not _examining.locked())

    def served(self) -> ServedRelease | None:
        """Return the release that is loaded, None if that is not certain."""
        now = time.monotonic()
        due = AGAIN if self._failed else FRESH
        idle = now - self._since > due and not _examining.locked()
        if idle and self._looking.acquire(blocking=False):
            self._begun = now
            try:
                newest = reading(databases.newest(), _look, self.knows)
                # If one of several databases does not answer, there must be time for the next.
                with within(PATIENCE if databases.many else LOOK), newest as self._seen:
                    self._failed = False
                    self._note(self._seen)
            except Exception as away:  # noqa: BLE001  (or the thread that guards would end)
                logger.warning("the release cannot be looked up: %s", away)
                self._seen, self._failed = None, True
                now = time.monotonic()
                silence.found()
            finally:
                self._since, self._begun = now, float("inf")
                for connection in connections.all(initialized_only=True):
                    if not connection.in_atomic_block:
                        # Outside of a request Django closes no connection.
                        connection.close()
                self._looking.release()
        return self._seen if time.monotonic() - self._since < TRUSTED else None

    def _note(self, seen: ServedRelease | None) -> None:
        """Remember what is loaded, and log once for each state if its renderings are not used."""
        if seen is None or seen.token == self._last:
            return
        self._last = seen.token
        if seen.obstacle:
            logger.warning(
                "stored renderings are not used, so answers take longer: %s; "
                "manage.py load_release makes them anew",
                seen.obstacle,
            )

    @contextmanager
    def needed(self) -> Iterator[None]:
        """Let ``guard`` look the release up while the code within waits for the database."""
        with self._counting:
            self._waiting += 1
        try:
            yield
        finally:
            with self._counting:
                self._waiting -= 1

    def guard(self) -> None:
        """Look the release up while requests wait, in a thread that never ends.

        When all threads of the process wait, none of them would find out that the database is away.
        """
        while True:
            time.sleep(FRESH)
            if self._waiting:
                self.served()


watch = Watch()
