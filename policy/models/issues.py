"""Bilateral issues, and the accounts that sources give of them: status, sides and figures."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from policy.models.actors import Country
from policy.models.base import OPTIONAL, Fact, Key, LongText, Text, Timed, code_field
from policy.models.registry import RecordKind
from policy.models.sources import Source
from policy.plover import Context
from policy.vocabulary import Vocabulary


class IssueStatus(Vocabulary):
    """Where a bilateral issue stands."""

    RAISED = "raised", "One side has voiced a concern or a wish; the other is not heard."
    CONTESTED = "contested", "The two sides hold opposed positions."
    NOT_PERMITTED = (
        "not_permitted",
        "One side has not allowed something that the other does or wants.",
    )
    UNDER_DISCUSSION = "under_discussion", "The two sides are talking, with no outcome reported."
    PROPOSED = "proposed", "One side has put something forward or means to."
    EXPLORING = "exploring", "One side is considering a step of its own."
    EASING = "easing", "There was open tension and there are signs that it lessens."
    CONCEDED = "conceded", "One side resisted or was pressed, and has given way."
    COOPERATIVE = "cooperative", "The two sides act together on it."
    AGREED = "agreed", "The two sides have reached an agreement."
    SETTLED = "settled", "The matter is closed."


class BilateralIssue(models.Model):
    """A matter between exactly two countries; what each source says of it is an account."""

    record_kind: ClassVar = RecordKind.BILATERAL_ISSUE

    id = Key("Slug of the issue, stable for good.")
    title = Text("What the matter is, in a few words.", max_length=200)
    topic = code_field(Context, "The subject, as a PLOVER context.")
    countries = models.ManyToManyField(
        Country, related_name="issues", help_text="The two countries, as alpha-3."
    )

    class Meta:
        verbose_name_plural = "bilateral issues"
        ordering: ClassVar = ["id"]


class Account(Fact, Timed):
    """What one source says of a bilateral issue at one time."""

    part_of: ClassVar = "issue"

    id = Key("Slug of the issue and the source.", max_length=200)
    issue = models.ForeignKey(
        BilateralIssue, models.CASCADE, related_name="accounts", help_text="Slug of the issue."
    )
    source = models.ForeignKey(
        Source, models.PROTECT, related_name="accounts", help_text="Slug of the source."
    )
    current_for = models.OneToOneField(
        BilateralIssue,
        models.CASCADE,
        related_name="current",
        help_text="The issue again if this is its newest account that tells a status, derived by "
        "the build; else null.",
        **OPTIONAL,
    )
    summary = LongText("What the source says of the issue, in our words.")
    status = code_field(
        IssueStatus, "Where the issue stands; null when the source does not say.", **OPTIONAL
    )

    @property
    def is_current(self) -> bool:
        """Whether it is the current account of its issue."""
        return self.current_for_id is not None

    class Meta(Timed.Meta):
        ordering: ClassVar = ["issue_id", "id"]
        constraints: ClassVar = [
            *Timed.Meta.constraints,
            models.CheckConstraint(
                name="policy_account_current",
                condition=Q(current_for__isnull=True) | Q(current_for=F("issue")),
                violation_error_message="An account can be current for its own issue alone.",
            ),
        ]


class EmptyAccount:
    """In place of the current account of an issue that has none, as only another writer leaves."""

    sides: Sequence[Any] = ()
    figures: Sequence[Any] = ()
    evidence: Sequence[Any] = ()

    def __getattr__(self, name: str) -> None:
        """Return no value, whatever is asked."""


class IssueSide(Fact):
    """One country's position on a bilateral issue, or the statement that the source gives none."""

    part_of: ClassVar = "account"

    id = Key("Slug of the account and the country.", max_length=200)
    account = models.ForeignKey(
        Account, models.CASCADE, related_name="sides", help_text="Slug of the account."
    )
    country = models.ForeignKey(
        Country, models.PROTECT, related_name="issue_sides", help_text="The country, as alpha-3."
    )
    position = LongText("The country's position, in our words; null when not stated.", **OPTIONAL)
    not_stated = models.BooleanField(
        default=False, help_text="True when the source does not state this country's position."
    )

    class Meta:
        verbose_name_plural = "issue sides"
        ordering: ClassVar = ["account_id", "country_id", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "country"], name="policy_issueside_once"),
            models.CheckConstraint(
                name="policy_issueside_position",
                condition=Q(position__isnull=False, not_stated=False)
                | Q(position__isnull=True, not_stated=True),
                violation_error_message="Give a position or not_stated = true, and not both.",
            ),
        ]


class Comparator(Vocabulary):
    """How a figure's value bounds the true number."""

    EQ = "eq", "The number is the value.", "Equal"
    APPROX = "approx", "The number is about the value.", "About"
    GT = "gt", "The number is more than the value.", "More than"
    GTE = "gte", "The number is the value or more.", "At least"
    LT = "lt", "The number is less than the value.", "Less than"
    LTE = "lte", "The number is the value or less.", "At most"


class Unit(Vocabulary):
    """What a figure counts."""

    PERSONS = "persons", "Human beings."
    SHARE = "share", "Part of a whole, 0 to 1."
    FLIGHTS = "flights", "Flights of aircraft."
    USD = "usd", "United States dollars.", "US dollars"
    COUNT = "count", "Things of another kind, named by the measure."


class Figure(Fact, Timed):
    """A number, or a quantity in words, that the source gives about an issue."""

    part_of: ClassVar = "account"

    id = Key("Slug of the account and the measure.", max_length=200)
    account = models.ForeignKey(
        Account, models.CASCADE, related_name="figures", help_text="Slug of the account."
    )
    measure = Text("What is counted, in our words.", max_length=200)
    words = Text("The source's words for the quantity.", max_length=100)
    value = models.DecimalField(
        max_digits=18,
        decimal_places=4,
        help_text="The number in the words, in the unit; null when the words hold none.",
        **OPTIONAL,
    )
    comparator = code_field(
        Comparator, "How the value bounds the true number; null when there is no value.", **OPTIONAL
    )
    unit = code_field(Unit, "What is counted.")

    class Meta(Timed.Meta):
        ordering: ClassVar = ["account_id", "id"]
        constraints: ClassVar = [
            *Timed.Meta.constraints,
            models.CheckConstraint(
                name="policy_figure_value",
                condition=Q(value__isnull=True, comparator__isnull=True)
                | Q(value__isnull=False, comparator__isnull=False),
                violation_error_message="Give value and comparator together, or neither.",
            ),
        ]
