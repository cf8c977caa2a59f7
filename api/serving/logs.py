"""What the log is spared: the same warning over and over while a database is away."""

import logging
import re
from http import HTTPStatus
from threading import Lock
from time import monotonic

QUIET = 10.0
"""Seconds for which a warning that was written is not written again."""
ADDRESS = re.compile(r" at 0x[0-9a-f]+")
"""What differs where the same is said of one object and of another."""
REMEMBERED = 100
"""How many different warnings are kept in mind."""


class RepeatedWarningFilter(logging.Filter):
    """Lets a warning through, then holds back those that say the same for ten seconds.

    What comes after them tells how many there were. Errors are defects and always written, but for
    Django's word about each 503, which the line about the answer tells already.
    """

    def __init__(self) -> None:
        """Begin with nothing written."""
        super().__init__()
        self._lock = Lock()
        self._written: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line is to be written."""
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
