"""The kinds of records, and the text that search finds each record by."""

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models

from policy.models.base import LongText, Text
from policy.models.registry import RecordKind
from policy.search.index import TITLE, Words


class SearchEntry(models.Model):
    """What one record is found by, derived from the record and its parts by the build."""

    id = models.IntegerField(
        primary_key=True,
        validators=[MinValueValidator(1)],
        help_text="Place of the entry in the order of kind and record, from 1.",
    )
    kind = Text(max_length=15, choices=RecordKind, help_text="Kind of the record.")
    record = Text(max_length=200, help_text="Key of the record.")
    title = Text(max_length=300, help_text="What to call the record in a list of hits.")
    # The long columns come last, because SQLite reads a row only up to the last one it needs.
    text = LongText(help_text="All that the record and its parts say, line by line.")
    words = Words(
        help_text="The words of title, text and key, folded, each once, and those of the title "
        f"once more with the mark {TITLE} before them."
    )

    class Meta:
        db_table = "machinery_searchentry"
        verbose_name_plural = "search entries"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "record"], name="machinery_searchentry_once")
        ]
