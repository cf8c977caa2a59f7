"""Runs the server: ``python -m api [OPTIONS]``; the options are granian's and override ours."""

import argparse
import errno
import logging
import multiprocessing
import os
import signal
import socket
import sys
import time
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from threading import Thread

from granian.cli import entrypoint
from granian.server.mp import WorkerProcess

if __name__ == "__main__":
    # Workers are forked from this process and inherit its settings.
    os.environ.setdefault("SERVING", "true")

from api.settings import LOG_FORMAT, METRICS_DIR, RELEASES_DIR, THREADS

FLAGS = {
    "interface": "wsgi",
    # With HTTP/2, connections that send nothing would never be closed.
    "http": "1",
    "workers": "2",
    "blocking-threads": str(THREADS),
    "backlog": "2048",
    # Milliseconds to wait for the headers of a slow request.
    "http1-header-read-timeout": "10000",
    # Headers that fill it are refused; what is read at once may be twice as much.
    "http1-buffer-size": "65536",
    # Seconds until slow downloads are cut off, detectably; Docker kills all processes after ten.
    "workers-kill-timeout": "8",
}


def command(application: str, *arguments: str) -> list[str]:
    """Return the command that serves a WSGI application with FLAGS; ``arguments`` override them."""
    granian = Path(sys.executable).with_name("granian")
    flags = [word for name, value in FLAGS.items() for word in (f"--{name}", value)]
    return [str(granian), *flags, "--no-ws", "--respawn-failed-workers", *arguments, application]


def _asked(arguments: list[str]) -> argparse.Namespace:
    """Return where granian will listen."""
    parser = argparse.ArgumentParser(prog="python -m api", add_help=False, allow_abbrev=False)
    parser.add_argument("--host", default=os.environ.get("GRANIAN_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=os.environ.get("GRANIAN_PORT", "8000"))
    parser.add_argument("--uds", default=os.environ.get("GRANIAN_UDS"))
    return parser.parse_known_args(arguments)[0]


def _check_port(host: str, port: int) -> None:
    """Exit with a message where another server listens, which granian would share the port with."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    another = f"choose another: make run PORT={port + 1}, or --port {port + 1}"
    cures = {
        errno.EACCES: "ports below 1024 take a right: make run PORT=8000, or --port 8000",
        errno.EADDRINUSE: f"end the server that uses it (ss -ltnp names it), or {another}",
    }
    if not 0 <= port <= 65535:
        sys.exit(f"there is no port {port}, the last is 65535: make run PORT=8000, or --port 8000.")
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        cure = cures.get(error.errno or 0, f"is {host} an address of this machine?")
        sys.exit(f"port {port} of {host} cannot be used: {error.strerror}: {cure}.")


def _addresses(host: str, port: int) -> str:
    """Return the addresses to open, a line each; all addresses (0.0.0.0 or ::) include this one."""
    name = f"[{host}]" if ":" in host else host
    if not host.strip("0.:"):
        name = "127.0.0.1"
    base = f"http://{name}:{port}"
    lines = [f"Demarche       {base}/", f"Documentation  {base}/docs"]
    if RELEASES_DIR:
        lines.append(f"Files          {base}/releases")
    return "\n".join([*lines, "Ctrl-C ends it."])


def _clear(folder: Path) -> None:
    """Create or clear the folder for the workers' metrics; exit with a message if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Metrics of former processes must not be added to those of the new ones.
        for path in folder.glob("*.db"):
            path.unlink()
    except OSError as error:
        sys.exit(f"METRICS_DIR cannot be used: {error}: name a folder that the server may write.")


def _begin_worker(parent: int) -> None:
    """Let a new worker take signals by itself, and end with the process that it was forked from."""
    # A terminal sends Ctrl-C to the workers too, which then miss that they are told to end.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    # The inherited handler would drop what ends a worker that still imports the application.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Thread(target=_end_with, args=(parent,), name="parent", daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when that one is gone.

    A server that was killed would else leave workers that answer, and hold its port.
    """
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def _is_alive(worker: WorkerProcess) -> bool:
    """Return whether a worker runs, by what the kernel closes when it ends.

    granian waits for it in two threads; the one that comes second may take it for alive for a
    moment, and would warn that it is killed, and kill whatever has its number by then.
    """
    return not wait([worker.inner.sentinel], timeout=0)


def main(arguments: list[str]) -> None:
    """Run granian in this process until it ends.

    Not with exec: each worker would then read the settings, and import Django, again.
    """
    asked = _asked(arguments)
    listens = not ({"--help", "--version"} & set(arguments) or asked.uds)
    if listens:
        _check_port(asked.host, asked.port)
    if METRICS_DIR:
        _clear(Path(METRICS_DIR))
    if sys.platform == "linux":
        # From Python 3.14 on, the workers would not be forked.
        multiprocessing.set_start_method("fork")
    os.register_at_fork(after_in_child=partial(_begin_worker, os.getpid()))
    WorkerProcess.is_alive = _is_alive  # type: ignore[assignment, method-assign]
    # granian advises fewer threads; ours wait for the database most of the time.
    logging.getLogger("_granian").addFilter(
        lambda record: "Python threads" not in record.getMessage()
    )
    if listens and LOG_FORMAT == "line":
        print(_addresses(asked.host, asked.port), flush=True)
    sys.argv = command("api.wsgi:application", *arguments)
    entrypoint()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main(sys.argv[1:])
