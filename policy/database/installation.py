"""Creates the views after tables were migrated, and drops them before tables change."""

import logging
from typing import Any

from django.db import ProgrammingError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from policy.database.columns import View
from policy.database.comments import view_comments
from policy.database.views import views
from policy.release.tables import parents_first

logger = logging.getLogger(__name__)
OTHER_COLUMNS = "42P16"
"""PostgreSQL's code for a view that cannot be replaced as it has other columns."""


def drop_views(*, using: str, plan: Any, **options: Any) -> None:
    """Drop the views if there are migrations to run: tables they read could not be changed."""
    connection = connections[using]
    if plan:
        present = _relations(connection)
        for view in reversed(views()):
            if present.get(view.name) == "view":
                _execute(connection, f"DROP VIEW {view.name}")


def create_views(*, using: str, **options: Any) -> None:
    """Create the views, or what is not current of them, once all tables are there.

    A table of somebody else that has the name of a view is left alone, and a warning says so.
    """
    connection = connections[using]
    present = _relations(connection)
    if not all(table.name in present for table in parents_first()):
        return
    for view in views():
        if present.get(view.name, "view") != "view":
            logger.warning(
                "the view %s is left out: there is a table of that name; rename it, or give the "
                "dataset a schema of its own, and migrate again",
                view.name,
            )
        elif connection.vendor == "sqlite":
            _create_on_sqlite(connection, view)
        else:
            _create_on_postgresql(connection, view)
            for comment in view_comments([view]):
                _execute(connection, comment.statement)


def _execute(connection: BaseDatabaseWrapper, sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, None)


def _relations(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Return the names of all tables and views, and which of both they are."""
    kinds = {"v": "view", "t": "table", "p": "table"}
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_list(cursor)
        return {info.name: kinds[info.type] for info in found}


def _create_on_sqlite(connection: BaseDatabaseWrapper, view: View) -> None:
    sql = f"CREATE VIEW {view.name} AS {view.query('sqlite')}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE name = %s", [view.name])
        stored = cursor.fetchone()
    if stored != (sql,):
        if stored:
            _execute(connection, f"DROP VIEW {view.name}")
        _execute(connection, sql)


def _create_on_postgresql(connection: BaseDatabaseWrapper, view: View) -> None:
    # What others made of the view would keep it from being dropped, so it is replaced.
    sql = f"CREATE OR REPLACE VIEW {view.name} AS {view.query('postgresql')}"
    try:
        with transaction.atomic(using=connection.alias):
            _execute(connection, sql)
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", None) != OTHER_COLUMNS:
            raise
        with transaction.atomic(using=connection.alias):
            _execute(connection, f"DROP VIEW {view.name}")
            _execute(connection, sql)
