"""Foreign keys of an operator's own tables: what a load would take from beneath them."""

from collections.abc import Iterator
from typing import NamedTuple

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from policy.models import Renaming
from policy.models.registry import served_models
from policy.release.contents import APART
from policy.release.staging import Stage
from policy.release.tables import Table, parents_first, staged_models, unique_columns

KEEPS = {"a": False, "r": False, "c": True, "n": True, "d": True,
         "NO ACTION": False, "RESTRICT": False, "CASCADE": True, "SET NULL": True,
         "SET DEFAULT": True}  # fmt: skip
"""Whether a row that is deleted may be, by what the key says of it in either engine's words."""

_POSTGRESQL = """
    SELECT c.conrelid::regclass::text, quote_ident(theirs.attname), ours.relname,
        quote_ident(key.attname), c.confdeltype
    FROM pg_constraint AS c
    JOIN pg_class AS ours ON ours.oid = c.confrelid
    JOIN pg_attribute AS theirs ON theirs.attrelid = c.conrelid AND theirs.attnum = c.conkey[1]
    JOIN pg_attribute AS key ON key.attrelid = c.confrelid AND key.attnum = c.confkey[1]
    WHERE c.contype = 'f' AND c.confrelid = ANY (%(tables)s::regclass[])
        AND NOT c.conrelid = ANY (%(known)s::regclass[])
"""
_SQLITE = """
    SELECT t.name, f."from", lower(f."table"),
        coalesce(f."to", (SELECT name FROM pragma_table_info(f."table") WHERE pk = 1)), f.on_delete
    FROM sqlite_master AS t JOIN pragma_foreign_key_list(t.name) AS f
    WHERE t.type = 'table'
"""


class ReferencedError(Exception):
    """Rows of somebody else lead to what a release takes away; the message names them."""


class Reference(NamedTuple):
    """A foreign key from a table of somebody else to one of ours."""

    table: str
    column: str
    ours: str
    key: str
    keeps: bool
    """Whether it says what becomes of its rows when what they lead to is deleted."""


def check_references(stage: Stage) -> None:
    """Raise ReferencedError if the merge would delete, or make anew, what others lead to.

    A record that a release removes may go if the key says what then becomes of the row. One that
    the release only changes, or gives another key, must not take a row with it.
    """
    kinds = {model._meta.db_table: kind for kind, model in served_models().items()}
    tables = {table.name: table for table in parents_first()}
    unique = {kind.table.name: unique_columns(kind.model) for kind in staged_models()}
    for reference in _references(stage.connection, [*tables]):
        table = tables[reference.ours]
        doomed = stage.replaced(table, unique.get(table.name, ()))
        if not reference.keeps:
            doomed = f"({doomed} OR {stage.removed(table)})"
        elif table.name in kinds:
            doomed = f"({doomed} OR {_renamed(stage, table, kinds[table.name])})"
        sql = (
            f"SELECT r.{reference.column} FROM {reference.table} AS r JOIN {table.name} "
            f"ON {table.name}.{reference.key} = r.{reference.column} WHERE {doomed}"
        )
        keys = stage.keys(sql)
        if keys.number:
            raise ReferencedError(
                f"{reference.table}.{reference.column} leads to {', '.join(keys.first)} in "
                f"{table.name}, which this release removes, renames or makes anew: change these "
                f"{keys.number} rows first, or let the key say ON DELETE for what is removed"
            )


def _renamed(stage: Stage, table: Table, kind: str) -> str:
    """Return the condition on rows of a real table whose record has another key now."""
    (key,) = table.key
    return (
        f"({stage.removed(table)} AND EXISTS (SELECT 1 FROM stage_{Renaming._meta.db_table} AS w "
        f"WHERE w.kind = '{kind}' AND w.former = {table.name}.{key} AND w.record IS NOT NULL))"
    )


def _references(connection: BaseDatabaseWrapper, tables: list[str]) -> Iterator[Reference]:
    apart: list[type[models.Model]] = list(APART)
    known = [*tables, *(model._meta.db_table for model in apart)]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL, {"tables": tables, "known": known})
            found = cursor.fetchall()
        else:
            cursor.execute(_SQLITE)
            found = [
                (_quoted(table), _quoted(column), ours, _quoted(key), rule)
                for table, column, ours, key, rule in cursor
                if table not in known
            ]
    for table, column, ours, key, rule in found:
        if ours in tables:
            yield Reference(table, column, ours, key, KEEPS[rule])


def _quoted(name: str) -> str:
    """Return a name as SQL takes it, whatever is in it."""
    return '"{}"'.format(name.replace('"', '""'))
