"""Filter classes for ranges: days of an uncertain time, days in office, scores."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Model, Q, QuerySet

from api.filters import ValuesFilter, rows_beside
from api.listing import Listing
from api.parameters import DayField, ScoreField
from api.rendering.bitmaps import Criterion, axis
from api.rendering.indexing import Pairs
from policy.models.events import scored


class YearFilter(ValuesFilter):
    """Any of some years, which a day lies in."""

    held = True
    transform = "__year"

    def condition(self, path: str, value: Any) -> Q:
        """Return the condition on the day, as ranges of an index."""
        return reduce(or_, (Q(**{f"{path}__year": year}) for year in value))


class TimeFilter(ValuesFilter):
    """Uncertain time against a bound; a record without any day matches nothing."""

    many = False

    def __init__(self, *lookups: str, help_text: str) -> None:
        """Take the lookups that must all hold of the day, such as time_latest__gte."""
        self.lookups = lookups
        super().__init__(DayField(), "", help_text)

    held = True

    def criteria(self, model: type[Model], name: str, value: date) -> Sequence[Criterion]:
        """Return the days from or up to that one, for each of the lookups."""
        found = []
        for lookup in self.lookups:
            column, _, compared = lookup.rpartition("__")
            first, last = (value, None) if compared == "gte" else (None, value)
            found.append(Criterion(axis(model, column), first=first, last=last))
        return found

    def indexed(self, model: type[Model], name: str) -> dict[str, Pairs | str]:
        """Return the days of each record, by the columns of the lookups."""
        columns = [lookup.rpartition("__")[0] for lookup in self.lookups]
        return {name: ValuesFilter(self.item, name, "").pairs_of(model) for name in columns}

    def filter(self, qs: QuerySet[Any], value: date) -> QuerySet[Any]:
        """Narrow by the earliest and latest day."""
        beside = rows_beside(qs.model, self.lookups[0])
        if beside is None:
            return qs.filter(**dict.fromkeys(self.lookups, value))
        rows, owner, _ = beside
        days = {lookup.partition("__")[2]: value for lookup in self.lookups}
        return self.narrow_by_rows(qs, rows.filter(**days), owner)


class OfficeFilter(ValuesFilter):
    """In an office on a day: the office that the other filters of offices ask for, if any do."""

    many = False

    def __init__(self, path: str, others: Mapping[str, str], help_text: str) -> None:
        """Take the path to the offices, and the filter of each of their columns by its name."""
        super().__init__(DayField(), path, help_text)
        self.others = others

    def narrow(self, listing: Listing, values: Mapping[str, Any], name: str) -> Listing:
        """Narrow to the people with an office of which all that is asked for holds at once."""
        held = Q(start_earliest__lte=values[name], end_latest__gte=values[name])
        for column, other in self.others.items():
            if other in values:
                held &= Q(**{f"{column}__in": values[other]})
        offices = listing.rows.model._meta.get_field(self.path)
        rows = offices.related_model._base_manager.order_by().filter(held)
        found = self.narrow_by_rows(listing.rows, rows, offices.field.name)
        return replace(listing, rows=found)


class ScoreFilter(ValuesFilter):
    """The score of an event against a bound; an event without a code matches nothing."""

    many = False

    def __init__(self, compare: Callable[[float, float], bool], help_text: str) -> None:
        """Take what must be true of the score and the bound."""
        self.compare = compare
        super().__init__(ScoreField(), "", help_text)

    def filter(self, qs: QuerySet[Any], value: float) -> QuerySet[Any]:
        """Narrow by event type and mode, from which the score follows."""
        return qs.filter(scored(lambda score: self.compare(score, value)))
