"""Countries, the people in public life who speak for them, and the offices those hold."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from policy.models.base import OPTIONAL, Fact, Key, Support, Text, code_field, texts_field
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

    id = Alpha3("ISO 3166-1 alpha-3 code.", primary_key=True, max_length=3)
    alpha2 = Text(
        "ISO 3166-1 alpha-2 code.",
        max_length=2,
        unique=True,
        validators=[RegexValidator(r"\A[A-Z]{2}\Z", "Write an ISO 3166-1 alpha-2 code.")],
    )
    numeric = Text(
        "ISO 3166-1 numeric code, which is also the M49 code: three digits.",
        max_length=3,
        unique=True,
        validators=[digits(3)],
    )
    name = Text("Short English name, after ISO 3166-1.", max_length=100)
    other_names = texts_field("Other English names: the official, common and former ones.")
    region = Text(
        "UN M49 code of the region; null for Antarctica.",
        max_length=3,
        validators=[digits(3)],
        **OPTIONAL,
    )
    region_name = Text("Name of the M49 region; may be null.", max_length=60, **OPTIONAL)
    subregion = Text(
        "UN M49 code of the smallest area the country is listed under; may be null.",
        max_length=3,
        validators=[digits(3)],
        **OPTIONAL,
    )
    subregion_name = Text("Name of that M49 area; may be null.", max_length=60, **OPTIONAL)
    cow = models.PositiveSmallIntegerField(
        unique=True,
        help_text="Correlates of War state number; null for what is not in its state system.",
        **OPTIONAL,
    )
    cow_code = Text(
        "Correlates of War state abbreviation; null as the number is.", max_length=3, **OPTIONAL
    )
    longitude = models.FloatField(
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
        help_text="Longitude of a representative point, in degrees (WGS 84); null when not known.",
        **OPTIONAL,
    )
    latitude = models.FloatField(
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
        help_text="Latitude of a representative point, in degrees (WGS 84); null when not known.",
        **OPTIONAL,
    )
    aliases = texts_field("The words the sources use for the country, as they spell them.")

    class Meta:
        verbose_name_plural = "countries"
        ordering: ClassVar = ["id"]


class Official(Fact):
    """A person in public life whom a source names or speaks of, possibly without a name."""

    record_kind: ClassVar = RecordKind.OFFICIAL

    id = Key("Slug of the person, stable for good.")
    name = Text(
        "Full name; null for a person the source does not name.", max_length=200, **OPTIONAL
    )
    label = Text("What to call the person in a list; always there.", max_length=200)
    aliases = texts_field("The words the sources use for the person, as they spell them.")
    country = models.ForeignKey(
        Country,
        models.PROTECT,
        related_name="officials",
        help_text="The country the person serves, as alpha-3; null when not stated.",
        **OPTIONAL,
    )
    country_support = code_field(
        Support, "How firmly the source carries the country; null when there is none.", **OPTIONAL
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

    HEAD_OF_STATE = "head_of_state", "Head of state, whether or not also head of government."
    HEAD_OF_GOVERNMENT = "head_of_government", "Head of government who is not head of state."
    FOREIGN_MINISTER = (
        "foreign_minister",
        "Minister in charge of foreign affairs, by whatever title.",
    )
    MINISTER = "minister", "Any other member of a cabinet."
    DIPLOMAT = "diplomat", "Ambassador, envoy or other diplomatic officer."
    SPOKESPERSON = "spokesperson", "Speaks to the public for a government or department."
    LEGISLATOR = "legislator", "Member of a legislature."
    MILITARY = "military", "Officer of armed forces."
    OFFICIAL = "official", "An official whose office the source does not describe further."


class Position(Fact):
    """An office a person holds, as the source describes it."""

    part_of: ClassVar = "official"

    id = Key("Slug of the person and the office.")
    official = models.ForeignKey(
        Official, models.CASCADE, related_name="positions", help_text="Slug of the person."
    )
    title = Text("Title of the office.", max_length=200)
    role = code_field(Role, "What kind of office it is.")
    country = models.ForeignKey(
        Country,
        models.PROTECT,
        related_name="positions",
        help_text="The country whose office it is, as alpha-3; null when not stated.",
        **OPTIONAL,
    )
    organisation = Text(
        "The body the office belongs to; null when not stated.", max_length=200, **OPTIONAL
    )
    start = models.DateField(
        help_text="First day in office (ISO 8601); null when not stated.", **OPTIONAL
    )
    end = models.DateField(
        help_text="Last day in office (ISO 8601); null when not stated.", **OPTIONAL
    )

    class Meta:
        ordering: ClassVar = ["official_id", "id"]
