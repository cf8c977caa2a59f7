"""Which keys of a record a client is given, which related records stand in it, and counts."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from api.filters import ValuesFilter
from api.listing import Listing
from api.parameters import ChoicesField, Errors, ParameterField, Values
from api.problems import error
from api.schema import SELECTION

JsonObject = dict[str, Any]


def shaping_fields(keys: Collection[str], expandable: Collection[str]) -> dict[str, ParameterField]:
    """Return the parameters that shape a record of these keys."""
    parameters = {
        "fields": (keys, "Only these keys of each record."),
        "omit": (keys, "All keys of each record but these."),
        "expand": (expandable, "Put the related records in place of their keys."),
    }
    return {
        name: ChoicesField(names, help_text=f"{text} The answer is then of type {SELECTION}.")
        for name, (names, text) in parameters.items()
    }


def check_shape(values: Values, keys: Collection[str]) -> Errors:
    """Yield the errors of shaping parameters that are good alone and not together."""
    omitted = values.get("omit", [])
    if "fields" in values and omitted:
        yield error("omit", "Give fields or omit, not both.")
    elif len(omitted) == len(keys):
        yield error("omit", "Nothing would be left of the records.")
    else:
        kept = kept_keys(values, keys)
        absent = [name for name in values.get("expand", ()) if name not in kept]
        if absent:
            yield error("expand", f"{absent[0]!r} is left out of the fields.")


def kept_keys(values: Values, keys: Iterable[str]) -> frozenset[str]:
    """Return which of a record's keys are asked for."""
    return frozenset(values.get("fields", keys)) - frozenset(values.get("omit", ()))


def shaped(
    records: list[JsonObject],
    values: Values,
    related_of: Callable[[str, Collection[str]], list[JsonObject]],
) -> list[JsonObject]:
    """Return records with the keys that are asked for, and related records in place of their keys.

    ``related_of`` gives the records that the keys of the named field lead to, for all records at
    once; these are one level deep.
    """
    if records and {"fields", "omit"} & values.keys():
        kept = kept_keys(values, records[0])
        records = [{key: record[key] for key in record if key in kept} for record in records]
    for name in values.get("expand", ()):
        keys: set[Any] = set()
        for value in (record[name] for record in records):
            keys.update(value if isinstance(value, list) else [value])
        found = related_of(name, keys - {None})
        related = {None: None, **{record["id"]: record for record in found}}
        for record in records:
            value = record[name]
            many = isinstance(value, list)
            record[name] = [related[key] for key in value] if many else related[value]
    return records


def count_facets(
    listing: Listing, names: Iterable[str], facets: Mapping[str, ValuesFilter]
) -> dict[str, list[JsonObject]]:
    """Count the records of a whole list by each value of the facets that were asked for."""
    counted = {}
    for name in names:
        rows = listing.counts(name, facets[name]).items()
        ordered = sorted(rows, key=lambda row: (-row[1], row[0] is None, str(row[0])))
        counted[name] = [{"value": value, "count": records} for value, records in ordered]
    return counted
