"""Which questions each list answers, in the words of a query."""

import copy
from collections.abc import Mapping
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request
from rest_framework.views import APIView

from api.asking import KEY, LANGUAGE, M49, Code, CountryCode, Flag, QuadCode, Whole
from api.problems import InvalidParametersError, error
from api.questions import COUNTRY, Ask, Between, Filled, Finds, FindsAll, Holds, Is, Voiced, Within
from policy import dyads, plover
from policy.models.base import Precision, Support
from policy.models.countries import Role
from policy.models.issues import IssueStatus
from policy.models.search import RecordKind
from policy.models.statements import StatementKind, Verbatim
from policy.models.trips import TripStatus


class Asked(django_filters.FilterSet):
    """A filter set that makes only what was asked of it: most requests ask little."""

    base_filters: Any

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        """Take the parameters of a request."""
        self.base_filters = self.wanted(data or {})
        super().__init__(data, *args, **kwargs)

    @classmethod
    def wanted(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        """Give the questions that these parameters ask, and those that must be answered."""
        return {
            name: question
            for name, question in cls.base_filters.items()
            if name in data or getattr(question, "needed", False)
        }


class Questions(Asked):
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
        "voices__country",
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


class SearchQuestions(Asked):
    q = FindsAll()
    kind = Ask(Code(RecordKind), "kind", help_text="Any of these kinds of records.")


class FilterBackend(DjangoFilterBackend):
    """Applies the questions, and answers a malformed one with what is wrong with it."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> QuerySet[Any]:
        """Narrow the list; raises InvalidParametersError."""
        asked: type[Asked] | None = getattr(view, "filterset_class", None)
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
        if isinstance(country, Voiced):
            view.counted = country.alone(filterset.form.cleaned_data)  # type: ignore[attr-defined]
        q = filterset.filters.get("q")
        if q:
            view.found = q.alone(queryset.model, filterset.form.cleaned_data)  # type: ignore[attr-defined]
        narrowed: QuerySet[Any] = filterset.qs
        return narrowed
