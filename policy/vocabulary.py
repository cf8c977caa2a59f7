"""The base of every closed vocabulary: a code, what it means, and its label."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Self

from django.db import models


class Vocabulary(models.TextChoices):
    """Text choices whose members are written ``CODE = "code", "What it means."``.

    A third item is the label, where it is not the words of the code.
    """

    _definition: str

    def __new__(cls, value: str, definition: str = "") -> Self:
        """Create a member whose value is the code. Django keeps the last item for the label."""
        member = str.__new__(cls, value)
        member._value_ = value
        member._definition = definition
        return member

    @property
    def definition(self) -> str:
        """What the code means."""
        return self._definition or str(self._label_)

    @property
    def label(self) -> str:
        """What to call the code in a list."""
        words = self.value.replace("_", " ").replace("-", " ").capitalize()
        return str(self._label_) if self._definition else words


def vocabularies() -> dict[str, type[Vocabulary]]:
    """Return every vocabulary by its name in the codebook, in the order of the names.

    Each stands beside the model that uses it; all are known once Django has loaded the models.
    """
    return {
        re.sub("(?<!^)(?=[A-Z])", "_", vocabulary.__name__).lower(): vocabulary
        for vocabulary in sorted(Vocabulary.__subclasses__(), key=lambda each: each.__name__)
    }


def nearest(word: str, allowed: Iterable[str], likeness: float = 0.6) -> str | None:
    """Return the allowed word most similar to this one, or None if none is similar enough.

    ``likeness`` is the least share of letters that both have in order, from 0 to 1.
    """
    by_folded = {option.casefold(): option for option in allowed}
    matches = get_close_matches(word.casefold(), by_folded, n=1, cutoff=likeness)
    return by_folded[matches[0]] if matches else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return what to write in place of an unknown word: the nearest known one, or any of them."""
    guess = nearest(word, known := list(known))
    return f"did you mean {guess!r}?" if guess else f"known are {', '.join(known)}"
