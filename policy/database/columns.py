"""What views are declared with: columns that are fields of models, and such as a view makes."""

from collections.abc import Iterator, Sequence
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


def listed(name: str, expression: str, rest: str, text: str, order: str = "") -> Column:
    """Return a column of texts, joined by a semicolon; null where there is none.

    They stand in the order of ``order``, an expression too, or in their own.
    """
    inner = f"SELECT DISTINCT {order or expression} AS place, {expression} AS one {rest} ORDER BY 1"
    return Column(name, f"(SELECT {{agg}}(one, '; ') FROM ({inner}) AS l)", text)


def keys(model: type[models.Model], alias: str, **named: str) -> Iterator[Column]:
    """Yield for each of some many-to-many fields a column of the keys that it leads to.

    Beside it stands one of what to call these, under the name that is given with the field.
    """
    for name, beside in named.items():
        field: Any = model._meta.get_field(name)
        target = field.related_model
        key = f"p.{field.m2m_reverse_name()}"
        rest = (
            f"FROM {field.m2m_db_table()} AS p JOIN {target._meta.db_table} AS n ON n.id = {key} "
            f"WHERE p.{field.m2m_column_name()} = {alias}.id"
        )
        yield listed(name, key, rest, str(field.help_text))
        text = f"What to call each of {name}, in the same order."
        yield listed(beside, _title(target, "n."), rest, text, order=key)


def _title(model: Any, prefix: str = "") -> str:
    """Return the expression for what to call a record."""
    names = {field.name for field in model._meta.concrete_fields}
    columns = (f'{prefix}"{name}"' for name in TITLES if name in names)
    return f"COALESCE({', '.join(columns)})"


def parties(role: str) -> Iterator[Column]:
    """Yield the column of those who have a part in an event, and that of their names."""
    rest = (
        "FROM policy_eventparty AS p LEFT JOIN policy_organisation AS o "
        "ON o.id = p.organisation_id LEFT JOIN policy_country AS c ON c.id = p.country_id "
        f"WHERE p.event_id = e.id AND p.role = '{role}'"
    )
    shown = "COALESCE(o.label, p.country_id)"
    text = f"Every {role}: the alpha-3 code of a country, or what to call the organisation."
    yield listed(f"{role}s", shown, rest, text)
    text = f"What to call each of {role}s, in the same order: countries by their names."
    yield listed(f"{role}_names", "COALESCE(o.label, c.name)", rest, text, order=shown)


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
        parts.append(
            f"SELECT '{kind.value}' AS kind, id AS record, {_title(model)} AS title "
            f"FROM {model._meta.db_table}"
        )
    return " UNION ALL\n    ".join(parts)
