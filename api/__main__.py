"""Runs the server: ``python -m api [OPTIONS]``, where the options are granian's own and win."""

import os
import sys
from pathlib import Path

from granian.cli import entrypoint

if __name__ == "__main__":
    # Workers are forked from this process, with the settings as it has read them.
    os.environ.setdefault("SERVING", "true")

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


def command(application: str, *arguments: str) -> list[str]:
    """Return the command that serves a WSGI application with these flags; arguments win."""
    granian = Path(sys.executable).with_name("granian")
    flags = [word for name, value in FLAGS.items() for word in (f"--{name}", value)]
    return [str(granian), *flags, "--no-ws", "--respawn-failed-workers", *arguments, application]


def _clear(folder: Path) -> None:
    """Make the folder for the figures of the workers, or empty it; ends where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Figures of processes that are gone must not be added to those of the new ones.
        for path in folder.glob("*.db"):
            path.unlink()
    except OSError as error:
        sys.exit(f"METRICS_DIR cannot be used: {error}: name a folder that the server may write.")


def main(arguments: list[str]) -> None:
    """Be the server, until it ends.

    Not by executing granian: each worker would read the settings, and import Django, once more.
    """
    if METRICS_DIR:
        _clear(Path(METRICS_DIR))
    sys.argv = command("api.wsgi:application", *arguments)
    entrypoint()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main(sys.argv[1:])
