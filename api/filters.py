"""Filter classes: how the value of a parameter becomes a condition on the records of a list."""

from collections.abc import Callable, Mapping
from copy import copy
from datetime import date
from typing import Any, Self

import django_filters
from django.db.models import IntegerField, ManyToManyField, Model, OuterRef, Q, QuerySet, Subquery

from api.parameters import MAX_ITEMS, CountryField, DayField, ListField, ParameterField, WordsField
from policy.models.registry import kind_of
from policy.models.statements import concerning, concerns_for
from policy.search.hits import Hits
from policy.search.words import matching, rank_of

COUNTRY = "as alpha-3, alpha-2 or numeric code, in any case"


class ValuesFilter(django_filters.Filter):
    """Any of some values; ``paths`` are the columns of which any may hold one."""

    many = True
    negatable = True
    lookup = "in"

    def __init__(
        self,
        item: ParameterField,
        *paths: str,
        help_text: str,
        to_many: bool = False,
        where: Q | None = None,
        least: int = 1,
        most: int = MAX_ITEMS,
    ) -> None:
        """Take the kind of value, the columns, whether they join many rows, and of which rows."""
        super().__init__(help_text=help_text)
        self.item, self.paths, self.to_many, self.where = item, paths, to_many, where or Q()
        if self.many:
            item = ListField(item, least=least, most=most)
        self._field = item.described(help_text)

    def negated(self, help_text: str) -> Self:
        """Return the filter that excludes what this one finds."""
        none_of = copy(self)
        none_of.exclude, none_of._field = True, self._field.described(help_text)
        return none_of

    def narrow(self, queryset: QuerySet[Any], values: Mapping[str, Any], name: str) -> Any:
        """Narrow a list to what the value called ``name`` finds; ``values`` has all of them."""
        return self.filter(queryset, values[name])

    def counted(self, values: Mapping[str, Any]) -> QuerySet[Any] | None:
        """Return rows that are as many as the list but quicker to count, or None."""
        return None

    def hits(self, model: type[Model], values: Mapping[str, Any]) -> Hits | None:
        """Return the search hits that are the whole list, or None."""
        return None

    def condition(self, value: Any) -> Q:
        """Return the condition on the columns."""
        condition = Q()
        for path in self.paths:
            condition |= Q(**{f"{path}__{self.lookup}" if self.lookup else path: value})
        return condition & self.where

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow the list; joins to many stay in a subquery, so that no row comes twice."""
        condition = self._within(qs.model, value) if self.to_many else self.condition(value)
        return qs.exclude(condition) if self.exclude else qs.filter(condition)

    def _within(self, model: type[Model], value: Any) -> Q:
        """Return the condition on the keys of records; pairs are asked without their records."""
        if len(self.paths) == 1 and not self.where:
            name, _, rest = self.paths[0].partition("__")
            field = model._meta.get_field(name)
            if isinstance(field, ManyToManyField):
                pairs: Any = field.remote_field.through
                path = "__".join(filter(None, [field.m2m_reverse_field_name(), rest, self.lookup]))
                return Q(
                    pk__in=pairs._base_manager.filter(**{path: value}).values(
                        field.m2m_field_name()
                    )
                )
        return Q(pk__in=model._base_manager.filter(self.condition(value)).values("pk"))


class ValueFilter(ValuesFilter):
    """A yes-or-no question, or one for a single value."""

    many = False
    negatable = False
    lookup = ""


class ConcernFilter(ValuesFilter):
    """Countries that a statement concerns in any way, narrowed by topic where both are given."""

    def narrow(self, queryset: QuerySet[Any], values: Mapping[str, Any], name: str) -> Any:
        """Narrow to the statements that concern one of the countries, or none of them."""
        if self.exclude:
            return queryset.exclude(concerning(values[name]))
        return queryset.filter(concerning(values[name], values.get("topic", ())))

    def counted(self, values: Mapping[str, Any]) -> QuerySet[Any] | None:
        """Return the concerns of a single country, where nothing but a topic narrows the list.

        A statement has one concern for each country it concerns, with its own topic.
        """
        if self.exclude or values.keys() - {"country", "topic"} or len(values["country"]) != 1:
            return None
        return concerns_for(values["country"], values.get("topic", ()))


class PresenceFilter(ValueFilter):
    """Whether a column holds a value."""

    lookup = "isnull"

    def condition(self, value: Any) -> Q:
        """Return the condition on the column, true meaning that it is filled."""
        return super().condition(not value)


class ExistsFilter(ValueFilter):
    """Whether some row of a list within the record meets a condition."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to the records with such a row, or to those without."""
        some = Q(pk__in=qs.model._base_manager.filter(self.where).values("pk"))
        return qs.filter(some if value else ~some)


class BetweenFilter(ValuesFilter):
    """Both of two countries, in either order, as a dyad understands it."""

    negatable = False

    def __init__(self, between: Callable[[str, str], Q], *, help_text: str) -> None:
        """Take what gives the condition for two countries."""
        self.between = between
        super().__init__(CountryField(), help_text=f"{help_text}, {COUNTRY}.", least=2, most=2)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to the records between the two."""
        return qs.filter(self.between(*value))


class TimeFilter(ValuesFilter):
    """Uncertain time against a bound; a record without any day matches nothing."""

    many = False
    negatable = False

    def __init__(self, *lookups: str, help_text: str) -> None:
        """Take the lookups that must all hold of the day, such as time_latest__gte."""
        self.lookups = lookups
        super().__init__(DayField(), help_text=help_text)

    def condition(self, value: date) -> Q:
        """Return the condition on the earliest and latest day."""
        return Q(**dict.fromkeys(self.lookups, value))


class SearchFilter(ValueFilter):
    """Words in the text of a record; a list then has the best match first."""

    def __init__(self, **options: Any) -> None:
        """Take the options of the field: every list is searched alike."""
        super().__init__(
            WordsField(**options),
            help_text="Holds all these words, in any case and with or without accents; abc* "
            "stands for words that begin so. Records with all of them in the title come first "
            "unless ordering is given.",
        )

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to the records that hold the words, each with its rank."""
        entries = matching(value).filter(kind=kind_of(qs.model))
        ranks = entries.filter(record=OuterRef("pk")).values("rank")
        found = qs.filter(pk__in=entries.values("record"))
        ranked: QuerySet[Any] = found.annotate(
            rank=Subquery(ranks[:1], output_field=IntegerField())
        )
        return ranked

    def hits(self, model: type[Model], values: Mapping[str, Any]) -> Hits | None:
        """Return the hits of the words where no other filter is given.

        The index counts and orders them, and one page of records is looked up.
        """
        if len(values) > 1:
            return None
        hits = Hits(tuple(values["q"]), kind_of(model))
        return hits if hits.in_order else None


class RequiredSearchFilter(SearchFilter):
    """Words in the text of records of every kind; without them there is nothing to list."""

    def __init__(self) -> None:
        """Take nothing: there is one such list."""
        super().__init__(
            required=True, error_messages={"required": "Say what to search for: q=canal."}
        )

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to the entries that hold the words, each with its rank."""
        ranked: QuerySet[Any] = qs.filter(words__match=value).annotate(rank=rank_of(value))
        return ranked
