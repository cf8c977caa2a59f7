"""Former keys of records, so that URLs of an earlier release still redirect."""

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models

from policy.models.base import MAX_KEY, SLUG, Key, Text, code_field
from policy.models.registry import RecordKind


class Renaming(models.Model):
    """A key that a record no longer has, and the one it has now."""

    id = Key("Slug of the kind and the former key.", max_length=MAX_KEY + 20)
    kind = code_field(RecordKind, "Kind of the record.")
    former = Text(
        "Key that the record had in an earlier release; no record has it now.",
        max_length=MAX_KEY,
        validators=[
            RegexValidator(
                rf"\A(?:{SLUG}|[A-Z]{{3}})\Z", "Write a key as it was: a slug, or an alpha-3 code."
            )
        ],
    )
    record = Text("Key that the record has in this release.", max_length=MAX_KEY)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "former"], name="policy_renaming_once")
        ]

    @classmethod
    def present_key(cls, kind: str, former: str) -> str | None:
        """Return the key that a record has now instead of this one, None if it never had it."""
        return cls.objects.filter(kind=kind, former=former).values_list("record", flat=True).first()
