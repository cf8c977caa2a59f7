"""Faults of the SQLite file, each as a context manager that ends the fault at its exit."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any


def _others(file: Path) -> list[Path]:
    return [file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")]


@contextmanager
def _afterwards_whole(file: Path) -> Iterator[Path]:
    """Restore the file from a copy at the end, by renaming as an operator would."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = file.with_name("copy.sqlite3")
    shutil.copy(file, copy)
    try:
        yield file
    finally:
        for other in _others(file):
            other.unlink(missing_ok=True)
        copy.replace(file)


@contextmanager
def missing(file: Path) -> Iterator[None]:
    """The file is removed, and restored later."""
    with _afterwards_whole(file):
        for path in (file, *_others(file)):
            path.unlink(missing_ok=True)
        yield
        assert not file.exists(), "the server made a file of its own"


@contextmanager
def replaced(file: Path) -> Iterator[None]:
    """Another complete file replaces the one that is served."""
    with _afterwards_whole(file):
        pass
    yield


@contextmanager
def garbage(file: Path) -> Iterator[None]:
    """The file is overwritten with random bytes."""
    with _afterwards_whole(file):
        size = file.stat().st_size
        with file.open("r+b") as opened:
            opened.write(os.urandom(size))
        yield


@contextmanager
def truncated(file: Path) -> Iterator[None]:
    """The file is truncated to a third."""
    with _afterwards_whole(file):
        os.truncate(file, file.stat().st_size // 3)
        yield


@contextmanager
def emptied(file: Path) -> Iterator[None]:
    """The file is truncated to zero bytes."""
    with _afterwards_whole(file):
        os.truncate(file, 0)
        yield


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another process writes; in WAL mode, as after a load, no reader waits for it."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def locked_in_rollback_mode(file: Path) -> Iterator[None]:
    """Another process writes to a file without a write-ahead log, so every reader must wait."""
    with closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def no_release(file: Path) -> Iterator[None]:
    """There is no release in the tables."""
    with closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as other:
        other.execute("CREATE TABLE kept AS SELECT * FROM policy_release")
        other.execute("DELETE FROM policy_release")
        yield
        other.execute("INSERT INTO policy_release SELECT * FROM kept")
        other.execute("DROP TABLE kept")


def read_only(folder: Path) -> tuple[str, ...]:
    """Make a folder and its files read-only; return the command prefix that drops root."""
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    if os.geteuid() != 0:
        return ()
    rights = "-dac_override,-dac_read_search"
    return ("setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}")


FAULTS: dict[str, Callable[[Path], Any]] = {
    # A writer comes before the file is changed under the server, which SQLite says to avoid.
    "locked for writing, WAL": locked,
    "no release": no_release,
    "removed, and put back": missing,
    "replaced": replaced,
    "garbage": garbage,
    "truncated": truncated,
    "zero bytes": emptied,
}
"""Each fault by its name in the table."""


def journal(file: Path, mode: str) -> None:
    """Set the journal mode of a file that is not in use."""
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute(f"PRAGMA journal_mode = {mode}").fetchone() == (mode,)


@contextmanager
def nothing() -> Iterator[None]:
    """No further fault, where the file itself is the fault."""
    yield
