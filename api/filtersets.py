"""Filter sets: which parameters each list takes, and what each is compared with."""

from collections.abc import Mapping
from typing import Any, ClassVar

import django_filters
from django.db.models import Q, QuerySet

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
from api.listing import Listing
from api.parameters import (
    KEY,
    LANGUAGE,
    M49,
    CodeField,
    CountryField,
    FlagField,
    QuadField,
    WholeNumberField,
)
from policy import dyads, plover
from policy.models.base import Precision, Support
from policy.models.countries import Role
from policy.models.issues import IssueStatus
from policy.models.registry import RecordKind
from policy.models.statements import StatementKind, Verbatim
from policy.models.trips import TripStatus


class ListFilterSet(django_filters.FilterSet):
    """The filters of one list."""

    base_filters: ClassVar[Mapping[str, ValuesFilter]]

    def __init__(self, values: Mapping[str, Any], queryset: QuerySet[Any]) -> None:
        """Take the values that were read by the fields of the filters, and the list to narrow.

        Filters keep no state of a request, so that unlike django-filter's own none is copied.
        """
        self.queryset = queryset
        self.values = {name: value for name, value in values.items() if name in self.base_filters}

    def listing(self) -> Listing:
        """Return the list with every filter applied."""
        rows, counted, hits = self.queryset, None, None
        for name in self.values:
            found = self.base_filters[name]
            rows = found.narrow(rows, self.values, name)
            counted = counted or found.counted(self.values)
            hits = hits or found.hits(rows.model, self.values)
        return Listing(self.queryset, rows, counted, hits)


class RecordFilterSet(ListFilterSet):
    """What the list of every kind of record takes, with ``exclude_x`` for the opposite of x."""

    q = SearchFilter()
    id = ValuesFilter(KEY, "pk", help_text="Any of these keys.")

    @classmethod
    def get_filters(cls) -> Any:
        """Add ``exclude_x`` for every filter that lists values."""
        filters = super().get_filters()
        for name, found in list(filters.items()):
            if found.negatable:
                help_text = f"None of these: the opposite of {name}."
                filters[f"exclude_{name}"] = found.negated(help_text)
        return filters


def by_support() -> ValuesFilter:
    """Return the filter for the support level."""
    return ValuesFilter(CodeField(Support), "support", help_text="Any of these support levels.")


def by_source(path: str = "evidence__source") -> ValuesFilter:
    """Return the filter for the source a record rests on."""
    return ValuesFilter(
        KEY,
        path,
        to_many=path.startswith("evidence"),
        help_text="Rests on a passage of any of these sources.",
    )


def by_country(
    *paths: str, help_text: str, to_many: bool = True, where: Q | None = None
) -> ValuesFilter:
    """Return a filter for countries."""
    return ValuesFilter(
        CountryField(), *paths, to_many=to_many, where=where, help_text=f"{help_text}, {COUNTRY}."
    )


class TimeFilterSet(django_filters.FilterSet):
    """What a list takes whose records have an uncertain time."""

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
        CodeField(Precision), "time_precision", help_text="Any of these precisions."
    )


class SourceFilterSet(RecordFilterSet):
    language = ValuesFilter(
        LANGUAGE, "language", help_text="Any of these languages, as BCP 47 tags."
    )


class PassageFilterSet(RecordFilterSet):
    source = by_source("source")
    paragraph = ValuesFilter(
        WholeNumberField(1, 100_000), "sentence__paragraph", help_text="Any of these paragraphs."
    )
    sentence = ValuesFilter(
        WholeNumberField(1, 100_000),
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
        CodeField(Role), "positions__role", to_many=True, help_text="Holds any such office."
    )
    named = PresenceFilter(
        FlagField(), "name", help_text="True for those the source names, false for others."
    )
    support = by_support()
    source = by_source()


class StatementFilterSet(TimeFilterSet, RecordFilterSet):
    country = ConcernFilter(
        CountryField(),
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
        FlagField(), "narrator", help_text="True for what the source itself says."
    )
    kind = ValuesFilter(CodeField(StatementKind), "kind", help_text="Any of these kinds.")
    topic = ValuesFilter(CodeField(plover.Context), "topic", help_text="Any of these topics.")
    issue = ValuesFilter(
        KEY, "issues", to_many=True, help_text="Belongs to any of these bilateral issues."
    )
    verbatim = ValuesFilter(
        CodeField(Verbatim), "verbatim", help_text="Quotations of any of these standings."
    )
    support = by_support()
    source = by_source()


class BilateralIssueFilterSet(TimeFilterSet, RecordFilterSet):
    country = by_country("sides__country", help_text="A side is any of these countries")
    between = BetweenFilter(dyads.issues_between, help_text="The two sides, in either order")
    topic = ValuesFilter(CodeField(plover.Context), "topic", help_text="Any of these topics.")
    status = ValuesFilter(CodeField(IssueStatus), "status", help_text="Any of these statuses.")
    not_stated = ExistsFilter(
        FlagField(),
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
        CodeField(plover.EventType), "event_type", help_text="Any of these event types."
    )
    mode = ValuesFilter(
        CodeField(code for code, _ in plover.MODE_CHOICES), "mode", help_text="Any of these modes."
    )
    quad = ValuesFilter(QuadField(), "event_type", help_text="Any of these quad classes.")
    context = ValuesFilter(
        CodeField(plover.Context),
        "contexts__context",
        to_many=True,
        help_text="Touches any of these.",
    )
    auxiliary = ValuesFilter(
        CodeField(plover.Auxiliary), "auxiliary", help_text="Any of these auxiliaries."
    )
    confidence = ValuesFilter(
        CodeField(plover.Confidence), "confidence", help_text="Coded this surely."
    )
    coded = PresenceFilter(
        FlagField(), "event_type", help_text="True for coded events, false for the others."
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
    status = ValuesFilter(CodeField(TripStatus), "status", help_text="Any of these statuses.")
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


class SearchFilterSet(ListFilterSet):
    q = RequiredSearchFilter()
    kind = ValuesFilter(CodeField(RecordKind), "kind", help_text="Any of these kinds of records.")
