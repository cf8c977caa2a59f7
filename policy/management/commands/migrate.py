"""Creates the tables: Django's command, one at a time, with errors that say what to do."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from policy.release.loading import DatabaseUnavailableError, LockedError, explained

LOCK = 0x64656D61726368
"""The key of PostgreSQL's advisory lock that one migration holds at a time."""


@contextmanager
def _alone(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Wait for another process that migrates, until the connection is closed."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0; SET lock_timeout = 0")
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        yield
        return
    folder = Path(connection.settings_dict["NAME"]).absolute().parent
    if not folder.is_dir():
        raise DatabaseUnavailableError(f"there is no folder {folder}: create it first")
    # A file beside the database would have to be cleared away, and SQLite loses its own locks if
    # anybody else in the process closes the database.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class Command(migrate.Command):
    """Brings the tables up to date; of several processes at once, one does."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate; exit code 4 if the database cannot be used."""
        connection = connections[options["database"]]
        try:
            with explained(connection), _alone(connection):
                super().handle(*args, **options)
        except (LockedError, DatabaseUnavailableError) as error:
            raise CommandError(str(error), returncode=4) from error
