"""Statements: what somebody said, wrote or signalled."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q, QuerySet

from policy.models.actors import Country, Official, Organisation
from policy.models.base import (
    OPTIONAL,
    Fact,
    Key,
    LongText,
    Support,
    Text,
    Timed,
    code_field,
    language_field,
)
from policy.models.issues import BilateralIssue
from policy.models.registry import RecordKind
from policy.models.state import live
from policy.plover import Context
from policy.vocabulary import Vocabulary


class StatementKind(Vocabulary):
    """In what form the source passes a statement on."""

    QUOTATION = "quotation", "The speaker's own words, marked as such or plainly so."
    INDIRECT_SPEECH = "indirect_speech", "What a speaker said, in the source's words."
    REPORTED_POSITION = (
        "reported_position",
        "A stance or signal of a government that no speaker is named for.",
    )
    NARRATION = "narration", "What the source itself says."


class Verbatim(Vocabulary):
    """Whether a quotation has been compared with what was first said or written."""

    VERIFIED = "verified", "Compared with the original and equal to it."
    UNVERIFIED = "unverified", "Not compared with the original; it may be a paraphrase."
    DIFFERS = "differs", "Compared with the original and different from it."


def voice(
    *,
    speaker: bool = False,
    attributed_organisation: bool = False,
    attributed_country: bool = False,
    narrator: bool = False,
) -> Q:
    """Return the condition that a statement is attributed to these and to no others."""
    return Q(
        speaker__isnull=not speaker,
        attributed_organisation__isnull=not attributed_organisation,
        attributed_country__isnull=not attributed_country,
        narrator=narrator,
    )


class Statement(Fact, Timed):
    """What exactly one speaker, organisation, country or narrator said, wrote or signalled."""

    record_kind: ClassVar = RecordKind.STATEMENT

    id = Key("Slug of the statement, stable for good.")
    summary = LongText("What was said, in our words.")
    kind = code_field(StatementKind, "In what form the source passes the statement on.")
    topic = code_field(Context, "What it is mainly about, as a PLOVER context.")
    speaker = models.ForeignKey(
        Official,
        models.PROTECT,
        related_name="statements",
        db_index=False,
        help_text="Slug of the official who said it; null when no person is named.",
        **OPTIONAL,
    )
    attributed_organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        related_name="attributed_statements",
        help_text="Slug of the organisation it is attributed to when no person is; else null.",
        **OPTIONAL,
    )
    attributed_country = models.ForeignKey(
        Country,
        models.PROTECT,
        related_name="attributed_statements",
        help_text="The country, as alpha-3, it is attributed to when neither a person nor an "
        "organisation is; else null.",
        **OPTIONAL,
    )
    narrator = models.BooleanField(default=False, help_text="True when the source itself says it.")
    via_official = models.ForeignKey(
        Official,
        models.PROTECT,
        related_name="statements_passed_on",
        help_text="Slug of the official who passed it on for whom it is attributed to; null when "
        "none is named.",
        **OPTIONAL,
    )
    via_organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        related_name="statements_passed_on",
        help_text="Slug of the organisation that passed it on or published it; null when none is "
        "named.",
        **OPTIONAL,
    )
    attribution_support = code_field(
        Support, "How firmly the source carries who said it.", default=Support.STATED
    )
    about = models.ManyToManyField(
        Country,
        blank=True,
        related_name="statements_about",
        help_text="The countries the statement is about, as alpha-3.",
    )
    about_organisations = models.ManyToManyField(
        Organisation,
        blank=True,
        related_name="statements_about",
        help_text="Slugs of the organisations the statement is about.",
    )
    issues = models.ManyToManyField(
        BilateralIssue,
        blank=True,
        related_name="statements",
        help_text="Slugs of the bilateral issues it belongs to.",
    )
    medium = Text(
        "Where it was said or published; null when not stated.", max_length=200, **OPTIONAL
    )
    quotation = LongText(
        "The official's words as the source gives them; only for a quotation.", **OPTIONAL
    )
    quotation_language = language_field(
        "Language of the quoted words, as a BCP 47 tag; only for a quotation.", **OPTIONAL
    )
    quotation_translated = models.BooleanField(
        null=True,
        blank=True,
        help_text="Whether the quoted words are a translation of what was said; null when the "
        "source does not show it.",
    )
    verbatim = code_field(
        Verbatim,
        "Whether the words were compared with the original; only for a quotation.",
        **OPTIONAL,
    )

    class Meta(Timed.Meta):
        ordering: ClassVar = ["id"]
        # What whole lists are ordered by, and the key; the bitmap index has what filters find.
        indexes: ClassVar = [
            models.Index(fields=[column, "id"], name=f"policy_statement_{name}")
            for name, column in {
                "kind": "kind",
                "topic": "topic",
                "speaker": "speaker",
                "earliest": "time_earliest",
                "latest": "time_latest",
            }.items()
        ]
        constraints: ClassVar = [
            *Timed.Meta.constraints,
            models.CheckConstraint(
                name="policy_statement_one_attribution",
                condition=voice(speaker=True)
                | voice(attributed_organisation=True)
                | voice(attributed_country=True)
                | voice(narrator=True),
                violation_error_message=(
                    "Give exactly one of speaker, attributed_organisation, attributed_country and "
                    "narrator = true."
                ),
            ),
            models.CheckConstraint(
                name="policy_statement_quotation",
                condition=Q(
                    kind=StatementKind.QUOTATION,
                    quotation__isnull=False,
                    quotation_language__isnull=False,
                    verbatim__isnull=False,
                )
                | (
                    ~Q(kind=StatementKind.QUOTATION)
                    & Q(
                        quotation__isnull=True,
                        quotation_language__isnull=True,
                        quotation_translated__isnull=True,
                        verbatim__isnull=True,
                    )
                ),
                violation_error_message=(
                    "A quotation needs its words, quotation_language and verbatim; other kinds may "
                    "have none of them."
                ),
            ),
            models.CheckConstraint(
                name="policy_statement_narration",
                condition=Q(kind=StatementKind.NARRATION, narrator=True)
                | (~Q(kind=StatementKind.NARRATION) & Q(narrator=False)),
                violation_error_message="Kind narration and narrator = true go together.",
            ),
        ]


class Concern(models.Model):
    """A country that a statement concerns in any way, derived by the build to avoid joins."""

    id = Key("Slug of the statement and the country.", max_length=124)
    statement = models.ForeignKey(
        Statement, models.CASCADE, related_name="concerns", help_text="Slug of the statement."
    )
    country = models.ForeignKey(
        Country, models.PROTECT, related_name="concerns", help_text="The country, as alpha-3."
    )
    topic = code_field(Context, "Topic of the statement.")

    class Meta:
        db_table = "machinery_concern"
        ordering: ClassVar = ["id"]


def concerns_for(countries: Sequence[str], topics: Sequence[str] = ()) -> QuerySet[Concern]:
    """Return the concerns of any of these countries, narrowed to these topics if there are any."""
    found = Concern.objects.order_by().filter(country__in=countries)
    return found.filter(topic__in=topics) if topics else found


def concerning(countries: Sequence[str], topics: Sequence[str] = ()) -> Q:
    """Return the condition on statements: they concern any of these countries.

    ``topics`` only narrows the subquery: the caller must filter the statements by topic as well.
    """
    if live.get() is None:
        return Q(pk__in=concerns_for(countries, topics).values("statement"))
    about: Any = Statement.about.through
    return (
        Q(pk__in=about.objects.filter(country__in=countries).values("statement"))
        | Q(attributed_country__in=countries)
        | Q(speaker__in=Official.objects.order_by().filter(country__in=countries).values("pk"))
        | Q(
            attributed_organisation__in=Organisation.objects.order_by()
            .filter(country__in=countries)
            .values("pk")
        )
    )


def concerned() -> dict[str, set[str]]:
    """Return the countries that each statement concerns, from the statements themselves."""
    found: dict[str, set[str]] = defaultdict(set)
    about: Any = Statement.about.through
    for statement, country in about.objects.values_list("statement", "country"):
        found[statement].add(country)
    paths = ("pk", "attributed_country", "attributed_organisation__country", "speaker__country")
    for statement, *countries in Statement.objects.order_by().values_list(*paths):
        found[statement].update({*countries} - {None})
    return found
