"""Kinds of questions to a list, and how each becomes a condition on its records."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import IntegerField, ManyToManyField, Model, OuterRef, Q, QuerySet, Subquery

from api.parameters import (
    CountryCode,
    Day,
    Item,
    Phrase,
    RefusedError,
    read_list,
)
from api.problems import InvalidParametersError, error
from policy.annotations.concerns import concerning, concerns_for
from policy.models.search import KIND_OF
from policy.search.hits import Hits
from policy.search.words import matching, rank_of

COUNTRY = "as alpha-3, alpha-2 or numeric code, in any case"


class ItemField(forms.Field):
    """A form field that reads one value, or a comma-separated list of them."""

    def __init__(
        self, *, item: Item, many: bool, least: int = 1, most: int = 100, **options: Any
    ) -> None:
        """Take the kind of value, whether it is a list, and the bounds of its length."""
        self.item, self.many, self.least, self.most = item, many, least, most
        super().__init__(**options)

    def to_python(self, value: Any) -> Any:
        """Read the text of the parameter; None when it is absent."""
        if value in (None, ""):
            return None
        try:
            if self.many:
                return read_list(self.item, value, least=self.least, most=self.most)
            return self.item.read(value)
        except RefusedError as refused:
            raise ValidationError(
                refused.detail,
                params={"nearest": refused.nearest, "allowed": refused.allowed},
            ) from refused


class ValuesFilter(django_filters.Filter):
    """A question to a list; ``paths`` are the columns of which any may answer it."""

    field_class = ItemField
    many = True
    negatable = True
    needed = False
    lookup = "in"

    def __init__(
        self,
        item: Item,
        *paths: str,
        help_text: str,
        to_many: bool = False,
        where: Q | None = None,
        **options: Any,
    ) -> None:
        """Take the kind of value, the columns, whether they join many rows, and of which rows."""
        self.item, self.paths, self.to_many, self.where = item, paths, to_many, where or Q()
        options.setdefault("many", self.many)
        super().__init__(help_text=help_text, item=item, **options)

    def condition(self, value: Any) -> Q:
        """Return the condition on the columns."""
        condition = Q()
        for path in self.paths:
            condition |= Q(**{f"{path}__{self.lookup}" if self.lookup else path: value})
        return condition & self.where

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow the list; joins to many stay in a subquery, so that no row comes twice."""
        if value is None:
            return qs
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
    """Countries that a statement concerns in any way, narrowed by topic where both are asked."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to the statements that concern one of the countries, or none of them."""
        if value is None:
            return qs
        if self.exclude:
            return qs.exclude(concerning(value))
        topics = self.parent.form.cleaned_data.get("topic")
        return qs.filter(concerning(value, topics or ()))

    def alone(self, asked: Mapping[str, Any]) -> QuerySet[Any] | None:
        """Return the concerns to count instead of the list, if only one country is asked for.

        A statement has one concern for each country it concerns, with its own topic.
        """
        others = {name for name, value in asked.items() if value is not None} - {"country", "topic"}
        countries = asked.get("country")
        if others or countries is None or len(countries) != 1:
            return None
        return concerns_for(countries, asked.get("topic") or ())


class PresenceFilter(ValueFilter):
    """Whether a column holds a value."""

    lookup = "isnull"

    def condition(self, value: Any) -> Q:
        """Return the condition on the column, true meaning that it is filled."""
        return super().condition(not value)


class ExistsFilter(ValueFilter):
    """Whether some row of a list within the record holds a condition."""

    def condition(self, value: Any) -> Q:
        """Return the condition that one does; ``filter`` turns it round for false."""
        return self.where

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to the records with such a row, or to those without."""
        if value is None:
            return qs
        some = Q(pk__in=qs.model._base_manager.filter(self.where).values("pk"))
        return qs.filter(some if value else ~some)


class BetweenFilter(ValuesFilter):
    """Both of two countries, in either order, as a dyad understands it."""

    negatable = False

    def __init__(self, between: Callable[[str, str], Q], *, help_text: str) -> None:
        """Take what gives the condition for two countries."""
        self.between = between
        super().__init__(CountryCode(), help_text=f"{help_text}, {COUNTRY}.", least=2, most=2)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to the records between the two."""
        return qs.filter(self.between(*value)) if value else qs


class TimeFilter(ValuesFilter):
    """Uncertain time against a bound; a record without any day matches nothing."""

    many = False
    negatable = False

    def __init__(self, *lookups: str, help_text: str) -> None:
        """Take the lookups that must all hold of the day, such as time_latest__gte."""
        self.lookups = lookups
        super().__init__(Day(), help_text=help_text)

    def condition(self, value: date) -> Q:
        """Return the condition on the earliest and latest day."""
        return Q(**dict.fromkeys(self.lookups, value))


class SearchFilter(ValueFilter):
    """Words in the text of a record; a list then has the best match first."""

    def __init__(self) -> None:
        """Take nothing: every list is searched alike."""
        super().__init__(
            Phrase(),
            help_text="Holds all these words, in any case and with or without accents; abc* "
            "stands for words that begin so. Records with all of them in the title come first "
            "unless ordering is given.",
        )

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to the records that hold the words, each with its rank."""
        if value is None:
            return qs
        entries = matching(value).filter(kind=KIND_OF[qs.model])
        ranks = entries.filter(record=OuterRef("pk")).values("rank")
        found = qs.filter(pk__in=entries.values("record"))
        ranked: QuerySet[Any] = found.annotate(
            rank=Subquery(ranks[:1], output_field=IntegerField())
        )
        return ranked

    def alone(self, model: type[Model], asked: Mapping[str, Any]) -> Hits | None:
        """Return the hits that are the whole list if nothing else is asked.

        They are counted and put in order by the index, and one page of records is looked up.
        """
        words = asked.get("q")
        if words is None or any(asked[name] is not None for name in asked if name != "q"):
            return None
        hits = Hits(tuple(words), KIND_OF.get(model))
        return hits if hits.in_order else None


class RequiredSearchFilter(SearchFilter):
    """Words in the text of records of every kind; without them there is nothing to list."""

    needed = True

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to the entries that hold the words, each with its rank."""
        if value is None:
            raise InvalidParametersError([error("q", "Say what to search for: q=canal.")])
        ranked: QuerySet[Any] = qs.filter(words__match=value).annotate(rank=rank_of(value))
        return ranked
