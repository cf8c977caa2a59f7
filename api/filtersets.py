"""Filter sets: which parameters each list takes, and what each is compared with."""

from operator import ge, le
from typing import Any

from django.db.models import Exists, OuterRef, Q

from api.filters import (
    COUNTRY,
    AccountFilter,
    BetweenFilter,
    ConcernFilter,
    FlagFilter,
    PresenceFilter,
    SinceFilter,
    ValuesFilter,
)
from api.filterset_bases import (
    FactFilterSet,
    ListFilterSet,
    RecordFilterSet,
    TimeFilterSet,
    by_code,
    by_country,
    by_key,
    by_source,
    by_stated,
    by_time,
    ends_before_it_begins,
    opposites,
)
from api.keys import AnyKeyField, CountryField, VersionField
from api.parameters import ENTRY, KEY, LANGUAGE, M49, Errors, QuadField, Values, WholeNumberField
from api.problems import error
from api.range_filters import OfficeFilter, ScoreFilter
from api.search_filters import SearchFilter
from api.serializers import changes
from api.serializers import records as serializers
from api.unstated import unstated
from policy import plover
from policy.models import Account
from policy.models.actors import OrganisationKind, PositionStatus, Role, Scheme
from policy.models.base import Support
from policy.models.changes import ChangeType
from policy.models.claims import CheckRule, Verdict
from policy.models.events import ACTS, RECEIVES
from policy.models.issues import IssueStatus
from policy.models.registry import RecordKind
from policy.models.relations import RelationType
from policy.models.sources import SourceKind
from policy.models.statements import StatementKind, Verbatim
from policy.models.trips import TripStatus
from policy.vocabulary import nearest


class SourceFilterSet(TimeFilterSet):
    record = serializers.SourceSerializer
    vars().update(by_time("The publication may", "published"))
    kind = by_code(SourceKind, "kind", "Any of these kinds.")
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
    entry = ValuesFilter(ENTRY, "entry", "Any of these entries of a register, by their ids there.")


class CountryFilterSet(FactFilterSet):
    record = serializers.CountrySerializer
    id = by_country("pk", "Any of these countries")
    country = by_country("pk", "The same as id: any of these countries")
    region = ValuesFilter(M49, "region", "In any of these M49 regions.")
    subregion = ValuesFilter(M49, "subregion", "In any of these M49 areas.")


class OrganisationFilterSet(FactFilterSet):
    record = serializers.OrganisationSerializer
    kind = by_code(OrganisationKind, "kind", "Any of these kinds.")
    country = by_country("country", "Belongs to any of these countries")
    country_support = by_code(Support, "country_support", "Any of these, for the country.")
    member = by_country("members", "Has any of these countries as a member")
    actor_code = by_code(plover.ActorCode, "actor_code", "Any of these PLOVER codes.")
    named = PresenceFilter("name", "True for those the source names, false for others.")


class OfficialFilterSet(FactFilterSet):
    record = serializers.OfficialSerializer
    organisation = by_key(
        RecordKind.ORGANISATION, "positions__organisation", "Holds an office in any of these."
    )
    country = by_country("country", "Serves any of these countries")
    country_support = by_code(Support, "country_support", "Any of these, for the country.")
    role = by_code(Role, "positions__role", "Holds any such office.")
    position_status = by_code(
        PositionStatus, "positions__status", "Came so far in some office: held it, was appointed."
    )
    accredited_to = by_country(
        "positions__accredited_to", "Was sent as a diplomat to any of these countries"
    )
    accredited_to_organisation = by_key(
        RecordKind.ORGANISATION,
        "positions__accredited_to_organisation",
        "Was sent as a diplomat to any of these organisations.",
    )
    in_office_on = OfficeFilter(
        "positions",
        {
            **{name: name for name in ("organisation", "role", "accredited_to")},
            "status": "position_status",
            "accredited_to_organisation": "accredited_to_organisation",
        },
        "May have been in an office on this day, whose first and last days are known: the office "
        "that organisation, role, position_status, accredited_to and accredited_to_organisation "
        "ask for, where they are given. Their exclude_ filters leave out who ever held "
        "such an office, on whatever day.",
    )
    scheme = by_code(Scheme, "same_as__scheme", "Is in any of these lists of others.")
    same_as = ValuesFilter(KEY, "same_as__value", "Is called any of these in a list of others.")
    named = PresenceFilter("name", "True for those the source names, false for others.")


class StatementFilterSet(FactFilterSet, TimeFilterSet):
    record = serializers.StatementSerializer
    country = ConcernFilter(
        CountryField(),
        "concerns__country",
        "Made by an official or organisation of, attributed to, or about any of these countries, "
        f"{COUNTRY}.",
    )
    about = by_country("about", "About any of these countries")
    attributed_country = by_country("attributed_country", "Attributed to any of these countries")
    attributed_organisation = by_key(
        RecordKind.ORGANISATION,
        "attributed_organisation",
        "Attributed to any of these organisations.",
    )
    about_organisation = by_key(
        RecordKind.ORGANISATION, "about_organisations", "About any of these organisations."
    )
    via_official = by_key(
        RecordKind.OFFICIAL, "via_official", "Passed on by any of these officials."
    )
    via_organisation = by_key(
        RecordKind.ORGANISATION,
        "via_organisation",
        "Passed on or published by any of these organisations.",
    )
    quotation_language = ValuesFilter(
        LANGUAGE, "quotation_language", "Quotes words in any of these languages, as BCP 47 tags."
    )
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


def of_accounts(path: str) -> dict[str, ValuesFilter]:
    """Return the filters of issues for what accounts say; ``path`` leads to the accounts."""
    return {
        "support": by_code(Support, f"{path}__support", "Any of these support levels."),
        "source": by_source(f"{path}__evidence__source"),
        "status": by_code(IssueStatus, f"{path}__status", "Any of these statuses."),
        "not_stated_by": by_country(
            f"{path}__sides__country",
            "The position of any of these countries is not stated",
            where=Q(sides__not_stated=True),
        ),
        **by_time("May", f"{path}__time"),
    }


class BilateralIssueFilterSet(TimeFilterSet):
    record = serializers.BilateralIssueSerializer
    country = by_country("countries", "Between any of these countries and another")
    between = BetweenFilter("issues", "The two countries, in either order")
    topic = by_code(plover.Context, "topic", "Any of these topics.")
    account = AccountFilter(
        "Which accounts the other parameters ask for: the current one of each issue, or any. With "
        "any, each of them may hold of another account."
    )
    vars().update(of_accounts("current"))

    @classmethod
    def chosen(cls, values: Values) -> type[ListFilterSet]:
        """Return the filters of all accounts where these are asked for."""
        return AnyAccountFilterSet if values.get("account") == "any" else cls


def unstated_of_any() -> dict[str, tuple[Q, Q]]:
    """Return the conditions on issues that some account holds no value of a key, or holds one."""
    rows = Account._base_manager.filter(issue=OuterRef("pk"))
    of_accounts = unstated(serializers.AccountSerializer)
    found = unstated(serializers.BilateralIssueSerializer)
    for name in found.keys() & of_accounts.keys():
        empty, filled = (Q(Exists(rows.filter(one))) for one in of_accounts[name])
        found[name] = empty, filled
    return found


class AnyAccountFilterSet(BilateralIssueFilterSet):
    vars().update(of_accounts("accounts"))
    vars().update(by_stated(unstated_of_any()))


class EventFilterSet(FactFilterSet, TimeFilterSet):
    record = serializers.EventSerializer
    country = by_country("parties__country", "Any of these countries acts or receives")
    between = BetweenFilter(
        "events",
        "Two countries have parts and at least one acts, or it belongs to an issue between them, "
        "in either order",
    )
    actor = by_country("parties__country", "Any of these countries acts", where=ACTS)
    recipient = by_country("parties__country", "Any of these countries receives", where=RECEIVES)
    organisation = by_key(
        RecordKind.ORGANISATION, "parties__organisation", "Any of these acts or receives."
    )
    actor_organisation = by_key(
        RecordKind.ORGANISATION, "parties__organisation", "Any of these acts.", ACTS
    )
    recipient_organisation = by_key(
        RecordKind.ORGANISATION, "parties__organisation", "Any of these receives.", RECEIVES
    )
    sector = by_code(plover.Sector, "parties__sector", "A party is of any of these sectors.")
    place_country = by_country("place_country", "Happened in any of these countries")
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


class TripFilterSet(FactFilterSet, TimeFilterSet):
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
    organisation = by_key(
        RecordKind.ORGANISATION, "organisations", "Concerns any of these organisations."
    )
    statement = by_key(RecordKind.STATEMENT, "statements", "Concerns any of these.")
    issue = by_key(RecordKind.BILATERAL_ISSUE, "issues", "Concerns any of these issues.")
    event = by_key(RecordKind.EVENT, "events", "Concerns any of these events.")
    trip = by_key(RecordKind.TRIP, "trips", "Concerns any of these trips.")
    source = by_source("source")


class RelationFilterSet(FactFilterSet):
    record = serializers.RelationSerializer
    relation = by_code(RelationType, "relation", "Any of these relations.")
    subject_kind = by_code(RecordKind, "subject_kind", "Its subject is of any of these kinds.")
    subject = ValuesFilter(AnyKeyField(), "subject", "Its subject is any of these records.")
    object_kind = by_code(RecordKind, "object_kind", "Its object is of any of these kinds.")
    object = ValuesFilter(AnyKeyField(), "object", "Its object is any of these records.")
    between = BetweenFilter(
        "relations", "One of its ends is a record between two countries, in either order"
    )


class CheckFilterSet(RecordFilterSet):
    record = serializers.CheckSerializer
    claim_kind = by_code(RecordKind, "claim_kind", "The claim is of any of these kinds.")
    claim = ValuesFilter(AnyKeyField(), "claim", "Tests the claim of any of these records.")
    trip = by_key(RecordKind.TRIP, "trip", "Tests what another record says of these journeys.")
    register = by_key(RecordKind.SOURCE, "register", "Compares with any of these registers.")
    source = by_source("evidence__source")
    rule = by_code(CheckRule, "rule", "By any of these rules.")
    role = by_code(Role, "role", "Asks for the holders of any of these offices.")
    verdict = by_code(Verdict, "verdict", "With any of these verdicts.")


class SearchFilterSet(ListFilterSet):
    """Takes words always: without them there is nothing to list."""

    q = SearchFilter(required=True, error_messages={"required": "Say what to search for: q=canal."})
    kind = by_code(RecordKind, "kind", "Any of these kinds of records.")


class LogFilterSet(ListFilterSet):
    @classmethod
    def get_filters(cls) -> Any:
        """Add the opposite of each filter that takes a list."""
        filters = super().get_filters()
        return {**filters, **opposites(filters)}


class PublishedReleaseFilterSet(LogFilterSet):
    id = ValuesFilter(VersionField(), "pk", "Any of these versions.")


class ChangeFilterSet(LogFilterSet):
    id = ValuesFilter(WholeNumberField(1, 2**31 - 1), "pk", "Any of these places in the log.")
    since = SinceFilter("Made by a release after this one.")
    release = ValuesFilter(VersionField(), "release", "Made by any of these releases.")
    change = by_code(ChangeType, "change", "Any of these changes.")
    kind = by_code(RecordKind, "kind", "Of records of any of these kinds.")
    record = ValuesFilter(AnyKeyField(), "record", "Of any of these records.")
    vars().update(by_stated(unstated(changes.ChangeSerializer)))
