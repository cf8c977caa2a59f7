"""Writes a release record by record: NDJSON in canonical lines, with manifest, counts and hash."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from policy.annotations.changes import FOLDER, published_releases
from policy.annotations.codes import codes
from policy.annotations.reading import Draft, Entry
from policy.annotations.search_entries import search_entries
from policy.models import Release, SearchEntry
from policy.models.releases import SCHEMA_VERSION
from policy.release.contents import UNCOUNTED, canonical, file_name, release_models
from policy.release.manifest import Head, manifest_lines, written
from policy.release.unfinished import unfinished
from policy.validation import Record, errors_of

SEARCH = file_name(SearchEntry)
BEGUN = ".release-"


class UnwritableError(Exception):
    """A folder that no release can be written to, or a release that would be none."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a release says of itself."""

    id: str
    version: str
    title: str
    licence: str
    released: str
    note: str


class ReleaseWriter:
    """Writes a release into a folder, which holds the whole of it or what was there before.

    Records may come in any order: at the end each file is sorted, one at a time in memory.
    """

    def __init__(self, folder: Path) -> None:
        """Take the folder: a new or empty one, or that of a release written like this."""
        if folder.exists() and not _replaceable(folder):
            raise UnwritableError(f"{folder}: holds other things: give a new folder")
        self.folder = folder
        self._files: dict[str, IO[bytes]] = {}
        self._counts: dict[str, int] = {}
        self._stack, self._written = ExitStack(), ExitStack()

    def __enter__(self) -> Self:
        """Make a folder beside the one to be written."""
        try:
            place = self._stack.enter_context(unfinished(self.folder.parent, BEGUN))
        except OSError as error:
            raise UnwritableError(f"{self.folder}: cannot be written: {error.strerror}") from error
        self._made = place / "release"
        self._made.mkdir()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Remove what is unfinished."""
        self._written.close()
        self._stack.close()

    def write(self, *entries: Entry) -> None:
        """Write records, without what search finds them by."""
        for entry in entries:
            name = file_name(entry.model)
            if name not in self._files:
                path = self._made / f"{name}.ndjson"
                self._files[name] = self._written.enter_context(path.open("wb"))
            self._files[name].write(canonical(entry.record) + b"\n")
            self._counts[name] = self._counts.get(name, 0) + 1

    def write_found(self, *entries: Entry) -> None:
        """Write records that belong together, the owner first, and what search finds it by."""
        self.write(*entries)
        self.write(*search_entries(Draft({(one.model, one.key): one for one in entries})))

    def finish(self, told: Told) -> Record:
        """Add what follows from the records, seal the release, and put it into its folder.

        Returns its record; raises UnwritableError for what makes no release.
        """
        head = Head(told.version, told.released, SCHEMA_VERSION, "", told.note)
        self.write(*codes(), *published_releases([head]))
        self._written.close()
        digest = hashlib.sha256()
        for name in release_models():
            if name in self._files:
                _sort(self._made / f"{name}.ndjson", numbered=name == SEARCH)
                for line in self._lines(name):
                    digest.update(line + b"\n")
        record = self._record(told, digest.hexdigest())
        manifest = self._made / FOLDER / f"{told.version}.ndjson"
        manifest.parent.mkdir()
        with manifest.open("wb") as file:
            file.writelines(written(Head.of(record, told.note), manifest_lines(self._lines)))
        text = json.dumps([record], ensure_ascii=False, indent=1)
        (self._made / "release.json").write_text(f"{text}\n", encoding="utf-8")
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self._made.rename(self.folder)
        return record

    def _lines(self, name: str) -> Iterator[bytes]:
        path = self._made / f"{name}.ndjson"
        if path.exists():
            with path.open("rb") as file:
                for line in file:
                    yield line.removesuffix(b"\n")

    def _record(self, told: Told, content_hash: str) -> Record:
        counts = {name: n for name, n in sorted(self._counts.items()) if name not in UNCOUNTED}
        fields: dict[str, Any] = {
            "version": told.version,
            "title": told.title,
            "licence": told.licence,
            "released": told.released,
            "schema_version": SCHEMA_VERSION,
            "content_hash": content_hash,
            "counts": counts,
        }
        record = {"model": Release._meta.label_lower, "pk": told.id, "fields": fields}
        wrong = [f"{name}: {message}" for name, message in errors_of(Release, record)]
        if wrong:
            raise UnwritableError(f"release: {'; '.join(wrong)}")
        return record


def _replaceable(folder: Path) -> bool:
    """Return whether a folder is empty or holds nothing but a release in NDJSON."""
    known = {f"{name}.ndjson" for name in release_models()} | {"release.json", FOLDER}
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else {""}
    return not names or ("release.json" in names and names <= known)


def _sort(path: Path, *, numbered: bool) -> None:
    """Put the lines of a file into the order of their keys, or number search entries in theirs."""
    with path.open("rb") as file:
        lines = [(_place(line, numbered=numbered), line) for line in file]
    lines.sort()
    with path.open("wb") as file:
        file.writelines(_numbered(lines) if numbered else (line for _, line in lines))


def _place(line: bytes, *, numbered: bool) -> Any:
    if numbered:
        fields = json.loads(line)["fields"]
        return fields["kind"], fields["record"]
    # The key stands last in a canonical line.
    return json.loads(line.rpartition(b'"pk":')[2].rstrip()[:-1])


def _numbered(lines: Iterable[tuple[Any, bytes]]) -> Iterator[bytes]:
    for number, (_, line) in enumerate(lines, 1):
        yield line[: line.rindex(b'"pk":')] + b'"pk":%d}\n' % number
