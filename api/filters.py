"""Which questions each list answers, and how they become conditions on its records."""

import copy
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import IntegerField, ManyToManyField, Model, OuterRef, Q, QuerySet, Subquery
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request
from rest_framework.views import APIView

from api.asking import (
    KEY,
    LANGUAGE,
    M49,
    Code,
    CountryCode,
    Day,
    Flag,
    Item,
    Phrase,
    QuadCode,
    RefusedError,
    Whole,
    read_list,
)
from api.problems import InvalidParametersError, error
from policy import dyads, plover
from policy.models.base import Precision, Support
from policy.models.countries import Role
from policy.models.issues import IssueStatus
from policy.models.search import KIND_OF, RecordKind
from policy.models.statements import StatementKind, Verbatim
from policy.models.trips import TripStatus
from policy.searching import matching, rank_of
from policy.voice_index import concerning

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


class Ask(django_filters.Filter):
    """A question to a list; ``paths`` are the columns of which any may answer it."""

    field_class = ItemField
    many = True
    negatable = True
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
        """Give the condition on the columns."""
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
        """Give the condition on the keys of records; pairs are asked without their records."""
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


class Is(Ask):
    """A yes-or-no question, or one for a single value."""

    many = False
    negatable = False
    lookup = ""


class Voiced(Ask):
    """Countries that a statement concerns in any way, narrowed by topic where both are asked."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to the statements that concern one of the countries, or none of them."""
        if value is None:
            return qs
        if self.exclude:
            return qs.exclude(concerning(value))
        topics = self.parent.form.cleaned_data.get("topic")
        return qs.filter(concerning(value, topics or ()))


class Filled(Is):
    """Whether a column holds a value."""

    lookup = "isnull"

    def condition(self, value: Any) -> Q:
        """Give the condition on the column, true meaning that it is filled."""
        return super().condition(not value)


class Holds(Is):
    """Whether some row of a list within the record holds a condition."""

    def condition(self, value: Any) -> Q:
        """Give the condition that one does; ``filter`` turns it round for false."""
        return self.where

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to the records with such a row, or to those without."""
        if value is None:
            return qs
        some = Q(pk__in=qs.model._base_manager.filter(self.where).values("pk"))
        return qs.filter(some if value else ~some)


class Between(Ask):
    """Both of two countries, in either order, as a dyad understands it."""

    negatable = False

    def __init__(self, between: Callable[[str, str], Q], *, help_text: str) -> None:
        """Take what gives the condition for two countries."""
        self.between = between
        super().__init__(CountryCode(), help_text=f"{help_text}, {COUNTRY}.", least=2, most=2)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to the records between the two."""
        return qs.filter(self.between(*value)) if value else qs


class Within(Ask):
    """Uncertain time against a bound; a record without any day matches nothing."""

    many = False
    negatable = False

    def __init__(self, *lookups: str, help_text: str) -> None:
        """Take the lookups that must all hold of the day, such as time_latest__gte."""
        self.lookups = lookups
        super().__init__(Day(), help_text=help_text)

    def condition(self, value: date) -> Q:
        """Give the condition on the earliest and latest day."""
        return Q(**dict.fromkeys(self.lookups, value))


class Finds(Is):
    """Words in the text of a record; a list then has the best match first."""

    def __init__(self) -> None:
        """Take nothing: every list is searched alike."""
        super().__init__(
            Phrase(),
            help_text="Holds all these words, in any case and with or without accents; abc* "
            "stands for words that begin so. The best match comes first unless ordering is given.",
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

    def alone(self, model: type[Model], asked: Mapping[str, Any]) -> QuerySet[Any] | None:
        """Give the entries that are the whole list, each with its rank, if nothing else is asked.

        They are counted and ordered without the records, of which one page is then looked up.
        """
        words = asked.get("q")
        if words is None or any(asked[name] is not None for name in asked if name != "q"):
            return None
        return matching(words).filter(kind=KIND_OF[model])


class FindsAll(Finds):
    """Words in the text of records of every kind."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to the entries that hold the words, each with its rank."""
        if value is None:
            raise InvalidParametersError([error("q", "Say what to search for: q=canal.")])
        ranked: QuerySet[Any] = qs.filter(words__match=value).annotate(rank=rank_of(value))
        return ranked


class Questions(django_filters.FilterSet):
    """The questions of one list; each any-of question also has its none-of."""

    q = Finds()
    id = Ask(KEY, "pk", help_text="Any of these keys.")

    @classmethod
    def get_filters(cls) -> Any:
        """Add ``exclude_x`` for every question that lists values."""
        filters = super().get_filters()
        for name, question in list(filters.items()):
            if isinstance(question, Ask) and question.negatable:
                none_of = copy.deepcopy(question)
                none_of.exclude = True
                none_of.extra["help_text"] = f"None of these: the opposite of {name}."
                filters[f"exclude_{name}"] = none_of
        return filters


def by_support() -> Ask:
    """Give the question for the support level."""
    return Ask(Code(Support), "support", help_text="Any of these support levels.")


def by_source(path: str = "evidence__source") -> Ask:
    """Give the question for the source a record rests on."""
    return Ask(
        KEY,
        path,
        to_many=path.startswith("evidence"),
        help_text="Rests on a passage of any of these sources.",
    )


def by_country(*paths: str, help_text: str, to_many: bool = True, where: Q | None = None) -> Ask:
    """Give a question for countries."""
    return Ask(
        CountryCode(), *paths, to_many=to_many, where=where, help_text=f"{help_text}, {COUNTRY}."
    )


class InTime(django_filters.FilterSet):
    """The questions of a record whose time may be uncertain."""

    possibly_on = Within(
        "time_earliest__lte",
        "time_latest__gte",
        help_text="May have been on this day: earliest <= day <= latest.",
    )
    # "from" is a word of the language, so it cannot be written as a name.
    vars()["from"] = Within(
        "time_latest__gte",
        help_text="May have been on or after this day: its latest day is not before it.",
    )
    to = Within(
        "time_earliest__lte",
        help_text="May have been on or before this day: its earliest day is not after it.",
    )
    precision = Ask(Code(Precision), "time_precision", help_text="Any of these precisions.")


class SourceQuestions(Questions):
    language = Ask(LANGUAGE, "language", help_text="Any of these languages, as BCP 47 tags.")


class PassageQuestions(Questions):
    source = by_source("source")
    paragraph = Ask(Whole(1, 100_000), "sentence__paragraph", help_text="Any of these paragraphs.")
    sentence = Ask(
        Whole(1, 100_000),
        "sentence__number",
        help_text="Any of these numbers of the sentence within its paragraph.",
    )


class CountryQuestions(Questions):
    id = by_country("pk", help_text="Any of these countries", to_many=False)
    country = by_country("pk", help_text="The same as id: any of these countries", to_many=False)
    region = Ask(M49, "region", help_text="In any of these M49 regions.")
    subregion = Ask(M49, "subregion", help_text="In any of these M49 areas.")
    support = by_support()
    source = by_source()


class OfficialQuestions(Questions):
    country = by_country("country", help_text="Serves any of these countries", to_many=False)
    role = Ask(Code(Role), "positions__role", to_many=True, help_text="Holds any such office.")
    named = Filled(Flag(), "name", help_text="True for those the source names, false for others.")
    support = by_support()
    source = by_source()


class StatementQuestions(InTime, Questions):
    country = Voiced(
        CountryCode(),
        help_text="Made by an official of, attributed to, or about any of these countries, "
        f"{COUNTRY}.",
    )
    about = by_country("about", help_text="About any of these countries")
    attributed_country = by_country(
        "attributed_country", help_text="Attributed to any of these countries", to_many=False
    )
    between = Between(
        dyads.statements_between, help_text="Concerns both of two countries, in either order"
    )
    speaker = Ask(KEY, "speaker", help_text="Made by any of these officials.")
    narrator = Is(Flag(), "narrator", help_text="True for what the source says in its own voice.")
    kind = Ask(Code(StatementKind), "kind", help_text="Any of these kinds.")
    topic = Ask(Code(plover.Context), "topic", help_text="Any of these topics.")
    issue = Ask(KEY, "issues", to_many=True, help_text="Belongs to any of these bilateral issues.")
    verbatim = Ask(Code(Verbatim), "verbatim", help_text="Quotations of any of these standings.")
    support = by_support()
    source = by_source()


class BilateralIssueQuestions(InTime, Questions):
    country = by_country("sides__country", help_text="A side is any of these countries")
    between = Between(dyads.issues_between, help_text="The two sides, in either order")
    topic = Ask(Code(plover.Context), "topic", help_text="Any of these topics.")
    status = Ask(Code(IssueStatus), "status", help_text="Any of these statuses.")
    not_stated = Holds(
        Flag(),
        where=Q(sides__not_stated=True),
        help_text="True: the position of a side is not stated. False: both are.",
    )
    not_stated_by = by_country(
        "sides__country",
        where=Q(sides__not_stated=True),
        help_text="The position of any of these countries is not stated",
    )
    support = by_support()
    source = by_source()


class EventQuestions(InTime, Questions):
    country = by_country("parties__country", help_text="Any of these countries acts or receives")
    between = Between(
        dyads.events_between,
        help_text="Two countries have parts and at least one acts, in either order",
    )
    actor = by_country(
        "parties__country", where=Q(parties__role="actor"), help_text="Any of these countries acts"
    )
    recipient = by_country(
        "parties__country",
        where=Q(parties__role="recipient"),
        help_text="Any of these countries receives",
    )
    event_type = Ask(Code(plover.EventType), "event_type", help_text="Any of these event types.")
    mode = Ask(
        Code(code for code, _ in plover.MODE_CHOICES), "mode", help_text="Any of these modes."
    )
    quad = Ask(QuadCode(), "event_type", help_text="Any of these quad classes.")
    context = Ask(
        Code(plover.Context), "contexts__context", to_many=True, help_text="Touches any of these."
    )
    auxiliary = Ask(Code(plover.Auxiliary), "auxiliary", help_text="Any of these auxiliaries.")
    confidence = Ask(Code(plover.Confidence), "confidence", help_text="Coded this surely.")
    coded = Filled(Flag(), "event_type", help_text="True for coded events, false for the others.")
    issue = Ask(KEY, "issues", to_many=True, help_text="Belongs to any of these bilateral issues.")
    support = by_support()
    source = by_source()


class TripQuestions(InTime, Questions):
    country = by_country("stops__country", help_text="Stops in any of these countries")
    between = Between(
        dyads.trips_between,
        help_text="An official of one of two countries stops in the other, in either order",
    )
    traveller = Ask(KEY, "traveller", help_text="Made by any of these officials.")
    status = Ask(Code(TripStatus), "status", help_text="Any of these statuses.")
    support = by_support()
    source = by_source()


class GapQuestions(Questions):
    country = by_country("countries", help_text="Concerns any of these countries")
    between = Between(
        dyads.gaps_between,
        help_text="Concerns both of two countries or an issue between them, in either order",
    )
    official = Ask(KEY, "officials", to_many=True, help_text="Concerns any of these officials.")
    statement = Ask(KEY, "statements", to_many=True, help_text="Concerns any of these.")
    issue = Ask(KEY, "issues", to_many=True, help_text="Concerns any of these issues.")
    event = Ask(KEY, "events", to_many=True, help_text="Concerns any of these events.")
    trip = Ask(KEY, "trips", to_many=True, help_text="Concerns any of these trips.")
    source = by_source("source")


class SearchQuestions(django_filters.FilterSet):
    q = FindsAll()
    kind = Ask(Code(RecordKind), "kind", help_text="Any of these kinds of records.")


class FilterBackend(DjangoFilterBackend):
    """Applies the questions, and answers a malformed one with what is wrong with it."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> QuerySet[Any]:
        """Narrow the list; raises InvalidParametersError."""
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            raise InvalidParametersError(
                [
                    error(name, str(wrong.message), **(wrong.params or {}))
                    for name, invalid in filterset.errors.as_data().items()
                    for wrong in invalid
                ]
            )
        q = filterset.filters["q"]
        view.found = (  # type: ignore[attr-defined]
            None
            if isinstance(q, FindsAll)
            else q.alone(queryset.model, filterset.form.cleaned_data)
        )
        narrowed: QuerySet[Any] = filterset.qs
        return narrowed
