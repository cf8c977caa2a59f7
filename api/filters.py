"""Filter classes: how the value of a parameter becomes a condition on the records of a list."""

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import reduce
from heapq import merge
from operator import or_
from typing import Any, ClassVar, Self, cast

import django_filters
from django.db import connections
from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    ManyToManyField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)

from api.keys import CountryField, VersionField
from api.listing import Listing
from api.parameters import (
    CodeField,
    FlagField,
    ListField,
    ParameterField,
)
from api.rendering.bitmaps import Criterion, axis
from api.rendering.indexing import Pairs
from policy.dyads import between, pairs, pairs_of_issues, relations_between
from policy.models import PublishedRelease
from policy.models.registry import RecordKind, kind_of
from policy.models.relations import RelationSeen, related, superseded
from policy.models.state import live
from policy.models.statements import concerned, concerning, concerns_for

PAIR = ListField(CountryField(), least=2, most=2)
COUNTRY = "as alpha-3, alpha-2 or numeric code, in any case"


def rows_beside(model: type[Model], path: str) -> tuple[QuerySet[Any], str, str] | None:
    """Return the rows beside a model that a path leads to, if they are in another table.

    With them come their column of the keys of records, and the path from them to the values.
    """
    name, _, rest = path.partition("__")
    field: Any = model._meta.pk if name == "pk" else model._meta.get_field(name)
    if isinstance(field, ManyToManyField):
        rows: Any = field.remote_field.through
        owner = field.m2m_field_name()
        rest = "__".join(filter(None, [field.m2m_reverse_field_name(), rest]))
    elif field.one_to_many or (field.one_to_one and field.auto_created):
        rows, owner = field.related_model, field.field.name
    else:
        return None
    found = rows._base_manager.order_by()
    # A null among the keys would make NOT IN find nothing.
    return (found.exclude(**{owner: None}) if field.one_to_one else found), owner, rest


class ValuesFilter(django_filters.Filter):
    """Any of some values; ``path`` is the column that holds one, reached by any joins."""

    many = True
    """Whether several values may be given; these can be excluded too."""
    lookup = "in"
    held: ClassVar[bool] = True
    """Whether the bitmap index holds what the filter finds."""
    pairs = False
    """Whether a row beside a record is the only one of its value, where the path does not tell."""
    transform = ""
    """What makes a value of the column, such as ``__year``."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Leave to SQL what a class finds in a way of its own, unless it says that it is held."""
        super().__init_subclass__(**options)
        if {"narrow", "filter", "condition"} & vars(cls).keys() and "held" not in vars(cls):
            cls.held = False

    def __init__(
        self, item: ParameterField, path: str, help_text: str, where: Q | None = None
    ) -> None:
        """Take the kind of value, the column, and a condition on the rows that a list leads to."""
        super().__init__(help_text=help_text)
        self.item, self.path, self.where = item, path, where or Q()
        self._field = (ListField(item) if self.many else item).described(help_text)

    def negated(self, help_text: str) -> Self:
        """Return the filter that excludes what this one finds."""
        none_of = copy(self)
        none_of.exclude, none_of._field = True, self._field.described(help_text)
        return none_of

    def criteria(self, model: type[Model], name: str, value: Any) -> Sequence[Criterion] | None:
        """Return what to ask the bitmap index for, None if it does not hold the filter."""
        if not self.held or self.path == "pk":
            return None
        values = value if self.many else [value]
        return [Criterion(axis(model, self.column(name)), values, self.exclude)]

    def column(self, name: str) -> str:
        """Return what the bitmap index calls the column, for a filter of this name."""
        if self.path and not self.where:
            return f"{self.path}{self.transform}"
        return name.removeprefix("exclude_") if self.exclude else name

    def indexed(self, model: type[Model], name: str) -> dict[str, Pairs | str]:
        """Return what the bitmap index holds of the filter, by the names of its columns."""
        held = self.held and self.path != "pk" and not self.exclude
        return {self.column(name): self.pairs_of(model)} if held else {}

    def pairs_of(self, model: type[Model]) -> Pairs | str:
        """Return the keys of records, in their order, with each value; or the path of a column."""
        beside = rows_beside(model, self.path)
        if beside is None:
            return f"{self.path}{self.transform}"
        rows, owner, path = beside
        found = rows.filter(self.where, **{f"{path}__isnull": False}).order_by(owner)
        return found.values_list(owner, f"{path}{self.transform}").iterator()

    def narrow(self, listing: Listing, values: Mapping[str, Any], name: str) -> Listing:
        """Narrow a list to what the value called ``name`` finds; ``values`` has all of them."""
        return replace(listing, rows=self.filter(listing.rows, values[name]))

    def found_beside(self, model: type[Model], value: Any) -> tuple[QuerySet[Any], str] | None:
        """Return the rows beside a model that hold a value, with their column of its keys.

        None where the value is in the table of the model.
        """
        beside = self.path and rows_beside(model, self.path)
        if not beside:
            return None
        rows, owner, path = beside
        # Both conditions at once, so that they are of one row where the path goes on to many.
        return rows.filter(self.where, self.condition(path, value)), owner

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow the list; joins to many stay in a subquery, so that no row comes twice."""
        found = self.found_beside(qs.model, value)
        if found:
            return self.narrow_by_rows(qs, *found)
        condition = self.condition(self.path, value)
        return qs.exclude(condition) if self.exclude else qs.filter(condition)

    def condition(self, path: str, value: Any) -> Q:
        """Return the condition on the column at a path."""
        return Q(**{f"{path}__{self.lookup}": value})

    def counts(self, qs: QuerySet[Any]) -> Counter[Any]:
        """Return how many records of a list have each value; None counts those without one."""
        counted: Counter[Any] = Counter()
        beside = rows_beside(qs.model, self.path)
        # A pair of a record and what it leads to stands once, and holds a value.
        pairs = beside and (
            self.pairs or (beside[0].model._meta.auto_created and "__" not in beside[2])
        )
        rows, path, number = qs.order_by(), self.path, Count("pk")
        # Without a condition, the pairs are counted without the records that they belong to, unless
        # what else wrote the tables may have left pairs of records that are gone.
        narrowed = bool(qs.query.where) or live.get() is not None
        if beside and (self.where or not pairs or not narrowed):
            rows, owner, path = beside
            # Of many rows beside a record, some may hold no value.
            rows = rows.filter(self.where, **{f"{path}__isnull": False})
            if narrowed:
                rows = rows.filter(**{f"{owner}__in": qs.order_by().values("pk")})
            without = qs.count() - rows.values(owner).distinct().count()
            if without:
                counted[None] = without
            number = Count("pk") if pairs else Count(owner, distinct=True)
        grouped = rows.values_list(f"{path}{self.transform}").annotate(records=number)
        for value, records in grouped.values_list(f"{path}{self.transform}", "records"):
            counted[self.item.shown(value)] += records
        return counted

    def narrow_by_rows(self, qs: QuerySet[Any], rows: QuerySet[Any], owner: str) -> QuerySet[Any]:
        """Narrow to the records that rows beside them belong to, or to all others.

        NOT IN would have PostgreSQL compare every record with every row once these leave its work
        memory, and NOT EXISTS would have SQLite look every value up for every record.
        """
        if not self.exclude:
            return qs.filter(pk__in=rows.values(owner))
        if connections[qs.db].vendor == "sqlite":
            return qs.exclude(pk__in=rows.values(owner))
        return qs.filter(~Exists(rows.filter(**{owner: OuterRef("pk")})))


class FlagFilter(ValuesFilter):
    """Whether a column is true."""

    many = False
    lookup = "exact"

    def __init__(self, path: str, help_text: str) -> None:
        """Take the column."""
        super().__init__(FlagField(), path, help_text)


class ConcernFilter(ValuesFilter):
    """Countries that a statement concerns in any way, narrowed by topic where both are given."""

    held = True
    pairs = True

    def narrow(self, listing: Listing, values: Mapping[str, Any], name: str) -> Listing:
        """Narrow to the statements that concern one of the countries, or none of them."""
        countries, rows = values[name], listing.rows
        if live.get() is not None:
            condition = concerning(countries)
            return replace(listing, rows=rows.filter(~condition if self.exclude else condition))
        if self.exclude:
            found = concerns_for(countries)
            return replace(listing, rows=self.narrow_by_rows(rows, found, "statement"))
        return replace(listing, rows=rows.filter(concerning(countries, values.get("topic", ()))))

    def counts(self, qs: QuerySet[Any]) -> Counter[Any]:
        """Return how many statements of a list concern each country."""
        if live.get() is None:
            return super().counts(qs)
        found = concerned()
        statements = qs.order_by().values_list("pk", flat=True)
        return Counter(country for key in statements for country in found.get(key) or [None])


class ConditionsFilter(ValuesFilter):
    """Any of some conditions, each with the value that stands for it."""

    held = True

    def conditions_of(self, model: type[Model]) -> Mapping[Any, Q]:
        """Return the condition that each value stands for."""
        raise NotImplementedError

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to the records of which any is true, or of which none is."""
        conditions = self.conditions_of(qs.model)
        found = reduce(or_, (conditions[one] for one in (value if self.many else [value])))
        return qs.filter(~found if self.exclude else found)

    def column(self, name: str) -> str:
        """Return what the bitmap index calls the conditions, for a filter of this name."""
        return name.removeprefix("exclude_") if self.exclude else name

    def pairs_of(self, model: type[Model]) -> Pairs:
        """Return the keys of records, in their order, with each value whose condition is true."""
        conditions = self.conditions_of(model)
        flags = [ExpressionWrapper(one, BooleanField()) for one in conditions.values()]
        for key, *true in model._base_manager.order_by("pk").values_list("pk", *flags).iterator():
            yield from ((key, one) for one, holds in zip(conditions, true, strict=True) if holds)


class PresenceFilter(ConditionsFilter):
    """Whether a column holds a value."""

    many = False

    def __init__(self, path: str, help_text: str) -> None:
        """Take the column."""
        super().__init__(FlagField(), path, help_text)

    def conditions_of(self, model: type[Model]) -> Mapping[Any, Q]:
        """Return the conditions that it is filled, and that it is not."""
        return {one: Q(**{f"{self.path}__isnull": not one}) for one in (True, False)}


class StatedFilter(ConditionsFilter):
    """Whether any of some keys of a record holds a value, or any of them none."""

    def __init__(self, conditions: Mapping[str, Q], help_text: str) -> None:
        """Take the condition that is asked for, by key."""
        self.conditions = conditions
        super().__init__(CodeField(conditions), "", help_text)

    def conditions_of(self, model: type[Model]) -> Mapping[Any, Q]:
        """Return the condition that is asked for, by key."""
        return self.conditions


class RelationFilter(ConditionsFilter):
    """How a record lies to others, seen from itself."""

    def __init__(self, help_text: str) -> None:
        """Take the help text."""
        super().__init__(CodeField(RelationSeen), "", help_text)

    def conditions_of(self, model: type[Model]) -> Mapping[Any, Q]:
        """Return the condition that a record is at the end of such a relation."""
        kind = cast("RecordKind", kind_of(model))
        return {seen.value: related(kind, [seen.value]) for seen in RelationSeen}


class SupersededFilter(ConditionsFilter):
    """Whether another record corrects or retracts a record as a whole."""

    many = False

    def __init__(self, help_text: str) -> None:
        """Take the help text."""
        super().__init__(FlagField(), "", help_text)

    def conditions_of(self, model: type[Model]) -> Mapping[Any, Q]:
        """Return the conditions that it is so, and that it is not."""
        found = Q(pk__in=superseded(cast("RecordKind", kind_of(model))))
        return {True: found, False: ~found}


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

    held = True

    def criteria(self, model: type[Model], name: str, value: Any) -> Sequence[Criterion] | None:
        """Return the pair, the lesser code first."""
        return super().criteria(model, name, sorted(value))

    def pairs_of(self, model: type[Model]) -> Pairs:
        """Return the keys of records, in their order, with each pair that they are between."""
        if self.name == "relations":
            found = relations_between().items()
            return sorted((key, pair) for pair, keys in found for key in keys)
        ways = [way[self.name] for way in (pairs(), pairs_of_issues()) if self.name in way]
        rows = (way.order_by("record").values_list("record", "one", "other") for way in ways)
        return ((key, (one, other)) for key, one, other in merge(*(way.iterator() for way in rows)))


class AccountFilter(ValuesFilter):
    """Which accounts of an issue the other filters are about; it narrows nothing itself."""

    many = False

    def __init__(self, help_text: str) -> None:
        """Take the help text."""
        super().__init__(CodeField(("current", "any")), "", help_text)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Return the list as it is."""
        return qs


class SinceFilter(ValuesFilter):
    """The changes of all releases after a version."""

    many = False

    def __init__(self, help_text: str) -> None:
        """Take the help text."""
        super().__init__(VersionField(), "", help_text)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to the changes of the releases whose place is a later one."""
        known = PublishedRelease.objects.filter(pk=value).values("place")
        later = PublishedRelease.objects.filter(place__gt=Subquery(known))
        return qs.filter(release__in=later.values("pk"))
