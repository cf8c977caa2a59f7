"""Which questions each list answers, in the words of a query."""

import copy
from collections.abc import Mapping
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request
from rest_framework.views import APIView

from api.filters import (
    COUNTRY,
    BetweenFilter,
    ConcernFilter,
    ExistsFilter,
    PresenceFilter,
    RequiredSearchFilter,
    SearchFilter,
    TimeFilter,
    ValueFilter,
    ValuesFilter,
)
from api.parameters import KEY, LANGUAGE, M49, Code, CountryCode, Flag, QuadCode, Whole
from api.problems import InvalidParametersError, error
from policy import dyads, plover
from policy.models.base import Precision, Support
from policy.models.countries import Role
from policy.models.issues import IssueStatus
from policy.models.search import RecordKind
from policy.models.statements import StatementKind, Verbatim
from policy.models.trips import TripStatus


class LazyFilterSet(django_filters.FilterSet):
    """A filter set that makes only what was asked of it: most requests ask little."""

    base_filters: Any

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        """Take the parameters of a request."""
        self.base_filters = self.wanted(data or {})
        super().__init__(data, *args, **kwargs)

    @classmethod
    def wanted(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the questions that these parameters ask, and those that must be answered."""
        return {
            name: question
            for name, question in cls.base_filters.items()
            if name in data or getattr(question, "needed", False)
        }


class RecordFilterSet(LazyFilterSet):
    """The questions of one list; each any-of question also has its none-of."""

    q = SearchFilter()
    id = ValuesFilter(KEY, "pk", help_text="Any of these keys.")

    @classmethod
    def get_filters(cls) -> Any:
        """Add ``exclude_x`` for every question that lists values."""
        filters = super().get_filters()
        for name, question in list(filters.items()):
            if isinstance(question, ValuesFilter) and question.negatable:
                none_of = copy.deepcopy(question)
                none_of.exclude = True
                none_of.extra["help_text"] = f"None of these: the opposite of {name}."
                filters[f"exclude_{name}"] = none_of
        return filters


def by_support() -> ValuesFilter:
    """Return the question for the support level."""
    return ValuesFilter(Code(Support), "support", help_text="Any of these support levels.")


def by_source(path: str = "evidence__source") -> ValuesFilter:
    """Return the question for the source a record rests on."""
    return ValuesFilter(
        KEY,
        path,
        to_many=path.startswith("evidence"),
        help_text="Rests on a passage of any of these sources.",
    )


def by_country(
    *paths: str, help_text: str, to_many: bool = True, where: Q | None = None
) -> ValuesFilter:
    """Return a question for countries."""
    return ValuesFilter(
        CountryCode(), *paths, to_many=to_many, where=where, help_text=f"{help_text}, {COUNTRY}."
    )


class TimeFilterSet(django_filters.FilterSet):
    """The questions of a record whose time may be uncertain."""

    possibly_on = TimeFilter(
        "time_earliest__lte",
        "time_latest__gte",
        help_text="May have been on this day: earliest <= day <= latest.",
    )
    # "from" is a word of the language, so it cannot be written as a name.
    vars()["from"] = TimeFilter(
        "time_latest__gte",
        help_text="May have been on or after this day: its latest day is not before it.",
    )
    to = TimeFilter(
        "time_earliest__lte",
        help_text="May have been on or before this day: its earliest day is not after it.",
    )
    precision = ValuesFilter(
        Code(Precision), "time_precision", help_text="Any of these precisions."
    )


class SourceFilterSet(RecordFilterSet):
    language = ValuesFilter(
        LANGUAGE, "language", help_text="Any of these languages, as BCP 47 tags."
    )


class PassageFilterSet(RecordFilterSet):
    source = by_source("source")
    paragraph = ValuesFilter(
        Whole(1, 100_000), "sentence__paragraph", help_text="Any of these paragraphs."
    )
    sentence = ValuesFilter(
        Whole(1, 100_000),
        "sentence__number",
        help_text="Any of these numbers of the sentence within its paragraph.",
    )


class CountryFilterSet(RecordFilterSet):
    id = by_country("pk", help_text="Any of these countries", to_many=False)
    country = by_country("pk", help_text="The same as id: any of these countries", to_many=False)
    region = ValuesFilter(M49, "region", help_text="In any of these M49 regions.")
    subregion = ValuesFilter(M49, "subregion", help_text="In any of these M49 areas.")
    support = by_support()
    source = by_source()


class OfficialFilterSet(RecordFilterSet):
    country = by_country("country", help_text="Serves any of these countries", to_many=False)
    role = ValuesFilter(
        Code(Role), "positions__role", to_many=True, help_text="Holds any such office."
    )
    named = PresenceFilter(
        Flag(), "name", help_text="True for those the source names, false for others."
    )
    support = by_support()
    source = by_source()


class StatementFilterSet(TimeFilterSet, RecordFilterSet):
    country = ConcernFilter(
        CountryCode(),
        "concerns__country",
        help_text="Made by an official of, attributed to, or about any of these countries, "
        f"{COUNTRY}.",
    )
    about = by_country("about", help_text="About any of these countries")
    attributed_country = by_country(
        "attributed_country", help_text="Attributed to any of these countries", to_many=False
    )
    between = BetweenFilter(
        dyads.statements_between, help_text="Concerns both of two countries, in either order"
    )
    speaker = ValuesFilter(KEY, "speaker", help_text="Made by any of these officials.")
    narrator = ValueFilter(
        Flag(), "narrator", help_text="True for what the source says in its own voice."
    )
    kind = ValuesFilter(Code(StatementKind), "kind", help_text="Any of these kinds.")
    topic = ValuesFilter(Code(plover.Context), "topic", help_text="Any of these topics.")
    issue = ValuesFilter(
        KEY, "issues", to_many=True, help_text="Belongs to any of these bilateral issues."
    )
    verbatim = ValuesFilter(
        Code(Verbatim), "verbatim", help_text="Quotations of any of these standings."
    )
    support = by_support()
    source = by_source()


class BilateralIssueFilterSet(TimeFilterSet, RecordFilterSet):
    country = by_country("sides__country", help_text="A side is any of these countries")
    between = BetweenFilter(dyads.issues_between, help_text="The two sides, in either order")
    topic = ValuesFilter(Code(plover.Context), "topic", help_text="Any of these topics.")
    status = ValuesFilter(Code(IssueStatus), "status", help_text="Any of these statuses.")
    not_stated = ExistsFilter(
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


class EventFilterSet(TimeFilterSet, RecordFilterSet):
    country = by_country("parties__country", help_text="Any of these countries acts or receives")
    between = BetweenFilter(
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
    event_type = ValuesFilter(
        Code(plover.EventType), "event_type", help_text="Any of these event types."
    )
    mode = ValuesFilter(
        Code(code for code, _ in plover.MODE_CHOICES), "mode", help_text="Any of these modes."
    )
    quad = ValuesFilter(QuadCode(), "event_type", help_text="Any of these quad classes.")
    context = ValuesFilter(
        Code(plover.Context), "contexts__context", to_many=True, help_text="Touches any of these."
    )
    auxiliary = ValuesFilter(
        Code(plover.Auxiliary), "auxiliary", help_text="Any of these auxiliaries."
    )
    confidence = ValuesFilter(Code(plover.Confidence), "confidence", help_text="Coded this surely.")
    coded = PresenceFilter(
        Flag(), "event_type", help_text="True for coded events, false for the others."
    )
    issue = ValuesFilter(
        KEY, "issues", to_many=True, help_text="Belongs to any of these bilateral issues."
    )
    support = by_support()
    source = by_source()


class TripFilterSet(TimeFilterSet, RecordFilterSet):
    country = by_country("stops__country", help_text="Stops in any of these countries")
    between = BetweenFilter(
        dyads.trips_between,
        help_text="An official of one of two countries stops in the other, in either order",
    )
    traveller = ValuesFilter(KEY, "traveller", help_text="Made by any of these officials.")
    status = ValuesFilter(Code(TripStatus), "status", help_text="Any of these statuses.")
    support = by_support()
    source = by_source()


class GapFilterSet(RecordFilterSet):
    country = by_country("countries", help_text="Concerns any of these countries")
    between = BetweenFilter(
        dyads.gaps_between,
        help_text="Concerns both of two countries or an issue between them, in either order",
    )
    official = ValuesFilter(
        KEY, "officials", to_many=True, help_text="Concerns any of these officials."
    )
    statement = ValuesFilter(KEY, "statements", to_many=True, help_text="Concerns any of these.")
    issue = ValuesFilter(KEY, "issues", to_many=True, help_text="Concerns any of these issues.")
    event = ValuesFilter(KEY, "events", to_many=True, help_text="Concerns any of these events.")
    trip = ValuesFilter(KEY, "trips", to_many=True, help_text="Concerns any of these trips.")
    source = by_source("source")


class SearchFilterSet(LazyFilterSet):
    q = RequiredSearchFilter()
    kind = ValuesFilter(Code(RecordKind), "kind", help_text="Any of these kinds of records.")


class FilterBackend(DjangoFilterBackend):
    """Applies the questions, and answers a malformed one with what is wrong with it."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> QuerySet[Any]:
        """Narrow the list; raises InvalidParametersError."""
        asked: type[LazyFilterSet] | None = getattr(view, "filterset_class", None)
        if asked is None or not asked.wanted(request.query_params):
            return queryset
        filterset = self.get_filterset(request, queryset, view)
        if not filterset.is_valid():
            raise InvalidParametersError(
                [
                    error(name, str(wrong.message), **(wrong.params or {}))
                    for name, invalid in filterset.errors.as_data().items()
                    for wrong in invalid
                ]
            )
        country = filterset.filters.get("country")
        if isinstance(country, ConcernFilter):
            view.counted = country.alone(filterset.form.cleaned_data)  # type: ignore[attr-defined]
        q = filterset.filters.get("q")
        if q:
            view.found = q.alone(queryset.model, filterset.form.cleaned_data)  # type: ignore[attr-defined]
        narrowed: QuerySet[Any] = filterset.qs
        return narrowed
