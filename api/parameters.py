"""Query parameters: kinds of values as form fields, and the one reader that finds every error."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from copy import copy
from datetime import date
from itertools import islice
from typing import Any, Self
from urllib.parse import unquote_to_bytes

from django import forms
from django.core.exceptions import ValidationError

from api.problems import NO_PARAMETER, InvalidParametersError, error
from policy.models.base import MAX_KEY, SLUG
from policy.plover import MOST_SCORE, event_types_in, quad_of
from policy.search.words import fold
from policy.vocabulary import Vocabulary, nearest

MAX_QUERY = 16_384
"""Enough for a list of 100 of the longest keys beside a cursor."""
MAX_ERRORS = 20
"""How many wrong parameters one answer tells; looking for a nearest match costs time."""
MAX_ITEMS = 100
MAX_WORDS = 8
MAX_TEXT = 200
"""Characters of a text to search for, and of each of its words when folded: ㌖ has six then."""

Values = dict[str, Any]
"""The values of a request's parameters by name, as their fields read them."""
Errors = Iterable[dict[str, Any]]
"""Entries of a problem's errors, as ``api.problems.error`` makes them."""


def refusal(detail: str, nearest: str | None = None, allowed: Any = None) -> ValidationError:
    """Return the error of a value, with the nearest match and the allowed values."""
    return ValidationError(detail, params={"nearest": nearest, "allowed": allowed})


class ParameterField(forms.Field):
    """One kind of value: how it is read from text, how it is refused, and its JSON schema.

    ``to_python`` takes a text that is not empty and raises ValidationError.
    """

    schema: Mapping[str, Any] = {"type": "string"}
    meaning = ""
    """What to write, for the description of a path."""

    def __init__(self, **options: Any) -> None:
        """Take the options of a form field, such as ``help_text``; a parameter may be left out."""
        super().__init__(**{"required": False, **options})

    def resolve(self, values: list[Any]) -> list[Any]:
        """Return the values of one parameter in canonical form, all at once."""
        return values

    def shown(self, stored: Any) -> Any:
        """Return the value that stands for what a column holds."""
        return stored

    def described(self, help_text: str) -> Self:
        """Return a copy of the field that describes a parameter."""
        field = copy(self)
        field.help_text = help_text
        return field


class CodeField(ParameterField):
    """A code of a closed vocabulary."""

    def __init__(self, codes: Iterable[str] | type[Vocabulary], **options: Any) -> None:
        """Take the codes that are allowed, which a vocabulary has labels for."""
        super().__init__(**options)
        codes = list(codes)
        self.codes = [str(code) for code in codes]
        self.labels = {str(c): c.label for c in codes if isinstance(c, Vocabulary)}
        self.schema = {"type": "string", "enum": self.codes}

    def to_python(self, text: Any) -> Any:
        """Return the code itself."""
        if text not in self.codes:
            guess = nearest(text, self.codes)
            raise refusal(f"{text!r} is not in the vocabulary.", guess, self.codes)
        return text


class PatternField(ParameterField):
    """A text of a fixed form, such as the key of a record; one that is absent matches nothing."""

    def __init__(self, pattern: str, cure: str, most: int = MAX_KEY, **options: Any) -> None:
        """Take the form, what to write instead, and the greatest length."""
        super().__init__(**options)
        self.pattern, self.cure, self.most = pattern, cure, most
        self.meaning = f"Write {cure}."
        self.schema = {"type": "string", "pattern": f"^{pattern}$", "maxLength": most}

    def to_python(self, text: Any) -> Any:
        """Return the text itself."""
        if len(text) > self.most or not re.fullmatch(self.pattern, text, re.ASCII):
            raise refusal(f"{text[: self.most]!r} will not do: write {self.cure}.")
        return text


KEY = PatternField(SLUG, "a key: lower-case letters, digits and single hyphens")

ENTRY = PatternField(
    "[a-z0-9-]+(?:/[a-z0-9-]+)*", "the id of an entry, such as 4281 or people/rubio-marco", 200
)
"""The id of an entry in its register."""


M49 = PatternField("[0-9]{3}", "a code of three digits", 3)


class LanguageField(PatternField):
    """A language as a BCP 47 tag, in any case."""

    def __init__(self, **options: Any) -> None:
        """Take the options of a form field."""
        cure = "a BCP 47 tag such as en or es-MX"
        super().__init__("[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", cure, 35, **options)

    def to_python(self, text: Any) -> Any:
        """Return the tag as records have it: es-MX, zh-Hant."""
        first, *rest = super().to_python(text).split("-")
        cased = [one.title() if len(one) == 4 else one.upper() for one in rest]
        return "-".join([first.lower(), *cased])


LANGUAGE = LanguageField()


class QuadField(CodeField):
    """A quad class, which stands for the event types in it."""

    def resolve(self, values: list[Any]) -> list[Any]:
        """Return the event types in the quad classes."""
        return [event_type for quad in values for event_type in event_types_in(quad)]

    def shown(self, stored: Any) -> Any:
        """Return the quad class of an event type."""
        return quad_of(stored).value if stored else None


class WordsField(ParameterField):
    """One or more words to search for."""

    schema: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}

    def to_python(self, text: Any) -> list[str]:
        """Return the folded words, each once; a word that ends in * is a prefix."""
        words: dict[str, None] = {}
        for piece in text[: MAX_TEXT + 1].split():
            folded = fold(piece)
            if folded and piece.endswith("*"):
                folded[-1] += "*"
            words |= dict.fromkeys(folded)
        if not words:
            raise refusal("There is no word to search for: write letters or digits.")
        if len(words) > MAX_WORDS or max(map(len, (text, *words))) > MAX_TEXT:
            raise refusal(f"Ask for at most {MAX_WORDS} words, in {MAX_TEXT} characters.")
        return list(words)


class WholeNumberField(ParameterField):
    """A whole number between two bounds."""

    def __init__(self, least: int, most: int, *, default: Any = None, **options: Any) -> None:
        """Take the bounds, both included, and what is taken where the parameter is left out."""
        super().__init__(initial=default, **options)
        self.least, self.most = least, most
        self.schema = {"type": "integer", "minimum": least, "maximum": most}
        if default is not None:
            self.schema["default"] = default

    def to_python(self, text: Any) -> int:
        """Return the number; it is ASCII digits without sign, blank or leading zero."""
        digits = len(str(self.most))
        if re.fullmatch(f"0|[1-9][0-9]{{0,{digits - 1}}}", text, re.ASCII):
            value = int(text)
            if self.least <= value <= self.most:
                return value
        raise refusal(f"{text[:40]!r} is not a whole number from {self.least} to {self.most}.")


class ScoreField(ParameterField):
    """A score on the scale of PLOVER."""

    schema: Mapping[str, Any] = {"type": "number", "minimum": -MOST_SCORE, "maximum": MOST_SCORE}

    def to_python(self, text: Any) -> float:
        """Return the number, which is written as in JSON."""
        number = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"
        if len(text) <= MAX_KEY and re.fullmatch(number, text, re.ASCII):
            value = float(text)
            if abs(value) <= MOST_SCORE:
                return value
        raise refusal(f"{text[:40]!r} is not a number from -{MOST_SCORE} to {MOST_SCORE}.")


class DayField(ParameterField):
    """A day of the calendar."""

    schema: Mapping[str, Any] = {"type": "string", "format": "date"}

    def to_python(self, text: Any) -> date:
        """Return the day."""
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            with suppress(ValueError):
                return date.fromisoformat(text)
        raise refusal(f"{text!r} is not a day: write one such as 2025-02-03.")


class FlagField(ParameterField):
    """True or false."""

    schema: Mapping[str, Any] = {"type": "boolean"}

    def to_python(self, text: Any) -> Any:
        """Return the truth value."""
        if text not in {"true", "false"}:
            allowed = ["true", "false"]
            raise refusal(f"{text!r} is neither true nor false.", nearest(text, allowed), allowed)
        return text == "true"


class ListField(ParameterField):
    """A comma-separated list of values of one kind."""

    def __init__(
        self, item: ParameterField, *, most: int = MAX_ITEMS, least: int = 1, **options: Any
    ) -> None:
        """Take the kind of value, and how many of them the list may hold and must."""
        super().__init__(**options)
        self.item, self.most, self.least = item, most, least
        array = {"type": "array", "items": dict(item.schema), "minItems": least, "maxItems": most}
        # A pair is refused if it names one value twice; other lists may repeat themselves.
        self.schema = {**array, "uniqueItems": True} if least > 1 else array

    def to_python(self, text: Any) -> list[Any]:
        """Return the values in canonical form, each once."""
        parts = text.split(",")
        if "" in parts:
            raise refusal("The list holds an empty value: take out the stray comma.")
        if len(parts) > self.most:
            raise refusal(f"The list holds {len(parts)} values; at most {self.most} are taken.")
        read = (self.item.to_python(part) for part in parts)
        values = self.item.resolve(list(dict.fromkeys(read)))
        if len(values) < self.least:
            raise refusal(f"The list needs {self.least} different values.")
        return values


class ChoicesField(ListField):
    """A comma-separated list out of a few names, such as the keys of a record."""

    def __init__(self, names: Iterable[str], **options: Any) -> None:
        """Take the names that are allowed."""
        super().__init__(CodeField(names), **options)
        self.schema = {"type": "array", "items": dict(self.item.schema), "minItems": 1}


class OrderingField(ChoicesField):
    """Names of columns to order by; a minus sign before one turns it round."""

    def __init__(self, names: Iterable[str], **options: Any) -> None:
        """Take the names without signs."""
        super().__init__((f"{sign}{name}" for name in names for sign in ("", "-")), **options)
        self.schema = {**self.schema, "uniqueItems": True}

    def to_python(self, text: Any) -> list[Any]:
        """Return the names with their signs."""
        names = super().to_python(text)
        bare = [name.removeprefix("-") for name in text.split(",")]
        if len(set(bare)) < len(bare):
            raise refusal("The ordering names a column twice.")
        return names


def read_parameters(
    query: str,
    fields: Mapping[str, ParameterField],
    check: Callable[[Values], Errors] = lambda _: (),
    most: int = MAX_QUERY,
) -> Values:
    """Return the values of a query string, or of a form, each as its field reads it.

    ``check`` yields the errors of values that are good alone and not together; ``most`` is the
    greatest length. Raises InvalidParametersError with an entry for every wrong parameter, in their
    order, up to MAX_ERRORS.
    """
    if len(query) > most:
        detail = f"The query is {len(query)} characters long; at most {most} are read."
        raise InvalidParametersError([error("", detail)])
    values: Values = {}
    errors = list(islice(_read(query, fields, values), MAX_ERRORS))
    told = {entry["parameter"] for entry in errors}
    together = (entry for entry in check(values) if entry["parameter"] not in told)
    errors += islice(together, MAX_ERRORS - len(errors))
    if errors:
        raise InvalidParametersError(errors)
    return values


def _read(query: str, fields: Mapping[str, ParameterField], values: Values) -> Errors:
    """Put the values of good parameters into ``values``; yield one error for each of the others."""
    given: dict[str, list[str | None]] = {}
    for name, text in _pairs(query):
        given.setdefault(name, []).append(text)
    for name, texts in given.items():
        try:
            values[name] = _value(name, texts, fields, following="cursor" in given)
        except ValidationError as refused:
            yield error(name[:60], str(refused.message), **(refused.params or {}))
    for name, field in fields.items():
        if field.required and name not in given:
            yield error(name, str(field.error_messages["required"]))


def _value(
    name: str, texts: list[str | None], fields: Mapping[str, ParameterField], *, following: bool
) -> Any:
    """Return the value of a parameter as its field reads it; raises ValidationError.

    ``following`` tells that the request has a cursor: a client that follows ``next`` may give once
    more what that holds already.
    """
    known = [text for text in texts if text is not None]
    if known != texts:
        raise refusal("The parameter is not percent-encoded UTF-8.")
    if name not in fields:
        guess = nearest(name[:60], sorted(fields))
        hint = f" Did you mean {guess!r}?" if guess else ""
        raise refusal(f"{NO_PARAMETER} {name[:60]!r} here.{hint}", guess, sorted(fields))
    if not all(map(str.strip, known)):
        raise refusal("The parameter is empty: give a value or leave it out.")
    if any("\0" in text for text in known):
        raise refusal("The value holds a NUL character, which no text here does.")
    field = fields[name]
    alike = following and len(set(known)) == 1
    if len(known) > 1 and not (alike or isinstance(field, ListField)):
        raise refusal("The parameter stands twice and takes one value: leave one out.")
    return field.to_python(once(known))


def once(texts: list[str]) -> str:
    """Return the one text of a parameter that is repeated: all values of a list, each once."""
    return texts[0] if len({*texts}) == 1 else ",".join(dict.fromkeys(",".join(texts).split(",")))


def _pairs(query: str) -> Iterator[tuple[str, str | None]]:
    """Yield each name with its text; None for one that cannot be decoded."""
    for pair in filter(None, query.split("&")):
        raw_name, _, raw_text = pair.partition("=")
        try:
            name, text = (
                unquote_to_bytes(part.replace("+", " ").encode("latin-1")).decode()
                for part in (raw_name, raw_text)
            )
        except UnicodeError:
            yield raw_name[:60].encode("ascii", "replace").decode(), None
        else:
            yield name, text
