"""Two clients: wrk for answers that come in microseconds, one raw connection for slow ones."""

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONNECTIONS = 4
RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
FAILED = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)")
SCRIPT = """
local paths, headers, at = {}, {}, 0
for line in io.lines("%s") do
  local path, value = line:match("([^\\t]*)\\t?(.*)")
  paths[#paths + 1] = path
  headers[#headers + 1] = value ~= "" and { ["If-None-Match"] = value } or nil
end
request = function()
  at = at %% #paths + 1
  return wrk.format("GET", paths[at], headers[at])
end
"""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: a path, and the validator that makes it conditional."""

    path: str
    etag: str = ""


class Raw:
    """A kept-alive connection that reads whole answers; it costs either side the same."""

    def __init__(self, port: int) -> None:
        """Connect to a server on this machine."""
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=600)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def get(self, ask: Ask) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers by lower-case name, and body."""
        condition = f"If-None-Match: {ask.etag}\r\n" if ask.etag else ""
        self.socket.sendall(
            f"GET {ask.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{condition}\r\n".encode()
        )
        head, self.rest = self._until(b"\r\n\r\n", self.rest)
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines[1:])
        }
        if headers.get("transfer-encoding") == "chunked":
            return status, headers, self._chunks()
        length = 0 if status == 304 else int(headers.get("content-length", 0))
        return status, headers, self._exactly(length)

    def _more(self) -> bytes:
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError(f"port {self.port} closed the connection")
        return data

    def _until(self, mark: bytes, data: bytes) -> tuple[bytes, bytes]:
        while mark not in data:
            data += self._more()
        before, _, after = data.partition(mark)
        return before, after

    def _exactly(self, length: int) -> bytes:
        while len(self.rest) < length:
            self.rest += self._more()
        body, self.rest = self.rest[:length], self.rest[length:]
        return body

    def _chunks(self) -> bytes:
        body = b""
        while True:
            size, self.rest = self._until(b"\r\n", self.rest)
            length = int(size, 16)
            body += self._exactly(length)
            self._exactly(2)
            if length == 0:
                return body


def ask(port: int, path: str) -> Any:
    """Return the JSON of a path; RuntimeError when it is not answered with 200."""
    status, _, body = Raw(port).get(Ask(path))
    if status != 200:
        raise RuntimeError(f"{path} is answered with {status}: {body[:300]!r}")
    return json.loads(body)


def seconds(port: int, asks: Sequence[Ask]) -> float:
    """Return the seconds per answer, one after the other; RuntimeError for any other than 2xx."""
    connection = Raw(port)
    begin = time.perf_counter()
    answers = [(wanted, connection.get(wanted)[0]) for wanted in asks]
    taken = time.perf_counter() - begin
    for wanted, status in answers:
        if status not in {200, 304}:
            raise RuntimeError(f"{wanted.path} is answered with {status}")
    return taken / len(asks)


def saturated(port: int, asks: Sequence[Ask], duration: int, scratch: Path) -> float:
    """Return the seconds per answer under as many requests as the server takes.

    wrk asks on four connections for so many seconds; where it is not installed, one raw
    connection asks each once. RuntimeError when an answer is an error.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        return seconds(port, asks)
    listed = scratch / f"asked-{port}.txt"
    listed.write_text("".join(f"{one.path}\t{one.etag}\n" for one in asks))
    script = scratch / f"asked-{port}.lua"
    script.write_text(SCRIPT % listed)
    done = subprocess.run(
        [
            wrk, "-t", "1", "-c", str(CONNECTIONS), "-d", f"{duration}s", "-s", str(script),
            f"http://127.0.0.1:{port}",
        ],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    rate = RATE.search(done.stdout)
    if rate is None or FAILED.search(done.stdout):
        raise RuntimeError(f"wrk was answered with errors on port {port}:\n{done.stdout}")
    return 1 / float(rate[1])
