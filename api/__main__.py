"""Runs the server: ``python -m api [OPTIONS]``; the options are granian's and override ours."""

import os
import sys
from pathlib import Path

from granian.cli import entrypoint

if __name__ == "__main__":
    # Workers are forked from this process and inherit its settings.
    os.environ.setdefault("SERVING", "true")

from api.settings import METRICS_DIR, THREADS

FLAGS = {
    "interface": "wsgi",
    "workers": "2",
    "blocking-threads": str(THREADS),
    "backlog": "2048",
    # Milliseconds to wait for the headers of a slow request.
    "http1-header-read-timeout": "10000",
    "http1-buffer-size": "131072",
    # Seconds until slow downloads are cut off, detectably; Docker kills all processes after ten.
    "workers-kill-timeout": "8",
}


def command(application: str, *arguments: str) -> list[str]:
    """Return the command that serves a WSGI application with FLAGS; ``arguments`` override them."""
    granian = Path(sys.executable).with_name("granian")
    flags = [word for name, value in FLAGS.items() for word in (f"--{name}", value)]
    return [str(granian), *flags, "--no-ws", "--respawn-failed-workers", *arguments, application]


def _clear(folder: Path) -> None:
    """Create or clear the folder for the workers' metrics; exit with a message if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Metrics of former processes must not be added to those of the new ones.
        for path in folder.glob("*.db"):
            path.unlink()
    except OSError as error:
        sys.exit(f"METRICS_DIR cannot be used: {error}: name a folder that the server may write.")


def main(arguments: list[str]) -> None:
    """Run granian in this process until it ends.

    Not with exec: each worker would then read the settings, and import Django, again.
    """
    if METRICS_DIR:
        _clear(Path(METRICS_DIR))
    sys.argv = command("api.wsgi:application", *arguments)
    entrypoint()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main(sys.argv[1:])
