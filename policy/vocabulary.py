"""The base of every closed vocabulary: a code, what it means, and its label."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Self

from django.db import models


class Vocabulary(models.TextChoices):
    """Text choices whose members are written ``CODE = "code", "What it means.", "Label"``.

    The label comes last because Django takes the last item of a member as its label.
    """

    definition: str

    def __new__(cls, value: str, definition: str = "") -> Self:
        """Create a member whose value is the code, with its definition as an attribute."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.definition = definition
        return member


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """Return the allowed word most similar to this one, or None if none is similar enough."""
    by_folded = {option.casefold(): option for option in allowed}
    matches = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[matches[0]] if matches else None
