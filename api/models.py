"""Records as they are served, rendered once when a release is loaded."""

from typing import ClassVar

from django.db import models

from policy.models.base import Key, LongText, Text, sha256_validator


class Rendering(models.Model):
    """One record as JSON, so that an answer need not make it anew."""

    id = Text(
        primary_key=True,
        max_length=160,
        help_text="Name of the list and key of the record, such as countries/PAN.",
    )
    body = LongText(help_text="The record, as the API writes it in JSON.")

    class Meta:
        ordering: ClassVar = ["id"]


class RenderedState(models.Model):
    """What the renderings were made from; one row at most."""

    ONLY: ClassVar = "renderings"

    id = Key(help_text="Always the same, for there is one row.")
    stamp = Text(
        max_length=64,
        validators=[sha256_validator()],
        help_text="SHA-256 of the release, the attached texts and the software they were made by.",
    )
