"""Filter classes: how the value of a parameter becomes a condition on the records of a list."""

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import reduce
from operator import or_
from typing import Any, Self

import django_filters
from django.db import connections
from django.db.models import (
    Count,
    Exists,
    IntegerField,
    ManyToManyField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)

from api.database.release import served
from api.keys import CountryField, VersionField
from api.listing import Listing
from api.parameters import (
    CodeField,
    FlagField,
    ListField,
    ParameterField,
    WordsField,
)
from api.problems import UnavailableError
from policy.dyads import between, keys_between
from policy.models import PublishedRelease
from policy.models.registry import RecordKind, kind_of
from policy.models.relations import RelationSeen, related, superseded
from policy.models.state import live
from policy.models.statements import concerned, concerning, concerns_for
from policy.search.hits import Hits, Within, matching
from policy.search.live import StaleIndexError

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
    order = 0
    """Filters of a greater number are applied later."""
    pairs = False
    """Whether a row beside a record is the only one of its value, where the path does not tell."""
    transform = ""
    """What makes a value of the column, such as ``__year``."""

    def __init__(
        self, item: ParameterField, path: str, help_text: str, where: Q | None = None
    ) -> None:
        """Take the kind of value, the column, and a condition on the rows that a list leads to."""
        super().__init__(help_text=help_text)
        self.item, self.path, self.where = item, path, where or Q()
        self._field = (ListField(item) if self.many else item).described(help_text)

    @property
    def turn(self) -> int:
        """When it is applied: exclusions are counted within what other filters find."""
        return 2 if self.exclude else self.order

    def negated(self, help_text: str) -> Self:
        """Return the filter that excludes what this one finds."""
        none_of = copy(self)
        none_of.exclude, none_of._field = True, self._field.described(help_text)
        return none_of

    def narrow(self, listing: Listing, values: Mapping[str, Any], name: str) -> Listing:
        """Narrow a list to what the value called ``name`` finds; ``values`` has all of them."""
        value, rows = values[name], listing.rows
        narrowed = replace(listing, rows=self.filter(rows, value), counted=None, difference=None)
        found = self.found_beside(rows.model, value)
        if self.exclude and (found or not rows.query.where):
            taken = self.including().narrow(listing, values, name)
            return replace(narrowed, difference=(listing, taken))
        if found and not rows.query.where:
            beside, owner = found
            return replace(narrowed, counted=beside.values(owner).distinct())
        return narrowed

    def including(self) -> Self:
        """Return the filter that finds what this one excludes."""
        any_of = copy(self)
        any_of.exclude = False
        return any_of

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

    order = 1  # After the topic, with which it is counted.
    pairs = True

    def narrow(self, listing: Listing, values: Mapping[str, Any], name: str) -> Listing:
        """Narrow to the statements that concern one of the countries, or none of them.

        A statement has one concern for each country it concerns, with its own topic. So where
        nothing but a topic narrows the list besides, the concerns of a single country are counted.
        """
        countries, topics = values[name], values.get("topic", ())
        if live.get() is not None:
            condition = concerning(countries)
            rows = listing.rows.filter(~condition if self.exclude else condition)
            return replace(listing, rows=rows, counted=None, difference=None)
        if self.exclude:
            rows = self.narrow_by_rows(listing.rows, concerns_for(countries), "statement")
            taken = self.including().narrow(listing, values, name)
            return replace(listing, rows=rows, counted=None, difference=(listing, taken))
        rows = listing.rows.filter(concerning(countries, topics))
        counted: QuerySet[Any] | None = None
        if values.keys() <= {name, "topic"}:
            counted = concerns_for(countries, topics)
            if len(countries) > 1:
                counted = counted.values("statement").distinct()
        return replace(listing, rows=rows, counted=counted, difference=None)

    def counts(self, qs: QuerySet[Any]) -> Counter[Any]:
        """Return how many statements of a list concern each country."""
        if live.get() is None:
            return super().counts(qs)
        found = concerned()
        statements = qs.order_by().values_list("pk", flat=True)
        return Counter(country for key in statements for country in found.get(key) or [None])


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

    def narrow(self, listing: Listing, values: Mapping[str, Any], name: str) -> Listing:
        """Narrow to the records between the two, of which the keys alone are counted."""
        narrowed = super().narrow(listing, values, name)
        if self.name == "relations" or listing.rows.query.where:
            return narrowed
        return replace(narrowed, counted=keys_between(self.name, *sorted(values[name])))

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to the records between the two."""
        return qs.filter(between(self.name, *sorted(value)))


class RelationFilter(ValuesFilter):
    """How a record lies to others, seen from itself."""

    def __init__(self, help_text: str) -> None:
        """Take the help text."""
        super().__init__(CodeField(RelationSeen), "", help_text)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to the records at the ends of such relations."""
        found = related(kind_of(qs.model), value)  # type: ignore[arg-type]
        return qs.filter(~found if self.exclude else found)


class SupersededFilter(FlagFilter):
    """Whether another record corrects or retracts a record as a whole."""

    def __init__(self, help_text: str) -> None:
        """Take the help text."""
        super().__init__("", help_text)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to those records, or to the others."""
        found = Q(pk__in=superseded(kind_of(qs.model)))  # type: ignore[arg-type]
        return qs.filter(found if value else ~found)


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
    order = 3

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
        if connections[qs.db].vendor == "sqlite" and served().common_words.keys() >= {*value}:
            # Looking up each record in its order is quicker than making a list of so many.
            found = qs.filter(Exists(entries.filter(record=OuterRef("pk"))))
        # As an alias it is only made where the list is ordered by it.
        return found.alias(rank=Subquery(ranks[:1], output_field=IntegerField()))

    def narrow(self, listing: Listing, values: Mapping[str, Any], name: str) -> Listing:
        """Narrow to the records that hold the words, and where the index can list them, to hits.

        The index counts and orders hits, and one page of records is looked up. It is asked last, as
        it looks for hits among what the other filters leave.
        """
        narrowed = super().narrow(listing, values, name)
        if live.get() is not None:
            return narrowed
        words, kind = tuple(values[name]), kind_of(listing.rows.model)
        others = values.keys() - {name}
        if not others:
            return replace(narrowed, hits=Hits(words, kind))
        if kind is None:
            if others == {"kind"}:
                kinds = tuple(sorted(map(RecordKind, values["kind"])))
                return replace(narrowed, hits=Hits(words, kinds=kinds))
        else:
            within = Within.of(listing.rows)
            return replace(narrowed, hits=within and Hits(words, kind, within=within))
        return narrowed
