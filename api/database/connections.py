"""Connections of the serving process: read-only, pooled, and with a deadline."""

import select
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any, Self
from urllib.parse import quote

import dj_database_url
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DataError, Error, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models import Expression, Field, QuerySet
from django.dispatch import receiver
from psycopg import ClientCursor, Connection, IsolationLevel, OperationalError
from psycopg.pq import TransactionStatus

ENGINES = {"django.db.backends.postgresql", "django.db.backends.sqlite3"}
DEADLINE = 5
"""Seconds that one query may take."""
PATIENCE = DEADLINE + 1
"""Seconds that a request may wait for the database in total."""
VALUES = {
    "datestyle": "ISO, YMD",
    "timezone": "UTC",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "gin_fuzzy_search_limit": "0",
}
"""PostgreSQL's settings that what is read depends on; a role or a database may have others."""
LIMITS = {
    "statement_timeout": f"{DEADLINE}s",
    "lock_timeout": "1s",
    "idle_in_transaction_session_timeout": "60s",
    # It compiles a question with many conditions for seconds, to answer it in milliseconds.
    "jit": "off",
}
"""PostgreSQL's settings of how long a question may take."""
STEPS = 20_000
"""Steps of SQLite's virtual machine, a millisecond or less, between two looks at the clock."""


def _sets(settings: Mapping[str, str], scope: str) -> str:
    return "".join(f"SET {scope} {name} = '{value}'; " for name, value in settings.items())


GUARD = (
    f"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; {_sets(VALUES | LIMITS, 'LOCAL')}"
)
"""Begins every transaction of a serving process; nothing that a session was set to matters."""

_until: ContextVar[float | None] = ContextVar("until", default=None)


class Outage:
    """When the database was last found not to answer; whatever waited then gives up."""

    since = float("-inf")

    def found(self) -> None:
        """Make everything that waits now give up."""
        self.since = monotonic()


silence = Outage()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Set a deadline for all queries within, or keep an earlier one."""
    token = _until.set(monotonic() + min(seconds, left()))
    try:
        yield
    finally:
        _until.reset(token)


def renew() -> None:
    """Start the deadline over, for a request that has received part of its answer."""
    if _until.get() is not None:
        _until.set(monotonic() + PATIENCE)


def left() -> float:
    """Return the seconds until the deadline."""
    until = _until.get()
    return PATIENCE if until is None else max(0.0, until - monotonic())


class GuardedCursor(ClientCursor[Any]):
    """A cursor whose statements cannot write, nor run without a limit, nor depend on the session.

    What is set for a session is lost behind a pooler, which gives each transaction another one. So
    the first statement of a transaction brings all settings with it, in the same message.
    """

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """Execute a statement; raises psycopg.Error."""
        if self.connection.info.transaction_status != TransactionStatus.IDLE:
            return super().execute(query, params, **options)
        super().execute(GUARD + query, params, **options)
        while self.nextset():
            pass
        return self


class DeadlineConnection(Connection[Any]):
    """A connection that gives up on a server which neither answers nor closes its socket.

    That is a machine which is frozen or cut off, where statement_timeout never takes effect.
    """

    @classmethod
    def connect(cls, *args: Any, **options: Any) -> Self:
        """Connect, and read dates as ISO writes them; raises OperationalError."""
        connection = super().connect(*args, **options)
        # Not with the connection's options, which poolers refuse; they do keep this setting.
        connection.execute("SET datestyle = ISO")
        return connection

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for the server, but not past the deadline; raises OperationalError."""
        try:
            return super().wait(_heeding(gen), interval, left() if timeout is None else timeout)
        except OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise

    def hung_up(self) -> bool:
        """Tell, without a query, whether the server has closed this idle connection."""
        if self.closed:
            return True
        # All that an idle server sends is that it closes.
        poll = select.poll()
        poll.register(self.pgconn.socket, select.POLLIN)
        return bool(poll.poll(0))


def _heeding(gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Pass on the steps of waiting for an answer, unless an outage is found meanwhile."""
    began = monotonic()
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and silence.since > began:
                raise OperationalError("the database was found not to answer")
            wanted = gen.send(ready)
    except StopIteration as ended:
        return ended.value


def is_refused(error: Error) -> bool:
    """Return whether a database refused a value of a question, which it would each time."""
    code = getattr(error.__cause__, "sqlstate", None) or ""
    # Data exceptions, and what exceeds a limit of the program.
    return isinstance(error, DataError) or code.startswith(("22", "54"))


def is_cut_off(error: Error) -> bool:
    """Return whether a database ended a question because it took too long."""
    cause = error.__cause__
    interrupted = getattr(cause, "sqlite_errorname", None) == "SQLITE_INTERRUPT"
    return interrupted or getattr(cause, "sqlstate", None) == "57014"


@contextmanager
def read_transaction(alias: str) -> Iterator[None]:
    """Run a transaction, on a connection that the server has not closed; raises django.db.Error."""
    connection = connections[alias]
    _leave_closed(connection)
    with transaction.atomic(using=alias):
        try:
            # Django does not wrap what closing a cursor raises.
            with connection.wrap_database_errors:
                yield
        except Error:
            held = connection.connection
            if isinstance(held, DeadlineConnection) and held.closed:
                # Otherwise Django would wait for another connection to end the transaction on.
                connection.close()
            raise


@contextmanager
def read_cursor(alias: str) -> Iterator[Any]:
    """Open a cursor for one statement, on a connection that the server has not closed."""
    connection = connections[alias]
    _leave_closed(connection)
    with connection.cursor() as cursor:
        yield cursor


def _leave_closed(connection: BaseDatabaseWrapper) -> None:
    """Take a connection from the pool that the server has not closed while it was idle.

    A server that was restarted has closed all of them.
    """
    for _ in range(settings.THREADS + 1):
        connection.ensure_connection()
        held = connection.connection
        if not isinstance(held, DeadlineConnection) or not held.hung_up():
            return
        held.close()
        connection.close()


@receiver(connection_created)
def _bound(connection: BaseDatabaseWrapper, **rest: Any) -> None:
    """Make SQLite stop a query at the deadline, and a command's session write values as usual.

    SQLite has no setting for the deadline. While serving, the cursor sets what PostgreSQL needs.
    """
    if connection.vendor == "sqlite":
        connection.connection.set_progress_handler(lambda: left() <= 0, STEPS)
    elif not settings.SERVING:
        with connection.cursor() as cursor:
            cursor.execute(_sets(VALUES, "SESSION"))


def database_at(setting: str, url: str) -> dict[str, Any]:
    """Return the settings of the database at a URL.

    ``setting`` is the name of the variable that holds it. Raises ImproperlyConfigured, without the
    URL in its message, which may hold a password.
    """
    try:
        database = {**dj_database_url.parse(url)}
    except ValueError:
        database = {}
    if database.get("ENGINE") not in ENGINES:
        raise ImproperlyConfigured(
            f"{setting} leads to no database that can be used here: write "
            "postgres://USER:PASSWORD@HOST:5432/NAME, or sqlite:/// and the path of a file."
        )
    if "#" in url or ("?" in url and url.startswith("sqlite")):
        raise ImproperlyConfigured(
            f"{setting} holds # or ?, which would end the name: write %23 for #, %3F for ?, and "
            "%25 for %."
        )
    return database


def snapshots(database: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a database with transactions that read one state of it."""
    if database["ENGINE"].endswith("postgresql"):
        options = {**database.get("OPTIONS", {}), "isolation_level": IsolationLevel.REPEATABLE_READ}
        return {**database, "OPTIONS": options}
    # Transactions of SQLite are snapshots already.
    return database


def serving(database: dict[str, Any], threads: int) -> dict[str, Any]:
    """Return the settings of a database for a process with this many threads that only reads."""
    options = dict(database.get("OPTIONS", {}))
    if database["ENGINE"].endswith("postgresql"):
        options |= {
            "cursor_factory": GuardedCursor,
            "connect_timeout": 2,
            "tcp_user_timeout": DEADLINE * 1000,
            "pool": {
                "connection_class": DeadlineConnection,
                "min_size": 0,
                # One more, to find out with whether the database answers.
                "max_size": threads + 1,
                "timeout": 2,
                # A pool waits longer after each failed attempt; this one starts over soon.
                "reconnect_timeout": 1.5,
            },
        }
        return {**database, "OPTIONS": options}
    # mode=rw, because readers need the files of the write-ahead log; unlike the default it creates
    # no database, and query_only refuses every change.
    return {
        **database,
        "NAME": f"file:{quote(str(database['NAME']))}?mode=rw",
        # A replaced file is noticed when the connection is opened again.
        "CONN_MAX_AGE": 1,
        "OPTIONS": {
            **options,
            "timeout": 2,
            # No mmap: reading a mapped file that was truncated kills the process.
            "init_command": "PRAGMA query_only = 1; PRAGMA cache_size = -2048",
        },
    }


class ParameterSlot(Expression):
    """Takes the place of a parameter until the query runs."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        """Take a name for the parameter, and the field that it is compared with."""
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Return a placeholder, and this slot as its parameter."""
        return "%s", [self]


class CompiledQuery:
    """The SQL of one list or several, and its parameters, of which some are slots."""

    def __init__(self, *querysets: QuerySet[Any]) -> None:
        """Compile a query of the rows of all; raises EmptyResultSet if one cannot find a row."""
        parts = [queryset.query.sql_with_params() for queryset in querysets]
        self.sql = parts[0][0]
        if len(parts) > 1:
            self.sql = " UNION ALL ".join(
                f"SELECT * FROM ({sql}) AS part_{number}"  # noqa: S608
                for number, (sql, _) in enumerate(parts)
            )
        self.parameters = [one for _, parameters in parts for one in parameters]

    def run(self, cursor: Any, values: Mapping[str, Any]) -> Any:
        """Run it with these values in place of the slots, as the database takes them."""
        given = [values[p.name] if type(p) is ParameterSlot else p for p in self.parameters]
        return cursor.execute(self.sql, given)
