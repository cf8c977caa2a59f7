"""Records as they are served, rendered once when a release is loaded."""

from collections.abc import Sequence
from typing import ClassVar

from django.db import connections, models, router

from policy.models.base import Key, LongText, Text, sha256_field


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

    @classmethod
    def bodies(cls, places: Sequence[str]) -> dict[str, str]:
        """Return the renderings by their ids; the query is written here, as every page asks it."""
        if not places:
            return {}
        marks = ", ".join(["%s"] * len(places))
        sql = f"SELECT id, body FROM {cls._meta.db_table} WHERE id IN ({marks})"  # noqa: S608
        with connections[router.db_for_read(cls)].cursor() as cursor:
            cursor.execute(sql, places)
            return dict(cursor.fetchall())


class RenderedState(models.Model):
    """What the renderings were made from; one row at most."""

    ONLY: ClassVar = "renderings"

    id = Key(help_text="Always the same, for there is one row.")
    stamp = sha256_field(
        "SHA-256 of the release, the attached texts and the software they were made by."
    )
    common_words = models.JSONField(
        default=dict,
        help_text="Per word that thousands of search entries hold, how many do: by the kind of "
        "their records, and of all kinds under the empty text.",
    )
