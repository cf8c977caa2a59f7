"""Throw-away PostgreSQL clusters: own data directory, unix socket only, removed afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

BINARIES = "/usr/lib/postgresql/*/bin"


def binaries() -> Path | None:
    """Return the folder of the newest server binaries, or None where there are none."""
    found = sorted(Path("/").glob(f"{BINARIES[1:]}/initdb"), key=lambda path: path.parts[4])
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def _unprivileged() -> dict[str, object]:
    """Return the options that run a process as a user whom PostgreSQL accepts."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise RuntimeError("no unprivileged user to run PostgreSQL as")


class Server:
    """A PostgreSQL server on a data directory of its own, which is empty at first."""

    def __init__(self, home: Path, **settings: str) -> None:
        """Take the folder of the server, and settings in addition to those of every test."""
        folder = binaries()
        if folder is None:
            raise RuntimeError("PostgreSQL's server binaries are not installed")
        self.folder, self.home = folder, home
        self.data, self.sockets = home / "data", home / "socket"
        self._options = _unprivileged()
        home.chmod(0o755)
        for path in (self.data, self.sockets):
            path.mkdir()
            if "user" in self._options:
                os.chown(path, self._options["user"], self._options["group"])  # type: ignore[arg-type]
        self.data.chmod(0o700)
        flags = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            **settings,
        }
        self._flags = " ".join(f"-c {name}='{value}'" for name, value in flags.items())
        self.url = f"postgres://demarche@{str(self.sockets).replace('/', '%2F')}/demarche"

    def run(self, command: str, *arguments: object) -> None:
        """Run one of PostgreSQL's programs as the server's user."""
        subprocess.run(
            [str(part) for part in (self.folder / command, *arguments)],
            check=True,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            cwd=self.home,
            stdout=subprocess.DEVNULL,
            timeout=120,
            **self._options,  # type: ignore[call-overload]
        )

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        log = self.data / "log"
        self.run("pg_ctl", "-D", self.data, "-l", log, "-w", "-t", "60", "-o", self._flags, "start")

    def stop(self) -> None:
        """Stop the server immediately, as a crash would, if it runs."""
        if (self.data / "postmaster.pid").exists():
            self.run("pg_ctl", "-D", self.data, "-w", "-m", "immediate", "stop")

    def signal(self, number: int) -> None:
        """Send a signal to every process of the server, such as SIGSTOP to freeze it."""
        postmaster = int((self.data / "postmaster.pid").read_text().split()[0])
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                pid, _, rest = path.read_text().partition(" ")
                parent = int(rest.rpartition(")")[2].split()[1])
                if postmaster in (int(pid), parent):
                    os.kill(int(pid), number)


def _roomy() -> str | None:
    """Return a folder in memory with room for a server, or None for one on a disk.

    A new database is a thousand files, and takes six times the processor on a disk.
    """
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 4 << 30
    return str(memory) if roomy else None


@contextmanager
def _placed(**settings: str) -> Iterator[Server]:
    home = Path(tempfile.mkdtemp(prefix="demarche-pg-", dir=_roomy()))
    server = Server(home, **settings)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def primary(**settings: str) -> Iterator[Server]:
    """Run a server with a database; it is stopped and removed at the end."""
    with _placed(**settings) as server:
        server.run("initdb", "-D", server.data, "-A", "trust", "-U", "demarche", "-E", "UTF8", "-N")
        server.start()
        server.run("createdb", "-h", server.sockets, "-U", "demarche", "demarche")
        yield server


@contextmanager
def replica(of: Server, **settings: str) -> Iterator[Server]:
    """Run a server that follows another by streaming; it is stopped and removed at the end."""
    with _placed(**settings) as server:
        server.run(
            "pg_basebackup", "-h", of.sockets, "-U", "demarche", "-D", server.data,
            "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync",
        )  # fmt: skip
        server.start()
        yield server


@contextmanager
def cluster(**settings: str) -> Iterator[str]:
    """Run a server and return the URL of its database; it is stopped and removed at the end."""
    with primary(**settings) as server:
        yield server.url


def pooler_binary() -> str | None:
    """Return the path of PgBouncer, or None where there is none."""
    return shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")


@contextmanager
def pooler(url: str) -> Iterator[str]:
    """Run PgBouncer with two connections to a database, and return the URL that leads through it.

    It pools transactions: each may run in another session than the one before.
    """
    there = urlsplit(url)
    home = Path(tempfile.mkdtemp(prefix="demarche-pool-"))
    home.chmod(0o777)
    settings = (
        f"[databases]\n* = host={unquote(there.hostname or '')} user={there.username}\n"
        "[pgbouncer]\nlisten_port = 6432\nauth_type = any\npool_mode = transaction\n"
        f"default_pool_size = 2\nunix_socket_dir = {home}\nlogfile = {home}/log\n"
    )
    (home / "pgbouncer.ini").write_text(settings)
    process = subprocess.Popen(
        [str(pooler_binary()), "--quiet", home / "pgbouncer.ini"],
        **_unprivileged(),  # type: ignore[call-overload]
    )
    try:
        deadline = time.monotonic() + 20
        while not (home / ".s.PGSQL.6432").exists():
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError((home / "log").read_text())
            time.sleep(0.05)
        yield f"postgres://{there.username}@{str(home).replace('/', '%2F')}:6432{there.path}"
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(home)
