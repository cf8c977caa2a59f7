"""Filter sets: which parameters each list takes, and what each is compared with."""

from collections.abc import Iterable, Mapping
from operator import ge, le
from typing import Any, ClassVar, cast

import django_filters
from django.db.models import Q

from api.filters import (
    COUNTRY,
    BetweenFilter,
    ConcernFilter,
    FlagFilter,
    PresenceFilter,
    ScoreFilter,
    SearchFilter,
    StatedFilter,
    TimeFilter,
    ValuesFilter,
    YearFilter,
)
from api.parameters import (
    LANGUAGE,
    M49,
    CodeField,
    CountryField,
    Errors,
    KeyField,
    QuadField,
    Values,
    WholeNumberField,
)
from api.problems import error
from api.serializers import records as serializers
from api.serializers.base import RecordSerializer
from api.unstated import unstated
from policy import plover
from policy.models.base import Precision, Support
from policy.models.countries import Role
from policy.models.issues import IssueStatus
from policy.models.registry import RecordKind
from policy.models.statements import StatementKind, Verbatim
from policy.models.trips import TripStatus
from policy.vocabulary import nearest


def by_key(kind: RecordKind, path: str, help_text: str) -> ValuesFilter:
    """Return a filter for the keys of records of one kind."""
    return ValuesFilter(KeyField(kind), path, help_text)


def by_code(codes: Iterable[str], path: str, help_text: str) -> ValuesFilter:
    """Return a filter for the codes of a vocabulary."""
    return ValuesFilter(CodeField(codes), path, help_text)


def by_country(path: str, help_text: str, where: Q | None = None) -> ValuesFilter:
    """Return a filter for countries."""
    return ValuesFilter(CountryField(), path, f"{help_text}, {COUNTRY}.", where=where)


def by_source(path: str) -> ValuesFilter:
    """Return the filter for the source a record rests on."""
    return by_key(RecordKind.SOURCE, path, "Rests on a passage of any of these sources.")


class ListFilterSet(django_filters.FilterSet):
    """The filters of one list."""

    base_filters: ClassVar[Mapping[str, ValuesFilter]]

    @classmethod
    def facets(cls) -> dict[str, ValuesFilter]:
        """Return the filters by whose values the records can be counted."""
        return {
            name: found
            for name, found in cls.base_filters.items()
            if found.many and not found.exclude and found.path not in ("", "pk")
        }

    @classmethod
    def check(cls, values: Values) -> Errors:  # noqa: ARG003
        """Yield the errors of values that are good alone and not together."""
        return ()


class RecordFilterSet(ListFilterSet):
    """What the list of every kind of record takes, with ``exclude_x`` for the opposite of x."""

    record: ClassVar[type[RecordSerializer]]
    q = SearchFilter()

    @classmethod
    def get_filters(cls) -> Any:
        """Add what follows from the record, and ``exclude_x`` for each filter that lists values."""
        filters = super().get_filters()
        if hasattr(cls, "record"):
            filters = {**_of_record(cls.record), **filters}
        for name, found in list(filters.items()):
            if found.many:
                help_text = f"None of these: the opposite of {name}."
                filters[f"exclude_{name}"] = found.negated(help_text)
        return filters


def _of_record(record: type[RecordSerializer]) -> dict[str, ValuesFilter]:
    """Return the filters for the key of a record, and for the keys in it that may be null."""
    conditions, model = unstated(record), cast("Any", record.Meta.model)
    return {
        "id": by_key(model.record_kind, "pk", "Any of these keys."),
        "not_stated": StatedFilter(
            {name: empty for name, (empty, _) in conditions.items()},
            "Any of these keys of the record holds no value; time stands for all of its time.",
        ),
        "stated": StatedFilter(
            {name: filled for name, (_, filled) in conditions.items()},
            "Any of these keys of the record holds a value.",
        ),
    }


def ends_before_it_begins(values: Values, first: str, last: str) -> Errors:
    """Yield the error of a range whose first value is greater than its last one."""
    if first in values and last in values and values[first] > values[last]:
        yield error(last, f"The range ends before it begins: {first} is {values[first]}.")


class FactFilterSet(RecordFilterSet):
    """What a list takes whose records rest on passages."""

    support = by_code(Support, "support", "Any of these support levels.")
    source = by_source("evidence__source")


class TimeFilterSet(FactFilterSet):
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
    precision = by_code(Precision, "time_precision", "Any of these precisions.")
    year = YearFilter(
        WholeNumberField(1, 9999), "time_earliest", "Its earliest day is in any of these years."
    )

    @classmethod
    def check(cls, values: Values) -> Errors:
        """Yield the error of days that leave none between them."""
        yield from ends_before_it_begins(values, "from", "to")


class SourceFilterSet(RecordFilterSet):
    record = serializers.SourceSerializer
    language = ValuesFilter(LANGUAGE, "language", "Any of these languages, as BCP 47 tags.")


class PassageFilterSet(RecordFilterSet):
    record = serializers.PassageSerializer
    source = by_source("source")
    paragraph = ValuesFilter(
        WholeNumberField(1, 100_000), "sentence__paragraph", "Any of these paragraphs."
    )
    sentence = ValuesFilter(
        WholeNumberField(1, 100_000),
        "sentence__number",
        "Any of these numbers of the sentence within its paragraph.",
    )


class CountryFilterSet(FactFilterSet):
    record = serializers.CountrySerializer
    id = by_country("pk", "Any of these countries")
    country = by_country("pk", "The same as id: any of these countries")
    region = ValuesFilter(M49, "region", "In any of these M49 regions.")
    subregion = ValuesFilter(M49, "subregion", "In any of these M49 areas.")


class OfficialFilterSet(FactFilterSet):
    record = serializers.OfficialSerializer
    country = by_country("country", "Serves any of these countries")
    country_support = by_code(Support, "country_support", "Any of these, for the country.")
    role = by_code(Role, "positions__role", "Holds any such office.")
    named = PresenceFilter("name", "True for those the source names, false for others.")


class StatementFilterSet(TimeFilterSet):
    record = serializers.StatementSerializer
    country = ConcernFilter(
        CountryField(),
        "concerns__country",
        f"Made by an official of, attributed to, or about any of these countries, {COUNTRY}.",
    )
    about = by_country("about", "About any of these countries")
    attributed_country = by_country("attributed_country", "Attributed to any of these countries")
    between = BetweenFilter(
        "statements",
        "Concerns both of two countries or belongs to an issue between them, in either order",
    )
    speaker = by_key(RecordKind.OFFICIAL, "speaker", "Made by any of these officials.")
    narrator = FlagFilter("narrator", "True for what the source itself says.")
    attribution_support = by_code(
        Support, "attribution_support", "Any of these, for who made the statement."
    )
    kind = by_code(StatementKind, "kind", "Any of these kinds.")
    topic = by_code(plover.Context, "topic", "Any of these topics.")
    issue = by_key(
        RecordKind.BILATERAL_ISSUE, "issues", "Belongs to any of these bilateral issues."
    )
    verbatim = by_code(Verbatim, "verbatim", "Quotations of any of these standings.")


class BilateralIssueFilterSet(TimeFilterSet):
    record = serializers.BilateralIssueSerializer
    country = by_country("sides__country", "A side is any of these countries")
    between = BetweenFilter("issues", "The two sides, in either order")
    topic = by_code(plover.Context, "topic", "Any of these topics.")
    status = by_code(IssueStatus, "status", "Any of these statuses.")
    not_stated_by = by_country(
        "sides__country",
        "The position of any of these countries is not stated",
        where=Q(not_stated=True),
    )


class EventFilterSet(TimeFilterSet):
    record = serializers.EventSerializer
    country = by_country("parties__country", "Any of these countries acts or receives")
    between = BetweenFilter(
        "events",
        "Two countries have parts and at least one acts, or it belongs to an issue between them, "
        "in either order",
    )
    actor = by_country("parties__country", "Any of these countries acts", where=Q(role="actor"))
    recipient = by_country(
        "parties__country", "Any of these countries receives", where=Q(role="recipient")
    )
    event_type = by_code(plover.EventType, "event_type", "Any of these event types.")
    mode = by_code(dict(plover.MODE_CHOICES), "mode", "Any of these modes.")
    quad = ValuesFilter(QuadField(plover.Quad), "event_type", "Any of these quad classes.")
    score_from = ScoreFilter(ge, "Has this score or a greater one.")
    score_to = ScoreFilter(le, "Has this score or a lesser one.")
    context = by_code(plover.Context, "contexts__context", "Touches any of these.")
    auxiliary = by_code(plover.Auxiliary, "auxiliary", "Any of these auxiliaries.")
    confidence = by_code(plover.Confidence, "confidence", "Coded this surely.")
    coded = PresenceFilter("event_type", "True for coded events, false for the others.")
    issue = by_key(
        RecordKind.BILATERAL_ISSUE, "issues", "Belongs to any of these bilateral issues."
    )

    @classmethod
    def check(cls, values: Values) -> Errors:
        """Yield the error of a mode that no event type of the values has."""
        yield from super().check(values)
        yield from ends_before_it_begins(values, "score_from", "score_to")
        given = values.get("event_type", ())
        modes = [mode.code for code in given for mode in plover.CODEBOOK[code].modes]
        strange = [mode for mode in values.get("mode", ()) if mode not in modes]
        if given and strange:
            detail = f"{strange[0]!r} is no mode of {', '.join(given)}: the codebook has them."
            yield error("mode", detail, nearest(strange[0], modes), modes)


class TripFilterSet(TimeFilterSet):
    record = serializers.TripSerializer
    country = by_country("stops__country", "Stops in any of these countries")
    between = BetweenFilter(
        "trips",
        "An official of one of two countries stops in the other, in either order",
    )
    traveller = by_key(RecordKind.OFFICIAL, "traveller", "Made by any of these officials.")
    status = by_code(TripStatus, "status", "Any of these statuses.")


class GapFilterSet(RecordFilterSet):
    record = serializers.GapSerializer
    country = by_country("countries", "Concerns any of these countries")
    between = BetweenFilter(
        "gaps",
        "Concerns both of two countries or an issue between them, in either order",
    )
    official = by_key(RecordKind.OFFICIAL, "officials", "Concerns any of these officials.")
    statement = by_key(RecordKind.STATEMENT, "statements", "Concerns any of these.")
    issue = by_key(RecordKind.BILATERAL_ISSUE, "issues", "Concerns any of these issues.")
    event = by_key(RecordKind.EVENT, "events", "Concerns any of these events.")
    trip = by_key(RecordKind.TRIP, "trips", "Concerns any of these trips.")
    source = by_source("source")


class SearchFilterSet(ListFilterSet):
    """Takes words always: without them there is nothing to list."""

    q = SearchFilter(required=True, error_messages={"required": "Say what to search for: q=canal."})
    kind = by_code(RecordKind, "kind", "Any of these kinds of records.")
