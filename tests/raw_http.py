"""Requests as raw bytes, as no well-behaved client would send them."""

import socket
from contextlib import suppress
from urllib.parse import urlsplit


def exchange(address: str, sent: bytes, *, timeout: float = 20) -> bytes:
    """Send bytes to a server and return all that it sends until it closes the connection."""
    there = urlsplit(address)
    received = b""
    with socket.create_connection((there.hostname, there.port), timeout) as connection:
        # A server may answer and hang up before it has read everything.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(sent)
        with suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                received += piece
    return received


def request(target: str, *headers: str, body: bytes = b"", method: str = "GET") -> bytes:
    """Return a request that asks for the connection to be closed after the response."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def status(answer: bytes) -> int:
    """Return the status of a response."""
    return int(answer.split(b" ", 2)[1])
