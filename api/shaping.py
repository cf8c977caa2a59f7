"""Which keys of a record a client is given, which related records stand in it, and counts."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Model, QuerySet

from api.parameters import ChoicesField, Errors, ParameterField, Values
from api.problems import error
from api.schema import SELECTION

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a client asked of the records it is given."""

    keys: frozenset[str]
    expand: tuple[str, ...]
    facets: tuple[str, ...]
    selected: bool

    @property
    def media_type(self) -> str | None:
        """The media type of the answer, None for the usual one."""
        return SELECTION if self.selected or self.expand else None


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
        kept = _kept(values, keys)
        absent = [name for name in values.get("expand", ()) if name not in kept]
        if absent:
            yield error("expand", f"{absent[0]!r} is left out of the fields.")


def shape_of(values: Values, keys: Iterable[str]) -> Shape:
    """Return the shape that the parameters of a request ask for."""
    return Shape(
        _kept(values, keys),
        tuple(values.get("expand", ())),
        tuple(values.get("facets", ())),
        selected="fields" in values or "omit" in values,
    )


def _kept(values: Values, keys: Iterable[str]) -> frozenset[str]:
    return frozenset(values.get("fields", keys)) - frozenset(values.get("omit", ()))


def select(records: list[JsonObject], shape: Shape) -> list[JsonObject]:
    """Return the records with only the keys that were asked for."""
    if not shape.selected:
        return records
    kept = shape.keys
    return [{key: record[key] for key in record if key in kept} for record in records]


def expand(
    records: list[JsonObject],
    shape: Shape,
    related_of: Callable[[str, Collection[str]], list[JsonObject]],
) -> None:
    """Put related records in place of their keys, one level deep, at one list's cost each.

    ``related_of`` gives the records that the keys of the named field lead to.
    """
    for name in shape.expand:
        keys: set[Any] = set()
        for value in (record[name] for record in records):
            keys.update(value if isinstance(value, list) else [value])
        found = related_of(name, keys - {None})
        related = {None: None, **{record["id"]: record for record in found}}
        for record in records:
            value = record[name]
            many = isinstance(value, list)
            record[name] = [related[key] for key in value] if many else related[value]


def count_facets(
    queryset: QuerySet[Any], shape: Shape, paths: Mapping[str, str]
) -> dict[str, list[JsonObject]]:
    """Count the records of a whole list by each value of the facets that were asked for."""
    counted = {}
    for name in shape.facets:
        path = paths[name]
        rows = (
            queryset.order_by()
            .values_list(path)
            .annotate(records=Count("pk", distinct=_comes_twice(queryset.model, path)))
            .values_list(path, "records")
        )
        ordered = sorted(rows, key=lambda row: (-row[1], row[0] is None, str(row[0])))
        counted[name] = [{"value": value, "count": records} for value, records in ordered]
    return counted


def _comes_twice(model: type[Model], path: str) -> bool:
    """Tell whether a record may have a value twice; a key leads to each record but once."""
    for name in path.split("__"):
        field: Any = model._meta.get_field(name)
        if field.one_to_many:
            return True
        model = field.related_model
    return False
