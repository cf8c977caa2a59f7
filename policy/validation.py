"""Validation of single records, without a database."""

import operator
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, TypeAlias

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.serializers.base import DeserializationError
from django.core.serializers.python import Deserializer
from django.db import models
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.models import F, Q

from policy.vocabulary import nearest, suggestion

Field: TypeAlias = "models.Field[Any, Any]"

Record = dict[str, Any]
"""A record as Django writes it in a fixture: model, pk, fields."""

WRITTEN_AS: tuple[tuple[type[Field], type | tuple[type, ...], str], ...] = (
    (models.BooleanField, bool, "true or false"),
    (models.IntegerField, int, "a whole number"),
    (models.FloatField, (int, float), "a number"),
    (models.DecimalField, (int, str, Decimal), "a number"),
    (models.DateField, (str, date), "a day such as 2025-02-01"),
    (models.CharField, str, "a text"),
    (models.TextField, str, "a text"),
    (models.ForeignKey, str, "the key of a record"),
    (models.ManyToManyField, list, "a list of keys"),
)

LOOKUPS: dict[str, Callable[[Any, Any], bool]] = {
    "": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "in": lambda actual, expected: actual in expected,
}

RANGES = BaseDatabaseOperations.integer_field_ranges
"""The range of each kind of integer in PostgreSQL; SQLite would store more."""


@cache
def fields_of(model: type[models.Model]) -> dict[str, Field]:
    """Return the fields that a fixture may fill, by name: all but the key."""
    meta = model._meta
    return {
        field.name: field
        for field in [*meta.concrete_fields, *meta.many_to_many]
        if not field.primary_key
    }


def errors_of(model: type[models.Model], record: Record) -> Iterator[tuple[str, str]]:
    """Yield the field and the message of every error in one record of a model.

    Whether the keys it names exist is not checked, as that needs the other records.
    """
    known = fields_of(model)
    wrong = set()
    for name, value in record["fields"].items():
        field = known.get(name)
        message = value_error(field, value) if field else _unknown_field(name, known)
        if message:
            wrong.add(name)
            yield name, message
    if wrong:
        return
    try:
        instance = next(iter(Deserializer([record]))).object
    except (DeserializationError, ValidationError, ValueError, TypeError) as error:
        yield "", f"cannot be read: {error}"
        return
    yield from _invalid(instance, known)


def _invalid(instance: models.Model, known: dict[str, Field]) -> Iterator[tuple[str, str]]:
    told = []
    for name, field in known.items():
        is_key = isinstance(field, models.ForeignKey)
        may_miss = field.null or not (is_key or field.choices)
        missing = not may_miss and getattr(instance, field.attname) in (None, "")
        if missing:
            allowed = f"; allowed are {', '.join(_codes(field))}" if field.choices else ""
            yield name, f"is missing{allowed}"
        if missing or is_key:
            told.append(name)
    try:
        instance.full_clean(exclude=told, validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            for message in messages:
                yield "" if name == NON_FIELD_ERRORS else name, message
    values = {
        name: getattr(instance, field.attname)
        for field in instance._meta.concrete_fields
        for name in (field.name, field.attname)
    }
    for rule in instance._meta.constraints:
        # Unknown is allowed, as in SQL.
        if isinstance(rule, models.CheckConstraint) and holds(rule.condition, values) is False:
            yield "", str(rule.violation_error_message)


def _unknown_field(name: str, known: dict[str, Field]) -> str:
    return f"is not a field of this record; {suggestion(name, known)}"


def value_error(field: Field, value: Any) -> str | None:
    """Return what is wrong with a value as a fixture writes it, before Django reads it, or None."""
    if value is None:
        return None if field.null else "may not be null: leave it out or give a value"
    return _wrong_type(field, value) or _wrong_value(field, value)


def _wrong_type(field: Field, value: Any) -> str | None:
    """Return what is wrong with the type of a value."""
    if value == "":
        return "is an empty text: leave it out when there is nothing to say"
    for kind, accepted, words in WRITTEN_AS:
        if isinstance(field, kind):
            if isinstance(value, accepted) and (accepted is bool or not isinstance(value, bool)):
                break
            return f"must be {words}, not {value!r}"
    return None


def _wrong_value(field: Field, value: Any) -> str | None:
    """Return what is wrong with a value of the right type."""
    if isinstance(field, models.ForeignKey | models.ManyToManyField):
        return _wrong_keys(field, value)
    if isinstance(field, models.IntegerField):
        low, high = RANGES[field.get_internal_type()]
        return None if low <= value <= high else f"must be a number from {low} to {high}"
    if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        return "holds half of a surrogate pair, which is no character"
    return _wrong_code(field, value) if field.choices else None


def _codes(field: Field) -> list[str]:
    return [code for code, _ in field.flatchoices]


def _wrong_code(field: Field, value: object) -> str | None:
    codes = _codes(field)
    if value in codes:
        return None
    guess = nearest(str(value), codes)
    hint = f"did you mean {guess!r}? " if guess else ""
    return f"{value!r} is not in the vocabulary; {hint}allowed are {', '.join(codes)}"


def _wrong_keys(field: Field, value: Any) -> str | None:
    keys = value if isinstance(value, list) else [value]
    for key in keys:
        if not isinstance(key, str):
            return f"must hold keys, which are texts, not {key!r}"
        if not key.isascii() or len(key) > field.target_field.max_length:  # type: ignore[attr-defined]
            return f"there is no record {key[:200]!r}: a key is a short ASCII text"
    twice = sorted(key for key, number in Counter(keys).items() if number > 1)
    return f"names {', '.join(map(repr, twice))} more than once" if twice else None


def holds(condition: Any, values: dict[str, Any]) -> bool | None:
    """Evaluate a constraint's condition as SQL does: true, false, or None for unknown.

    Supports the lookups that the models' constraints use; raises ValueError for others.
    """
    if isinstance(condition, Q):
        results = [holds(child, values) for child in condition.children]
        known = [result for result in results if result is not None]
        deciding = condition.connector == Q.OR
        if deciding in known:
            result: bool | None = deciding
        else:
            result = None if len(known) < len(results) else not deciding
        return result if result is None or not condition.negated else not result
    path, expected = condition
    name, _, lookup = path.partition("__")
    actual = values[name]
    if isinstance(expected, F):
        expected = values[expected.name]
    if lookup == "isnull":
        return (actual is None) is expected
    if actual is None or expected is None:
        return None
    if lookup not in LOOKUPS:
        raise ValueError(f"teach policy.validation the lookup {lookup!r} before a model uses it")
    return bool(LOOKUPS[lookup](actual, expected))
