"""Writes the files of a release into a folder: everything, in one pass over the tables."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction

from policy.citation import citation, citation_file
from policy.database.dictionary import data_dictionary
from policy.export import parquet
from policy.export.datapackage import DataPackage, sha256_of
from policy.export.postgresql import PostgresqlScript
from policy.export.sqlite import SqliteFile
from policy.export.tables import TableWriter, export_tables
from policy.models import PublishedRelease, Release
from policy.models.sources import texts_left_out
from policy.release.contents import canonical, release_models
from policy.release.delta import delta
from policy.release.manifest import Head, InvalidManifestError, LinesOf, manifest_lines, read_head
from policy.release.manifest import written as manifest_text
from policy.release.stored import stored_entries
from policy.release.unfinished import unfinished
from policy.validation import Record

SUMS, MANIFEST, SCRIPT = "SHA256SUMS", "manifest.ndjson", "apply_delta.py"
BEGUN = ".export-"
"""How the names of folders begin in which an export is under way."""
Extra = Callable[[Path], object]
"""Writes further files into the folder of the release."""


class ExportError(Exception):
    """A release that cannot be exported; the message names the cure."""


def export(
    folder: Path,
    *,
    replace: bool = False,
    since: Sequence[Path] | None = None,
    extra: Extra = lambda _: None,
    using: str = DEFAULT_DB_ALIAS,
) -> Path | None:
    """Write the release that is loaded into FOLDER/VERSION, and return that folder.

    None if it is there already. ``since`` are the manifests of earlier releases to write a delta
    from, all that are known if not given. ``extra`` is called with the folder of the release.
    Raises ExportError where no release is loaded, the tables hold something else, or the folder
    holds other files of this version and ``replace`` is not given; nothing is left behind then.
    """
    with _snapshot(using):
        release = Release.objects.using(using).first()
        if release is None:
            raise ExportError("no release is loaded: run load_release first")
        target: Path = folder / release.version
        if not replace and target.exists():
            if _holds(target, release):
                return None
            raise ExportError(
                f"{target} holds other files of this version: raise the version of the release, "
                "or replace them with --replace"
            )
        with unfinished(folder, BEGUN) as place:
            written = place / release.version
            written.mkdir()
            _write(written, release, using)
            manifests = _known_manifests(folder, release, using) if since is None else since
            for manifest in manifests:
                _write_delta(written, manifest)
            extra(written)
            _seal(written, release)
            _put(written, target)
    return target


@contextmanager
def _snapshot(using: str) -> Iterator[None]:
    """Read one state of the database; texts that an operator attached are left out."""
    token = texts_left_out.set(True)
    try:
        with transaction.atomic(using=using):
            if connections[using].vendor == "postgresql":
                with connections[using].cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                    cursor.execute("SET LOCAL statement_timeout = 0")
            yield
    finally:
        texts_left_out.reset(token)


def _holds(target: Path, release: Release) -> bool:
    """Tell whether a folder is a whole export of this very release."""
    try:
        held = (target / "records" / "release.ndjson").read_text()
    except OSError:
        return False
    return f'"content_hash":"{release.content_hash}"' in held and (target / SUMS).exists()


def _write(folder: Path, release: Release, using: str) -> None:
    _write_records(folder / "records", release, using)
    name = f"{release.pk}-{release.version}"
    writers: list[TableWriter] = [
        DataPackage(folder, release),
        SqliteFile(folder / f"{name}.sqlite"),
        PostgresqlScript(folder / f"{name}.sql", release),
    ]
    if parquet.available():
        writers.append(parquet.ParquetFiles(folder))
    for table in export_tables():
        for writer in writers:
            writer.begin(table)
        for rows in table.chunks(using):
            for writer in writers:
                writer.write(rows)
        for writer in writers:
            writer.end()
    for writer in writers:
        writer.finish()
    _write_manifest(folder, using)
    _write_text(folder / "data.md", data_dictionary())
    _write_text(folder / "CITATION.cff", citation_file(release))
    _write_text(folder / "LICENSE", _licence(release))
    _write_text(folder / "README.md", _readme(release, name))
    _write_text(folder / SCRIPT, (settings.BASE_DIR / "docs" / SCRIPT).read_text(encoding="utf-8"))


def _write_records(folder: Path, release: Release, using: str) -> None:
    """Write the records as load_release takes them; ExportError if they are not the release's."""
    folder.mkdir()
    digest = hashlib.sha256()
    for name, model in release_models().items():
        lines = (canonical(entry.record) + b"\n" for entry in stored_entries(model, using))
        first = next(lines, None)
        if first is None:
            continue
        with (folder / f"{name}.ndjson").open("wb") as file:
            for line in _chained(first, lines):
                file.write(line)
                if model is not Release:
                    digest.update(line)
    if digest.hexdigest() != release.content_hash:
        raise ExportError(
            f"the tables do not hold release {release.version}: run load_release, which names what "
            "differs and repairs it; if nothing does, its records are not as a build writes them, "
            "which leaves out what is empty"
        )


def _lines_of(folder: Path) -> LinesOf:
    """Return what reads the canonical lines of a file of an export again."""

    def lines(name: str) -> Iterator[bytes]:
        path = folder / "records" / f"{name}.ndjson"
        if path.exists():
            with path.open("rb") as file:
                yield from (line.removesuffix(b"\n") for line in file)

    return lines


def _record(folder: Path) -> Record:
    """Return the record of the release that is exported."""
    found: Record = json.loads(next(iter(_lines_of(folder)("release"))))
    return found


def _write_manifest(folder: Path, using: str) -> None:
    record, lines = _record(folder), _lines_of(folder)
    version = record["fields"]["version"]
    published = PublishedRelease.objects.using(using).filter(pk=version).first()
    head = Head.of(record, published.note if published else "")
    with (folder / MANIFEST).open("wb") as file:
        file.writelines(manifest_text(head, manifest_lines(lines)))


def _known_manifests(folder: Path, release: Release, using: str) -> list[Path]:
    """Return the manifests of the releases before: those exported here, or of the repository."""
    found = []
    earlier = PublishedRelease.objects.using(using).exclude(pk=release.version)
    for published in earlier.order_by("place"):
        found += manifests_of(folder, published.pk)[:1]
    return found


def manifests_of(folder: Path, version: str) -> list[Path]:
    """Return the manifests of a version: of what was exported here, and of the repository."""
    places = (
        folder / version / MANIFEST,
        settings.BASE_DIR / "fixtures" / "manifests" / f"{version}.ndjson",
    )
    return [path for path in places if path.exists()]


def _write_delta(folder: Path, manifest: Path) -> None:
    """Write the delta from an earlier release; ExportError where its manifest is none."""
    try:
        version = read_head(manifest).version
        with (folder / f"delta-{version}.ndjson").open("wb") as file:
            file.writelines(delta(manifest, _record(folder), _lines_of(folder)))
    except (InvalidManifestError, ValueError) as error:
        raise ExportError(str(error)) from error


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _licence(release: Release) -> str:
    """Return the text of the dataset's licence, or if another one is stated, its identifier."""
    path = settings.BASE_DIR / "fixtures" / "LICENSE"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if f"SPDX-License-Identifier: {release.licence}\n" in text:
        return text
    return f"{release.title}\nSPDX-License-Identifier: {release.licence}\n"


def _readme(release: Release, name: str) -> str:
    return f"""\
# {release.title}

Version {release.version}, released on {release.released:%Y-%m-%d}, licence {release.licence}.
Content hash: {release.content_hash}

| File | What it is |
|---|---|
| `datapackage.json`, `csv/` | a Frictionless data package: CSV, with types, keys and meanings |
| `parquet/` | the same tables as Parquet, if pyarrow was there when this was written |
| `ndjson/` | the records as the API answers them, one on each line |
| `{name}.sqlite` | a SQLite file with tables, views and the table `documentation` |
| `{name}.sql` | for PostgreSQL 13 or newer: `psql -d DB -f {name}.sql` |
| `records/` | the records as `load_release` takes them; the hash is over these lines |
| `manifest.ndjson` | the hash of each record, from which the next release tells its changes |
| `delta-VERSION.ndjson` | what leads from an earlier release to this one |
| `apply_delta.py` | brings a copy there: `python apply_delta.py delta-VERSION.ndjson records/` |
| `codebook.json` | every code with its meaning, and the manual that PLOVER's are from |
| `data.md` | every table and column, and how the tables hang together |
| `LICENSE`, `CITATION.cff` | what you may do with it, and how to cite it |
| `{SUMS}` | check the files: `sha256sum --check {SUMS}` |

In CSV an empty cell means not stated, and lists are JSON. A cell is what the dataset says, also
where a spreadsheet would take it for a formula.

{citation(release).text}
"""


def _seal(folder: Path, release: Release) -> None:
    """Write the sums of all files, and give all of them the time of the release."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{sha256_of(path)}  {path.relative_to(folder).as_posix()}\n" for path in paths]
    _write_text(folder / SUMS, "".join(lines))
    moment = release.released.timestamp()
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (moment, moment))


def _put(written: Path, target: Path) -> None:
    """Move a folder to its place, in that of one which may be there."""
    if target.exists():
        shutil.move(target, written.with_name("replaced"))
    shutil.move(written, target)
