"""Loads a release: it is read, staged, checked, and then merged in one transaction."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import Error, IntegrityError, OperationalError

from policy.models import Release
from policy.models.releases import SCHEMA_VERSION
from policy.release.contents import APART, UNCOUNTED
from policy.release.files import UnreadableError, files_of, records_in
from policy.release.records import InvalidRecordError, RecordValidator, ValidRecord
from policy.release.references import check_references
from policy.release.staging import Keys, LoadErrors, Stage, without_indexes
from policy.release.state import exclude_writers, known_digest, mark_release, state_digest
from policy.release.tables import StagedModel, parents_first, staged_models, unique_columns
from policy.signals import release_loaded
from policy.validation import Record

BUSY = ("55P03", "40001", "40P01")
"""PostgreSQL's codes for a lock timeout, a serialisation failure and a deadlock."""

ABSENT = ("42P01", "42703")
"""PostgreSQL's codes for a table and for a column that is not there."""

BATCH = 2000
"""How many records are collected before they are written to the staging tables."""


class InvalidReleaseError(Exception):
    """A release with something wrong in it; nothing was written."""

    def __init__(self, problems: LoadErrors) -> None:
        """Take all errors."""
        self.problems = problems
        super().__init__(f"{problems.total} errors in the release; nothing was written")


class LockedError(Exception):
    """Another process kept the database locked for longer than the wait."""


class DatabaseUnavailableError(Exception):
    """The database cannot be reached, or lacks the tables; the message names the cure."""


class Difference(NamedTuple):
    """Which records of one kind a release adds, changes and removes."""

    kind: str
    added: Keys
    changed: Keys
    removed: Keys


class Outcome(NamedTuple):
    """The result of a load: the version, and one entry per kind that changed.

    ``modified`` tells that something other than a load had written to the tables; ``read`` that all
    files were read, which is not necessary where the tables are known to hold the release.
    """

    version: str
    changes: tuple[Difference, ...]
    modified: bool
    read: bool = True


def load(
    folder: Path,
    *,
    wait: float = 60.0,
    check: bool = False,
    full: bool = False,
    progress: Callable[[int], object] = lambda _: None,
    using: str = DEFAULT_DB_ALIAS,
) -> Outcome:
    """Make a database hold exactly the release in a folder.

    ``wait`` is how many seconds to wait for another loader; ``progress`` is called with the number
    of bytes of each piece that was read. ``check`` only finds out what would change;
    ``full`` compares and renders everything, also where the database is known to hold the release.

    Raises InvalidReleaseError, LockedError, DatabaseUnavailableError or ReferencedError; the
    database is then as it was before.
    """
    connection = connections[using]
    with explained(connection):
        _prepare(connection, wait, check=check)
        return _Load(connection, folder, progress).run(check=check, full=full)


@contextmanager
def explained(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Turn errors of the driver into those that an operator can act on; close the connection."""
    try:
        _check_encoding(connection)
        yield
    except Error as error:
        code = getattr(error.__cause__, "sqlstate", None)
        locked = code in BUSY or "database is locked" in str(error)
        if locked or isinstance(error, IntegrityError):
            message = f"somebody else writes to the database: try again ({error})"
            raise LockedError(message) from error
        text = str(error).strip()
        cure = f"the database cannot be used: {text}"
        if code in ABSENT or text.startswith(("no such table", "no such column")):
            cure = f"the tables are missing or old: run manage.py migrate ({text.splitlines()[0]})"
        raise DatabaseUnavailableError(cure) from error
    finally:
        connection.close()


def _check_encoding(connection: BaseDatabaseWrapper) -> None:
    """Refuse a database that cannot hold every text."""
    if connection.vendor == "postgresql":
        connection.ensure_connection()
        encoding = connection.connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise DatabaseUnavailableError(
                f"the encoding of the database is {encoding}, which cannot hold every text: create "
                "one with createdb --encoding=UTF8 --template=template0"
            )


def _prepare(connection: BaseDatabaseWrapper, wait: float, *, check: bool) -> None:
    """Configure the session for loading: no statement timeout, and SQLite's write-ahead log."""
    milliseconds = max(1, int(wait * 1000))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SET lock_timeout = %s", [f"{milliseconds}ms"])
        return
    name = str(connection.settings_dict["NAME"])
    if not name.startswith("file:") and not Path(name).exists():
        raise DatabaseUnavailableError(f"there is no database at {name}: run manage.py migrate")
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {milliseconds}")
    if not check:
        _write_ahead(connection, wait)


def _write_ahead(connection: BaseDatabaseWrapper, wait: float) -> None:
    """Switch a SQLite file to WAL mode for good, so that readers never wait for a loader."""
    deadline = monotonic() + wait
    while True:
        try:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA journal_mode")
                if cursor.fetchone()[0] != "wal":
                    cursor.execute("PRAGMA journal_mode = wal")
        except OperationalError as error:
            # SQLite does not wait for this by itself.
            if "locked" not in str(error) or monotonic() > deadline:
                raise
            sleep(0.05)
        else:
            return


class _Load:
    """One run of the loader over one connection."""

    def __init__(
        self, connection: BaseDatabaseWrapper, folder: Path, progress: Callable[[int], object]
    ) -> None:
        self.connection = connection
        self.folder = folder
        self.kinds = {kind.name: kind for kind in staged_models()}
        self.progress = progress
        self.problems = LoadErrors()
        self.stage = Stage(connection)
        self.release: Record | None = None
        self.digest = hashlib.sha256()
        self.counts: dict[str, int] = {}
        self.refused: set[str] = set()
        self.files: dict[str, str] = {}

    def run(self, *, check: bool, full: bool) -> Outcome:
        """Read, stage, check and merge."""
        files, errors = files_of(self.folder)
        self.problems.add(*errors)
        self.files = {name: path.name for name, path in files.items()}
        if "release" in files:
            self._read(self.kinds["release"], files["release"])
            self._check_release()
            if not (check or full or self.problems.total) and self._is_loaded():
                # Receivers may not have run, in another version of the software.
                with self._alone():
                    release_loaded.send(Release, using=self.connection.alias)
                return Outcome(self._version(), (), modified=False, read=False)
        for name, path in files.items():
            if name != "release":
                self._read(self.kinds[name], path)
        self.stage.seal()
        self.stage.check(self.problems, self.files, self.refused)
        self._compare()
        if self.problems.total:
            raise InvalidReleaseError(self.problems)
        return self._merge(check=check, full=full)

    def _version(self) -> str:
        return str(self.release["fields"]["version"]) if self.release else ""

    def _read(self, kind: StagedModel, path: Path) -> None:
        """Stage the valid records of a file, and report the errors of the others."""
        number = 0
        validator = RecordValidator(kind.model, self.connection)
        try:
            for found in records_in(path, self.progress, validator.accept):
                number += 1
                try:
                    valid = found if isinstance(found, ValidRecord) else validator.check(found)
                except InvalidRecordError as error:
                    self.refused.add(kind.name)
                    self.problems.add(*(f"{path.name}: {line}" for line in error.lines))
                else:
                    self._take(kind, valid)
                if number % BATCH == 0:
                    self.stage.write()
        except UnreadableError as error:
            self.problems.add(f"{path.name}: {error}")
            self.refused.add(kind.name)
        self.stage.write()
        if kind.name not in UNCOUNTED and number:
            self.counts[kind.name] = number

    def _take(self, kind: StagedModel, record: ValidRecord) -> None:
        """Stage one record."""
        if kind.model is Release:
            self.release = json.loads(record.line)
        else:
            self.digest.update(record.line + b"\n")
        self.stage.add(kind.table, [record.row])
        for table, keys in zip(kind.pairs, record.links, strict=True):
            if keys:
                self.stage.add(table, [(record.key, key) for key in keys])

    def _blame(self, message: str) -> None:
        self.problems.add(f"{self.files['release']}: {message}")

    def _check_release(self) -> None:
        """Report a release record that is invalid, or of a schema that is not supported."""
        self.stage.write()
        number = self.stage.count(self.kinds["release"].table.stage)
        if number > 1:
            self._blame(f"holds {number} records: a release has one")
        elif self.release is None and not self.problems.total:
            self._blame("holds no record: build the release again")
        stated = self.release["fields"] if self.release else {}
        if stated.get("schema_version", SCHEMA_VERSION) != SCHEMA_VERSION:
            self._blame(
                f"schema_version: is {stated['schema_version']}, and this software reads "
                f"{SCHEMA_VERSION}: build the release again, or use the software it was built with"
            )

    def _compare(self) -> None:
        """Report counts and a hash that are not those of the records."""
        if self.release is None or self.refused:
            return
        stated = self.release["fields"]
        for name in sorted(stated["counts"].keys() - (self.kinds.keys() - UNCOUNTED)):
            self._blame(f"counts: {name!r} is not a kind that is counted: take it out")
        for name in sorted(stated["counts"].keys() | self.counts.keys()):
            said, real = stated["counts"].get(name, 0), self.counts.get(name, 0)
            if said != real:
                self._blame(f"counts: says {said} {name}, and there are {real}")
        if stated["content_hash"] != self.digest.hexdigest():
            self._blame(
                f"content_hash: is {stated['content_hash']}, and the records have "
                f"{self.digest.hexdigest()}: they were edited or cut short: build the release again"
            )

    def _is_loaded(self) -> bool:
        """Tell whether the database is known to hold this very release."""
        using = self.connection.alias
        known = known_digest(using)
        if not known or not self.release or self._changes_of(self.kinds["release"]):
            return False
        return known == state_digest(self.release["fields"]["content_hash"], using)

    def _merge(self, *, check: bool, full: bool) -> Outcome:
        using = self.connection.alias
        with transaction.atomic(using=using) if check else self._alone():
            modified = known_digest(using) is None and not self.stage.is_first()
            found = (self._changes_of(kind) for kind in self.kinds.values())
            changes = tuple(filter(None, found))
            if check:
                return Outcome(self._version(), changes, modified)
            if changes:
                self._write()
                self._prune()
                self.stage.merged()
                # Receivers query all records, and need plans for that many.
                self.stage.analyze([change.kind for change in changes])
            mark_release(self.release["fields"]["content_hash"], using)  # type: ignore[index]
            release_loaded.send(Release, using=using, anew=full)
        return Outcome(self._version(), changes, modified)

    def _write(self) -> None:
        """Make the real tables hold what the staging tables do."""
        tables = parents_first()
        if self.stage.is_first():
            # This table stays readable: a client must not wait to be told that there is no release.
            asked = Release._meta.db_table
            emptied = [table.name for table in tables if table.name != asked]
            with without_indexes(self.connection, emptied):
                for table in tables:
                    self.stage.insert(table)
        else:
            check_references(self.stage)
            unique = {kind.table: unique_columns(kind.model) for kind in self.kinds.values()}
            for table in tables:
                self.stage.merge(table, unique.get(table, ()))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Run a transaction that excludes everybody else who writes."""
        if self.connection.vendor == "sqlite":
            self.connection.transaction_mode = "IMMEDIATE"  # type: ignore[attr-defined]
        with transaction.atomic(using=self.connection.alias):
            if self.connection.vendor == "postgresql":
                with self.connection.cursor() as cursor:
                    # What others commit while this one waits has to be visible afterwards.
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            exclude_writers(self.connection)
            yield

    def _changes_of(self, kind: StagedModel) -> Difference | None:
        """Return what the release changes of one kind, None if that is nothing."""
        change = Difference(kind.name, *self.stage.difference(kind))
        return change if any(keys.number for keys in change[1:]) else None

    def _prune(self) -> None:
        """Delete what operators attached to records that are removed."""
        kinds = {kind.model: kind for kind in self.kinds.values()}
        for model in APART:
            for field in model._meta.concrete_fields:
                if isinstance(field, models.ForeignKey) and field.related_model in kinds:
                    kind = kinds[field.related_model]
                    self.stage.prune(model._meta.db_table, field.column, kind)
