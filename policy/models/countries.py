"""Countries, the people in public life who speak for them, and the offices those hold."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from policy.models.base import Fact, Key, Support, Text, list_of_texts
from policy.models.registry import RecordKind
from policy.vocabulary import Vocabulary


def digits(count: int) -> RegexValidator:
    """Return the validator of a code of exactly ``count`` ASCII digits."""
    return RegexValidator(rf"\A[0-9]{{{count}}}\Z", f"Write {count} digits.")


class Alpha3(Text):
    """An ISO 3166-1 alpha-3 code."""

    default_validators = [  # noqa: RUF012
        RegexValidator(r"\A[A-Z]{3}\Z", "Write an ISO 3166-1 alpha-3 code such as PAN.")
    ]


class Country(Fact):
    """A state that a source speaks of, with its codes in the usual classifications."""

    record_kind: ClassVar = RecordKind.COUNTRY

    id = Alpha3(primary_key=True, max_length=3, help_text="ISO 3166-1 alpha-3 code.")
    alpha2 = Text(
        max_length=2,
        unique=True,
        validators=[RegexValidator(r"\A[A-Z]{2}\Z", "Write an ISO 3166-1 alpha-2 code.")],
        help_text="ISO 3166-1 alpha-2 code.",
    )
    numeric = Text(
        max_length=3,
        unique=True,
        validators=[digits(3)],
        help_text="ISO 3166-1 numeric code, which is also the M49 code: three digits.",
    )
    name = Text(max_length=100, help_text="Short English name, after ISO 3166-1.")
    region = Text(
        max_length=3,
        null=True,
        blank=True,
        validators=[digits(3)],
        help_text="UN M49 code of the region; null for Antarctica.",
    )
    region_name = Text(
        max_length=60, null=True, blank=True, help_text="Name of the M49 region; may be null."
    )
    subregion = Text(
        max_length=3,
        null=True,
        blank=True,
        validators=[digits(3)],
        help_text="UN M49 code of the smallest area the country is listed under; may be null.",
    )
    subregion_name = Text(
        max_length=60, null=True, blank=True, help_text="Name of that M49 area; may be null."
    )
    cow = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        unique=True,
        help_text="Correlates of War state number; null for what is not in its state system.",
    )
    cow_code = Text(
        max_length=3,
        null=True,
        blank=True,
        help_text="Correlates of War state abbreviation; null as the number is.",
    )
    longitude = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
        help_text="Longitude of a representative point, in degrees (WGS 84); null when not known.",
    )
    latitude = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
        help_text="Latitude of a representative point, in degrees (WGS 84); null when not known.",
    )
    aliases = models.JSONField(
        default=list,
        blank=True,
        validators=[list_of_texts],
        help_text="The words the sources use for the country, as they spell them.",
    )

    class Meta:
        verbose_name_plural = "countries"
        ordering: ClassVar = ["id"]


class Official(Fact):
    """A person in public life whom a source names or speaks of, possibly without a name."""

    record_kind: ClassVar = RecordKind.OFFICIAL

    id = Key(help_text="Slug of the person, stable for good.")
    name = Text(
        max_length=200,
        null=True,
        blank=True,
        help_text="Full name; null for a person the source does not name.",
    )
    label = Text(max_length=200, help_text="What to call the person in a list; always there.")
    aliases = models.JSONField(
        default=list,
        blank=True,
        validators=[list_of_texts],
        help_text="The words the sources use for the person, as they spell them.",
    )
    country = models.ForeignKey(
        Country,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="officials",
        help_text="The country the person serves, as alpha-3; null when not stated.",
    )
    country_support = Text(
        max_length=9,
        choices=Support,
        null=True,
        blank=True,
        help_text="How firmly the source carries the country; null when there is none.",
    )

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="policy_official_country_support",
                condition=Q(country__isnull=True, country_support__isnull=True)
                | Q(country__isnull=False, country_support__isnull=False),
                violation_error_message="Give country and country_support together, or neither.",
            )
        ]


class Role(Vocabulary):
    """What kind of office a position is."""

    HEAD_OF_STATE = (
        "head_of_state",
        "Head of state, whether or not also head of government.",
        "Head of state",
    )
    HEAD_OF_GOVERNMENT = (
        "head_of_government",
        "Head of government who is not head of state.",
        "Head of government",
    )
    FOREIGN_MINISTER = (
        "foreign_minister",
        "Minister in charge of foreign affairs, by whatever title.",
        "Foreign minister",
    )
    MINISTER = "minister", "Any other member of a cabinet.", "Minister"
    DIPLOMAT = "diplomat", "Ambassador, envoy or other diplomatic officer.", "Diplomat"
    SPOKESPERSON = (
        "spokesperson",
        "Speaks to the public for a government or department.",
        "Spokesperson",
    )
    LEGISLATOR = "legislator", "Member of a legislature.", "Legislator"
    MILITARY = "military", "Officer of armed forces.", "Military"
    OFFICIAL = (
        "official",
        "An official whose office the source does not describe further.",
        "Official",
    )


class Position(Fact):
    """An office a person holds, as the source describes it."""

    part_of: ClassVar = "official"

    id = Key(help_text="Slug of the person and the office.")
    official = models.ForeignKey(
        Official, models.CASCADE, related_name="positions", help_text="Slug of the person."
    )
    title = Text(max_length=200, help_text="Title of the office.")
    role = Text(max_length=18, choices=Role, help_text="What kind of office it is.")
    country = models.ForeignKey(
        Country,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="positions",
        help_text="The country whose office it is, as alpha-3; null when not stated.",
    )
    organisation = Text(
        max_length=200,
        null=True,
        blank=True,
        help_text="The body the office belongs to; null when not stated.",
    )
    start = models.DateField(
        null=True, blank=True, help_text="First day in office (ISO 8601); null when not stated."
    )
    end = models.DateField(
        null=True, blank=True, help_text="Last day in office (ISO 8601); null when not stated."
    )

    class Meta:
        ordering: ClassVar = ["official_id", "id"]
