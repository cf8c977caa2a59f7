"""The validator of a model's records: decodes and checks a line, and makes a row of it.

``accept`` takes what is certainly valid, by a msgspec Struct made from the fields of the model.
``check`` leaves the rest to Django, which finds it valid or says what is wrong. So the verdict is
always Django's, in a fraction of the time if a record is valid and in canonical form.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from django.core import validators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from msgspec import UNSET, Meta, MsgspecError, UnsetType

from policy.models.base import list_of_texts
from policy.release.contents import canonical
from policy.validation import RANGES, Field, Record, errors_of, fields_of, value_error

DatabaseRow = Sequence[Any]
"""The values of a record in the order of its table's columns, as the database takes them."""

Converter = Callable[[Any], Any]
"""Turns a decoded value into the database's; raises one of DOUBTS if it may be invalid."""

DOUBTS = (ArithmeticError, RecursionError, TypeError, ValueError, ValidationError, MsgspecError)
"""What decoding, encoding and converting raise where only ``check`` can tell."""

REQUIRED = object()
"""In place of a default: the field may not be left out."""

NEVER: Any = Annotated[int, Meta(ge=1, le=0)]
FILLED: Any = Annotated[str, Meta(min_length=1)]


class InvalidRecordError(Exception):
    """A record that may not enter the dataset."""

    def __init__(self, record: "DecodedRecord", messages: list[str]) -> None:
        """Take the record, and one message per error, each with its field."""
        self.lines = [f"{record.name}: {message}" for message in messages]
        super().__init__("; ".join(self.lines))


class ValidRecord(NamedTuple):
    """A record that may enter the dataset, if its check constraints and links hold."""

    line: bytes
    """The record in canonical form."""
    key: str
    row: DatabaseRow
    links: list[Sequence[str]]
    """The keys in each many-to-many field, in the order of the fields."""


@dataclass(slots=True)
class DecodedRecord:
    """A record that was not accepted as it stands in a file, and decoded: where, and to what."""

    place: str
    value: Any
    errors: list[str]
    """What is wrong with its JSON."""

    @property
    def name(self) -> str:
        """Its key, or its place if that cannot be shown."""
        key = self.value.get("pk") if isinstance(self.value, dict) else None
        return key if isinstance(key, str) and key.isprintable() else self.place


class RecordValidator:
    """Decodes and checks the records of one model, for one database."""

    def __init__(self, model: type[models.Model], connection: BaseDatabaseWrapper) -> None:
        """Take the model, and the connection whose values to make."""
        self.model = model
        self.connection = connection
        columns = model._meta.concrete_fields
        self._links = [field.name for field in model._meta.many_to_many]
        names = ("pk" if field.primary_key else f"fields.{field.name}" for field in columns)
        self._key_and_values = attrgetter("pk", *names)
        self._foreign_keys = [
            at for at, field in enumerate(columns) if isinstance(field, models.ForeignKey)
        ]
        self._defaults = [_default(field, connection) for field in columns]
        found = [(at, _typed(field, connection)[1]) for at, field in enumerate(columns)]
        self._converters = [(at, convert) for at, convert in found if convert]
        # A Struct cannot hold the rules of a model's own.
        own_rules = model.clean is not models.Model.clean
        self._decoder = None if own_rules else msgspec.json.Decoder(_struct(model, connection))
        self._encode = msgspec.json.Encoder().encode

    def accept(self, line: bytes) -> ValidRecord | None:
        """Return the record of a line that is canonical and certainly valid, else None.

        Any other layout or order, and a key that stands twice, is lost when encoded again.
        """
        if self._decoder is None or b"\\u0000" in line:
            return None
        try:
            record = self._decoder.decode(line)
            if self._encode(record) != line:
                return None
            key, *row = self._key_and_values(record)
            if UNSET in row:
                row = [
                    default if value is UNSET else value
                    for value, default in zip(row, self._defaults, strict=True)
                ]
            for at, convert in self._converters:
                # Defaults are converted already.
                if row[at] is not self._defaults[at]:
                    row[at] = convert(row[at])
        except DOUBTS:
            return None
        links = [getattr(record.fields, name) or () for name in self._links]
        return ValidRecord(line, key, row, links) if self._holds_keys(line, row, links) else None

    def _holds_keys(self, line: bytes, row: DatabaseRow, links: list[Sequence[str]]) -> bool:
        """Tell whether all keys that a record names are ASCII, and none stands twice in a list."""
        for keys in links:
            if len(keys) > 1 and len(set(keys)) < len(keys):
                return False
        if line.isascii():
            return True
        named = [row[at] or "" for at in self._foreign_keys]
        return all(key.isascii() for key in chain(named, *links))

    def check(self, record: DecodedRecord) -> ValidRecord:
        """Return a decoded record if it is valid; raises InvalidRecordError with all its errors."""
        value = record.value
        try:
            line = canonical(value)
        except UnicodeEncodeError:
            line = b""
        except RecursionError:
            raise InvalidRecordError(record, ["is nested too deeply for a record"]) from None
        valid = self.accept(line)
        if valid and not record.errors:
            return valid
        messages = [*record.errors, *([] if valid else self._errors(value))]
        if messages:
            raise InvalidRecordError(record, messages)
        row = self._row(record)
        links = [value["fields"].get(name, ()) for name in self._links]
        return ValidRecord(line, value["pk"], row, links)

    def _errors(self, record: Any) -> list[str]:
        """Return all that is wrong with a record."""
        found = list(_shape_errors(self.model, record)) or list(_text_errors(record))
        return found or [
            f"{name}: {message}" if name else message
            for name, message in errors_of(self.model, record)
        ]

    def _row(self, record: DecodedRecord) -> DatabaseRow:
        """Convert a record as Django would when it saves it; raises InvalidRecordError."""
        given = {**record.value["fields"], self.model._meta.pk.name: record.value["pk"]}
        row = []
        for field in self.model._meta.concrete_fields:
            try:
                value = field.to_python(given.get(field.name, field.get_default()))
                row.append(_stored(field, self.connection, value))
            except (ValueError, TypeError, OverflowError, ValidationError) as error:
                message = f"{field.name}: cannot be stored: {error}"
                raise InvalidRecordError(record, [message]) from error
        return row


def _struct(model: type[models.Model], connection: BaseDatabaseWrapper) -> Any:
    """Return the Struct of a model's records, its fields in the order of the canonical form."""
    fields: list[Any] = []
    for name, field in sorted(fields_of(model).items()):
        known, _ = _typed(field, connection)
        if field.null and (field.blank or isinstance(field, models.ForeignKey)):
            known |= None
        required = not field.many_to_many and _default(field, connection) is REQUIRED
        fields.append((name, known) if required else (name, known | UnsetType, UNSET))
    options: Any = {"kw_only": True, "forbid_unknown_fields": True, "gc": False}
    label: Any = model._meta.label_lower
    parts = [
        ("fields", msgspec.defstruct(f"{model.__name__}Fields", fields, **options)),
        ("model", Literal[label]),
        ("pk", _typed(model._meta.pk, connection)[0]),
    ]
    return msgspec.defstruct(model.__name__, parts, **options)


def _typed(field: Field, connection: BaseDatabaseWrapper) -> tuple[Any, Converter | None]:
    """Return the type of a field's values other than null, and their converter if they need one.

    NEVER is the type of values that only Django can judge. Rules that another type does not hold
    are left to Django in the converter.
    """
    found: Any = NEVER
    convert: Converter | None = None
    clean = partial(_cleaned, field, connection)
    own_rules = clean if field.choices or getattr(field, "_validators", None) else None
    match field:
        case models.ForeignKey() | models.ManyToManyField():
            longest = field.target_field.max_length
            found = Annotated[str, Meta(min_length=1, max_length=longest)]
            found = list[found] if field.many_to_many else found
        case models.CharField() if field.choices:
            found = Literal[tuple(str(code) for code, _ in field.flatchoices)]
        case models.CharField() | models.TextField():
            pattern, complete = _pattern(field)
            limits = Meta(min_length=1, max_length=field.max_length, pattern=pattern)
            found, convert = Annotated[str, limits], None if complete else clean
        case models.IntegerField():
            low, high = RANGES[field.get_internal_type()]
            found, convert = Annotated[int, Meta(ge=low, le=high)], own_rules
        case models.BooleanField():
            found, convert = bool, own_rules
        case models.FloatField():
            found, convert = int | float, clean
        case models.DecimalField():
            found, convert = int | FILLED, clean
        case models.JSONField() if list_of_texts in field.validators and field.blank:
            only = field.validators == [list_of_texts]
            found, convert = list[FILLED], partial(_stored, field, connection) if only else clean
        case models.DateField() if not isinstance(field, models.DateTimeField):
            found, convert = date, own_rules or connection.ops.adapt_datefield_value
    return found, convert


def _pattern(field: Field) -> tuple[str | None, bool]:
    """Return the pattern of a text, and whether it has no rules but that and its length."""
    held = validators.MaxLengthValidator, validators.ProhibitNullCharactersValidator
    rules: list[Any] = [rule for rule in field.validators if type(rule) not in held]
    only: Any = rules[0] if len(rules) == 1 and not field.choices else None
    if type(only) is validators.RegexValidator and not only.inverse_match and not only.flags:
        return str(only.regex.pattern), True  # type: ignore[union-attr]
    return None, not rules and not field.choices


def _stored(field: Field, connection: BaseDatabaseWrapper, value: Any) -> Any:
    """Return a value as the database takes it."""
    plain = value.value if isinstance(value, Enum) else value
    return field.get_db_prep_save(plain, connection)


def _cleaned(field: Field, connection: BaseDatabaseWrapper, value: Any) -> Any:
    """Return a value as the database takes it once Django has checked it."""
    if isinstance(value, float) and canonical(value) != msgspec.json.encode(value):
        raise ValueError("msgspec writes this number in another way")
    return _stored(field, connection, field.clean(value, None))


def _default(field: Field, connection: BaseDatabaseWrapper) -> Any:
    """Return what the database keeps when a field is left out, or REQUIRED."""
    default = field.get_default()
    if isinstance(field, models.ForeignKey) or default is None:
        return None if field.null and default is None and field.blank else REQUIRED
    try:
        if not (field.blank and default in field.empty_values):
            field.clean(default, None)
    except ValidationError:
        return REQUIRED
    return _stored(field, connection, default)


def _shape_errors(model: type[models.Model], record: Any) -> Iterator[str]:
    """Yield what makes a value no record of a model."""
    key: Field = model._meta.pk
    if not isinstance(record, dict) or record.keys() != {"model", "pk", "fields"}:
        yield "must be an object with model, pk and fields, and nothing else"
    elif not isinstance(record["fields"], dict):
        yield "fields: must be an object"
    elif record["model"] != model._meta.label_lower:
        yield f"model: must be {model._meta.label_lower!r} in this file"
    elif isinstance(key, models.IntegerField):
        wrong = value_error(key, record["pk"])
        if wrong:
            yield f"pk: {wrong}"
    elif not isinstance(record["pk"], str):
        yield f"pk: must be a text, not {record['pk']!r}"


def _text_errors(record: Record) -> Iterator[str]:
    """Yield the fields with a text, however deep, that no database keeps."""
    for name, value in [("pk", record["pk"]), *record["fields"].items()]:
        # Without escaped backslashes, an escaped NUL is told from its escape spelt out in a text.
        text = json.dumps([name, value], ensure_ascii=False).replace(r"\\", "")
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            yield f"{name!r}: holds half of a surrogate pair, which is no character"
        if r"\u0000" in text:
            yield f"{name!r}: holds the character NUL, which no database keeps: take it out"
