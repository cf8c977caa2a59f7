"""Former keys of records, so that URLs of an earlier release still lead somewhere."""

from collections.abc import Iterable
from typing import ClassVar, Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q

from policy.models.base import MAX_KEY, OPTIONAL, SLUG, Key, LongText, Text, code_field
from policy.models.registry import RecordKind, served_models
from policy.models.releases import version_field


class Renaming(models.Model):
    """A key that a record no longer has: the one it has now, or why the record was removed."""

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
    record = Text(
        "Key that the record has in this release; null when it was removed.",
        max_length=MAX_KEY,
        **OPTIONAL,
    )
    release = version_field("Version that removed the record; null when it is there.", **OPTIONAL)
    reason = LongText("Why it was removed, in our words; null when it is there.", **OPTIONAL)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "former"], name="policy_renaming_once"),
            models.CheckConstraint(
                name="policy_renaming_or_removal",
                condition=Q(record__isnull=False, release__isnull=True, reason__isnull=True)
                | Q(record__isnull=True, release__isnull=False, reason__isnull=False),
                violation_error_message="Give record, or release and reason of a removal.",
            ),
        ]

    @classmethod
    def of(cls, kind: RecordKind, former: str) -> Self | None:
        """Return what became of a key, None if no record of this kind gave it up."""
        return cls.objects.filter(kind=kind, former=former).first()

    @classmethod
    def present_keys(cls, kind: RecordKind, keys: Iterable[str]) -> dict[str, str]:
        """Return the key that a record has now, by each of these that it once had.

        A key that some record has is nobody's former one.
        """
        records = served_models()[kind]._base_manager.filter(pk=OuterRef("former"))
        moved = cls.objects.filter(~Exists(records), kind=kind, former__in=list(keys))
        return dict(moved.exclude(record=None).values_list("former", "record"))
