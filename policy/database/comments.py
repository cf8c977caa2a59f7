"""Comments on tables, views and columns: what docstrings and help texts say, once more."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.apps import apps
from django.db import connections
from django.db.models import Field, Model

from policy.database.columns import View


class Comment(NamedTuple):
    """What there is to say of a table, a view, or a column of one."""

    kind: str
    relation: str
    column: str | None
    text: str

    @property
    def statement(self) -> str:
        """The statement of PostgreSQL, in which no parameter may stand."""
        quoted = self.text.replace("'", "''")
        if self.column is None:
            return f"COMMENT ON {self.kind} {self.relation} IS '{quoted}'"
        return f"COMMENT ON COLUMN {self.relation}.\"{self.column}\" IS '{quoted}'"


def write_comments(*, using: str, **options: Any) -> None:
    """Write the comments on tables, after these were migrated; SQLite has none."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        present = connection.introspection.table_names(cursor)
        for comment in table_comments(apps.get_models()):
            if comment.relation in present:
                cursor.execute(comment.statement, None)


def table_comments(models: Iterable[type[Model]]) -> Iterator[Comment]:
    """Yield the comments on the tables of models, those of pairs included."""
    for model in models:
        meta = model._meta
        yield Comment("TABLE", meta.db_table, None, (model.__doc__ or "").partition("\n")[0])
        for field in meta.concrete_fields:
            yield Comment("TABLE", meta.db_table, field.column, _text(field))
        for many in meta.many_to_many:
            pair: Any = many
            table, related = pair.m2m_db_table(), pair.related_model._meta.verbose_name
            said = f"{str(meta.verbose_name).capitalize()}: {_text(many)}"
            number = "Number of the pair; it says nothing and may change with each load."
            yield Comment("TABLE", table, None, said)
            yield Comment("TABLE", table, "id", number)
            yield Comment(
                "TABLE", table, pair.m2m_column_name(), f"Key of the {meta.verbose_name}."
            )
            yield Comment("TABLE", table, pair.m2m_reverse_name(), f"Key of the {related}.")


def view_comments(views: Iterable[View]) -> Iterator[Comment]:
    """Yield the comments on views."""
    for view in views:
        yield Comment("VIEW", view.name, None, view.text)
        for column in view.columns:
            yield Comment("VIEW", view.name, column.name, column.text)


def _text(field: "Field[Any, Any]") -> str:
    return str(field.help_text)
