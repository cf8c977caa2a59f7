"""A throw-away PostgreSQL cluster: own data directory, unix socket only, removed afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

BINARIES = "/usr/lib/postgresql/*/bin"


def binaries() -> Path | None:
    """Give the folder of the newest server binaries, or None where there are none."""
    found = sorted(Path("/").glob(f"{BINARIES[1:]}/initdb"), key=lambda path: path.parts[4])
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def _unprivileged() -> dict[str, object]:
    """Give the options that run a process as somebody PostgreSQL accepts."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise RuntimeError("no unprivileged user to run PostgreSQL as")


@contextmanager
def cluster(**settings: str) -> Iterator[str]:
    """Run a cluster and give the URL of its database; it is stopped and removed at the end."""
    folder = binaries()
    if folder is None:
        raise RuntimeError("PostgreSQL's server binaries are not installed")
    options = _unprivileged()
    home = Path(tempfile.mkdtemp(prefix="demarche-pg-"))
    home.chmod(0o755)
    data = home / "data"
    data.mkdir()
    sockets = home / "socket"
    sockets.mkdir()
    if "user" in options:
        for path in (data, sockets):
            os.chown(path, options["user"], options["group"])  # type: ignore[arg-type]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}

    def run(*command: object) -> None:
        subprocess.run(
            [str(part) for part in command],
            check=True,
            env=environment,
            cwd=home,
            stdout=subprocess.DEVNULL,
            timeout=120,
            **options,  # type: ignore[call-overload]
        )

    run(folder / "initdb", "-D", data, "-A", "trust", "-U", "demarche", "-E", "UTF8", "-N")
    flags = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
        **settings,
    }
    written = " ".join(f"-c {name}='{value}'" for name, value in flags.items())
    log = data / "log"
    try:
        run(folder / "pg_ctl", "-D", data, "-l", log, "-w", "-t", "60", "-o", written, "start")
        run(folder / "createdb", "-h", sockets, "-U", "demarche", "demarche")
        yield f"postgres://demarche@{str(sockets).replace('/', '%2F')}/demarche"
    finally:
        if (data / "postmaster.pid").exists():
            run(folder / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def database(url: str, name: str) -> Iterator[str]:
    """Make another database in a cluster and give its URL; it is dropped at the end."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield f"{url.rpartition('/')[0]}/{name}"
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
