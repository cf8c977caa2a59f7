"""A release beside the real tables: temporary tables, and what SQL can find wrong in them."""

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from typing import Any

from django.db import OperationalError, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from policy.release.contents import kinds
from policy.release.evident import DatabaseRow

SAME = {"postgresql": "IS NOT DISTINCT FROM", "sqlite": "IS"}
"""Equality that holds between two nulls too."""

MAX_PROBLEMS = 1000
"""How many problems are told one by one; of more only the number is."""


class LoadErrors:
    """What is wrong with a release: the first lines, and how many there are in all."""

    def __init__(self) -> None:
        """Begin with nothing wrong."""
        self.lines: list[str] = []
        self.total = 0

    def add(self, line: str) -> None:
        """Take one line with file, record and field."""
        self.total += 1
        if len(self.lines) < MAX_PROBLEMS:
            self.lines.append(line)


@dataclass(frozen=True)
class Table:
    """One table of the database, its staging table, and how its rows are told apart."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    field: str | None = None

    @property
    def stage(self) -> str:
        """The name of the temporary table that holds the release's rows."""
        return f"stage_{self.name}"


@dataclass(frozen=True)
class StagedModel:
    """One kind of record: its table, and a table for each of its many-to-many fields."""

    name: str
    model: type[models.Model]
    table: Table
    pairs: tuple[Table, ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        """All of them, that of the records first."""
        return (self.table, *self.pairs)


@cache
def staged_models() -> tuple[StagedModel, ...]:
    """Return every kind of a release, the release itself last."""
    found = [_kind(name, model) for name, model in kinds().items()]
    return tuple(sorted(found, key=lambda kind: kind.name == "release"))


@cache
def parents_first() -> tuple[Table, ...]:
    """Return all tables, those that others lead to before them: so each key finds its record."""
    found: dict[Any, StagedModel] = {kind.model: kind for kind in staged_models()}
    graph = {
        model: {field.related_model for field in model._meta.concrete_fields}
        & found.keys() - {model}
        for model in found
    }
    kinds = [found[model] for model in TopologicalSorter(graph).static_order()]
    return tuple([kind.table for kind in kinds] + [pair for kind in kinds for pair in kind.pairs])


def _kind(name: str, model: type[models.Model]) -> StagedModel:
    meta = model._meta
    columns = tuple(field.column for field in meta.concrete_fields)
    table = Table(meta.db_table, columns, (_key(model),))
    pairs = []
    for field in meta.many_to_many:
        through = field.remote_field.through._meta.db_table  # type: ignore[union-attr]
        pair = (field.m2m_column_name(), field.m2m_reverse_name())
        pairs.append(Table(through, pair, pair, field.name))
    return StagedModel(name, model, table, tuple(pairs))


def _key(model: type[models.Model]) -> str:
    return str(model._meta.pk.column)


class Stage:
    """The temporary tables of one connection."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        """Make the tables anew; raises what the database raises when the real ones are missing."""
        self.connection = connection
        self._same = SAME[connection.vendor]
        self._waiting: dict[Table, list[DatabaseRow]] = {}
        self._files: Mapping[str, str] = {}
        with connection.cursor() as cursor:
            for kind in staged_models():
                for table in kind.tables:
                    columns = self._list(table.columns)
                    cursor.execute(f"DROP TABLE IF EXISTS {self._temporary(table)}")
                    cursor.execute(
                        f"CREATE TEMPORARY TABLE {table.stage} AS "
                        f"SELECT {columns} FROM {table.name} WHERE 1 = 0"
                    )

    def _temporary(self, table: Table) -> str:
        schema = "pg_temp" if self.connection.vendor == "postgresql" else "temp"
        return f"{schema}.{table.stage}"

    def _list(self, columns: Sequence[str], alias: str = "") -> str:
        quoted = (self.connection.ops.quote_name(column) for column in columns)
        return ", ".join(f"{alias}.{column}" if alias else column for column in quoted)

    def _equal(self, columns: Sequence[str], left: str, right: str, sign: str = "=") -> str:
        names = [self.connection.ops.quote_name(column) for column in columns]
        return " AND ".join(f"{left}.{name} {sign} {right}.{name}" for name in names)

    def add(self, table: Table, row: DatabaseRow) -> None:
        """Take a row of database values; ``write`` puts it into the table."""
        self._waiting.setdefault(table, []).append(row)

    def write(self) -> None:
        """Put all rows that wait into their tables."""
        for table, rows in self._waiting.items():
            if self.connection.vendor == "sqlite":
                # Outside of a transaction of ours, each row would be one of its own.
                with self.connection.cursor() as cursor:
                    cursor.execute("BEGIN")
                    fill(self.connection, table.stage, table.columns, rows)
                    cursor.execute("COMMIT")
            else:
                fill(self.connection, table.stage, table.columns, rows)
        self._waiting = {}

    def seal(self) -> None:
        """Make the tables quick to look up in, once all rows are there."""
        self.write()
        with self.connection.cursor() as cursor:
            if self.connection.vendor == "postgresql":
                # A planner that takes a table for empty would read it anew for each row that goes
                # into it, and more each time.
                cursor.execute("SET enable_nestloop = off")
            for kind in staged_models():
                for table in kind.tables:
                    if self.connection.vendor == "postgresql":
                        cursor.execute(f"ANALYZE {table.stage}")
                    else:
                        # PostgreSQL joins by hash; SQLite would read a table through per row.
                        cursor.execute(
                            f"CREATE INDEX temp.{table.stage}_key "
                            f"ON {table.stage} ({self._list(table.key)})"
                        )

    def rows(self, sql: str, *parameters: Any) -> Iterator[DatabaseRow]:
        """Yield the rows of a query."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, parameters or None)
            while found := cursor.fetchmany(1000):
                yield from found

    def number(self, sql: str) -> int:
        """Return the one number that a query answers."""
        return int(next(self.rows(sql))[0])

    def count(self, table: str) -> int:
        """Return how many rows a table holds."""
        return self.number(f"SELECT count(*) FROM {table}")

    def check(self, problems: LoadErrors, files: Mapping[str, str], refused: Set[str]) -> None:
        """Report all that no single record shows.

        ``files`` has the names of the files by kind. Where records of a kind were refused, keys of
        that kind are not looked for.
        """
        self._files = files
        for kind in staged_models():
            self._twice(kind, problems)
            self._alike(kind, problems)
            self._forbidden(kind, problems)
            self._dangling(kind, problems, refused)

    def _report(self, problems: LoadErrors, kind: StagedModel, sql: str, message: str) -> None:
        """Report what a query finds: the key of a record, and what the message's places take."""
        numbered = f"SELECT f.*, count(*) OVER () FROM ({sql}) AS f ORDER BY 1, 2"
        rows = list(self.rows(f"{numbered} LIMIT {MAX_PROBLEMS}"))
        for key, *values, _ in rows:
            problems.add(f"{self._files[kind.name]}: {key}: {message.format(*values)}")
        problems.total += rows[0][-1] - len(rows) if rows else 0

    def _twice(self, kind: StagedModel, problems: LoadErrors) -> None:
        key = self._list(kind.table.key)
        sql = f"SELECT {key}, count(*) FROM {kind.table.stage} GROUP BY {key} HAVING count(*) > 1"
        self._report(problems, kind, sql, "pk: {} records have this key")

    def _alike(self, kind: StagedModel, problems: LoadErrors) -> None:
        """Report records that share what must be unique."""
        key = self._list(kind.table.key)
        for names in _unique(kind.model):
            columns = [column_of(kind.model, name) for name in names]
            known = " AND ".join(f"{self._list([column])} IS NOT NULL" for column in columns)
            sql = (
                f"SELECT max({key}) AS last, min({key}) AS first FROM {kind.table.stage} "
                f"WHERE {known} GROUP BY {self._list(columns)} HAVING min({key}) < max({key})"
            )
            self._report(problems, kind, sql, f"{', '.join(names)}: {{!r}} has the same")

    def _forbidden(self, kind: StagedModel, problems: LoadErrors) -> None:
        """Report what check constraints refuse, as the database itself understands them."""
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
        """Report keys of records that the release does not have."""
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

    def is_first(self) -> bool:
        """Tell whether the real tables hold nothing at all."""
        return not any(
            any(self.rows(f"SELECT 1 FROM {table.name} LIMIT 1")) for table in parents_first()
        )

    def insert(self, table: Table) -> None:
        """Put the release's rows into a real table that is empty."""
        columns = self._list(table.columns)
        with self.connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {table.stage}"
            )

    def merge(self, table: Table) -> None:
        """Make the real table hold the release's rows and no other.

        What differs is removed and inserted anew, not updated: rows may exchange values that must
        be unique, which no order of updates allows. Foreign keys are looked at when committing.
        """
        rest = [column for column in table.columns if column not in table.key]
        same = self._equal(table.key, "s", table.name)
        if rest:
            same += f" AND {self._equal(rest, 's', table.name, self._same)}"
        columns = self._list(table.columns)
        with self.connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {table.name} "
                f"WHERE NOT EXISTS (SELECT 1 FROM {table.stage} AS s WHERE {same})"
            )
            cursor.execute(
                f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {table.stage} AS s "
                f"WHERE NOT EXISTS (SELECT 1 FROM {table.name} AS t "
                f"WHERE {self._equal(table.key, 's', 't')})"
            )

    def merged(self) -> None:
        """Let the planner choose freely again, once all tables are merged."""
        if self.connection.vendor == "postgresql":
            with self.connection.cursor() as cursor:
                cursor.execute("RESET enable_nestloop")

    def prune(self, table: str, column: str, kind: StagedModel) -> None:
        """Remove an operator's own rows that lead to a record the release does not have."""
        with self.connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {table} WHERE NOT EXISTS (SELECT 1 FROM {kind.table.stage} AS s "
                f"WHERE s.{self._list(kind.table.key)} = {table}.{column})"
            )

    def analyze(self, names: list[str]) -> None:
        """Tell the database's planner how the tables of these kinds look now, if it will listen."""
        # Advice that is not taken must not look like a failure, nor become one.
        apart = transaction.atomic(using=self.connection.alias)
        with suppress(OperationalError), apart, self.connection.cursor() as cursor:
            if self.connection.vendor == "sqlite":
                cursor.execute("PRAGMA analysis_limit = 1000")
            for kind in staged_models():
                for table in kind.tables if kind.name in names else ():
                    cursor.execute(f"ANALYZE {table.name}")

    def difference(self, kind: StagedModel) -> tuple[int, int, int]:
        """Return how many records the release adds, changes and removes."""
        table = kind.table
        held = next(self.rows(f"SELECT 1 FROM {table.name} LIMIT 1"), None)
        if held is None:
            return self.count(table.stage), 0, 0
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
            self.number(self._missing(table, table.stage, table.name)),
            self.number(f"SELECT count(*) FROM ({' UNION '.join(changed)}) AS c"),
            self.number(self._missing(table, table.name, table.stage)),
        )

    def _missing(self, table: Table, here: str, there: str) -> str:
        return (
            f"SELECT count(*) FROM {here} AS a WHERE NOT EXISTS "
            f"(SELECT 1 FROM {there} AS b WHERE {self._equal(table.key, 'a', 'b')})"
        )


def fill(
    connection: BaseDatabaseWrapper, table: str, columns: Sequence[str], rows: Sequence[DatabaseRow]
) -> None:
    """Put rows of database values into a table in the quickest way the database has."""
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


def column_of(model: type[models.Model], name: str) -> str:
    """Return the column of a model's field."""
    return str(model._meta.get_field(name).column)  # type: ignore[union-attr]


def _unique(model: type[models.Model]) -> Iterator[tuple[str, ...]]:
    for field in model._meta.concrete_fields:
        if field.unique and not field.primary_key:
            yield (field.name,)
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            yield tuple(constraint.fields)
