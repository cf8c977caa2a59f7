"""What stored renderings depend on beside the release: the serializers that made them."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from rest_framework.serializers import Serializer

from api.serializers import records
from api.serializers.base import RecordSerializer
from policy.models.registry import list_name

SERIALIZER_VERSION = 1
"""Raise it when a change of code alters the bytes of a record while its fields stay as they are."""
FILES = (
    *("formats/streams.py", "rendering/bitmaps.py", "rendering/indexing.py", "unstated.py"),
    *("filters.py", "filterset_bases.py", "filtersets.py", "range_filters.py", "search_filters.py"),
)
"""The code that the stored lengths of lines depend on, and the bitmap index."""

WORDING = {"choices", "help_text"}
"""Options of fields that change no byte of a record."""


@cache
def serializers_digest() -> str:
    """Return a digest that differs whenever the fields of a record or their options do."""
    described = {
        name: _fields(serializer)
        for name, serializer in vars(records).items()
        if isinstance(serializer, type)
        and issubclass(serializer, RecordSerializer)
        and hasattr(serializer, "Meta")
    }
    code = [(Path(__file__).parent.parent / name).read_text() for name in FILES]
    text = json.dumps([SERIALIZER_VERSION, code, described])
    return hashlib.sha256(text.encode()).hexdigest()


def _fields(serializer: type[Serializer[Any]]) -> list[Any]:
    """Return the names of the fields in their order, each with what decides how it is written."""
    declared = serializer._declared_fields
    meta = getattr(serializer, "Meta", None)
    if meta is None:
        return [[name, _declared(field)] for name, field in declared.items()]
    model = meta.model._meta
    types = {field.name: type(field).__name__ for field in model.get_fields()}
    fields = [
        [name, _declared(declared[name]) if name in declared else types.get(name)]
        for name in meta.fields
    ]
    # Renderings are stored under the names of their lists.
    return [*fields, [str(column) for column in model.ordering], list_name(meta.model)]


def _declared(field: Any) -> list[Any]:
    """Return type and options of a field, and what is nested in it."""
    options = {
        name: repr(value)
        for name, value in sorted(field._kwargs.items())
        if name not in WORDING and isinstance(value, str | int | float | None)
    }
    nested = getattr(field, "child", None) or getattr(field, "child_relation", None)
    return [
        f"{type(field).__module__}.{type(field).__qualname__}",
        options,
        _declared(nested) if nested else None,
        _fields(type(field)) if isinstance(field, Serializer) else None,
    ]
