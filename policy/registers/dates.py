"""Dates of registers, which may be partial, and the words beside them, as uncertain time."""

import re
from calendar import monthrange
from datetime import date
from typing import Any

from policy.models.base import Precision
from policy.models.sources import MAX_QUOTE_WORDS

PARTIAL = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
VAGUE = re.compile(
    r"\bprobably\b|\bbetween\b.* and$|-$"
    r"|\b(?:about|after|approximately|before|early in|late in|or)$",
    re.IGNORECASE,
)
"""Words before a date by which it is not the day itself."""


def bounds(text: str) -> tuple[date, date, Precision]:
    """Return the first and the last day of a date, which may lack day or month, and its precision.

    Raises ValueError for what is no date.
    """
    found = PARTIAL.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no date: write YYYY-MM-DD, YYYY-MM or YYYY")
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        if year is None or month is None:
            return date(year or 0, 1, 1), date(year or 0, 12, 31), Precision.YEAR
        if day is None:
            last = monthrange(year, month)[1]
            return date(year, month, 1), date(year, month, last), Precision.MONTH
        return date(year, month, day), date(year, month, day), Precision.DAY
    except (ValueError, IndexError) as error:
        raise ValueError(f"{text!r} is no day of the calendar: mend it") from error


def quotable(words: str) -> str | None:
    """Return words of a register as they stand, None where they are too many to be quoted."""
    return words if words and len(words.split()) <= MAX_QUOTE_WORDS else None


def uncertain(name: str, day: str, words: str = "") -> dict[str, Any]:
    """Return the fields of an uncertain time of which a register gives a date and words beside it.

    Where these say that it is not the date itself, as "on or about" does, they are kept and no day
    is. Raises ValueError for what is no date.
    """
    told = quotable(" ".join(filter(None, [words, day]))) or quotable(words) or day
    fields: dict[str, Any] = {f"{name}_text": told or None}
    if day:
        earliest, latest, precision = bounds(day)
        if not VAGUE.search(words):
            fields |= {
                f"{name}_earliest": earliest,
                f"{name}_latest": latest,
                f"{name}_precision": precision.value,
            }
    return fields
