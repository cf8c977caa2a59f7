"""How each field of a record is read: decided once per serializer, not once per record."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from django.db.models import Model, Prefetch, QuerySet
from rest_framework.fields import BooleanField, CharField, ChoiceField, Field, IntegerField
from rest_framework.relations import PrimaryKeyRelatedField
from rest_framework.serializers import ListSerializer

Reader = Callable[[Any], Any]
"""Takes a row and returns the value of one field as JSON has it."""

UNCHANGED = {BooleanField, CharField, ChoiceField, IntegerField}
"""Types of fields that represent what a model holds by the same value."""


class ReadRows(list[Any]):
    """Related rows that were read already: what stands for them in the record."""


def ahead(path: str, rows: QuerySet[Any] | None = None) -> "Prefetch[Any]":
    """Return a prefetch of related rows into plain lists, which cost less than managers."""
    return Prefetch(path, rows, to_attr=list_attribute(path.rpartition("__")[2]))


def list_attribute(name: str) -> str:
    """Return the name of the attribute that holds the related rows of a field as a list."""
    return f"fetched_{name}"


def reader(field: Any, model: type[Model]) -> Reader:
    """Return a function that reads a field of the rows of a model, as the field itself would."""
    source = str(field.source)
    read_one = related_reader(field)
    if read_one is not None:
        return _each(source, read_one)
    if type(field) is PrimaryKeyRelatedField:
        return attrgetter(model._meta.get_field(source).attname)  # type: ignore[union-attr]
    get = attrgetter(source) if _is_plain(field) else field.get_attribute
    if type(field) in UNCHANGED:
        return get
    represent = field.to_representation

    def read(row: Any) -> Any:
        value = get(row)
        return None if value is None else represent(value)

    return read


def related_reader(field: Any) -> Reader | None:
    """Return a function that reads one related row of a field of many, None for other fields."""
    if type(getattr(field, "child_relation", None)) is PrimaryKeyRelatedField:
        return attrgetter("pk")
    return field.child.to_representation if isinstance(field, ListSerializer) else None  # type: ignore[union-attr]


def _is_plain(field: Any) -> bool:
    """Tell whether a field reads what stands at its source, and that is always there."""
    always_there = "." not in field.source or not field.allow_null
    usual = type(field).get_attribute is Field.get_attribute
    return usual and field.source != "*" and always_there


def _each(source: str, read_one: Reader) -> Reader:
    """Return a function that reads every related row, from the list if they were prefetched."""
    path, _, name = source.rpartition(".")
    attribute, lead = list_attribute(name), attrgetter(path) if path else None

    def read(row: Any) -> Any:
        row = lead(row) if lead else row
        rows = getattr(row, attribute, None)
        if rows is None:
            rows = getattr(row, name)
            rows = rows.all() if hasattr(rows, "all") else rows
        return rows if type(rows) is ReadRows else [read_one(one) for one in rows]

    return read
