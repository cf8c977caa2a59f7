"""A record of a release turned into a row of database values, or told what is wrong with it."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from policy.release.contents import canonical
from policy.release.evident import DatabaseRow, Evident, stored
from policy.validation import Record, errors_of


class InvalidRecordError(Exception):
    """A record that may not enter the dataset."""

    def __init__(self, messages: list[str]) -> None:
        """Take one message per error, each with its field."""
        self.messages = messages
        super().__init__("; ".join(messages))


class RecordValidator:
    """What lets the records of one model into one database."""

    def __init__(self, model: type[models.Model], connection: BaseDatabaseWrapper) -> None:
        """Take the model, and the connection whose values to make."""
        self.model = model
        self.connection = connection
        self._evident = Evident(model, connection)

    def admit(self, record: Any, line: str | None = None) -> tuple[str, DatabaseRow]:
        """Return a record as a line of canonical JSON and as a row; raises RefusedError.

        ``line`` is the canonical form, if that is known.
        Check constraints may be left to the database: not every record that breaks one is refused.
        """
        messages = list(_shape_errors(self.model, record))
        if messages:
            raise InvalidRecordError(messages)
        line = line or canonical(record)
        messages = list(_text_errors(line, record))
        row = None if messages else self._evident.row(record)
        if row:
            return line, row
        if not messages:
            messages = [
                f"{name}: {message}" if name else message
                for name, message in errors_of(self.model, record)
            ]
        if messages:
            raise InvalidRecordError(messages)
        return line, self.row(record)

    def row(self, record: Record) -> DatabaseRow:
        """Convert a record as Django would when it saves it; raises RefusedError."""
        values = (
            record["pk"]
            if field.primary_key
            else record["fields"].get(field.name, field.get_default())
            for field in self.model._meta.concrete_fields
        )
        try:
            return tuple(
                stored(field, field.to_python(value), self.connection)
                for field, value in zip(self.model._meta.concrete_fields, values, strict=True)
            )
        except (ValueError, TypeError, OverflowError, ValidationError) as error:
            raise InvalidRecordError([f"cannot be stored: {error}"]) from error


def _shape_errors(model: type[models.Model], record: Any) -> Iterator[str]:
    """Yield what makes a value no record of a model."""
    if not isinstance(record, dict) or record.keys() != {"model", "pk", "fields"}:
        yield "must be an object with model, pk and fields, and nothing else"
    elif not isinstance(record["fields"], dict):
        yield "fields: must be an object"
    elif record["model"] != model._meta.label_lower:
        yield f"model: must be {model._meta.label_lower!r} in this file"
    elif not isinstance(record["pk"], str):
        yield f"pk: must be a text, not {record['pk']!r}"


def _text_errors(line: str, record: Record) -> Iterator[str]:
    """Yield the texts anywhere in a record, given as canonical JSON too, that no database keeps."""
    try:
        line.encode()
    except UnicodeEncodeError:
        pass
    else:
        if "\\u0000" not in line:
            return
    for name, value in [("pk", record["pk"]), *record["fields"].items()]:
        texts = list(_texts(value)) + list(_texts(name))
        if any("\ud800" <= letter <= "\udfff" for text in texts for letter in text):
            yield f"{name!r}: holds half of a surrogate pair, which is no character"
        if any("\x00" in text for text in texts):
            yield f"{name!r}: holds the character NUL, which no database keeps: take it out"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for pair in value.items():
            for one in pair:
                yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str):
        yield value
