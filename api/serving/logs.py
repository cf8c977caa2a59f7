"""What the log holds: one line for each record, and no warning again and again."""

import json
import logging
import os
import re
import sys
import time
from contextlib import suppress
from functools import lru_cache
from http import HTTPStatus
from threading import Lock
from time import monotonic

from django.conf import settings

QUIET = 10.0
"""Seconds for which a warning is not repeated."""
ADDRESS = re.compile(r" at 0x[0-9a-f]+")
"""The part of a message that differs between two objects of one kind."""
REMEMBERED = 100
"""How many different warnings are remembered."""
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Characters that end a line, or that a terminal obeys."""


ACCESS = "api.access"
"""The logger of the access log: its level decides whether there is one."""
access = logging.getLogger(ACCESS)


def log_access(
    request_id: str, method: str, target: str, status: int, *, cached: bool, queries: int,
    seconds: float,
) -> None:  # fmt: skip
    """Write the line of the access log about one answer; ``target`` is path and query.

    It is the line that ``logging`` would write, by hand: that takes four times as long as a hit of
    the cache. A log that cannot be written to keeps nobody from an answer.
    """
    if not access.isEnabledFor(logging.INFO):
        return
    now = time.time()
    stamp = f"{_second(int(now))},{int(now * 1000) % 1000:03}"
    message = f"{method} {target} {status}"
    if settings.LOG_FORMAT == "json":
        told = {
            "asctime": stamp, "levelname": "INFO", "request_id": request_id, "name": ACCESS,
            "message": message, "method": method, "path": target, "status": status,
            "cached": cached, "queries": queries, "seconds": seconds,
        }  # fmt: skip
        line = _encode(told)
    else:
        line = one_line(f"{stamp} INFO {request_id} {ACCESS} {message}")
    left = f"{line}\n".encode(errors="backslashreplace")
    with suppress(OSError, ValueError):
        # A line that is longer than a pipe takes at once is written in parts.
        while left:
            left = left[os.write(sys.stderr.fileno(), left) :]


@lru_cache(maxsize=4)
def _second(moment: int) -> str:
    """Return a moment in seconds as ``logging`` writes it."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))


_encode = json.JSONEncoder().encode


def one_line(text: str) -> str:
    """Return a text with control characters escaped, whatever a client has put into it."""
    if text.isprintable():
        return text
    return CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


class LineFormatter(logging.Formatter):
    """Writes a message on one line, whatever a client has put into it; a traceback follows."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging calls it so)
        """Return the line, with control characters escaped."""
        return one_line(super().formatMessage(record))


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
