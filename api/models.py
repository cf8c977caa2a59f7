"""What is derived from a release when it is loaded: records as JSON, and the bitmap index."""

from typing import ClassVar

from django.db import models

from policy.models.base import Key, LongText, Text, sha256_field


class Rendering(models.Model):
    """One record as JSON, so that answers need not serialize it again."""

    id = Text(
        primary_key=True,
        max_length=160,
        help_text="Name of the list and key of the record, such as countries/PAN.",
    )
    body = LongText(help_text="The record, as the API writes it in JSON.")

    class Meta:
        db_table = "machinery_rendering"
        ordering: ClassVar = ["id"]


class LineLengths(models.Model):
    """How long each record of a list is as a line of a format, so that the whole has a length."""

    id = Text(
        primary_key=True, max_length=60, help_text="List and format, such as statements.ndjson."
    )
    total = models.BigIntegerField(help_text="Length of all lines together, in bytes.")
    lengths = models.BinaryField(
        help_text="Length of each line in the order of keys, in bytes, as four bytes, least first."
    )

    class Meta:
        db_table = "machinery_linelengths"
        ordering: ClassVar = ["id"]


class Bitmap(models.Model):
    """The records of a list with one value, or the search entries with one word."""

    id = Text(
        primary_key=True,
        # A value of 200 characters, each of which JSON may write as six, after list and filter.
        max_length=1300,
        help_text='Name of the list, filter and value as JSON, such as statements?topic="trade".',
    )
    records = models.PositiveIntegerField(help_text="How many records it holds.")
    bits = models.BinaryField(
        help_text="Numbers of the search entries of these records, as a portable Roaring bitmap."
    )

    class Meta:
        db_table = "machinery_bitmap"
        ordering: ClassVar = ["id"]


class RenderedState(models.Model):
    """The release and serializers that the stored renderings hold for; one row at most."""

    ONLY: ClassVar = "renderings"

    id = Key(help_text="Always the same, for there is one row.")
    stamp = sha256_field(
        "SHA-256 of the release, the attached texts and the serializers they come from."
    )

    class Meta:
        db_table = "machinery_renderedstate"
