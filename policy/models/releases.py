"""What a source leaves unsaid, and which release of the dataset is loaded."""

from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models

from policy.models.actors import Country, Official, Organisation
from policy.models.base import (
    OPTIONAL,
    Key,
    LongText,
    Text,
    agreement_of_coders,
    moment_in_utc,
    numbers_by_name,
    sha256_field,
)
from policy.models.events import Event
from policy.models.issues import BilateralIssue
from policy.models.registry import RecordKind
from policy.models.sources import Passage, Source
from policy.models.statements import Statement
from policy.models.trips import Trip

SCHEMA_VERSION = 2
"""The shape of the records; raise it when a migration changes what a release must hold."""


def version_field(help_text: str, **options: Any) -> Text:
    """Return the field of a version of the dataset."""
    rule = RegexValidator(r"\A\d+\.\d+\.\d+\Z", "Write a version such as 1.0.0.")
    return Text(help_text, max_length=20, validators=[rule], **options)


class Gap(models.Model):
    """Something a source does not say and a reader would ask."""

    record_kind: ClassVar = RecordKind.GAP

    id = Key("Slug of the gap, stable for good.")
    source = models.ForeignKey(
        Source, models.CASCADE, related_name="gaps", help_text="Slug of the silent source."
    )
    question = LongText("What a reader would ask, in our words.")
    note = LongText("What the source does say near it, or why it matters; may be null.", **OPTIONAL)
    countries = models.ManyToManyField(
        Country, blank=True, related_name="gaps", help_text="Countries it concerns, as alpha-3."
    )
    officials = models.ManyToManyField(
        Official, blank=True, related_name="gaps", help_text="Slugs of officials it concerns."
    )
    organisations = models.ManyToManyField(
        Organisation, blank=True, related_name="gaps", help_text="Slugs of organisations concerned."
    )
    statements = models.ManyToManyField(
        Statement, blank=True, related_name="gaps", help_text="Slugs of statements it concerns."
    )
    issues = models.ManyToManyField(
        BilateralIssue, blank=True, related_name="gaps", help_text="Slugs of issues it concerns."
    )
    events = models.ManyToManyField(
        Event, blank=True, related_name="gaps", help_text="Slugs of events it concerns."
    )
    trips = models.ManyToManyField(
        Trip, blank=True, related_name="gaps", help_text="Slugs of trips it concerns."
    )
    evidence = models.ManyToManyField(
        Passage, blank=True, help_text="Passages next to which the silence shows; may be none."
    )

    class Meta:
        ordering: ClassVar = ["id"]


class Release(models.Model):
    """The dataset as loaded: one row, replaced as a whole by the next release."""

    id = Key("Slug of the dataset; every release of it has the same.")
    version = version_field("Version of the dataset: major.minor.patch.")
    title = Text("Name of the dataset.", max_length=200)
    licence = Text("SPDX identifier of the dataset's licence.", max_length=50)
    released = models.DateTimeField(
        validators=[moment_in_utc], help_text="When this version was released (ISO 8601, UTC)."
    )
    schema_version = models.PositiveSmallIntegerField(
        help_text="Version of the shape of the records; software of another one refuses them."
    )
    content_hash = sha256_field("SHA-256 over every record of the release in canonical JSON.")
    counts = models.JSONField(
        validators=[numbers_by_name], help_text="Number of records of each kind."
    )
    coding_agreement = models.JSONField(
        validators=[agreement_of_coders],
        help_text="How far two coders of a source agreed; null if none was coded twice.",
        **OPTIONAL,
    )

    class Meta:
        ordering: ClassVar = ["id"]
