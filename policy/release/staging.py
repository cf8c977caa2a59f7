"""Staging: a release in temporary tables, checked there and merged into the real ones."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from itertools import product
from typing import NamedTuple

from django.db import OperationalError, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from policy.models import Check, Relation
from policy.models.registry import served_models
from policy.models.relations import ENDS
from policy.release.files import printable
from policy.release.records import DatabaseRow
from policy.release.tables import StagedModel, Table, parents_first, staged_models, unique_together

SAME = {"postgresql": "IS NOT DISTINCT FROM", "sqlite": "IS"}
"""Equality that holds between two nulls too."""

MAX_PROBLEMS = 1000
"""How many errors are listed; of more only the number is told."""


SHOWN = 5
"""How many of the records are named that a release adds, changes or removes."""


class Keys(NamedTuple):
    """How many records something is true of, and the keys of the first of them."""

    number: int
    first: tuple[str, ...] = ()


class LoadErrors:
    """The errors of a release: the first lines, and the number of all."""

    def __init__(self) -> None:
        """Start without errors."""
        self.lines: list[str] = []
        self.total = 0

    def add(self, *lines: str) -> None:
        """Add lines, each with file, record and field; what a terminal obeys is escaped."""
        self.total += len(lines)
        self.lines += map(printable, lines[: MAX_PROBLEMS - len(self.lines)])


class Stage:
    """The temporary tables of one connection."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        """Create the tables; raises the database's error if the real ones are missing."""
        self.connection = connection
        self._same = SAME[connection.vendor]
        self._waiting: dict[Table, list[DatabaseRow]] = {}
        self._files: Mapping[str, str] = {}
        schema = "pg_temp" if connection.vendor == "postgresql" else "temp"
        for table in parents_first():
            self._execute(
                f"DROP TABLE IF EXISTS {schema}.{table.stage}",
                f"CREATE TEMPORARY TABLE {table.stage} AS "
                f"SELECT {self._list(table.columns)} FROM {table.name} WHERE 1 = 0",
            )

    def _execute(self, *statements: str) -> None:
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def _list(self, columns: Sequence[str], alias: str = "") -> str:
        quoted = (self.connection.ops.quote_name(column) for column in columns)
        return ", ".join(f"{alias}.{column}" if alias else column for column in quoted)

    def _equal(self, columns: Sequence[str], left: str, right: str, sign: str = "=") -> str:
        names = [self.connection.ops.quote_name(column) for column in columns]
        return " AND ".join(f"{left}.{name} {sign} {right}.{name}" for name in names)

    def add(self, table: Table, rows: Iterable[DatabaseRow]) -> None:
        """Collect rows for a table, until ``write``."""
        self._waiting.setdefault(table, []).extend(rows)

    def write(self) -> None:
        """Insert the collected rows into their tables."""
        for table, rows in self._waiting.items():
            # Outside of a transaction of ours, each row would be one of its own on SQLite.
            self._execute("BEGIN")
            fill(self.connection, table.stage, table.columns, rows)
            self._execute("COMMIT")
        self._waiting = {}

    def seal(self) -> None:
        """Prepare the tables for joins, once all rows are there."""
        self.write()
        if self.connection.vendor == "postgresql":
            # The planner takes tables for empty that are being filled, and would scan them once
            # per row.
            self._execute("SET enable_nestloop = off")
            self._execute(*(f"ANALYZE {table.stage}" for table in parents_first()))
        else:
            # PostgreSQL joins by hash; SQLite would scan the table once per row.
            self._execute(
                *(
                    f"CREATE INDEX temp.{table.stage}_key "
                    f"ON {table.stage} ({self._list(table.key)})"
                    for table in parents_first()
                )
            )

    def rows(self, sql: str) -> Iterator[DatabaseRow]:
        """Yield the rows of a query."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            while found := cursor.fetchmany(1000):
                yield from found

    def number(self, sql: str) -> int:
        """Return the number that a query returns."""
        return int(next(self.rows(sql))[0])

    def count(self, table: str) -> int:
        """Return how many rows a table holds."""
        return self.number(f"SELECT count(*) FROM {table}")

    def check(self, problems: LoadErrors, files: Mapping[str, str], refused: Set[str]) -> None:
        """Report all errors that no single record shows.

        ``files`` maps kinds to the names of their files. Keys of kinds that are in ``refused``, as
        some of their records were, are not looked up.
        """
        self._files = files
        for kind in staged_models():
            self._twice(kind, problems)
            self._alike(kind, problems)
            self._forbidden(kind, problems)
            self._dangling(kind, problems, refused)
        self._ends(problems, refused)

    def _report(self, problems: LoadErrors, kind: StagedModel, sql: str, message: str) -> None:
        """Report each row of a query: the key of a record, and the values for the message."""
        numbered = f"SELECT f.*, count(*) OVER () FROM ({sql}) AS f ORDER BY 1, 2"
        rows = list(self.rows(f"{numbered} LIMIT {MAX_PROBLEMS}"))
        file = self._files.get(kind.name)
        problems.add(*(f"{file}: {key}: {message.format(*values)}" for key, *values, _ in rows))
        problems.total += rows[0][-1] - len(rows) if rows else 0

    def _twice(self, kind: StagedModel, problems: LoadErrors) -> None:
        key = self._list(kind.table.key)
        sql = f"SELECT {key}, count(*) FROM {kind.table.stage} GROUP BY {key} HAVING count(*) > 1"
        self._report(problems, kind, sql, "pk: {} records have this key")

    def _alike(self, kind: StagedModel, problems: LoadErrors) -> None:
        """Report records that have the same value where it must be unique."""
        key = self._list(kind.table.key)
        for fields, empty in unique_together(kind.model):
            columns = [field.column for field in fields]
            known = " AND ".join(
                [f"{self._list([column])} IS NOT NULL" for column in columns]
                + [f"{self._list([field.column])} IS NULL" for field in empty]
            )
            sql = (
                f"SELECT max({key}) AS last, min({key}) AS first FROM {kind.table.stage} "
                f"WHERE {known} GROUP BY {self._list(columns)} HAVING min({key}) < max({key})"
            )
            names = ", ".join(field.name for field in fields)
            self._report(problems, kind, sql, f"{names}: {{!r}} has the same")

    def _forbidden(self, kind: StagedModel, problems: LoadErrors) -> None:
        """Report violated check constraints, as the database itself evaluates them."""
        for constraint in kind.model._meta.constraints:
            if isinstance(constraint, models.CheckConstraint):
                condition = constraint._get_check_sql(  # type: ignore[attr-defined]
                    kind.model, self.connection.schema_editor()
                )
                sql = (
                    f"SELECT {self._list(kind.table.key)}, 1 FROM {kind.table.stage} "
                    f"WHERE NOT ({condition})"
                )
                message = str(constraint.violation_error_message)
                self._report(problems, kind, sql, message.replace("{", "{{").replace("}", "}}"))

    def _dangling(self, kind: StagedModel, problems: LoadErrors, refused: Set[str]) -> None:
        """Report foreign keys that lead to no record of the release."""
        targets = {other.model: other for other in staged_models()}
        links = [
            (field.name, kind.table, kind.table.key[0], field.column)
            for field in kind.model._meta.concrete_fields
            if isinstance(field, models.ForeignKey)
        ]
        for table in kind.pairs:
            owner, reference = table.columns
            links.append((str(table.field), table, owner, reference))
        for name, table, owner, reference in links:
            other = targets[kind.model._meta.get_field(name).related_model]  # type: ignore[index]
            if other.name in refused:
                continue
            target = other.table
            named = self._list([reference], "s")
            sql = (
                f"SELECT {self._list([owner], 's')}, {named} FROM {table.stage} AS s "
                f"WHERE {named} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {target.stage} AS o "
                f"WHERE {self._list(target.key, 'o')} = {named})"
            )
            self._report(problems, kind, sql, f"{name}: there is no record {{!r}}")

    def _ends(self, problems: LoadErrors, refused: Set[str]) -> None:
        """Report ends of relations and checks that are no record; no foreign key leads to each."""
        kinds = {kind.model: kind for kind in staged_models()}
        ends = [*product([Relation], ENDS), (Check, "claim")]
        for (of, end), (kind, model) in product(ends, served_models().items()):
            held, target = kinds[of], kinds[model]
            if target.name in refused:
                continue
            named = f"s.{self._list([end])}"
            sql = (
                f"SELECT {self._list(held.table.key, 's')}, {named} "
                f"FROM {held.table.stage} AS s WHERE s.{end}_kind = '{kind.value}' "
                f"AND NOT EXISTS (SELECT 1 FROM {target.table.stage} AS o "
                f"WHERE {self._list(target.table.key, 'o')} = {named})"
            )
            self._report(problems, held, sql, f"{end}: there is no {kind} {{!r}}")

    def is_first(self) -> bool:
        """Tell whether the real tables are all empty."""
        return not any(self._holds_any(table) for table in parents_first())

    def _holds_any(self, table: Table) -> bool:
        return any(self.rows(f"SELECT 1 FROM {table.name} LIMIT 1"))

    def insert(self, table: Table) -> None:
        """Insert the release's rows into a real table that is empty."""
        columns = self._list(table.columns)
        self._execute(f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {table.stage}")

    def removed(self, table: Table) -> str:
        """Return the condition on rows of a real table that the release has no record for."""
        return (
            f"NOT EXISTS (SELECT 1 FROM {table.stage} AS s "
            f"WHERE {self._equal(table.key, 's', table.name)})"
        )

    def replaced(self, table: Table, unique: Sequence[str]) -> str:
        """Return the condition on rows whose values in some of these columns change."""
        if not unique:
            return "1 = 0"
        return (
            f"EXISTS (SELECT 1 FROM {table.stage} AS s "
            f"WHERE {self._equal(table.key, 's', table.name)} "
            f"AND NOT ({self._equal(unique, 's', table.name, self._same)}))"
        )

    def merge(self, table: Table, unique: Sequence[str]) -> None:
        """Make the real table hold exactly the release's rows.

        Rows that differ are updated, so that what others' tables say of them stays. Only those that
        change what must be ``unique`` are deleted and inserted: two may exchange such values, which
        no order of updates allows. Foreign keys are checked at the commit.
        """
        rest = [column for column in table.columns if column not in table.key]
        columns = self._list(table.columns)
        self._execute(f"DELETE FROM {table.name} WHERE {self.removed(table)}")
        if unique:
            self._execute(f"DELETE FROM {table.name} WHERE {self.replaced(table, unique)}")
        if rest:
            named = [self.connection.ops.quote_name(column) for column in rest]
            given = ", ".join(f"{column} = s.{column}" for column in named)
            self._execute(
                f"UPDATE {table.name} SET {given} FROM {table.stage} AS s "
                f"WHERE {self._equal(table.key, 's', table.name)} "
                f"AND NOT ({self._equal(rest, 's', table.name, self._same)})"
            )
        self._execute(
            f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {table.stage} AS s "
            f"WHERE NOT EXISTS (SELECT 1 FROM {table.name} AS t "
            f"WHERE {self._equal(table.key, 's', 't')})",
        )

    def merged(self) -> None:
        """Restore the planner's settings, once all tables are merged."""
        if self.connection.vendor == "postgresql":
            self._execute("RESET enable_nestloop")

    def prune(self, table: str, column: str, kind: StagedModel) -> None:
        """Delete an operator's own rows that lead to a record the release does not have."""
        self._execute(
            f"DELETE FROM {table} WHERE NOT EXISTS (SELECT 1 FROM {kind.table.stage} AS s "
            f"WHERE s.{self._list(kind.table.key)} = {table}.{column})"
        )

    def analyze(self, names: list[str]) -> None:
        """Update the planner's statistics on the tables of these kinds, if that is possible."""
        # Statistics are not worth failing for, so they get a savepoint of their own.
        apart = transaction.atomic(using=self.connection.alias)
        with suppress(OperationalError), apart:
            if self.connection.vendor == "sqlite":
                self._execute("PRAGMA analysis_limit = 1000")
            for kind in staged_models():
                if kind.name in names:
                    self._execute(*(f"ANALYZE {table.name}" for table in kind.tables))

    def difference(self, kind: StagedModel) -> tuple[Keys, Keys, Keys]:
        """Return which records the release adds, changes and removes."""
        table = kind.table
        if not self._holds_any(table):
            return Keys(self.count(table.stage)), Keys(0), Keys(0)
        key = self._list(table.key)
        both = f"{table.name} AS t JOIN {table.stage} AS s ON {self._equal(table.key, 's', 't')}"
        rest = [column for column in table.columns if column not in table.key]
        changed = [
            f"SELECT t.{key} FROM {both} WHERE NOT ({self._equal(rest, 's', 't', self._same)})"
        ]
        for pair in kind.pairs:
            owner = self._list(pair.columns[:1])
            for one, other in ((pair.stage, pair.name), (pair.name, pair.stage)):
                changed.append(
                    f"SELECT a.{owner} FROM {one} AS a WHERE NOT EXISTS "
                    f"(SELECT 1 FROM {other} AS b WHERE {self._equal(pair.key, 'a', 'b')}) "
                    f"AND EXISTS (SELECT 1 FROM {both} WHERE t.{key} = a.{owner})"
                )
        return (
            self.keys(self._missing(table, table.stage, table.name)),
            self.keys(" UNION ".join(changed)),
            self.keys(self._missing(table, table.name, table.stage)),
        )

    def _missing(self, table: Table, here: str, there: str) -> str:
        return (
            f"SELECT {self._list(table.key, 'a')} FROM {here} AS a WHERE NOT EXISTS "
            f"(SELECT 1 FROM {there} AS b WHERE {self._equal(table.key, 'a', 'b')})"
        )

    def keys(self, sql: str) -> Keys:
        """Return how many keys a query finds, and the first of them."""
        number = self.number(f"SELECT count(*) FROM ({sql}) AS f")
        first = self.rows(f"{sql} ORDER BY 1 LIMIT {SHOWN}") if number else ()
        return Keys(number, tuple(str(key) for (key,) in first))


def fill(
    connection: BaseDatabaseWrapper, table: str, columns: Sequence[str], rows: Sequence[DatabaseRow]
) -> None:
    """Insert rows into a table by the fastest means of the database."""
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)
            return
        with (
            connection.wrap_database_errors,
            cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)


# Nothing is dropped from tables of which any has another owner, for it could not be made again.
_POSTGRESQL_INDEXES = """
    WITH filled AS (
        SELECT oid FROM pg_class WHERE oid = ANY (%(tables)s::regclass[]) AND (
            SELECT bool_and(pg_has_role(relowner, 'USAGE')
                AND has_schema_privilege(relnamespace, 'CREATE'))
            FROM pg_class WHERE oid = ANY (%(tables)s::regclass[]))
    )
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
        format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,
            pg_get_constraintdef(oid))
    FROM pg_constraint WHERE contype = 'f' AND conrelid IN (SELECT oid FROM filled)
    UNION ALL
    SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
    FROM pg_index WHERE indrelid IN (SELECT oid FROM filled)
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
_SQLITE_INDEXES = """
    SELECT printf('DROP INDEX "%%w"', name), sql FROM sqlite_master
    WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN (SELECT value FROM json_each(%s))
"""


@contextmanager
def without_indexes(connection: BaseDatabaseWrapper, tables: Sequence[str]) -> Iterator[None]:
    """Drop the indexes and foreign keys of empty tables, and make them again of all rows.

    To be used within a transaction, which restores them if something fails. On PostgreSQL nobody
    else can read these tables until its end.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL_INDEXES, {"tables": list(tables)})
        else:
            cursor.execute(_SQLITE_INDEXES, [json.dumps(tables)])
        found = cursor.fetchall()
        for drop, _ in found:
            cursor.execute(drop)
        yield
        for _, make in found:
            cursor.execute(make)
