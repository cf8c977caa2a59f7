"""Checks: what a source claims, compared with a register by a rule."""

from collections import defaultdict
from collections.abc import Collection
from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from policy.models.actors import Role
from policy.models.base import (
    MAX_KEY,
    OPTIONAL,
    Key,
    LongText,
    Text,
    code_field,
    country_codes_field,
)
from policy.models.registry import RecordKind
from policy.models.trips import Trip
from policy.vocabulary import Vocabulary


class CheckRule(Vocabulary):
    """How a claim of a journey is compared with the journeys in a register.

    A stop is in office where it begins within a time in office that the release has. Somebody
    accompanies the head of state where that one has a stop in the same country on one of the days.
    """

    DAYS_WITHIN = (
        "days_within",
        (
            "The journeys that the register has of the traveller on any of the days of the claim "
            "begin and end within them."
        ),
    )
    SAME_COUNTRIES = (
        "same_countries",
        (
            "The journeys that the register has of the traveller on any of the days of the claim "
            "stop in the countries of the claim and in no other."
        ),
    )
    LISTED_AS_VISITED = (
        "listed_as_visited",
        (
            "The countries were visited in the order in which the claim lists them. Stops are "
            "ordered by their first days, then by their last; where both are the same the order "
            "is open."
        ),
    )
    FIRST_IN_OFFICE = (
        "first_in_office",
        (
            "The first stop in office that the register has of the traveller belongs to a "
            "journey on any of the days of the claim. It depends where that holds only if stops "
            "on which the traveller accompanies the head of state count, or only if they do not."
        ),
    )
    FIRST_IN_YEARS = (
        "first_in_years",
        (
            "The traveller's first stop in office is in one of the countries, on a journey on "
            "any of the days of the claim; and of all who held the office before, nobody whose "
            "first stop was in one of the countries made it within so many years before. It "
            "depends where that holds only if stops on which somebody accompanies the head of "
            "state count, or only if they do not."
        ),
    )


class Verdict(Vocabulary):
    """What a register says to a claim."""

    AGREES = "agrees", "The register says what the claim says."
    DIFFERS = "differs", "The register says something else, or has nothing of the kind."
    DEPENDS = (
        "depends",
        (
            "The register agrees in one reading of the claim and differs in another; the finding "
            "names them."
        ),
    )


COMPUTED = ("query", "verdict", "finding")
"""The fields of a check that the build computes and nobody writes."""


class Check(models.Model):
    """A claim of a source and what a register says to it: computed, and never a repaired fact."""

    record_kind: ClassVar = RecordKind.CHECK

    id = Key("Slug of the check, stable for good.")
    title = Text("What is checked, in a few words.", max_length=200)
    claim_kind = code_field(RecordKind, "Kind of the record that makes the claim.")
    claim = Text("Key of that record.", max_length=MAX_KEY)
    trip = models.ForeignKey(
        Trip,
        models.PROTECT,
        related_name="+",
        help_text="Slug of the journey that the claim is about; null where that is the record "
        "itself.",
        **OPTIONAL,
    )
    register = Text(
        "Key of the register, a source that this release may not hold.", max_length=MAX_KEY
    )
    rule = code_field(CheckRule, "The rule by which the two are compared.")
    rule_text = LongText("What the rule means for this claim, and why it is a fair one.")
    role = code_field(
        Role, "The office that the rule asks for; null where it asks for none.", **OPTIONAL
    )
    countries = country_codes_field(
        "The countries that the rule asks for, as alpha-3; empty where it asks for none."
    )
    years = models.PositiveSmallIntegerField(
        help_text="For how many years before the journey the claim is meant, where the rule asks.",
        **OPTIONAL,
    )
    query = LongText(
        "The list of the API, with its parameters, that shows what the verdict is computed over; "
        "that list is empty in a release without the register.",
        default="",
        blank=True,
        validators=[
            RegexValidator(
                r"\A[a-z]+(?:-[a-z]+)*\?[a-z_]+=\S+\Z",
                "Write the name of a list with its parameters, such as trips?traveller=a-b.",
            )
        ],
    )
    verdict = code_field(
        Verdict, "What the register says; null where the release does not hold it.", **OPTIONAL
    )
    finding = LongText(
        "What was found, and what it depends on; null where there is no verdict.", **OPTIONAL
    )
    evidence = models.ManyToManyField(
        "policy.Passage",
        blank=True,
        help_text="The passages of the claim, and the entries of the register that the verdict "
        "rests on.",
    )

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(fields=["claim", "claim_kind"], name="policy_check_claim")
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="policy_check_journey",
                condition=Q(claim_kind=RecordKind.TRIP) | Q(trip__isnull=False),
                violation_error_message="Give trip, the journey that the claim is about.",
            ),
            models.CheckConstraint(
                name="policy_check_journey_itself",
                condition=~Q(claim_kind=RecordKind.TRIP) | Q(trip__isnull=True),
                violation_error_message="Leave trip out: the claim is that of the journey itself.",
            ),
            models.CheckConstraint(
                name="policy_check_computed",
                condition=Q(verdict__isnull=True, finding__isnull=True)
                | Q(verdict__isnull=False, finding__isnull=False),
                violation_error_message="A verdict comes with what was found.",
            ),
        ]


def checks_of(kind: RecordKind, keys: Collection[str]) -> dict[str, list[Check]]:
    """Return the checks of the claims that records of one kind make, by the keys of these."""
    found: dict[str, list[Check]] = defaultdict(list)
    for check in Check.objects.filter(claim_kind=kind, claim__in=keys):
        found[check.claim].append(check)
    return found
