"""The codes of every vocabulary, so that a query over the tables can ask by what they mean."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from policy.models.base import OPTIONAL, Key, LongText, Text, code_field
from policy.plover import MOST_SCORE, Quad


class Code(models.Model):
    """A code of a vocabulary, with its label, its meaning and, for events, quad and score."""

    id = Key("Slug of the vocabulary, of the event type for a mode, and of the code.")
    vocabulary = Text("Name of the vocabulary, such as event_type.", max_length=60)
    place = models.PositiveSmallIntegerField(
        help_text="Place in the order of the vocabulary, from 1."
    )
    code = Text("The code, as records have it.", max_length=60)
    event_type = Text(
        "Event type that a mode belongs to; null for any other code.", max_length=20, **OPTIONAL
    )
    label = Text("What to call it.", max_length=100)
    definition = LongText("What it means, in our words.")
    quad = code_field(
        Quad, "Quad class of an event type or mode; null for any other code.", **OPTIONAL
    )
    score = models.FloatField(
        validators=[MinValueValidator(-MOST_SCORE), MaxValueValidator(MOST_SCORE)],
        help_text="PLOVER score of an event type or mode, -10 (conflict) to +10 (cooperation); "
        "null for any other code.",
        **OPTIONAL,
    )
    source = Text(
        "Manual and commit that the code is from; null for a code of our own.",
        max_length=200,
        **OPTIONAL,
    )

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["vocabulary", "code"],
                condition=models.Q(event_type__isnull=True),
                name="policy_code_once",
            ),
            models.UniqueConstraint(
                fields=["vocabulary", "code", "event_type"], name="policy_code_mode_once"
            ),
        ]
