"""Runs the server: ``python -m api [OPTIONS]``, where the options are granian's own and win."""

import os
import sys
from pathlib import Path

from api.settings import METRICS_DIR, THREADS

FLAGS = {
    "interface": "wsgi",
    "workers": "2",
    "blocking-threads": str(THREADS),
    "backlog": "2048",
    # Who sends a request byte by byte is not waited for longer than this, in milliseconds.
    "http1-header-read-timeout": "10000",
    "http1-buffer-size": "131072",
    # Who still reads then is cut off, and sees it; Docker would kill everybody at ten seconds.
    "workers-kill-timeout": "8",
}


def main(arguments: list[str]) -> None:
    """Become the server."""
    if METRICS_DIR:
        # Figures of processes that are gone must not be added to those of the new ones.
        for path in Path(METRICS_DIR).glob("*.db"):
            path.unlink()
    flags = [word for name, value in FLAGS.items() for word in (f"--{name}", value)]
    granian = Path(sys.executable).with_name("granian")
    os.execv(  # noqa: S606
        granian,
        [
            str(granian),
            *flags,
            "--no-ws",
            "--respawn-failed-workers",
            *arguments,
            "api.wsgi:application",
        ],
    )


if __name__ == "__main__":
    main(sys.argv[1:])
