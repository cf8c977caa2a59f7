"""Loads tables without any checks, for comparison: CSV files, psql's copy or executemany."""

import csv
import json
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.db import models

from policy.release.tables import parents_first, staged_models

CHUNK = 5000


def write_tables(release: Path, folder: Path) -> list[Path]:
    """Write one CSV file per table, with a header; return them in loading order."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds = {table: kind for kind in staged_models() for table in kind.tables}
    written = []
    for table in parents_first():
        kind = kinds[table]
        path = release / ("release.json" if kind.name == "release" else f"{kind.name}.ndjson")
        if not path.exists():
            continue
        meta: Any = kind.model._meta
        if table.field is None:
            columns = list(meta.concrete_fields)
            rows = (_row(columns, record) for record in _records(path))
            written.append(_table(folder, table.name, [f.column for f in columns], rows))
        else:
            field = meta.get_field(table.field)
            names = [field.m2m_column_name(), field.m2m_reverse_name()]
            pairs = (
                [record["pk"], key]
                for record in _records(path)
                for key in record["fields"].get(table.field, ())
            )
            written.append(_table(folder, table.name, names, pairs))
    return written


def _records(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        if path.suffix == ".json":
            yield from json.load(file)
        else:
            yield from map(json.loads, file)


def _row(columns: list[Any], record: dict[str, Any]) -> list[Any]:
    row = []
    for field in columns:
        if field.primary_key:
            row.append(record["pk"])
            continue
        value = record["fields"].get(field.name)
        if value is None and field.has_default():
            value = field.get_default()
        if isinstance(field, models.JSONField):
            value = json.dumps(value)
        row.append(int(value) if isinstance(value, bool) else value)
    return row


def _table(folder: Path, table: str, columns: list[str], rows: Iterator[list[Any]]) -> Path:
    path = folder / f"{table}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def _connect(url: str) -> list[str]:
    parts = urlsplit(url)
    return ["-h", unquote(parts.hostname or ""), "-U", parts.username or "", "-d", parts.path[1:]]


def psql(url: str, binaries: Path, *commands: str, once: bool = True) -> None:
    """Run commands, in one transaction unless told otherwise; raises CalledProcessError."""
    options = ["-q", "-v", "ON_ERROR_STOP=1", *(["-1"] if once else []), *_connect(url)]
    asked = [part for command in commands for part in ("-c", command)]
    subprocess.run([binaries / "psql", *options, *asked], check=True)


def createdb(url: str, binaries: Path, name: str) -> None:
    """Create another database in a cluster."""
    psql(url, binaries, f"create database {name}", once=False)


def vacuum(url: str, binaries: Path) -> None:
    """Update the statistics and the visibility map of a database of PostgreSQL."""
    psql(url, binaries, "vacuum analyze", once=False)


def analyse(file: Path) -> None:
    """Update the statistics of a database of SQLite."""
    connection = sqlite3.connect(file)
    connection.execute("analyze")
    connection.close()


def copy(url: str, binaries: Path, paths: list[Path]) -> float:
    """Fill the tables of PostgreSQL, with their indexes; return the seconds it took."""
    commands = []
    for path in paths:
        columns = ", ".join(f'"{name}"' for name in _header(path))
        commands.append(f"\\copy {path.stem} ({columns}) from '{path}' with (format csv, header)")
    begin = time.perf_counter()
    psql(url, binaries, *commands)
    return time.perf_counter() - begin


def insert(file: Path, paths: list[Path]) -> float:
    """Fill the tables of SQLite, with their indexes; return the seconds it took."""
    begin = time.perf_counter()
    with sqlite3.connect(file) as connection:
        connection.execute("pragma synchronous = off")
        for path in paths:
            names = _header(path)
            marks = ", ".join("?" * len(names))
            columns = ", ".join(f'"{name}"' for name in names)
            sql = f"insert into {path.stem} ({columns}) values ({marks})"
            with path.open(newline="", encoding="utf-8") as lines:
                rows = ([cell or None for cell in row] for row in csv.reader(lines))
                next(rows)
                while chunk := list(islice(rows, CHUNK)):
                    connection.executemany(sql, chunk)
    connection.close()
    return time.perf_counter() - begin


def _header(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8") as file:
        return next(csv.reader(file))
