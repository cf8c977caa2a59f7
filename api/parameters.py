"""What a query may hold: each kind of value, how it is read, and how it is refused."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import islice
from typing import Any
from urllib.parse import unquote_to_bytes

from django.db.models import Q

from api.problems import InvalidParametersError, error
from policy.models import Country
from policy.models.base import MAX_KEY, SLUG
from policy.plover import Quad, event_types_in
from policy.search.words import fold
from policy.vocabulary import Vocabulary, nearest

MAX_QUERY = 16_384
"""Enough for a list of 100 of the longest keys beside a cursor."""
MAX_ERRORS = 20
"""How many wrong parameters one answer tells; looking for a nearest match costs time."""
MAX_ITEMS = 100
MAX_WORDS = 8


class RefusedError(ValueError):
    """A value that cannot be honoured, with the nearest match and the allowed values."""

    def __init__(
        self, detail: str, nearest: str | None = None, allowed: list[str] | None = None
    ) -> None:
        """Take what goes into the problem's errors."""
        super().__init__(detail)
        self.detail, self.nearest, self.allowed = detail, nearest, allowed


class Item:
    """One kind of value: how to read it from text, and its JSON schema."""

    schema: Mapping[str, Any] = {"type": "string"}
    meaning = ""

    def read(self, text: str) -> Any:
        """Return the value of a text that is not empty; raises RefusedError."""
        return text

    def settle(self, values: list[Any]) -> list[Any]:
        """Bring the values of one parameter to their canonical form, all at once."""
        return values


class Code(Item):
    """A code of a closed vocabulary."""

    def __init__(self, codes: Iterable[str] | type[Vocabulary]) -> None:
        """Take the codes that are allowed."""
        self.codes = [str(code) for code in codes]
        self.schema = {"type": "string", "enum": self.codes}

    def read(self, text: str) -> str:
        """Return the code itself."""
        if text not in self.codes:
            raise RefusedError(
                f"{text!r} is not in the vocabulary.", nearest(text, self.codes), self.codes
            )
        return text


class Pattern(Item):
    """A text of a fixed form, such as the key of a record; one that is absent matches nothing."""

    def __init__(self, pattern: str, cure: str, most: int = MAX_KEY) -> None:
        """Take the form, what to write instead, and the greatest length."""
        self.pattern, self.cure, self.most = pattern, cure, most
        self.meaning = f"Write {cure}."
        self.schema = {"type": "string", "pattern": f"^{pattern}$", "maxLength": most}

    def read(self, text: str) -> str:
        """Return the text itself."""
        if len(text) > self.most or not re.fullmatch(self.pattern, text, re.ASCII):
            raise RefusedError(f"{text[: self.most]!r} will not do: write {self.cure}.")
        return text


KEY = Pattern(SLUG, "a key: lower-case letters, digits and single hyphens")
M49 = Pattern("[0-9]{3}", "a code of three digits", 3)
LANGUAGE = Pattern("[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", "a BCP 47 tag such as en or es-MX", 35)


class QuadCode(Code):
    """A quad class, which stands for the event types in it."""

    def __init__(self) -> None:
        """Take no codes: they are the codebook's."""
        super().__init__(Quad)

    def settle(self, values: list[Any]) -> list[Any]:
        """Return the event types in the quad classes."""
        return [event_type for quad in values for event_type in event_types_in(quad)]


class CountryCode(Item):
    """A country in alpha-3, alpha-2 or numeric code, in any case."""

    meaning = "Write an alpha-3 (PAN), alpha-2 (PA) or numeric (591) code, in any case."

    schema: Mapping[str, Any] = {
        "type": "string",
        "pattern": "^([A-Za-z]{2}|[A-Za-z]{3}|[0-9]{3})$",
    }

    def read(self, text: str) -> str:
        """Return the code in upper case."""
        if not re.fullmatch("[A-Za-z]{2,3}|[0-9]{3}", text, re.ASCII):
            raise RefusedError(
                f"{text!r} is not a country code: write alpha-3 (PAN), alpha-2 (PA) or three "
                "digits (591)."
            )
        return text.upper()

    def settle(self, values: list[Any]) -> list[Any]:
        """Turn each code into alpha-3; a country the dataset does not hold stays as it is."""
        rows = Country.objects.filter(
            Q(pk__in=values) | Q(alpha2__in=values) | Q(numeric__in=values)
        ).values_list("pk", "alpha2", "numeric")
        alpha3 = {code: row[0] for row in rows for code in row}
        return list(dict.fromkeys(alpha3.get(value, value) for value in values))


class Phrase(Item):
    """One or more words to search for."""

    schema: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": 200}

    def read(self, text: str) -> list[str]:
        """Return the folded words, each once; a word that ends in * stands for its beginning."""
        words: list[str] = []
        for piece in text[:201].split():
            folded = fold(piece)
            if folded and piece.endswith("*"):
                folded[-1] += "*"
            words += folded
        words = list(dict.fromkeys(words))
        if not words:
            raise RefusedError("There is no word to search for: write letters or digits.")
        if len(words) > MAX_WORDS or len(text) > 200:
            raise RefusedError(f"Ask for at most {MAX_WORDS} words, in 200 characters.")
        return words


class Whole(Item):
    """A whole number between two bounds."""

    def __init__(self, least: int, most: int) -> None:
        """Take the bounds, both included."""
        self.least, self.most = least, most
        self.schema = {"type": "integer", "minimum": least, "maximum": most}

    def read(self, text: str) -> int:
        """Return the number; only ASCII digits without sign, blank or leading zero will do."""
        digits = len(str(self.most))
        if re.fullmatch(f"0|[1-9][0-9]{{0,{digits - 1}}}", text, re.ASCII):
            value = int(text)
            if self.least <= value <= self.most:
                return value
        raise RefusedError(f"{text[:40]!r} is not a whole number from {self.least} to {self.most}.")


class Day(Item):
    """A day of the calendar."""

    schema: Mapping[str, Any] = {"type": "string", "format": "date"}

    def read(self, text: str) -> date:
        """Return the day."""
        try:
            if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise RefusedError(f"{text!r} is not a day: write one such as 2025-02-03.")


class Flag(Item):
    """True or false."""

    schema: Mapping[str, Any] = {"type": "boolean"}

    def read(self, text: str) -> bool:
        """Return the truth value."""
        if text not in {"true", "false"}:
            allowed = ["true", "false"]
            raise RefusedError(
                f"{text!r} is neither true nor false.", nearest(text, allowed), allowed
            )
        return text == "true"


def read_list(item: Item, text: str, *, most: int = MAX_ITEMS, least: int = 1) -> list[Any]:
    """Return the values of a comma-separated list, canonical and each once; raises RefusedError."""
    parts = text.split(",")
    if "" in parts:
        raise RefusedError("The list holds an empty value: take out the stray comma.")
    if len(parts) > most:
        raise RefusedError(f"The list holds {len(parts)} values; at most {most} are taken.")
    values = item.settle(list(dict.fromkeys(item.read(part) for part in parts)))
    if len(values) < least:
        raise RefusedError(f"The list needs {least} different values.")
    return values


def check_query(query: str, known: Iterable[str]) -> None:
    """Refuse a query string with an unknown, repeated, empty or undecodable parameter.

    Raises InvalidParametersError with one entry for each of them, up to MAX_ERRORS.
    """
    if len(query) > MAX_QUERY:
        detail = f"The query is {len(query)} characters long; at most {MAX_QUERY} are read."
        raise InvalidParametersError([error("", detail)])
    errors = list(islice(_wrongs(query, sorted(known)), MAX_ERRORS))
    if errors:
        raise InvalidParametersError(errors)


def _wrongs(query: str, allowed: list[str]) -> Iterator[dict[str, Any]]:
    """Yield what is wrong with each parameter of a query string, in its order."""
    seen = set()
    for pair in filter(None, query.split("&")):
        raw_name, _, raw_value = pair.partition("=")
        try:
            name, value = (
                unquote_to_bytes(part.replace("+", " ").encode("latin-1")).decode()
                for part in (raw_name, raw_value)
            )
        except UnicodeError:
            shown = raw_name[:60].encode("ascii", "replace").decode()
            yield error(shown, "The parameter is not percent-encoded UTF-8.")
            continue
        if name not in allowed:
            shown = name[:60]
            detail = f"There is no parameter {shown!r} here."
            guess = nearest(shown, allowed)
            if guess:
                detail += f" Did you mean {guess!r}?"
            yield error(shown, detail, guess, allowed)
        elif name in seen:
            detail = "The parameter stands twice; write any-of as one comma-separated list."
            yield error(name, detail)
        elif not value.strip():
            yield error(name, "The parameter is empty: give a value or leave it out.")
        elif "\0" in value:
            yield error(name, "The value holds a NUL character, which no text here does.")
        seen.add(name)
