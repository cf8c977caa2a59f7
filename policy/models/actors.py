"""Who acts and speaks: countries, organisations, and people in public life with their offices."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from policy.models.base import (
    OPTIONAL,
    Fact,
    Key,
    LongText,
    Support,
    Text,
    code_field,
    country_codes_field,
    texts_field,
    time_constraints,
    time_fields,
)
from policy.models.registry import RecordKind
from policy.plover import ActorCode
from policy.vocabulary import Vocabulary


def digits(count: int) -> RegexValidator:
    """Return the validator of a code of exactly ``count`` ASCII digits."""
    return RegexValidator(rf"\A[0-9]{{{count}}}\Z", f"Write {count} digits.")


def country_with_support() -> models.CheckConstraint:
    """Return the constraint that a country and how firmly it is carried go together."""
    return models.CheckConstraint(
        name="policy_%(class)s_country_support",
        condition=Q(country__isnull=True, country_support__isnull=True)
        | Q(country__isnull=False, country_support__isnull=False),
        violation_error_message="Give country and country_support together, or neither.",
    )


class Alpha3(Text):
    """An ISO 3166 alpha-3 code."""

    default_validators = [  # noqa: RUF012
        RegexValidator(r"\A[A-Z]{3}\Z", "Write an ISO 3166 alpha-3 code such as PAN.")
    ]


class Country(Fact):
    """A state, present or former, that a source speaks of, with its codes."""

    record_kind: ClassVar = RecordKind.COUNTRY

    id = Alpha3(
        "ISO 3166-1 alpha-3 code, for a former state that of ISO 3166-3; XKX for Kosovo.",
        primary_key=True,
        max_length=3,
    )
    alpha2 = Text(
        "ISO 3166-1 alpha-2 code; null for a former state, whose code may be another's now.",
        max_length=2,
        unique=True,
        validators=[RegexValidator(r"\A[A-Z]{2}\Z", "Write an ISO 3166-1 alpha-2 code.")],
        **OPTIONAL,
    )
    numeric = Text(
        "ISO 3166-1 numeric code, which is also the M49 code: three digits; null where there is "
        "none.",
        max_length=3,
        unique=True,
        validators=[digits(3)],
        **OPTIONAL,
    )
    name = Text("Short English name, after ISO 3166.", max_length=100)
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
    existed_from = models.PositiveSmallIntegerField(
        help_text="First year of a former state; null for a present one.", **OPTIONAL
    )
    existed_until = models.PositiveSmallIntegerField(
        help_text="Last year of a former state; null for a present one.", **OPTIONAL
    )
    successors = country_codes_field("Alpha-3 codes of the states that followed a former one.")
    aliases = texts_field("The words the sources use for the country, as they spell them.")

    class Meta:
        verbose_name_plural = "countries"
        ordering: ClassVar = ["id"]


class OrganisationKind(Vocabulary):
    """What kind of body an organisation is."""

    INTERNATIONAL_ORGANISATION = (
        "international_organisation",
        "A body whose members are states, or that acts for several of them.",
    )
    GOVERNMENT_BODY = (
        "government_body",
        "A government, or a ministry, court, parliament or agency of a state.",
    )
    COMPANY = "company", "A business."
    MEDIA = "media", "A newspaper, broadcaster, news agency or other publisher of news."
    ARMED_OR_CRIMINAL_GROUP = (
        "armed_or_criminal_group",
        "Armed or criminal people who act together and for no state.",
        "Armed or criminal group",
    )
    PARTY = "party", "A political party."
    MOVEMENT = "movement", "A movement of people for a common aim, or an association of them."
    OTHER = (
        "other",
        "A body of another kind, or one whose kind the source leaves open.",
    )


class Organisation(Fact):
    """What acts or speaks and is neither state nor person, possibly without a name."""

    record_kind: ClassVar = RecordKind.ORGANISATION

    id = Key("Slug of the organisation, stable for good.")
    kind = code_field(OrganisationKind, "What kind of body it is.")
    name = Text("Name; null for one that the source does not name.", max_length=200, **OPTIONAL)
    label = Text("What to call it in a list; always there.", max_length=200)
    acronym = Text("Short form of the name; null when not stated.", max_length=30, **OPTIONAL)
    aliases = texts_field("The words the sources use for it, as they spell them.")
    country = models.ForeignKey(
        Country,
        models.PROTECT,
        related_name="organisations",
        help_text="The country it belongs to, as alpha-3; null when not stated, or none.",
        **OPTIONAL,
    )
    country_support = code_field(
        Support, "How firmly the source carries the country; null when there is none.", **OPTIONAL
    )
    members = models.ManyToManyField(
        Country,
        blank=True,
        related_name="memberships",
        help_text="The countries that are members where a source says so, as alpha-3.",
    )
    actor_code = code_field(
        ActorCode, "PLOVER code of an international actor; null for any other.", **OPTIONAL
    )

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [country_with_support()]


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
        constraints: ClassVar = [country_with_support()]


class Scheme(Vocabulary):
    """Which list an identifier of a person is from."""

    US_HISTORIAN_PEOPLE = (
        "us-historian-people",
        (
            "The State Department historians' list of principal officers and chiefs of mission; "
            "their register of travels calls secretaries by it."
        ),
        "People of the US historian",
    )
    US_HISTORIAN_PRESIDENTS = (
        "us-historian-presidents",
        (
            "The presidents in the State Department historians' register of travels. An id may be "
            "that of another person in their list of people."
        ),
        "Presidents of the US historian",
    )


class Identifier(models.Model):
    """What a list outside of the dataset calls a person, who checked that, and why it holds."""

    part_of: ClassVar = "official"

    id = Key("Slug of the person, the scheme and the value.", max_length=200)
    official = models.ForeignKey(
        Official, models.CASCADE, related_name="same_as", help_text="Slug of the person."
    )
    scheme = code_field(Scheme, "Which list it is from.")
    value = Text("What that list calls the person.", max_length=100)
    checked_by = Text("Who checked that the two are one: a source, or somebody.", max_length=200)
    reason = LongText("Why the two are one, in our words.")

    class Meta:
        ordering: ClassVar = ["official_id", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["scheme", "value"], name="policy_identifier_once")
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


class PositionStatus(Vocabulary):
    """How far somebody came in an office."""

    HELD = "held", "The office was taken up."
    APPOINTED = (
        "appointed",
        "The person was appointed, and the source does not say that the office was taken up.",
    )
    NOMINATED = (
        "nominated",
        "The person was nominated, and the source has no day of an appointment.",
    )


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
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        related_name="positions",
        help_text="Slug of the organisation the office belongs to; null when not stated.",
        **OPTIONAL,
    )
    status = code_field(
        PositionStatus,
        "Whether the office was taken up; null where the source tells nothing of it.",
        **OPTIONAL,
    )
    accredited_to = models.ForeignKey(
        Country,
        models.PROTECT,
        related_name="accredited",
        help_text="The country that a diplomat is sent to, as alpha-3; null for other offices and "
        "where it has no code.",
        **OPTIONAL,
    )
    accredited_to_organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        related_name="accredited",
        help_text="Slug of the organisation that a diplomat is sent to; null for other offices.",
        **OPTIONAL,
    )
    (
        appointed_text,
        appointed_earliest,
        appointed_latest,
        appointed_precision,
        appointed_year_inferred,
    ) = time_fields("the appointment")
    start_text, start_earliest, start_latest, start_precision, start_year_inferred = time_fields(
        "the first day in office"
    )
    end_text, end_earliest, end_latest, end_precision, end_year_inferred = time_fields(
        "the last day in office"
    )

    class Meta:
        ordering: ClassVar = ["official_id", "id"]
        constraints: ClassVar = [
            *time_constraints("appointed"),
            *time_constraints("start"),
            *time_constraints("end"),
        ]
