"""Filter classes: how the value of a parameter becomes a condition on the records of a list."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import date
from functools import reduce
from operator import or_
from typing import Any, Self

import django_filters
from django.db.models import (
    Exists,
    IntegerField,
    ManyToManyField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)

from api.listing import Listing
from api.parameters import (
    CodeField,
    CountryField,
    DayField,
    FlagField,
    ListField,
    ParameterField,
    WordsField,
)
from api.problems import UnavailableError
from policy.dyads import between
from policy.models.registry import kind_of
from policy.models.state import live
from policy.models.statements import concerning, concerns_for
from policy.search.hits import Hits, matching
from policy.search.live import StaleIndexError

PAIR = ListField(CountryField(), least=2, most=2)
COUNTRY = "as alpha-3, alpha-2 or numeric code, in any case"


class ValuesFilter(django_filters.Filter):
    """Any of some values; ``path`` is the column that holds one, reached by any joins."""

    many = True
    """Whether several values may be given; these can be excluded too."""
    lookup = "in"

    def __init__(
        self, item: ParameterField, path: str, help_text: str, where: Q | None = None
    ) -> None:
        """Take the kind of value, the column, and a condition on the rows that a list leads to."""
        super().__init__(help_text=help_text)
        self.path, self.where = path, where or Q()
        self._field = (ListField(item) if self.many else item).described(help_text)

    def negated(self, help_text: str) -> Self:
        """Return the filter that excludes what this one finds."""
        none_of = copy(self)
        none_of.exclude, none_of._field = True, self._field.described(help_text)
        return none_of

    def narrow(self, listing: Listing, values: Mapping[str, Any], name: str) -> Listing:
        """Narrow a list to what the value called ``name`` finds; ``values`` has all of them."""
        return replace(listing, rows=self.filter(listing.rows, values[name]))

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow the list; joins to many stay in a subquery, so that no row comes twice."""
        joins, *_ = qs.query.names_to_path(self.path.split("__"), qs.model._meta)
        if any(join.m2m for join in joins):
            return self.narrow_by_rows(qs, *self.related_rows(qs.model, value))
        condition = self.condition(self.path, value)
        return qs.exclude(condition) if self.exclude else qs.filter(condition)

    def condition(self, path: str, value: Any) -> Q:
        """Return the condition on the column at a path."""
        return Q(**{f"{path}__{self.lookup}": value})

    def related_rows(self, model: type[Model], value: Any) -> tuple[QuerySet[Any], str]:
        """Return the rows beside a model that meet the condition, and their column of its keys."""
        name, _, rest = self.path.partition("__")
        field: Any = model._meta.get_field(name)
        if isinstance(field, ManyToManyField):
            pairs: Any = field.remote_field.through
            owner = field.m2m_field_name()
            rest = "__".join(filter(None, [field.m2m_reverse_field_name(), rest]))
        else:
            pairs, owner = field.related_model, field.field.name
        return pairs._base_manager.filter(self.where, self.condition(rest, value)), owner

    def narrow_by_rows(self, qs: QuerySet[Any], rows: QuerySet[Any], owner: str) -> QuerySet[Any]:
        """Narrow to the records that rows beside them belong to, or to all others.

        NOT IN would compare every record with every row once these do not fit into PostgreSQL's
        memory for a hash table; NOT EXISTS is a join.
        """
        if self.exclude:
            return qs.filter(~Exists(rows.filter(**{owner: OuterRef("pk")})))
        return qs.filter(pk__in=rows.values(owner))


class FlagFilter(ValuesFilter):
    """Whether a column is true."""

    many = False
    lookup = "exact"

    def __init__(self, path: str, help_text: str) -> None:
        """Take the column."""
        super().__init__(FlagField(), path, help_text)


class ConcernFilter(ValuesFilter):
    """Countries that a statement concerns in any way, narrowed by topic where both are given."""

    def narrow(self, listing: Listing, values: Mapping[str, Any], name: str) -> Listing:
        """Narrow to the statements that concern one of the countries, or none of them.

        A statement has one concern for each country it concerns, with its own topic. So where
        nothing but a topic narrows the list besides, the concerns of a single country are counted.
        """
        countries, topics = values[name], values.get("topic", ())
        if self.exclude:
            rows = self.narrow_by_rows(listing.rows, concerns_for(countries), "statement")
            return replace(listing, rows=rows)
        rows = listing.rows.filter(concerning(countries, topics))
        alone = len(countries) == 1 and values.keys() <= {"country", "topic"} and not live.get()
        counted = concerns_for(countries, topics) if alone else None
        return replace(listing, rows=rows, counted=counted)


class PresenceFilter(FlagFilter):
    """Whether a column holds a value."""

    lookup = "isnull"

    def condition(self, path: str, value: Any) -> Q:
        """Return the condition on the column, true meaning that it is filled."""
        return super().condition(path, not value)


class StatedFilter(ValuesFilter):
    """Whether any of some keys of a record holds a value, or any of them none."""

    def __init__(self, conditions: Mapping[str, Q], help_text: str) -> None:
        """Take the condition that is asked for, by key."""
        self.conditions = conditions
        super().__init__(CodeField(conditions), "", help_text)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to the records with such a key."""
        found = reduce(or_, (self.conditions[name] for name in value))
        return qs.filter(~found if self.exclude else found)


class BetweenFilter(ValuesFilter):
    """Between two countries, in either order, as a dyad understands it."""

    many = False

    def __init__(self, name: str, help_text: str) -> None:
        """Take what a dyad calls the records of the list."""
        self.name = name
        super().__init__(PAIR, "", f"{help_text}, {COUNTRY}.")

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to the records between the two."""
        return qs.filter(between(self.name, *sorted(value)))


class TimeFilter(ValuesFilter):
    """Uncertain time against a bound; a record without any day matches nothing."""

    many = False

    def __init__(self, *lookups: str, help_text: str) -> None:
        """Take the lookups that must all hold of the day, such as time_latest__gte."""
        self.lookups = lookups
        super().__init__(DayField(), "", help_text)

    def filter(self, qs: QuerySet[Any], value: date) -> QuerySet[Any]:
        """Narrow by the earliest and latest day."""
        return qs.filter(**dict.fromkeys(self.lookups, value))


def entries_with(words: Sequence[str]) -> QuerySet[Any]:
    """Return the search entries that hold all these words; raises UnavailableError."""
    try:
        return matching(words)
    except StaleIndexError as stale:
        raise UnavailableError(
            "The tables were written to by something other than load_release, and are too large to "
            "be searched without the index: the operator has to run manage.py load_release."
        ) from stale


class SearchFilter(ValuesFilter):
    """Words in the text of a record; a list then has the best match first."""

    many = False

    def __init__(self, **options: Any) -> None:
        """Take the options of the field: every list is searched alike."""
        super().__init__(
            WordsField(**options),
            "",
            "Holds all these words, in any case and with or without accents; abc* "
            "stands for words that begin so. Records with all of them in the title come first "
            "unless ordering is given.",
        )

    def filter(self, qs: Any, value: Any) -> Any:
        """Narrow to the records that hold the words, or to their entries, each with its rank."""
        kind = kind_of(qs.model)
        if kind is None:
            # The list of entries itself, which begins with those that hold the words.
            return qs
        entries = entries_with(value).filter(kind=kind)
        ranks = entries.filter(record=OuterRef("pk")).values("rank")
        found = qs.filter(pk__in=entries.values("record"))
        return found.annotate(rank=Subquery(ranks[:1], output_field=IntegerField()))

    def narrow(self, listing: Listing, values: Mapping[str, Any], name: str) -> Listing:
        """Narrow to the records that hold the words; where no other filter is given, to hits.

        The index counts and orders hits, and one page of records is looked up.
        """
        narrowed = super().narrow(listing, values, name)
        if len(values) > 1 or live.get() is not None:
            return narrowed
        return replace(narrowed, hits=Hits(tuple(values[name]), kind_of(listing.rows.model)))
