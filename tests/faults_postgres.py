"""Faults of PostgreSQL, each as a context manager that ends the fault at its exit."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from threading import Event, Thread
from typing import Any

import psycopg

from tests.postgres import Server

TABLES = ("policy_release", "policy_event", "policy_statement")


END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader'"
"""Ends every connection of our server."""


def _session(server: Server, **options: Any) -> Any:
    return closing(psycopg.connect(server.url, autocommit=True, **options))


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    """The server has stopped, as after a crash, and is started again."""
    server.stop()
    try:
        yield
    finally:
        server.start()


@contextmanager
def restarted(server: Server) -> Iterator[None]:
    """The server is restarted: every connection is closed, and new ones are accepted soon."""
    server.run(
        "pg_ctl", "-D", server.data, "-w", "-m", "fast", "restart", "-l", server.data / "log"
    )
    yield


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """The server neither responds nor closes connections."""
    server.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.signal(signal.SIGCONT)


@contextmanager
def no_connections(server: Server) -> Iterator[None]:
    """Other clients hold every connection; those of the API were terminated first."""
    with ExitStack() as held:
        own = held.enter_context(_session(server))
        ended = 1
        while ended:
            # The last places are kept for a superuser, so our server does not get back in.
            with suppress(psycopg.OperationalError):
                while True:
                    held.enter_context(_session(server))
            ended = own.execute(END).rowcount
        yield


@contextmanager
def ended(server: Server) -> Iterator[None]:
    """Every connection of the API is terminated, again and again, at any moment."""
    lifted = Event()

    def end() -> None:
        with _session(server) as own:
            while not lifted.wait(0.03):
                own.execute(END)

    thread = Thread(target=end)
    thread.start()
    try:
        yield
    finally:
        lifted.set()
        thread.join()


@contextmanager
def locked(server: Server, *tables: str) -> Iterator[None]:
    """Another session holds exclusive locks on tables."""
    with closing(psycopg.connect(server.url)) as session:
        session.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
        yield


@contextmanager
def emptied(server: Server) -> Iterator[None]:
    """There is no release in the tables."""
    with _session(server) as session:
        session.execute("CREATE TABLE kept AS SELECT * FROM policy_release")
        session.execute("DELETE FROM policy_release")
        yield
        session.execute("INSERT INTO policy_release SELECT * FROM kept")
        session.execute("DROP TABLE kept")


@contextmanager
def without_tables(server: Server) -> Iterator[None]:
    """The tables are missing."""
    with _session(server) as session:
        session.execute("ALTER SCHEMA public RENAME TO away")
        yield
        session.execute("ALTER SCHEMA away RENAME TO public")


@contextmanager
def revoked(server: Server) -> Iterator[None]:
    """The role of the API has lost the right to read."""
    with _session(server) as session:
        session.execute("REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM reader")
        yield
        session.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")


FAULTS: dict[str, Callable[[Server], Any]] = {
    "stopped at once, and started": stopped,
    "restarted": restarted,
    "frozen": frozen,
    "no connection left": no_connections,
    "connections ended at random": ended,
    "all tables locked": lambda server: locked(server, *TABLES),
    "one table locked": lambda server: locked(server, "policy_event"),
    "no release": emptied,
    "no tables": without_tables,
    "SELECT revoked": revoked,
}
"""Each fault by its name in the table."""


def role(server: Server) -> str:
    """Create the role of the API, which can only read, and return the URL for it."""
    with _session(server) as session:
        session.execute("CREATE ROLE reader LOGIN")
        session.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    return server.url.replace("demarche@", "reader@", 1)
