"""Releases made for tests, and databases to load them into."""

import atexit
import copy
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import dj_database_url
import psycopg
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from policy.release.contents import UNCOUNTED, canonical, release_models
from policy.release.tables import staged_models
from tests.conftest import FIXTURES, ROOT

Records = dict[str, list[dict[str, Any]]]
"""The records of a release by the names of their files."""


NEXT = "1000.0.0"
"""The version of a release that is later than any we commit."""


def committed() -> Records:
    """Return the records of the committed release."""
    return {Path(path).stem: json.loads(Path(path).read_text()) for path in FIXTURES}


def sealed(records: Records) -> Records:
    """Return the records with the counts and the hash that they have."""
    digest = hashlib.sha256()
    for name in release_models():
        for record in records.get(name, []) if name != "release" else []:
            digest.update(canonical(record) + b"\n")
    fields = records["release"][0]["fields"]
    fields["content_hash"] = digest.hexdigest()
    fields["counts"] = {
        name: len(found) for name, found in records.items() if name not in UNCOUNTED and found
    }
    return records


def successor() -> Records:
    """Return a later release, in which rows are added, removed and swap unique values."""
    records = copy.deepcopy(committed())
    records["release"][0]["fields"]["version"] = NEXT
    told = {"coders": 2, "compared": 40, "agreement": 0.875, "alpha": 0.8125}
    records["release"][0]["fields"]["coding_agreement"] = told
    first, second = records["stops"][0]["fields"], records["stops"][1]["fields"]
    for one, other in ((first, second), (second, first)):
        one["visit_order"] = other["listed_position"]
    for one in (first, second):
        one["listed_position"] = one.pop("visit_order")
    one, other = (record["fields"] for record in records["countries"][:2])
    for name in ("alpha2", "numeric", "cow"):
        one[name], other[name] = other[name], one[name]
    gone = records["gaps"].pop()["pk"]
    records["search_entries"] = [
        entry for entry in records["search_entries"] if entry["fields"]["record"] != gone
    ]
    told = {"kind": "gap", "former": gone, "release": NEXT, "reason": "It was answered."}
    records["renamings"] = [
        *records.get("renamings", []),
        {"model": "policy.renaming", "pk": f"gap-{gone}", "fields": told},
    ]
    statement = records["statements"][0]
    records["statements"].append(
        {**copy.deepcopy(statement), "pk": "zz-one-more", "model": "policy.statement"}
    )
    statement["fields"]["summary"] = "Something else was said."
    fields = records["statements"][1]["fields"]
    countries = [record["pk"] for record in records["countries"]]
    fields["about"] = [key for key in countries if key not in fields.get("about", [])][1::-1]
    records["events"][0]["fields"]["note"] = "A note that was not there."
    records["figures"] = []
    for entry in records["search_entries"][:20]:
        entry["fields"]["words"] += " zzsecond"
    return sealed(records)


def write(folder: Path, records: Records, ending: str = "json") -> Path:
    """Write a release into a folder, which is emptied first, and return the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, found in records.items():
        if ending == "json":
            # With an indent, Python's own encoder would write it, ten times as slowly.
            text = "[\n" + ",\n".join(map(json.dumps, found)) + "\n]\n"
        else:
            text = "".join(json.dumps(record) + "\n" for record in found)
        if found:
            (folder / f"{name}.{ending}").write_text(text)
    return folder


def made_join(folder: Path) -> Path:
    """Write the join of the annotations with the made registers, and return its folder."""
    from django.core.management import call_command

    registers = ROOT / "tests" / "registers"
    for name in ("travels", "pocom"):
        call_command("import_register", name, registers / name, into=folder / name, verbosity=0)
    table = folder / "identities.toml"
    both = (ROOT / "fixtures" / "identities.toml", registers / "identities.toml")
    table.write_text("\n".join(path.read_text() for path in both))
    sources = [ROOT / "fixtures", folder / "travels", folder / "pocom"]
    call_command("build_release", *sources, into=folder / "joined", identities=table, verbosity=0)
    return folder / "joined"


def manage(url: str, *arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run a command of manage.py on a database."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        text=True,
        capture_output=True,
        check=False,
        timeout=300,
        **options,
    )


def killed(arguments: Sequence[str | Path], begun: Callable[[], bool], **environment: str) -> None:
    """Run a command of manage.py, and kill it with SIGKILL once it has begun."""
    with subprocess.Popen(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env={**os.environ, **environment}
    ) as process:
        for _ in range(3000):
            if begun():
                break
            time.sleep(0.01)
        process.kill()


def drop(url: str) -> None:
    """Remove a database, if it is there."""
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()
        return
    place, _, name = url.rpartition("/")
    with closing(psycopg.connect(f"{place}/postgres", autocommit=True)) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def create(url: str, template: str = "") -> None:
    """Make a database anew, as a copy of another one if its URL is given."""
    drop(url)
    if not url.startswith("sqlite"):
        place, _, name = url.rpartition("/")
        copied = f"TEMPLATE {template.rpartition('/')[2]}" if template else ""
        with closing(psycopg.connect(f"{place}/postgres", autocommit=True)) as connection:
            connection.execute(f"CREATE DATABASE {name} {copied}")
    elif template:
        shutil.copy(*(address.removeprefix("sqlite:///") for address in (template, url)))


@cache
def _templates() -> Path:
    """Return a folder for templates: that of all parts of the suite, or one of this process."""
    if shared := os.environ.get("TEST_TEMPLATES"):
        return Path(shared)
    folder = tempfile.mkdtemp(prefix=f"templates_{os.getpid()}_")
    atexit.register(shutil.rmtree, folder)
    return Path(folder)


@cache
def _template(cluster: str, *, filled: bool = False) -> str:
    """Return the URL of a database to copy, which is made once by the commands of the README."""
    empty = _template(cluster) if filled else ""
    folder = _templates()
    place = cluster.rpartition("/")[0] if cluster else f"sqlite:///{folder}"
    url = f"{place}/{folder.name.lower()}_{'filled' if filled else 'empty'}"
    made = folder / hashlib.sha256(url.encode()).hexdigest()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            create(url, empty)
            command = ["load_release"] if filled else ["migrate", "--skip-checks"]
            done = manage(url, *command, "-v0")
            assert done.returncode == 0, done.stderr
            made.touch()
    return url


@contextmanager
def database(
    folder: Path, name: str = "loaded", *, cluster: str | None = None, filled: bool = False
) -> Iterator[str]:
    """Return the URL of a new database with its tables; ``filled`` with the committed release.

    It is made in a cluster of PostgreSQL, that of the tests unless another is given, or as a file
    in the folder where they have none or "" is given. It is dropped at the end.
    """
    cluster = os.environ.get("DATABASE_URL", "") if cluster is None else cluster
    place = cluster.rpartition("/")[0] if cluster else f"sqlite:///{folder}"
    url = f"{place}/{name}_{os.getpid()}" if cluster else f"{place}/{name}.sqlite3"
    create(url, _template(cluster, filled=filled))
    try:
        yield url
    finally:
        drop(url)


@contextmanager
def connected(url: str, alias: str = "loaded") -> Iterator[BaseDatabaseWrapper]:
    """Let Django use a database under an alias, and return its connection."""
    parsed = dj_database_url.parse(url)
    connections.settings[alias] = {**connections.settings["default"], **parsed}
    try:
        yield connections[alias]
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]


def layout(connection: BaseDatabaseWrapper) -> list[Any]:
    """Return every index, trigger and constraint of the tables from the database's catalogue."""
    told = {
        "sqlite": (
            "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') "
            "ORDER BY 2"
        ),
        "postgresql": (
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL "
            "SELECT conname, conrelid::regclass || pg_get_constraintdef(oid) || convalidated "
            "FROM pg_constraint WHERE connamespace = 'public'::regnamespace UNION ALL "
            "SELECT tgrelid::regclass::text, tgname::text || tgenabled::text FROM pg_trigger "
            "WHERE NOT tgisinternal ORDER BY 1, 2"
        ),
    }
    with connection.cursor() as cursor:
        cursor.execute(told[connection.vendor])
        return list(cursor.fetchall())


def contents(connection: BaseDatabaseWrapper) -> dict[str, list[Any]]:
    """Return every row of a release's tables, sorted, without the numbers of pairs."""
    found = {}
    with connection.cursor() as cursor:
        for kind in staged_models():
            for table in kind.tables:
                columns = ", ".join(map(connection.ops.quote_name, table.columns))
                cursor.execute(f"SELECT {columns} FROM {table.name}")
                found[table.name] = sorted(map(repr, cursor.fetchall()))
        if connection.vendor == "sqlite":
            # It raises where the full-text index differs from the entries.
            cursor.execute(
                "INSERT INTO machinery_searchindex (machinery_searchindex, rank) "
                "VALUES ('integrity-check', 1)"
            )
    return found
