"""A log filter that holds back repeated warnings, such as those while a database is away."""

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
