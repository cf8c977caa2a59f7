"""Comments on tables and columns in PostgreSQL: what docstrings and help texts say, once more."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connections
from django.db.models import Field, Model


def write_comments(*, using: str, **options: Any) -> None:
    """Write the comments, after the tables were migrated; SQLite has none."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        present = connection.introspection.table_names(cursor)
        for model in apps.get_models():
            for target, text in _comments(model):
                table, _, column = target.partition(".")
                if table in present:
                    kind, name = ("COLUMN", f"{table}.{column}") if column else ("TABLE", table)
                    # No parameter may stand in such a statement.
                    quoted = text.replace("'", "''")
                    cursor.execute(f"COMMENT ON {kind} {name} IS '{quoted}'", None)


def _comments(model: type[Model]) -> Iterator[tuple[str, str]]:
    """Yield table, or table and column, and what there is to say of it."""
    meta = model._meta
    yield meta.db_table, (model.__doc__ or "").partition("\n")[0]
    for field in meta.concrete_fields:
        yield f'{meta.db_table}."{field.column}"', _text(field)
    for many in meta.many_to_many:
        pair: Any = many
        table = pair.m2m_db_table()
        yield table, f"{str(meta.verbose_name).capitalize()}: {_text(many)}"
        yield f'{table}."{pair.m2m_column_name()}"', f"Key of the {meta.verbose_name}."
        related: Any = many.related_model
        yield f'{table}."{pair.m2m_reverse_name()}"', f"Key of the {related._meta.verbose_name}."
        yield f'{table}."id"', "Number of the pair; it says nothing and may change with each load."


def _text(field: "Field[Any, Any]") -> str:
    return str(field.help_text)
