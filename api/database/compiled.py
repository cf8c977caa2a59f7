"""Queries that are compiled once and run with many values."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Expression, Field, QuerySet


class ParameterSlot(Expression):
    """Takes the place of a parameter until the query runs."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        """Take a name for the parameter, and the field that it is compared with."""
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Return a placeholder, and this slot as its parameter."""
        return "%s", [self]


class CompiledQuery:
    """The SQL of a list, and its parameters, of which some are slots."""

    def __init__(self, queryset: QuerySet[Any]) -> None:
        """Compile a query; raises EmptyResultSet if it cannot find a row."""
        self.sql, self.parameters = queryset.query.sql_with_params()

    def run(self, cursor: Any, values: Mapping[str, Any]) -> Any:
        """Run it with these values in place of the slots, as the database takes them."""
        given = [values[p.name] if type(p) is ParameterSlot else p for p in self.parameters]
        return cursor.execute(self.sql, given)
