"""How each field of a record is read: decided once per list, not once per record."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from django.db.models import Model, Prefetch, QuerySet
from rest_framework.fields import Field
from rest_framework.relations import PrimaryKeyRelatedField
from rest_framework.serializers import ListSerializer

Reader = Callable[[Any], Any]
"""What takes a row and gives the value of one field as JSON has it."""


def ahead(path: str, rows: QuerySet[Any] | None = None) -> "Prefetch[Any]":
    """Return what fetches related rows for a whole list as plain lists, the cheapest to make."""
    return Prefetch(path, rows, to_attr=_place(path.rpartition("__")[2]))


def _place(name: str) -> str:
    return f"fetched_{name}"


def reader(field: Any, model: type[Model]) -> Reader:
    """Return what reads a field of the rows of a model, as the field itself would."""
    source = str(field.source)
    if isinstance(field, ListSerializer) and "." not in source:
        return each(source, field.child.to_representation)  # type: ignore[union-attr]
    if type(getattr(field, "child_relation", None)) is PrimaryKeyRelatedField:
        return each(source, attrgetter("pk"))
    get, write = parted(field, model)
    return _written(get, write) if write else get


def parted(field: Any, model: type[Model]) -> tuple[Reader, Reader | None]:
    """Return what gets the value of a field from a row, and what makes JSON of a value but null.

    Where the value is JSON as it is, the second is None.
    """
    if type(field) is PrimaryKeyRelatedField:
        attribute = model._meta.get_field(str(field.source)).attname  # type: ignore[union-attr]
        return attrgetter(str(attribute)), None
    get = attrgetter(str(field.source)) if _is_plain(field) else field.get_attribute
    return get, field.to_representation


def _is_plain(field: Any) -> bool:
    """Tell whether a field gives what stands at its source; only it knows what else it may give."""
    surely_there = "." not in field.source or not field.allow_null
    usual = type(field).get_attribute is Field.get_attribute
    return usual and field.source != "*" and surely_there


def each(name: str, write: Reader) -> Reader:
    """Return what writes every related row, read from where ``ahead`` put them if it did."""
    place = _place(name)

    def read(row: Any) -> Any:
        rows = getattr(row, place, None)
        if rows is None:
            rows = getattr(row, name)
            rows = rows.all() if hasattr(rows, "all") else rows
        return [write(one) for one in rows]

    return read


def _written(get: Reader, write: Reader) -> Reader:
    def read(row: Any) -> Any:
        value = get(row)
        return None if value is None else write(value)

    return read
