"""What views are declared with: columns that are fields of models, and such as a view makes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.apps import apps
from django.db import models

from policy.models.base import Fact
from policy.models.registry import TITLES, served_as, served_models

AGGREGATE = {"postgresql": "string_agg", "sqlite": "group_concat"}
"""What joins texts; SQLite knows the name of PostgreSQL since 3.44 alone."""


LAST = ("support", "note")
"""Fields that stand at the end of a view."""


class Column(NamedTuple):
    """A column of a view: its name, its expression in SQL, and what it means."""

    name: str
    sql: str
    text: str


class View(NamedTuple):
    """A view; ``sql`` has all but the list of columns, or where that is empty, the whole query."""

    name: str
    text: str
    columns: Sequence[Column]
    sql: str

    def query(self, vendor: str) -> str:
        """Return the query of the view for an engine."""
        listed = ",\n    ".join(f'{one.sql} AS "{one.name}"' for one in self.columns)
        return f"SELECT\n    {listed}\n{self.sql}".replace("{agg}", AGGREGATE[vendor])


def own(model: Any, alias: str, *names: str, **renamed: str) -> list[Column]:
    """Return columns that are fields of a model, all of its table if none is named.

    ``renamed`` are those which the view calls otherwise, by their names in the view.
    """
    chosen = {name: name for name in names} | renamed
    fields: dict[str, Any] = {field.name: field for field in model._meta.concrete_fields}
    # What all facts have comes last.
    chosen = chosen or {name: name for name in sorted(fields, key=LAST.__contains__)}
    return [
        Column(name, f'{alias}."{fields[field].column}"', str(fields[field].help_text))
        for name, field in chosen.items()
    ]


def label(name: str, sql: str, text: str) -> Column:
    """Return a column that a view makes."""
    return Column(name, sql, text)


def listed(name: str, expression: str, rest: str, text: str) -> Column:
    """Return a column of texts in their order, joined by a semicolon; null where there is none."""
    inner = f"SELECT DISTINCT {expression} AS one {rest} ORDER BY 1"
    return Column(name, f"(SELECT {{agg}}(one, '; ') FROM ({inner}) AS l)", text)


def keys(name: str, model: type[models.Model], alias: str) -> Column:
    """Return a column of the keys that a many-to-many field leads to."""
    field: Any = model._meta.get_field(name)
    rest = (
        f"FROM {field.m2m_db_table()} AS p WHERE p.{field.m2m_column_name()} = {alias}.id "
        f"AND p.{field.m2m_reverse_name()} IS NOT NULL"
    )
    return listed(name, f"p.{field.m2m_reverse_name()}", rest, str(field.help_text))


def code(alias: str, vocabulary: str, column: str) -> str:
    """Return the join of the code that a column holds."""
    return (
        f"LEFT JOIN policy_code AS {alias} ON {alias}.vocabulary = '{vocabulary}' "
        f"AND {alias}.code = {column}"
    )


def evidence() -> str:
    """Return the query for each fact with each passage it rests on."""
    found = [model for model in apps.get_models() if served_as(model)]
    citing = [model for model in found if any(f.name == "evidence" for f in _many(model))]
    return " UNION ALL\n    ".join(_cited(model) for model in citing)


def _many(model: type[models.Model]) -> Sequence[Any]:
    return model._meta.many_to_many


def _cited(model: type[models.Model]) -> str:
    """Return the query for the facts of one model, with the record that each is served in."""
    kind, path = served_as(model)  # type: ignore[misc]
    *through, last = path.split("__")
    at, alias, joins = model, "f", ""
    for step in through:
        key: Any = at._meta.get_field(step)
        at = key.related_model
        joins += f" JOIN {at._meta.db_table} AS {step} ON {step}.id = {alias}.{key.column}"
        alias = step
    owner: Any = at._meta.pk if last == "pk" else at._meta.get_field(last)
    support = "f.support" if issubclass(model, Fact) else "NULL"
    field: Any = model._meta.get_field("evidence")
    return (
        f"SELECT '{kind.value}' AS kind, {alias}.{owner.column} AS record, "
        f"'{model._meta.verbose_name}' AS part, f.id AS fact, {support} AS support, "
        f"p.{field.m2m_reverse_name()} AS passage FROM {model._meta.db_table} AS f{joins} "
        f"JOIN {field.m2m_db_table()} AS p ON p.{field.m2m_column_name()} = f.id"
    )


def titles() -> str:
    """Return the query for every record with what to call it."""
    parts = []
    for kind, model in served_models().items():
        names = {field.name for field in model._meta.concrete_fields}
        columns = ", ".join(f'"{name}"' for name in TITLES if name in names)
        parts.append(
            f"SELECT '{kind.value}' AS kind, id AS record, COALESCE({columns}) AS title "
            f"FROM {model._meta.db_table}"
        )
    return " UNION ALL\n    ".join(parts)
