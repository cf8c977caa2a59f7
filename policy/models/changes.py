"""The releases of the dataset, and what each changed: built from their manifests."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from policy.models.base import (
    MAX_KEY,
    OPTIONAL,
    LongText,
    Text,
    code_field,
    moment_in_utc,
    sha256_field,
    texts_field,
)
from policy.models.registry import RecordKind
from policy.models.releases import version_field
from policy.vocabulary import Vocabulary


class ChangeType(Vocabulary):
    """What a release did to a record."""

    ADDED = "added", "The release before had no such record."
    CHANGED = "changed", "It says something else, itself or in one of its parts."
    REMOVED = "removed", "It is gone; its address says so."
    RENAMED = "renamed", "It has another key; its former address leads on to it."


class PublishedRelease(models.Model):
    """A release of the dataset, whether it is the one that is loaded or an earlier one."""

    id = version_field("Version of the release: major.minor.patch.", primary_key=True)
    place = models.PositiveSmallIntegerField(
        unique=True, help_text="Place in the order of the versions, from 1."
    )
    released = models.DateTimeField(
        validators=[moment_in_utc], help_text="When it was released (ISO 8601, UTC)."
    )
    schema_version = models.PositiveSmallIntegerField(
        help_text="Version of the shape of its records."
    )
    previous = version_field("Version of the release before it; null for the first.", **OPTIONAL)
    content_hash = sha256_field(
        "SHA-256 over every record of the release in canonical JSON; null for the release that "
        "holds this very record.",
        **OPTIONAL,
    )
    note = LongText("What is new in it, in our words.")

    class Meta:
        verbose_name = "release"
        ordering: ClassVar = ["place", "id"]


class Change(models.Model):
    """What a release did to one record, compared with the release before it."""

    id = models.IntegerField(
        primary_key=True, help_text="Place of the change in the log of all releases, from 1."
    )
    release = models.ForeignKey(
        PublishedRelease,
        models.CASCADE,
        related_name="changes",
        help_text="Version of the release that made the change.",
    )
    change = code_field(ChangeType, "What became of the record.")
    kind = code_field(RecordKind, "Kind of the record.")
    record = Text("Key of the record in that release, or its last key.", max_length=MAX_KEY)
    former = Text(
        "Key of the record in the release before; null unless it was renamed.",
        max_length=MAX_KEY,
        **OPTIONAL,
    )
    fields = texts_field(
        "The fields that hold something else, and the parts that differ, such as sides or stops, "
        "as they stand in the files of a release; empty for what was added or removed."
    )
    reason = LongText("Why, in our words; null where no reason is told.", **OPTIONAL)

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["record", "kind"], name="policy_change_record")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="policy_change_former",
                condition=Q(change=ChangeType.RENAMED, former__isnull=False)
                | (~Q(change=ChangeType.RENAMED) & Q(former__isnull=True)),
                violation_error_message="A former key is that of a record that was renamed.",
            )
        ]
