"""The statements that create the tables of a release, for an engine that need not be there."""

from typing import Any, NamedTuple

from django.db.utils import ConnectionHandler

from policy.export.tables import ExportTable

ENGINES = {
    name: {"ENGINE": f"django.db.backends.{module}", "NAME": ":memory:"}
    for name, module in (("postgresql", "postgresql"), ("sqlite", "sqlite3"))
}


class Statements(NamedTuple):
    """What creates the tables, and what is quicker once their rows are there."""

    tables: list[str]
    indexes: list[str]


def statements(vendor: str, tables: tuple[ExportTable, ...]) -> Statements:
    """Return the statements of an engine as Django writes them; nothing is connected to."""
    connection: Any = ConnectionHandler({"default": {}, **ENGINES})[vendor]
    editor = connection.schema_editor(collect_sql=True, atomic=False)
    editor.deferred_sql = []
    for table in tables:
        if not table.model._meta.auto_created:
            editor.create_model(table.model)
    indexes = [str(statement).rstrip(";") for statement in editor.deferred_sql]
    return Statements([statement.rstrip(";") for statement in editor.collected_sql], indexes)
