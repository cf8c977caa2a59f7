"""What the filter sets of lists have in common: shared filters, and how such are made."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, cast

import django_filters
from django.db.models import Q

from api.filters import (
    COUNTRY,
    RelationFilter,
    StatedFilter,
    SupersededFilter,
    ValuesFilter,
)
from api.keys import CountryField, KeyField
from api.parameters import CodeField, Errors, Values, WholeNumberField
from api.problems import error
from api.range_filters import TimeFilter, YearFilter
from api.search_filters import SearchFilter
from api.serializers.base import RecordSerializer, RelatedSerializer
from api.unstated import unstated
from policy.models.base import Precision, Support
from policy.models.registry import RecordKind


def by_key(kind: RecordKind, path: str, help_text: str, where: Q | None = None) -> ValuesFilter:
    """Return a filter for the keys of records of one kind."""
    return ValuesFilter(KeyField(kind), path, help_text, where)


def by_code(codes: Iterable[str], path: str, help_text: str) -> ValuesFilter:
    """Return a filter for the codes of a vocabulary."""
    return ValuesFilter(CodeField(codes), path, help_text)


def by_country(path: str, help_text: str, where: Q | None = None) -> ValuesFilter:
    """Return a filter for countries."""
    return ValuesFilter(CountryField(), path, f"{help_text}, {COUNTRY}.", where=where)


def by_source(path: str) -> ValuesFilter:
    """Return the filter for the source a record rests on."""
    return by_key(RecordKind.SOURCE, path, "Rests on a passage of any of these sources.")


def opposites(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``exclude_x`` for each filter x that takes a list of values."""
    return {
        f"exclude_{name}": found.negated(f"The opposite of {name}.")
        for name, found in filters.items()
        if found.many
    }


class ListFilterSet(django_filters.FilterSet):
    """The filters of one list."""

    base_filters: ClassVar[Mapping[str, ValuesFilter]]

    @classmethod
    def facets(cls) -> dict[str, ValuesFilter]:
        """Return the filters by whose values the records can be counted."""
        return {
            name: found
            for name, found in cls.base_filters.items()
            if found.many and not found.exclude and found.path not in ("", "pk")
        }

    @classmethod
    def check(cls, values: Values) -> Errors:  # noqa: ARG003
        """Yield the errors of values that are good alone and not together."""
        return ()

    @classmethod
    def chosen(cls, values: Values) -> "type[ListFilterSet]":  # noqa: ARG003
        """Return the filters that these values are meant for."""
        return cls


class RecordFilterSet(ListFilterSet):
    """What the list of every kind of record takes, with ``exclude_x`` for the opposite of x."""

    record: ClassVar[type[RecordSerializer]]
    q = SearchFilter()

    @classmethod
    def get_filters(cls) -> Any:
        """Add what follows from the record, and ``exclude_x`` for each filter that lists values."""
        filters = super().get_filters()
        if hasattr(cls, "record"):
            filters = {**_of_record(cls.record), **filters}
        return {**filters, **opposites(filters)}


def _of_record(record: type[RecordSerializer]) -> dict[str, ValuesFilter]:
    """Return the filters for the key of a record, and for the keys in it that may be null."""
    conditions, model = unstated(record), cast("Any", record.Meta.model)
    related = {
        "relation": RelationFilter(
            "Lies so to another record, itself or with a part: contradicts, corrected_by."
        ),
        "superseded": SupersededFilter(
            "False leaves out what another record corrects or retracts, true shows that alone."
        ),
    }
    return {
        **(related if issubclass(record, RelatedSerializer) else {}),
        "id": by_key(model.record_kind, "pk", "Any of these keys."),
        **by_stated(conditions),
    }


def by_stated(conditions: Mapping[str, tuple[Q, Q]]) -> dict[str, ValuesFilter]:
    """Return the filters for the keys of a record that may be null."""
    return {
        "not_stated": StatedFilter(
            {name: empty for name, (empty, _) in conditions.items()},
            "Any of these keys of the record holds no value; time stands for all of its time.",
        ),
        "stated": StatedFilter(
            {name: filled for name, (_, filled) in conditions.items()},
            "Any of these keys of the record holds a value.",
        ),
    }


def ends_before_it_begins(values: Values, first: str, last: str) -> Errors:
    """Yield the error of a range whose first value is greater than its last one."""
    if first in values and last in values and values[first] > values[last]:
        yield error(last, f"The range ends before it begins: {first} is {values[first]}.")


class FactFilterSet(RecordFilterSet):
    """What a list takes whose records rest on passages."""

    support = by_code(Support, "support", "Any of these support levels.")
    source = by_source("evidence__source")


def by_time(what: str, path: str = "time") -> dict[str, ValuesFilter]:
    """Return the filters for an uncertain time; ``path`` is what its columns begin with."""
    earliest, latest = f"{path}_earliest", f"{path}_latest"
    return {
        "possibly_on": TimeFilter(
            f"{earliest}__lte",
            f"{latest}__gte",
            help_text=f"{what} have been on this day: earliest <= day <= latest.",
        ),
        "from": TimeFilter(
            f"{latest}__gte",
            help_text=f"{what} have been on or after this day: its latest day is not before it.",
        ),
        "to": TimeFilter(
            f"{earliest}__lte",
            help_text=f"{what} have been on or before this day: its earliest day is not after it.",
        ),
        "precision": by_code(Precision, f"{path}_precision", "Any of these precisions."),
        "year": YearFilter(
            WholeNumberField(1, 9999), earliest, "Its earliest day is in any of these years."
        ),
    }


class TimeFilterSet(RecordFilterSet):
    """What a list takes whose records have an uncertain time."""

    vars().update(by_time("May"))

    @classmethod
    def check(cls, values: Values) -> Errors:
        """Yield the error of days that leave none between them."""
        yield from super().check(values)
        yield from ends_before_it_begins(values, "from", "to")
