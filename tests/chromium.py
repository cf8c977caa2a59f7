"""A headless chromium of the system, driven through its DevTools protocol over two pipes."""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = shutil.which("chromium")
WAIT = 30
"""Seconds that anything may take; the machine may be busy."""
# Chromium reads commands from descriptor 3 and writes to 4, which the parent may be using itself.
BEGIN = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 20) for end in sys.argv[1:3]]
os.dup2(ends[0], 3), os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--remote-debugging-pipe",
)  # fmt: skip


class Page:
    """A page of the browser: commands, and the events that came between their answers."""

    def __init__(self, commands: int, answers: int) -> None:
        """Take the descriptors to write commands to and to read answers from; open a page."""
        self._commands, self._answers = commands, answers
        self._read, self._number, self._session = b"", 0, {}
        self.events: list[dict[str, Any]] = []
        target = self.command("Target.createTarget", url="about:blank")["targetId"]
        attached = self.command("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.command(f"{domain}.enable")

    def _message(self, until: float) -> Any:
        while b"\0" not in self._read:
            if not select.select([self._answers], [], [], max(0, until - time.monotonic()))[0]:
                raise TimeoutError("chromium does not answer")
            piece = os.read(self._answers, 1 << 16)
            if not piece:
                raise EOFError("chromium has ended")
            self._read += piece
        message, _, self._read = self._read.partition(b"\0")
        return json.loads(message)

    def command(self, method: str, **parameters: Any) -> Any:
        """Send a command and return its result; RuntimeError if it fails."""
        self._number += 1
        sent = {"id": self._number, "method": method, "params": parameters, **self._session}
        os.write(self._commands, json.dumps(sent).encode() + b"\0")
        until = time.monotonic() + WAIT
        while (got := self._message(until)).get("id") != self._number:
            self.events.append(got)
        if "error" in got:
            raise RuntimeError(got["error"])
        return got["result"]

    def run(self, script: str) -> Any:
        """Return the value of an expression in the page; RuntimeError if it throws."""
        asked = {"expression": script, "awaitPromise": True, "returnByValue": True}
        got = self.command("Runtime.evaluate", **asked)
        if "exceptionDetails" in got:
            raise RuntimeError(got["exceptionDetails"])
        return got["result"].get("value")

    def wait(self, condition: str) -> None:
        """Return once an expression is true; TimeoutError if that takes long."""
        until = time.monotonic() + WAIT
        while time.monotonic() < until:
            if self.run(f"!!({condition})"):
                return
            time.sleep(0.05)
        raise TimeoutError(condition)

    def open(self, url: str) -> None:
        """Open an address, and wait until it is loaded."""
        self.command("Page.navigate", url=url)
        self.wait(f"document.readyState == 'complete' && location.href == {json.dumps(url)}")

    def resize(self, width: int, height: int, *, dark: bool = False) -> None:
        """Set the size of the page in CSS pixels, and which colours its reader prefers."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.command("Emulation.setDeviceMetricsOverride", **size)
        colours = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[colours])

    def picture(self, path: Path) -> None:
        """Write what the page shows as PNG."""
        path.write_bytes(base64.b64decode(self.command("Page.captureScreenshot")["data"]))

    def told(self, *methods: str) -> list[dict[str, Any]]:
        """Return what the events of these kinds say, the oldest first."""
        self.run("1")  # reads what has come
        return [event["params"] for event in self.events if event.get("method") in methods]


@contextmanager
def browser() -> Iterator[Page]:
    """Start a browser with a profile of its own, and return a page of it."""
    assert PROGRAM, "chromium is not installed (Debian: apt-get install chromium)"
    (theirs, commands), (answers, mine) = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [sys.executable, "-c", BEGIN, str(theirs), str(mine), PROGRAM, *OPTIONS,
             f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(theirs, mine), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs)
        os.close(mine)
        try:
            yield Page(commands, answers)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            os.close(commands)
            os.close(answers)
