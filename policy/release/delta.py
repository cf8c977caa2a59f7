"""Deltas: what to take out of a copy of an earlier release, and what to put in, to get this one.

A delta is NDJSON. Its head says which release it leads from and to; then comes a step for each
record that differs, in the order of the content hash; the last one puts the release itself.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from policy.release.contents import canonical, release_models
from policy.release.manifest import Head, Key, LinesOf, place, read_head, read_lines
from policy.validation import Record

Place = tuple[str, bool, Key]
"""What puts the records of a release in order."""


def delta(since: Path, release: Record, lines: LinesOf) -> Iterator[bytes]:
    """Yield the lines of the delta from the release of a manifest to another, newlines included.

    ``release`` is the record of the other release, and ``lines`` returns its records. Both are
    walked in their order, so the memory taken does not depend on how many there are. Raises
    InvalidManifestError, and ValueError if the records are out of order or not those of the
    release.
    """
    head = read_head(since)
    target = Head.of(release, "")
    yield _line(**{"from": _named(head), "to": _named(target)})
    earlier = read_lines(since)
    held = next(earlier, None)
    digest = hashlib.sha256()
    for here, file, line in _in_order(lines):
        digest.update(line + b"\n")
        while held and place(held.file, held.key) < here:
            yield _line(remove={"file": held.file, "key": held.key})
            held = next(earlier, None)
        same = held and place(held.file, held.key) == here
        if not (held and same and held.sha256 == hashlib.sha256(line).hexdigest()):
            yield _line(put={"file": file, "record": json.loads(line)})
        if same:
            held = next(earlier, None)
    while held:
        yield _line(remove={"file": held.file, "key": held.key})
        held = next(earlier, None)
    if digest.hexdigest() != target.content_hash:
        raise ValueError(f"the records are not those of release {target.version}: load it again")
    yield _line(put={"file": "release", "record": release})


def _in_order(lines: LinesOf) -> Iterator[tuple[Place, str, bytes]]:
    """Yield each record of a release but the release itself, with its place and its file."""
    last: Place = ("", False, 0)
    for file in release_models():
        for line in lines(file) if file != "release" else ():
            here = place(file, json.loads(line)["pk"])
            if here <= last:
                raise ValueError(f"{file}: {here[-1]} is not in the order of the keys")
            yield here, file, line
            last = here


def _named(head: Head) -> Record:
    return {"version": head.version, "content_hash": head.content_hash}


def _line(**step: Record) -> bytes:
    return canonical(step) + b"\n"
