"""Shared by all models: keys, text with one collation, evidence and uncertain time."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any, ClassVar, cast

from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator, RegexValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Q

from policy.country_codes import ALPHA3
from policy.vocabulary import Vocabulary

SLUG = r"[a-z0-9]+(?:-[a-z0-9]+)*"
MAX_KEY = 120

no_nul = ProhibitNullCharactersValidator()


def list_of_texts(value: object) -> None:
    """Raise ValidationError unless the value is a list of non-empty strings."""
    if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
        raise ValidationError("Write a list of texts, none of them empty.")


def country_codes(value: object) -> None:
    """Raise ValidationError unless the value is a list of different alpha-3 codes of ISO 3166."""
    list_of_texts(value)
    for code, number in Counter(cast("list[str]", value)).items():
        if ALPHA3.get(code) != code:
            raise ValidationError(f"{code!r} is no alpha-3 code: write that of a country.")
        if number > 1:
            raise ValidationError(f"{code!r} stands there more than once: name it once.")


def numbers_by_name(value: object) -> None:
    """Raise ValidationError unless the value is an object whose values are whole numbers."""
    numbers = value.values() if isinstance(value, dict) else [None]
    if not all(type(number) is int and number >= 0 for number in numbers):
        raise ValidationError("must be an object with a whole number for each kind.")


def agreement_of_coders(value: object) -> None:
    """Raise ValidationError unless the value is what compare_coding prints for a release."""
    told = {"alpha": 0, **value} if isinstance(value, dict) else {}
    whole = [type(told.get(name)) is int for name in ("coders", "compared")]
    parts = [type(told.get(name)) in (int, float) for name in ("agreement", "alpha")]
    if not (
        all(whole + parts)
        and len(told) == len(whole + parts)
        and told["coders"] >= 2
        and told["compared"] >= 1
        and 0 <= told["agreement"] <= 1
        and -1 <= told["alpha"] <= 1
    ):
        raise ValidationError(
            "Write what compare_coding prints: coders, compared, agreement and, if there, alpha."
        )


def moment_in_utc(value: datetime) -> None:
    """Raise ValidationError unless a moment names its zone, and is one in UTC too."""
    if value.tzinfo is None:
        raise ValidationError("Write a moment with its zone, such as 2025-02-03T12:00:00Z.")
    try:
        value.astimezone(UTC)
    except OverflowError:
        # PostgreSQL would keep it, and Python could not read it again.
        raise ValidationError("Write a moment in the years 1 to 9999 in UTC.") from None


class Text(models.CharField):  # type: ignore[type-arg]
    """A line of text that both engines compare and sort by code point.

    PostgreSQL would otherwise sort by the default collation of its cluster, and two instances of
    one release would have different orders. NUL is refused: PostgreSQL cannot store it.
    """

    default_validators = [no_nul]  # noqa: RUF012

    def __init__(self, help_text: str = "", **options: Any) -> None:
        """Take the options of CharField, the help text first."""
        super().__init__(help_text=help_text, **options)

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """Return the type by its name in the SQL standard, which is the same type.

        By "varchar" Django knows what it gives a second index for LIKE, and an index in the
        order of code points serves LIKE by itself.
        """
        found = super().db_type(connection)
        return found and found.replace("varchar", "character varying")

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, Any]:
        """Add the code-point collation if it is not the engine's default."""
        parameters: dict[str, Any] = dict(super().db_parameters(connection))
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters


class LongText(models.TextField):  # type: ignore[type-arg]
    """Prose, which is never a sort key; NUL is refused."""

    default_validators = [no_nul]  # noqa: RUF012

    def __init__(self, help_text: str = "", **options: Any) -> None:
        """Take the options of TextField, the help text first."""
        super().__init__(help_text=help_text, **options)


class Key(Text):
    """A readable slug that never changes, and the primary key of its record."""

    default_validators = [  # noqa: RUF012
        RegexValidator(
            rf"\A{SLUG}\Z", "Write a slug: lower-case letters, digits and single hyphens."
        )
    ]

    def __init__(self, help_text: str = "", **options: Any) -> None:
        """Take the options of CharField; primary_key and max_length have defaults."""
        super().__init__(help_text, **{"max_length": MAX_KEY, "primary_key": True, **options})


OPTIONAL: Any = {"null": True, "blank": True}
"""The options of a field that a source may leave open: null means not stated."""


def code_field(vocabulary: type[Vocabulary], help_text: str, **options: Any) -> Text:
    """Return the field of a code, as long as the longest of its vocabulary."""
    longest = max(map(len, vocabulary.values))
    return Text(help_text, max_length=longest, choices=vocabulary, **options)


def texts_field(help_text: str) -> models.JSONField:
    """Return the field of a list of texts, which may be empty."""
    return models.JSONField(
        default=list, blank=True, validators=[list_of_texts], help_text=help_text
    )


def country_codes_field(help_text: str) -> models.JSONField:
    """Return the field of a list of alpha-3 codes, of countries that no record need be about."""
    return models.JSONField(
        default=list, blank=True, validators=[list_of_texts, country_codes], help_text=help_text
    )


def sha256_field(help_text: str, **options: Any) -> Text:
    """Return the field of a SHA-256 digest in lower-case hexadecimal."""
    message = "Write a SHA-256 digest: 64 lower-case hex digits."
    rule = RegexValidator(r"\A[0-9a-f]{64}\Z", message)
    return Text(help_text, max_length=64, validators=[rule], **options)


def language_field(help_text: str, **options: Any) -> Text:
    """Return the field of a language, as a BCP 47 tag of language, script and region."""
    message = "Write a BCP 47 tag such as en, es-MX or zh-Hant."
    tag = r"\A[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?\Z"
    return Text(help_text, max_length=35, validators=[RegexValidator(tag, message)], **options)


class Support(Vocabulary):
    """How firmly the source carries a fact."""

    STATED = "stated", "The source says it in so many words."
    INFERRED = "inferred", "The source implies it; the note says how it was concluded."
    AMBIGUOUS = (
        "ambiguous",
        "The source can be read in more than one way; the note names the readings.",
    )
    REFERENCE = (
        "reference",
        "Common reference data that does not depend on any source, such as a country code.",
    )


class Precision(Vocabulary):
    """How finely an uncertain time is known."""

    DAY = "day", "Known to the day: the earliest and latest day are one."
    WEEK = "week", "Known to lie within a named week."
    MONTH = "month", "Known to lie within a month."
    YEAR = "year", "Known to lie within a year."
    RANGE = "range", "Known only to lie between two named days."
    PERIOD = "period", "Lasted from the earliest day to the latest, both of them included."


class Fact(models.Model):
    """Something the dataset asserts, with the passages it rests on and how firmly they carry it."""

    support = code_field(Support, "How firmly the source carries this fact.")
    note = LongText(
        "What a reader must know to use this fact rightly, in our words; or null.", **OPTIONAL
    )
    evidence = models.ManyToManyField(
        "policy.Passage",
        blank=True,
        help_text="The passages this fact rests on, in the order of their source.",
    )

    class Meta:
        abstract = True


def time_fields(what: str) -> tuple[Any, Any, Any, Any, Any]:
    """Return the fields of an uncertain time: text, earliest, latest, precision, year_inferred."""
    return (
        Text(
            f"The source's own words for {what}; null when it gives none.",
            max_length=200,
            **OPTIONAL,
        ),
        models.DateField(
            help_text=f"The first day (ISO 8601) the words allow for {what}; null when they bound "
            "nothing.",
            **OPTIONAL,
        ),
        models.DateField(
            help_text=f"The last day (ISO 8601) the words allow for {what}; null when they bound "
            "nothing.",
            **OPTIONAL,
        ),
        code_field(
            Precision, f"How finely {what} is known; null when no days are given.", **OPTIONAL
        ),
        models.BooleanField(
            default=False,
            help_text=f"True when the source names no year for {what} and it was concluded from "
            "elsewhere in it.",
        ),
    )


def time_constraints(name: str) -> list[models.BaseConstraint]:
    """Return the constraints on the fields of an uncertain time whose names begin with a name."""
    empty = {f"{name}_{part}__isnull": True for part in ("earliest", "latest", "precision")}
    filled = {f"{name}_precision__isnull": False, f"{name}_earliest__isnull": False}
    return [
        models.CheckConstraint(
            name=f"policy_%(class)s_{name}",
            condition=Q(**empty, **{f"{name}_year_inferred": False})
            | Q(**filled, **{f"{name}_latest__gte": F(f"{name}_earliest")}),
            violation_error_message=(
                "Give the earliest day, the latest day (not before it) and the precision "
                "together, or none of them."
            ),
        ),
        models.CheckConstraint(
            name=f"policy_%(class)s_{name}_day",
            condition=Q(**{f"{name}_precision__isnull": True})
            | ~Q(**{f"{name}_precision": Precision.DAY})
            | Q(**{f"{name}_latest": F(f"{name}_earliest")}),
            violation_error_message=(
                "Precision day means one day: give the same earliest and latest day, or another "
                "precision."
            ),
        ),
    ]


class Timed(models.Model):
    """A record whose time may be uncertain, kept as the source's words and the days they bound."""

    time_text, time_earliest, time_latest, time_precision, time_year_inferred = time_fields(
        "the time"
    )

    class Meta:
        abstract = True
        constraints: ClassVar = time_constraints("time")
