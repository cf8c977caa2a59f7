"""The connections of clients, as the system sees them."""

import socket
import sys
from contextlib import suppress
from pathlib import Path

STALLED = 30
"""Seconds for which a client may take nothing of what it was sent."""


def drop_stalled(port: int) -> None:
    """Let Linux close those connections to this port whose client stops reading, from now on.

    The server has no such limit, and does not tell which connection a request came on: its thread
    would wait for such a client for ever.
    """
    if sys.platform != "linux":
        return
    for path in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if not str(path.readlink()).startswith("socket:"):
                continue
            with socket.fromfd(int(path.name), socket.AF_INET, socket.SOCK_STREAM) as found:
                if found.getsockname()[1:2] == (port,):
                    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED * 1000)
