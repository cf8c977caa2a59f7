"""Batches of reconciliation queries: JSON in a parameter, of which every wrong thing is told."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from api.parameters import MAX_ERRORS, Errors, ParameterField, refusal
from api.problems import error
from policy.models.registry import RecordKind, list_name, served_models
from policy.reconciliation.matching import KINDS, MOST_LIMIT, USUAL_LIMIT, Query
from policy.reconciliation.properties import PROPERTIES
from policy.search.words import fold
from policy.vocabulary import nearest

MOST_QUERIES = 50
"""How many queries a batch may have; OpenRefine sends ten."""
MOST_WORDS = 500
"""Words of all texts and values of a batch: each is looked up."""
MOST_KEY = 100
MOST_TEXT = 500
"""Characters of a text or a value."""
MOST_VALUES = 10
"""How many properties a query may have, and values a property."""
TYPES: dict[str, RecordKind] = {list_name(served_models()[kind]): kind for kind in KINDS}
"""The kinds that can be reconciled, by the names of their lists, which are the ids of types."""
STRICT = ("any", "should", "all")
FIELDS = ("query", "type", "limit", "properties", "type_strict")
CURE = '{"q0": {"query": "Marco Rubio", "type": "officials"}}'


SCHEMA: dict[str, Any] = {
    "type": "object",
    "maxProperties": MOST_QUERIES,
    "additionalProperties": {
        "type": "object",
        "description": "A query: query or properties, or both.",
        "properties": {
            "query": {
                "type": "string",
                "minLength": 1,
                "maxLength": MOST_TEXT,
                "description": "A name, key, code or identifier to look for.",
            },
            "type": {
                "description": "The type, or types, of the records that it may mean.",
                "anyOf": [
                    {"type": "string", "enum": [*TYPES]},
                    {"type": "array", "items": {"type": "string", "enum": [*TYPES]}},
                ],
            },
            "limit": {
                "type": "integer",
                "minimum": 1,
                "maximum": MOST_LIMIT,
                "default": USUAL_LIMIT,
                "description": "How many candidates to return.",
            },
            "properties": {
                "type": "array",
                "maxItems": MOST_VALUES,
                "description": "What else is known of the record.",
                "items": {
                    "type": "object",
                    "properties": {
                        "pid": {
                            "type": "string",
                            "enum": [*PROPERTIES],
                            "description": " ".join(
                                f"{one.id}: {one.meaning}" for one in PROPERTIES.values()
                            ),
                        },
                        "v": {
                            "description": "A value or a list of values: texts, numbers, or "
                            "objects with the id of a record that was reconciled before.",
                        },
                    },
                    "required": ["pid", "v"],
                },
            },
            "type_strict": {
                "type": "string",
                "enum": [*STRICT],
                "description": "Makes no difference, as no record has two types.",
            },
        },
    },
}
"""The JSON schema of a batch."""


class WrongError(Exception):
    """What is wrong with a part of a query, where, and what to write."""

    def __init__(
        self, where: str, detail: str, given: Any = None, allowed: list[str] | None = None
    ) -> None:
        """Take the path of the part within its query, what to say, and what may stand there."""
        super().__init__(detail)
        self.where, self.given, self.allowed = where, given, allowed

    def entry(self, key: str) -> dict[str, Any]:
        """Return an entry of a problem's errors; to look for the nearest match costs time."""
        near = isinstance(self.given, str) and nearest(self.given[:60], self.allowed or ())
        hint = f" Did you mean {near!r}?" if near else ""
        where = ".".join(filter(None, ("queries", key[:40], self.where)))
        return error(_clean(where), f"{self}{hint}", near or None, self.allowed)


class BatchField(ParameterField):
    """A batch of queries as a JSON object; what is wrong within a query is told by ``read``."""

    schema: Mapping[str, Any] = {
        "type": "string",
        "description": "A JSON object of reconciliation queries, each by a key of its own.",
        "contentMediaType": "application/json",
        "contentSchema": SCHEMA,
    }

    def to_python(self, text: Any) -> Any:
        """Return the queries as JSON has them, by their keys."""
        try:
            batch = json.loads(text, object_pairs_hook=_without_twins, parse_constant=_no_number)
        except (ValueError, RecursionError) as broken:
            raise refusal(f"This is no JSON ({broken}): write {CURE}.") from broken
        if not isinstance(batch, dict):
            raise refusal(f"The batch is no JSON object: write {CURE}.")
        if len(batch) > MOST_QUERIES:
            raise refusal(
                f"The batch has {len(batch)} queries; at most {MOST_QUERIES} are answered at once: "
                "send the others in another batch."
            )
        return batch


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object names a key twice")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def read(batch: Mapping[str, Any], found: dict[str, Query]) -> Errors:
    """Put the good queries of a batch into ``found``; yield what is wrong with each of the others.

    An error is told with the key of the query and the field: queries.q0.type. Where there are more
    than MAX_ERRORS, the first entry says how many.
    """
    wrong: list[tuple[str, WrongError]] = []
    for key, asked in batch.items():
        of_query: list[WrongError] = []
        if len(key) > MOST_KEY or key != _clean(key):
            detail = f"The key of a query has at most {MOST_KEY} characters of Unicode."
            of_query.append(WrongError("", detail))
        elif query := _query(asked, of_query):
            found[key] = query
        wrong += [(key, one) for one in of_query]
    if len(wrong) > MAX_ERRORS:
        detail = f"The batch has {len(wrong)} errors: mend those told here to be told the others."
        yield error("queries", detail)
    for key, one in wrong:
        yield one.entry(key)
    number = sum(_words(query) for query in found.values())
    if number > MOST_WORDS:
        detail = f"The batch has {number} words in texts and values; at most {MOST_WORDS} are taken"
        yield error("queries", f"{detail}: send fewer queries at once.")


def _words(query: Query) -> int:
    """Return the number of words of a query; a value without one counts too."""
    values = [value for _, several in query.properties for value in several]
    return sum(max(1, len(fold(text))) for text in (query.text or "", *values))


def _clean(text: str) -> str:
    """Return a text that can be written as UTF-8."""
    return text.encode(errors="replace").decode()


def _query(asked: Any, wrong: list[WrongError]) -> Query | None:
    """Return a query, and note what is wrong with it."""
    if not isinstance(asked, dict):
        wrong.append(WrongError("", 'A query is a JSON object: write {"query": "Marco Rubio"}.'))
        return None
    wrong += _strange(asked, FIELDS, "field", "")
    # OpenRefine leaves out what it has not; other clients write null.
    given = {name: value for name, value in asked.items() if value is not None}
    values: dict[str, Any] = {}
    for name, reader in READERS.items():
        if name in given:
            try:
                values[name] = reader(given[name])
            except WrongError as one:
                wrong.append(one)
    if "query" not in given and not given.get("properties"):
        detail = "Give query, the name to look for, or properties."
        wrong.append(WrongError("query", detail))
    kinds = values.get("type", KINDS)
    for number, (name, _) in enumerate(values.get("properties", ())):
        known = [one.id for one in PROPERTIES.values() if {*kinds} & one.paths.keys()]
        if name not in known:
            detail = f"{name!r} is no property of {_named(kinds)}."
            wrong.append(WrongError(f"properties[{number}].pid", detail, name, known))
    if wrong:
        return None
    limit = values.get("limit", USUAL_LIMIT)
    return Query(values.get("query"), kinds, limit, values.get("properties", ()))


def _named(kinds: tuple[RecordKind, ...]) -> str:
    return ", ".join(name for name, kind in TYPES.items() if kind in kinds)


def _strange(
    asked: dict[str, Any], known: tuple[str, ...], what: str, where: str
) -> Iterator[WrongError]:
    """Yield an error for each key of an object that it does not take."""
    for name in filter(lambda name: name not in known, asked):
        path = ".".join(filter(None, (where, name[:40])))
        detail = f"There is no {what} {_clean(name[:60])!r} here."
        yield WrongError(path, detail, name, list(known))


def _text(value: Any, where: str) -> str:
    """Return a text; raises WrongError for what no record could hold."""
    if value is None:
        raise WrongError(where, "This is null: leave it out, or the whole property.")
    if not isinstance(value, str):
        raise WrongError(where, f"This is no text: write it as {json.dumps(str(value)[:40])}.")
    if not value:
        raise WrongError(where, "The text is empty: give one, or leave it out.")
    if len(value) > MOST_TEXT:
        detail = f"The text has {len(value)} characters; at most {MOST_TEXT} are taken."
        raise WrongError(where, detail)
    if "\0" in value or value != _clean(value):
        raise WrongError(where, "The text holds what is no character of Unicode, or NUL.")
    return value


def _types(value: Any) -> tuple[RecordKind, ...]:
    given = value if isinstance(value, list) else [value]
    if not given:
        raise WrongError("type", "The list is empty: name a type, or leave it out.", None, [*TYPES])
    for one in given:
        if not isinstance(one, str) or one not in TYPES:
            told = json.dumps(one)[:60]
            raise WrongError("type", f"{told} is no type of records here.", one, [*TYPES])
    return tuple(kind for name, kind in TYPES.items() if name in given)


def _strictness(value: Any) -> str:
    if value not in STRICT:
        told = json.dumps(value)[:60]
        raise WrongError("type_strict", f"{told} is no strictness of types.", value, [*STRICT])
    return str(value)


def _limit(value: Any) -> int:
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
    if not whole or not 1 <= value <= MOST_LIMIT:
        told = json.dumps(value)[:40]
        detail = f"{told} is not a whole number from 1 to {MOST_LIMIT}."
        raise WrongError("limit", detail)
    return int(value)


def _properties(value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    form = 'write [{"pid": "country", "v": "PAN"}]'
    if not isinstance(value, list) or len(value) > MOST_VALUES:
        raise WrongError("properties", f"This is no list of at most {MOST_VALUES}: {form}.")
    read: dict[str, tuple[str, ...]] = {}
    for number, one in enumerate(value):
        where = f"properties[{number}]"
        if not isinstance(one, dict) or not {"pid", "v"} <= one.keys():
            raise WrongError(where, f"A property has pid and v: {form}.")
        for strange in _strange(one, ("pid", "v"), "field", where):
            raise strange
        name = _text(one["pid"], f"{where}.pid")
        if name in read:
            raise WrongError(f"{where}.pid", f"{name!r} stands twice: give a list of values in v.")
        of = PROPERTIES[name].of if name in PROPERTIES else None
        read[name] = _values(one["v"], f"{where}.v", of)
    return tuple(read.items())


def _values(value: Any, where: str, of: RecordKind | None) -> tuple[str, ...]:
    """Return the values of a property: texts, numbers, or records that were reconciled before.

    A number for a country is its code, in which zeros may lead.
    """
    digits = 3 if of == RecordKind.COUNTRY else 1
    given = value if isinstance(value, list) else [value]
    if not 1 <= len(given) <= MOST_VALUES:
        raise WrongError(where, f"Give from 1 to {MOST_VALUES} values.")
    found = []
    for one in given:
        if isinstance(one, dict) and one.keys() <= {"id", "name"} and "id" in one:
            found.append(_text(one["id"], f"{where}.id"))
        elif isinstance(one, int | float) and not isinstance(one, bool):
            whole = isinstance(one, float) and one.is_integer()
            found.append(_text(str(int(one) if whole else one).zfill(digits), where))
        else:
            found.append(_text(one, where))
    return tuple(found)


READERS = {
    "query": lambda value: _text(value, "query"),
    "type": _types,
    "type_strict": _strictness,
    "limit": _limit,
    "properties": _properties,
}
"""What reads each field of a query; raises WrongError."""
