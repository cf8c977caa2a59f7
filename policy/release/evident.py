"""The quick way in for records that are plainly valid; all others take the long one.

``policy.validation.errors_of`` asks Django about each value and costs most of a large load. Here
each field has one small function that knows some values to be valid, and how the database keeps
them. It never refuses: what it does not know is left to ``errors_of``, so the verdict is the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from enum import Enum
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import (
    MaxLengthValidator,
    ProhibitNullCharactersValidator,
    RegexValidator,
)
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from policy.validation import RANGES, Record, fields_of, wrong_type

DatabaseRow = tuple[Any, ...]
"""The values of a record in the order of its table's columns, as the database takes them."""

Knows = Callable[[Any], Any]
"""Turns a value of a fixture into the database's; gives UNKNOWN when it is not plainly valid."""

UNKNOWN = object()


def stored(field: models.Field[Any, Any], value: Any, connection: BaseDatabaseWrapper) -> Any:
    """Return a value as the database takes it."""
    plain = value.value if isinstance(value, Enum) else value
    return field.get_db_prep_save(plain, connection)


class Evident:
    """What is plainly valid in the records of one model."""

    def __init__(self, model: type[models.Model], connection: BaseDatabaseWrapper) -> None:
        """Take the model, and the connection whose values to make."""
        # A rule of the model's own is one that nothing here knows.
        self._nothing = model.clean is not models.Model.clean
        self._names = fields_of(model).keys()
        self._columns = [
            (
                None if field.primary_key else field.name,
                _known(field, connection),
                None if _may_be_null(field) else UNKNOWN,
                _absent(field, connection),
            )
            for field in model._meta.concrete_fields
        ]
        self._lists = [
            (field.name, field, field.target_field.max_length or 0)
            for field in model._meta.many_to_many
        ]

    def row(self, record: Record) -> DatabaseRow | None:
        """Return the row of a well-formed record whose texts are valid, or None if unsure."""
        fields = record["fields"]
        if self._nothing or not fields.keys() <= self._names:
            return None
        row = []
        for name, known, null, absent in self._columns:
            if name is None:
                value = known(record["pk"])
            elif name in fields:
                value = fields[name]
                value = null if value is None else known(value)
            else:
                value = absent
            if value is UNKNOWN:
                return None
            row.append(value)
        for name, field, longest in self._lists:
            keys = fields.get(name, ())
            if keys and not _are_keys(keys, longest):
                return None
            if not keys and name in fields and wrong_type(field, keys):
                return None
        return tuple(row)


def _is_key(key: Any, longest: int) -> bool:
    return key.__class__ is str and key.isascii() and len(key) <= longest


def _are_keys(keys: Any, longest: int) -> bool:
    if keys.__class__ is not list:
        return False
    for key in keys:
        if not _is_key(key, longest):
            return False
    return len(keys) == 1 or len(set(keys)) == len(keys)


def _may_be_null(field: models.Field[Any, Any]) -> bool:
    return field.null and (field.blank or isinstance(field, models.ForeignKey))


def _known(field: models.Field[Any, Any], connection: BaseDatabaseWrapper) -> Knows:
    """Return the function for the values of a field other than null."""
    if isinstance(field, models.ForeignKey):
        longest = field.target_field.max_length or 0
        return lambda value: value if value and _is_key(value, longest) else UNKNOWN
    if field.choices and isinstance(field, models.CharField):
        codes = frozenset(str(code) for code, _ in field.flatchoices)
        return lambda value: value if value.__class__ is str and value in codes else UNKNOWN
    if isinstance(field, models.BooleanField):
        return lambda value: value if value.__class__ is bool else UNKNOWN
    known = None
    if isinstance(field, models.CharField | models.TextField):
        known = _text(field)
    elif isinstance(field, models.DateField) and not isinstance(field, models.DateTimeField):
        known = _day(field, connection)
    elif isinstance(field, models.IntegerField) and not field._validators:  # type: ignore[attr-defined]
        known = _whole(*RANGES[field.get_internal_type()])
    return known or _cleaned(field, connection)


def _whole(low: int, high: int) -> Knows:
    return lambda value: value if value.__class__ is int and low <= value <= high else UNKNOWN


def _text(field: models.Field[Any, Any]) -> Knows | None:
    """Return the function for a text, or None when it has rules other than those known here."""
    longest = field.max_length or 2**63
    patterns = []
    for validator in field.validators:
        if type(validator) is RegexValidator and not validator.inverse_match:
            patterns.append(re.compile(validator.regex).search)
        elif type(validator) not in (MaxLengthValidator, ProhibitNullCharactersValidator):
            return None

    def known(value: Any) -> Any:
        if value.__class__ is not str or not 0 < len(value) <= longest:
            return UNKNOWN
        for search in patterns:
            if not search(value):
                return UNKNOWN
        return value

    return known


def _day(field: models.Field[Any, Any], connection: BaseDatabaseWrapper) -> Knows:
    @lru_cache(maxsize=10_000)
    def known(value: Any) -> Any:
        if value.__class__ is not str or len(value) != len("2025-02-01"):
            return UNKNOWN
        try:
            return stored(field, date.fromisoformat(value), connection)
        except ValueError:
            return UNKNOWN

    return lambda value: known(value) if value.__class__ is str else UNKNOWN


def _cleaned(field: models.Field[Any, Any], connection: BaseDatabaseWrapper) -> Knows:
    """Return the function that asks Django, as ``errors_of`` does, for a single field."""

    def known(value: Any) -> Any:
        if wrong_type(field, value):
            return UNKNOWN
        try:
            read = field.to_python(value)
            if not (field.blank and read in field.empty_values):
                read = field.clean(read, None)
            return stored(field, read, connection)
        except (ValidationError, ValueError, TypeError, OverflowError):
            return UNKNOWN

    return known


def _absent(field: models.Field[Any, Any], connection: BaseDatabaseWrapper) -> Any:
    """Return what the database keeps when a field is left out, or UNKNOWN if it may not be."""
    default = field.get_default()
    if isinstance(field, models.ForeignKey) or default is None:
        return None if field.null and default is None and field.blank else UNKNOWN
    try:
        if not (field.blank and default in field.empty_values):
            field.clean(default, None)
    except ValidationError:
        return UNKNOWN
    return stored(field, default, connection)
