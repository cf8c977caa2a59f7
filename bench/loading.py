"""Makes releases and loads them into databases, beside raw rows and Django's own loader."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import copying
from bench.dataset import lines, make
from bench.rows import human, verdict
from bench.servers import ROOT
from tests.postgres import binaries, cluster

SEED = 1
RAW = "the raw rows were written as CSV before"
RENDER = (
    "from api.models import RenderedState; from api.rendering.records import render_all; "
    "RenderedState.objects.all().delete(); render_all()"
)
SMALL = 2000
"""How many statements loaddata is given: a million would take it hours."""


@dataclass(frozen=True, slots=True)
class Data:
    """A made release on disk, and the databases that hold it."""

    folder: Path
    size: int
    urls: dict[str, str]

    @property
    def release(self) -> Path:
        """The folder with the records."""
        return self.folder / "release"


def made(folder: Path, size: int) -> None:
    """Make the release unless it is there already."""
    if not (folder / "release" / "release.json").exists():
        print(f"making {size} statements", file=sys.stderr, flush=True)
        make(folder / "release", size, SEED)


def _manage(url: str, *arguments: object) -> float:
    """Run a management command on a database, and give the seconds it took."""
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=ROOT, env={**os.environ, "DATABASE_URL": url}, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return time.perf_counter() - begin


def loaded(folder: Path, size: int, stack: ExitStack) -> tuple[list[list[str]], Data]:
    """Load every database, and give the rows on loading."""
    paths = copying.write_tables(folder / "release", folder / "tables")
    records = sum(1 for _ in lines(folder / "release"))
    urls, found = {}, []
    for engine, other, url, copied in _databases(folder, stack):
        urls[engine] = url
        print(f"loading {engine}", file=sys.stderr, flush=True)
        for database in (url, copied):
            _manage(database, "migrate", "-v0")
        raw = _raw(copied, folder, paths)
        taken = _manage(url, "load_release", folder / "release")
        rendering = _manage(url, "shell", "-v0", "-c", RENDER) - _manage(
            url, "shell", "-v0", "-c", "pass"
        )
        for note, spent in (
            ("read, checked, indexed, rendered", taken),
            ("the same without rendering", taken - rendering),
        ):
            ratio = raw / spent
            found.append([
                f"bulk load, {engine}", human(spent), f"{other} {human(raw)}", f"{ratio:.2f}",
                "one run", *verdict(ratio, 0.5), f"{records / spent:.0f} records/s, {note}; {RAW}",
            ])  # fmt: skip
        found.append(_loaddata(folder, engine, url, taken / records))
        _settled(url, folder)
    return found, Data(folder, size, urls)


def _databases(folder: Path, stack: ExitStack) -> Iterator[tuple[str, str, str, str]]:
    """Yield each engine, its raw loader, and the URLs of two empty databases."""
    for one in ("ours", "copied"):
        (folder / f"{one}.sqlite3").unlink(missing_ok=True)
    yield (
        "SQLite", "executemany",
        f"sqlite:///{folder}/ours.sqlite3", f"sqlite:///{folder}/copied.sqlite3",
    )  # fmt: skip
    if binaries() is None:
        print("POSTGRESQL IS NOT INSTALLED: ITS ROWS ARE MISSING", file=sys.stderr)
        return
    url = stack.enter_context(
        cluster(shared_buffers="1GB", maintenance_work_mem="256MB", max_wal_size="4GB")
    )
    copied = f"{url.rpartition('/')[0]}/copied"
    copying.createdb(url, _binaries(), "copied")
    yield "PostgreSQL", "\\copy", url, copied


def _binaries() -> Path:
    found: Path | None = binaries()
    if found is None:
        raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql")
    return found


def _raw(url: str, folder: Path, paths: list[Path]) -> float:
    if url.startswith("sqlite"):
        return copying.insert(Path(url.removeprefix("sqlite:///")), paths)
    return copying.copy(url, _binaries(), paths)


def _settled(url: str, folder: Path) -> None:
    """Return both engines what a database at rest has: statistics, and no dead rows."""
    if url.startswith("sqlite"):
        copying.analyse(Path(url.removeprefix("sqlite:///")))
    else:
        copying.vacuum(url, _binaries())


def _loaddata(folder: Path, engine: str, url: str, each: float) -> list[str]:
    """Return the row on Django's own loader, per record and of a smaller release."""
    small = folder / "small"
    if not small.exists():
        make(small / "release", SMALL, SEED)
        (small / "json").mkdir(parents=True)
        for path in sorted((small / "release").glob("*.ndjson")):
            listed = ",\n".join(path.read_text().splitlines())
            (small / "json" / f"{path.stem}.json").write_text(f"[{listed}]")
        shutil.copy(small / "release" / "release.json", small / "json")
    empty = f"sqlite:///{small}/empty.sqlite3"
    if engine == "PostgreSQL":
        empty = f"{url.rpartition('/')[0]}/small"
        copying.createdb(url, _binaries(), "small")
    else:
        (small / "empty.sqlite3").unlink(missing_ok=True)
    _manage(empty, "migrate", "-v0")
    taken = _manage(empty, "loaddata", "-v0", *sorted((small / "json").glob("*.json")))
    records = sum(1 for _ in lines(small / "release"))
    ratio = taken / records / each
    return [
        f"loaddata of a record, {engine}", f"bulk {human(each)}",
        f"loaddata {human(taken / records)}", f"{ratio:.2f}", "one run", *verdict(ratio, 20),
        f"loaddata of {records} records, bulk of all",
    ]  # fmt: skip
