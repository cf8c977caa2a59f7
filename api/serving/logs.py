"""What the log holds: one line for each record, and no warning again and again."""

import logging
import re
from http import HTTPStatus
from threading import Lock
from time import monotonic

QUIET = 10.0
"""Seconds for which a warning is not repeated."""
ADDRESS = re.compile(r" at 0x[0-9a-f]+")
"""The part of a message that differs between two objects of one kind."""
REMEMBERED = 100
"""How many different warnings are remembered."""
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Characters that end a line, or that a terminal obeys."""


class LineFormatter(logging.Formatter):
    """Writes a message on one line, whatever a client has put into it; a traceback follows."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging calls it so)
        """Return the line, with control characters escaped."""
        return CONTROL.sub(lambda found: repr(found[0])[1:-1], super().formatMessage(record))


class RepeatedWarningFilter(logging.Filter):
    """Lets a warning through, then holds back the same one for ten seconds.

    The next one says how many were held back. Errors are always logged, except Django's record of
    a 503, which the access log has already.
    """

    def __init__(self) -> None:
        """Start with no warning remembered."""
        super().__init__()
        self._lock = Lock()
        self._written: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether to log a record."""
        if getattr(record, "status_code", None) == HTTPStatus.SERVICE_UNAVAILABLE:
            return False
        if record.levelno != logging.WARNING:
            return True
        says, now = (record.name, ADDRESS.sub("", record.getMessage())), monotonic()
        with self._lock:
            since, held = self._written.get(says, (float("-inf"), 0))
            if now - since < QUIET:
                self._written[says] = since, held + 1
                return False
            if len(self._written) >= REMEMBERED:
                self._written.clear()
            self._written[says] = now, 0
        if held:
            record.msg, record.args = f"{says[1]} (and {held} times before)", ()
        return True
