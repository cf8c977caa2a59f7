"""Releases made for tests, and databases of their own to load them into."""

import copy
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import dj_database_url
import psycopg
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from policy.release.contents import UNCOUNTED, canonical, kinds
from policy.release.tables import staged_models
from tests.conftest import FIXTURES, ROOT

Records = dict[str, list[dict[str, Any]]]
"""The records of a release by the names of their files."""


def committed() -> Records:
    """Return the records of the committed release."""
    return {Path(path).stem: json.loads(Path(path).read_text()) for path in FIXTURES}


def sealed(records: Records) -> Records:
    """Return the records with the counts and the hash that they have."""
    digest = hashlib.sha256()
    for name in kinds():
        for record in records.get(name, []) if name != "release" else []:
            digest.update(canonical(record) + b"\n")
    fields = records["release"][0]["fields"]
    fields["content_hash"] = digest.hexdigest()
    fields["counts"] = {
        name: len(found) for name, found in records.items() if name not in UNCOUNTED and found
    }
    return records


def successor() -> Records:
    """Return a release after the committed one, in which rows come, go and trade unique values."""
    records = copy.deepcopy(committed())
    by_key = {record["pk"]: record for found in records.values() for record in found}
    records["release"][0]["fields"]["version"] = "2.0.0"
    first, second = records["stops"][0]["fields"], records["stops"][1]["fields"]
    for one, other in ((first, second), (second, first)):
        one["visit_order"] = other["listed_position"]
    for one in (first, second):
        one["listed_position"] = one.pop("visit_order")
    panama, mexico = by_key["PAN"]["fields"], by_key["MEX"]["fields"]
    for name in ("alpha2", "numeric", "cow"):
        panama[name], mexico[name] = mexico[name], panama[name]
    gone = records["gaps"].pop()["pk"]
    records["search_entries"] = [
        entry for entry in records["search_entries"] if entry["pk"] != f"gap-{gone}"
    ]
    statement = records["statements"][0]
    records["statements"].append(
        {**copy.deepcopy(statement), "pk": "zz-one-more", "model": "policy.statement"}
    )
    statement["fields"]["summary"] = "Something else was said."
    records["statements"][1]["fields"]["about"] = ["HND", "CRI"]
    records["events"][0]["fields"]["note"] = "A note that was not there."
    records["figures"] = []
    for entry in records["search_entries"][:20]:
        entry["fields"]["words"] += " zzsecond"
    return sealed(records)


def write(folder: Path, records: Records, ending: str = "json") -> Path:
    """Write a release into a folder, made anew, and give the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, found in records.items():
        if ending == "json":
            text = json.dumps(found, indent=1)
        else:
            text = "".join(json.dumps(record) + "\n" for record in found)
        if found:
            (folder / f"{name}.{ending}").write_text(text)
    return folder


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


@cache
def _template(folder: Path) -> str:
    """Return the address of a database with tables and no rows, made once for a folder."""
    cluster = os.environ.get("DATABASE_URL")
    if cluster:
        with closing(psycopg.connect(cluster, autocommit=True)) as connection:
            connection.execute("DROP DATABASE IF EXISTS template_demarche")
            connection.execute("CREATE DATABASE template_demarche")
        url = f"{cluster.rpartition('/')[0]}/template_demarche"
    else:
        url = f"sqlite:///{folder}/template.sqlite3"
    migrated = manage(url, "migrate", "-v0")
    assert migrated.returncode == 0, migrated.stderr
    return url


@contextmanager
def database(folder: Path, name: str = "loaded") -> Iterator[str]:
    """Return the address of an empty database with its tables, on the engine the tests run on."""
    template = _template(folder)
    if template.startswith("sqlite"):
        path = folder / f"{name}.sqlite3"
        for old in folder.glob(f"{name}.sqlite3*"):
            old.unlink()
        shutil.copy(folder / "template.sqlite3", path)
        yield f"sqlite:///{path}"
        return
    base = template.rpartition("/")[0]
    with closing(psycopg.connect(f"{base}/postgres", autocommit=True)) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template_demarche")
        yield f"{base}/{name}"
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def connected(url: str, alias: str = "loaded") -> Iterator[BaseDatabaseWrapper]:
    """Let Django use a database under an alias, and give its connection."""
    parsed = dj_database_url.parse(url)
    connections.settings[alias] = {**connections.settings["default"], **parsed}
    try:
        yield connections[alias]
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]


def layout(connection: BaseDatabaseWrapper) -> list[Any]:
    """Return every index and constraint of the tables, as the database itself tells of them."""
    told = {
        "sqlite": "SELECT type, name, sql FROM sqlite_master WHERE type = 'index' ORDER BY 2",
        "postgresql": (
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL "
            "SELECT conname, conrelid::regclass || pg_get_constraintdef(oid) || convalidated "
            "FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"
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
            cursor.execute("SELECT entry FROM policy_searchrow ORDER BY number")
            found["policy_searchrow"] = cursor.fetchall()
            cursor.execute("SELECT words FROM policy_searchindex ORDER BY words")
            found["policy_searchindex"] = cursor.fetchall()
    return found
