"""The files of a release, read strictly and as a stream, in constant memory."""

import codecs
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from math import isinf
from pathlib import Path
from typing import Any, BinaryIO

from policy.release.contents import release_models
from policy.release.records import DecodedRecord, ValidRecord
from policy.vocabulary import nearest

CHUNK = 1 << 16
"""How many bytes are read at once."""

MAX_RECORD = 1 << 20
"""Greatest length of one record as it stands in a file; bytes in NDJSON, characters in JSON."""

BLANK = re.compile(r"[ \t\n\r]*")


class UnreadableError(Exception):
    """A file, or the rest of it, that cannot be read; the message names the cure."""


Accept = Callable[[bytes], ValidRecord | None]
"""Returns the record of a line that is certainly valid, else None."""


class _StrictDecoder:
    """Decodes JSON and reports what Python accepts beyond it: repeated keys and non-numbers."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_constant=self._constant, parse_float=self._float
        )

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            numbers = Counter(name for name, _ in pairs)
            twice = sorted(name for name, number in numbers.items() if number > 1)
            self.errors.append(f"has the key {', '.join(map(repr, twice))} more than once")
        return found

    def _constant(self, name: str) -> None:
        self.errors.append(f"holds {name}, which is no JSON: use null or leave it out")

    def _float(self, text: str) -> float:
        number = float(text)
        if isinf(number):
            self.errors.append(f"holds {text[:40]}, a number too large to be kept")
        return number

    def decode(self, text: str, start: int) -> tuple[Any, int, list[str]]:
        """Return the value that begins at start, where it ends, and what is wrong with it.

        Raises ValueError when there is no whole value.
        """
        self.errors = []
        try:
            value, end = self._decoder.raw_decode(text, start)
        except RecursionError:
            raise UnreadableError("is nested too deeply for a record") from None
        return value, end, self.errors


def printable(text: object) -> str:
    """Return a name or a message with its unprintable characters escaped."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in str(text))


def files_of(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """Return the files of a release by the names of their kinds, in order, and all errors.

    A kind has NAME.json, NAME.ndjson or, if there is no record of it, no file.
    """
    found: dict[str, Path] = {}
    errors = []
    known = release_models()
    shown = printable(folder)
    if not os.path.isdir(folder):  # noqa: PTH112 (which raises for a path too long)
        return {}, [f"{shown}: is not a folder: give the one that holds release.json"]
    for path in sorted([*folder.glob("*.json"), *folder.glob("*.ndjson")]):
        name = path.stem
        if name not in known:
            guess = nearest(name, known)
            hint = f"did you mean {guess}{path.suffix}?" if guess else "take it out"
            errors.append(f"{printable(path.name)}: is not a file of a release; {hint}")
        elif name in found:
            errors.append(f"{path.name}: {found[name].name} is there too: take one of them out")
        elif not path.exists():
            errors.append(f"{path.name}: is a link to no file: mend it or take it out")
        elif not path.is_file() and not path.is_dir():
            # Reading a pipe might never end.
            errors.append(f"{path.name}: is not a file: put the records into one")
        else:
            found[name] = path
    if "release" not in found:
        errors.append(f"{shown}: holds no release.json: give a folder that build_fixtures wrote")
    return {name: found[name] for name in known if name in found}, errors


def records_in(
    path: Path, progress: Callable[[int], object], accept: Accept = lambda _: None
) -> Iterator[ValidRecord | DecodedRecord]:
    """Yield every record of a file, a JSON list or NDJSON by its ending.

    ``progress`` is told how many bytes have been read, piece by piece. Lines of NDJSON that
    ``accept`` takes are yielded as it returns them, all other records as they are decoded.
    Raises UnreadableError at the first place from where the file makes no sense.
    """
    try:
        with path.open("rb") as file:
            if path.suffix == ".ndjson":
                yield from _lines(file, progress, accept)
            else:
                yield from _listed(file, progress)
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror}") from error


def _refuse_mark(start: bytes) -> None:
    if start.startswith(codecs.BOM_UTF8):
        raise UnreadableError("begins with a byte-order mark: save it as UTF-8 without one")


def _lines(
    file: BinaryIO, progress: Callable[[int], object], accept: Accept
) -> Iterator[ValidRecord | DecodedRecord]:
    decoder = _StrictDecoder()
    at, number = 0, 0
    while read := file.readline(MAX_RECORD + 1):
        number += 1
        if number == 1:
            _refuse_mark(read)
        if len(read) > MAX_RECORD:
            raise UnreadableError(f"line {number}: is longer than {MAX_RECORD} bytes")
        if valid := accept(read.removesuffix(b"\n")):
            yield valid
        else:
            yield from _decoded(decoder, read, at, number)
        at += len(read)
        progress(len(read))


def _decoded(decoder: _StrictDecoder, line: bytes, at: int, number: int) -> Iterator[DecodedRecord]:
    """Yield the record of a line, which begins at a byte of the file; a blank one has none."""
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise UnreadableError(f"is not UTF-8 at byte {at + error.start}") from error
    if not text.strip():
        return
    try:
        value, end, errors = decoder.decode(text, _after_blanks(text, 0))
    except ValueError as error:
        raise UnreadableError(f"line {number}: is not JSON: {error}") from error
    if _after_blanks(text, end) != len(text):
        raise UnreadableError(f"line {number}: holds more than one record: write one a line")
    yield DecodedRecord(f"line {number}", value, errors)


def _after_blanks(text: str, start: int) -> int:
    blank = BLANK.match(text, start)
    return blank.end() if blank else start


def _listed(file: BinaryIO, progress: Callable[[int], object]) -> Iterator[DecodedRecord]:
    text = _Text(file, progress)
    if text.sign() != "[":
        raise UnreadableError("is not a JSON list of records")
    text.at += 1
    number = 0
    ended = text.sign() == "]"
    while not ended:
        number += 1
        yield text.record(number)
        ended = text.sign() == "]"
        if not ended and text.sign() != ",":
            raise UnreadableError(
                f"line {text.line()}: the list breaks off after record {number}: expected , or ]"
            )
        if not ended:
            text.at += 1
    line = text.line()
    text.at += 1
    if text.sign():
        raise UnreadableError(f"line {line}: something follows the end of the list")


class _Text:
    """The text of a JSON list: what has been read from a file, and how far it is decoded."""

    def __init__(self, file: BinaryIO, progress: Callable[[int], object]) -> None:
        self._file = file
        self._progress = progress
        self._utf8 = codecs.getincrementaldecoder("utf-8")("strict")
        self._decoder = _StrictDecoder()
        self._read = 0
        self._lines = 1
        self._ended = False
        self._rest = ""
        self.at = 0

    def _more(self) -> None:
        """Read on, more for a longer rest, so that a long record is not decoded many times."""
        self._lines = self.line()
        self._rest, self.at = self._rest[self.at :], 0
        chunk = self._file.read(max(CHUNK, len(self._rest)))
        if self._read == 0:
            _refuse_mark(chunk)
        place = self._read - len(self._utf8.getstate()[0])
        self._ended = not chunk
        try:
            self._rest += self._utf8.decode(chunk, final=self._ended)
        except UnicodeDecodeError as error:
            raise UnreadableError(f"is not UTF-8 at byte {place + error.start}") from error
        self._read += len(chunk)
        self._progress(len(chunk))

    def line(self) -> int:
        """Return the line number of the position."""
        return self._lines + self._rest.count("\n", 0, self.at)

    def sign(self) -> str:
        """Skip blanks, and return the next character, or none at the end."""
        self.at = _after_blanks(self._rest, self.at)
        while self.at == len(self._rest) and not self._ended:
            self._more()
            self.at = _after_blanks(self._rest, 0)
        return self._rest[self.at : self.at + 1]

    def record(self, number: int) -> DecodedRecord:
        """Return the record that begins at the position, and move behind it."""
        self.sign()
        while True:
            try:
                value, end, errors = self._decoder.decode(self._rest, self.at)
            except ValueError as error:
                if self._ended or len(self._rest) - self.at > MAX_RECORD:
                    reason = getattr(error, "msg", error)
                    raise UnreadableError(
                        f"record {number}, from line {self.line()}: is not JSON: {reason}"
                    ) from error
            else:
                if end < len(self._rest) or self._ended:
                    self.at = end
                    return DecodedRecord(f"record {number}", value, errors)
            self._more()
