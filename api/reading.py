"""How the serving process reaches its database: it cannot write, and waits only so long."""

from contextvars import ContextVar
from typing import Any
from urllib.parse import quote

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from psycopg import Connection, IsolationLevel, OperationalError
from psycopg.pq import TransactionStatus

ENGINES = {"django.db.backends.postgresql", "django.db.backends.sqlite3"}
DEADLINE = 5
"""Seconds that one query may take."""
patience: ContextVar[float] = ContextVar("patience", default=DEADLINE + 1)
"""Seconds after which a query is given up that the server itself has not ended."""


class PatientConnection(Connection[Any]):
    """A connection that gives up on a server which neither answers nor goes away.

    A machine that is frozen or cut off closes no socket, so statement_timeout never comes to pass.
    """

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for the server, though not longer than ``patience``; raises OperationalError."""
        try:
            return super().wait(gen, interval, patience.get() if timeout is None else timeout)
        except OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise


def database_at(setting: str, url: str) -> dict[str, Any]:
    """Give the settings of the database that an address leads to.

    ``setting`` is the name of the variable that holds it. Raises ImproperlyConfigured, which does
    not repeat the address, for a password may stand in it.
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
    return database


def snapshots(database: dict[str, Any]) -> dict[str, Any]:
    """Give the options under which a transaction reads one state of a database throughout."""
    if database["ENGINE"].endswith("postgresql"):
        options = {**database.get("OPTIONS", {}), "isolation_level": IsolationLevel.REPEATABLE_READ}
        return {**database, "OPTIONS": options}
    # SQLite's transactions are snapshots by themselves.
    return database


def serving(database: dict[str, Any], threads: int) -> dict[str, Any]:
    """Give a database's settings for a process that only reads, with this many threads."""
    options = dict(database.get("OPTIONS", {}))
    if database["ENGINE"].endswith("postgresql"):
        session = {
            "default_transaction_read_only": "on",
            "statement_timeout": f"{DEADLINE}s",
            "lock_timeout": "2s",
            "idle_in_transaction_session_timeout": "60s",
        }
        flags = " ".join(f"-c {name}={value}" for name, value in session.items())
        options |= {
            "options": f"{options.get('options', '')} {flags}".strip(),
            "connect_timeout": 2,
            "tcp_user_timeout": DEADLINE * 1000,
            "pool": {
                "connection_class": PatientConnection,
                "min_size": 0,
                "max_size": threads,
                "timeout": 2,
                # A pool waits ever longer between its attempts; ours starts over with each request.
                "reconnect_timeout": 0.5,
            },
        }
        return {**database, "OPTIONS": options, "CONN_HEALTH_CHECKS": True}
    # Read-write, for only then can the files of the log be made that readers need; but a file that
    # is missing stays missing, and query_only refuses what would change one.
    return {
        **database,
        "NAME": f"file:{quote(str(database['NAME']))}?mode=rw",
        # A file that was replaced is noticed when the connection is opened anew.
        "CONN_MAX_AGE": 1,
        "OPTIONS": {
            **options,
            "timeout": 2,
            "init_command": "PRAGMA query_only = 1; PRAGMA mmap_size = 268435456",
        },
    }
