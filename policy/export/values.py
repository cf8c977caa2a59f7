"""Values as text, alike in every format that is text."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from policy.release.contents import canonical

WRITTEN: tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...] = (
    (bool, lambda value: "true" if value else "false"),
    (datetime, lambda value: value.astimezone(UTC).isoformat().replace("+00:00", "Z")),
    (date, date.isoformat),
    (Decimal, lambda value: f"{value:f}"),
    ((int, float), repr),
)
"""How values are written that are neither texts nor lists nor objects; the first fit decides."""


def text_of(value: Any) -> str | None:
    """Return a value as text: true and false, ISO 8601 in UTC, lists and objects as JSON.

    Null is None.
    """
    if value is None or isinstance(value, str):
        return value
    # A bool is an int, and a datetime is a date.
    for kind, write in WRITTEN:
        if isinstance(value, kind):
            return write(value)
    return canonical(value).decode()
