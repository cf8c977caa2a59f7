"""The files of a release, read strictly and as a stream, in constant memory."""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import isinf
from pathlib import Path
from typing import Any, BinaryIO

from policy.release.contents import canonical, kinds
from policy.vocabulary import nearest

CHUNK = 1 << 16
"""How many bytes are read at once."""

MAX_RECORD = 1 << 20
"""Greatest length of one record as it stands in a file; bytes in NDJSON, characters in JSON."""

START = '{"fields":{'
"""How the canonical form of a record begins."""

BLANK = re.compile(r"[ \t\n\r]*")


class UnreadableError(Exception):
    """A file, or the rest of it, that cannot be read; the message names the cure."""


@dataclass(slots=True)
class Found:
    """One record as it stands in a file: where, what it holds, and what is wrong with its JSON."""

    place: str
    value: Any
    errors: list[str] = field(default_factory=list)
    line: str | None = None
    """The value as ``canonical`` gives it, where the file has it just so."""


class _Decoder:
    """Decodes JSON and notes what Python would let pass: keys that stand twice, and no-numbers."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_constant=self._constant,
            parse_float=self._float,
        )
        self._quick = json.JSONDecoder(parse_constant=_refuse_constant)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            twice = sorted({name for name in names if names.count(name) > 1})
            self.errors.append(f"has the key {', '.join(map(repr, twice))} more than once")
        return found

    def _constant(self, name: str) -> None:
        self.errors.append(f"holds {name}, which is no JSON: use null or leave it out")

    def _float(self, text: str) -> float:
        number = float(text)
        if isinf(number):
            self.errors.append(f"holds {text[:40]}, a number too large to be kept")
        return number

    def decode_canonical(self, text: str) -> Any:
        """Return the value of a line if the line is its canonical form, else None.

        Whatever Python would let pass is lost when it is written again, so the two then differ.
        """
        if not text.startswith(START):
            return None
        try:
            value = self._quick.decode(text)
            return value if canonical(value) == text else None
        except (ValueError, RecursionError):
            return None

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


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def files_of(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """Return the files of a release by the names of their kinds, in order, and what is wrong there.

    A kind may have NAME.json, NAME.ndjson or no file, which means no record; not both.
    """
    found: dict[str, Path] = {}
    errors = []
    known = kinds()
    if not folder.is_dir():
        return {}, [f"{folder}: is not a folder: give the one that holds release.json"]
    for path in sorted([*folder.glob("*.json"), *folder.glob("*.ndjson")]):
        name = path.stem
        if name not in known:
            guess = nearest(name, known)
            hint = f"did you mean {guess}{path.suffix}?" if guess else "take it out"
            errors.append(f"{path.name}: is not a file of a release; {hint}")
        elif name in found:
            errors.append(f"{path.name}: {found[name].name} is there too: take one of them out")
        elif path.exists() and not path.is_file() and not path.is_dir():
            # A pipe would keep a loader waiting for ever.
            errors.append(f"{path.name}: is not a file: put the records into one")
        else:
            found[name] = path
    if "release" not in found:
        errors.append(f"{folder}: holds no release.json: give a folder that build_fixtures wrote")
    return {name: found[name] for name in known if name in found}, errors


def records_in(path: Path, progress: Callable[[int], object]) -> Iterator[Found]:
    """Yield every record of a file, a JSON list or NDJSON by its ending.

    ``progress`` is told how many bytes have been read, piece by piece. Raises UnreadableError at
    the first place from where the file makes no sense.
    """
    try:
        with path.open("rb") as file:
            yield from (_lines if path.suffix == ".ndjson" else _listed)(file, progress)
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror}") from error


def _refuse_mark(start: bytes) -> None:
    if start.startswith(codecs.BOM_UTF8):
        raise UnreadableError("begins with a byte-order mark: save it as UTF-8 without one")


def _lines(file: BinaryIO, progress: Callable[[int], object]) -> Iterator[Found]:
    decoder = _Decoder()
    at, number = 0, 0
    while read := file.readline(MAX_RECORD + 1):
        number += 1
        if number == 1:
            _refuse_mark(read)
        if len(read) > MAX_RECORD:
            raise UnreadableError(f"line {number}: is longer than {MAX_RECORD} bytes")
        try:
            text = read.decode()
        except UnicodeDecodeError as error:
            raise UnreadableError(f"is not UTF-8 at byte {at + error.start}") from error
        at += len(read)
        progress(len(read))
        line = text.removesuffix("\n")
        value = decoder.decode_canonical(line)
        if value is not None:
            yield Found(f"line {number}", value, line=line)
            continue
        if not text.strip():
            continue
        try:
            value, end, errors = decoder.decode(text, _after_blanks(text, 0))
        except ValueError as error:
            raise UnreadableError(f"line {number}: is not JSON: {error}") from error
        if _after_blanks(text, end) != len(text):
            raise UnreadableError(f"line {number}: holds more than one record: write one a line")
        yield Found(f"line {number}", value, errors)


def _after_blanks(text: str, start: int) -> int:
    blank = BLANK.match(text, start)
    return blank.end() if blank else start


class _Text:
    """The text of a file as far as it has been read and not yet used."""

    def __init__(self, file: BinaryIO, progress: Callable[[int], object]) -> None:
        self._file = file
        self._progress = progress
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._read = 0
        self._lines = 1
        self.ended = False
        self.rest = ""

    def more(self) -> None:
        """Read on, the more the longer the rest is, so that a long record is not tried often."""
        chunk = self._file.read(max(CHUNK, len(self.rest)))
        if self._read == 0:
            _refuse_mark(chunk)
        kept = len(self._decoder.getstate()[0])
        self.ended = not chunk
        try:
            self.rest += self._decoder.decode(chunk, final=self.ended)
        except UnicodeDecodeError as error:
            place = self._read - kept + error.start
            raise UnreadableError(f"is not UTF-8 at byte {place}") from error
        self._read += len(chunk)
        self._progress(len(chunk))

    def line(self, at: int) -> int:
        """Return the number of the line of a place in the rest."""
        return self._lines + self.rest.count("\n", 0, at)

    def drop(self, end: int) -> None:
        """Forget the rest up to a place."""
        self._lines += self.rest.count("\n", 0, end)
        self.rest = self.rest[end:]

    def next_sign(self, start: int) -> int:
        """Return the place of the next character that is no blank; that may be the end."""
        place = _after_blanks(self.rest, start)
        while place == len(self.rest) and not self.ended:
            self.drop(place)
            self.more()
            place = _after_blanks(self.rest, 0)
        return place


def _listed(file: BinaryIO, progress: Callable[[int], object]) -> Iterator[Found]:
    text = _Text(file, progress)
    decoder = _Decoder()
    at = text.next_sign(0)
    if not text.rest.startswith("[", at):
        raise UnreadableError("is not a JSON list of records")
    at = text.next_sign(at + 1)
    ended = text.rest.startswith("]", at)
    number = 0
    while not ended:
        number += 1
        at, found = _record(text, decoder, at, number)
        yield found
        at = text.next_sign(at)
        ended = text.rest.startswith("]", at)
        if not ended and not text.rest.startswith(",", at):
            raise UnreadableError(
                f"line {text.line(at)}: the list breaks off after record {number}: expected , or ]"
            )
        if not ended:
            at = text.next_sign(at + 1)
    if text.next_sign(at + 1) != len(text.rest):
        raise UnreadableError(f"line {text.line(at)}: something follows the end of the list")


def _record(text: _Text, decoder: _Decoder, at: int, number: int) -> tuple[int, Found]:
    """Return the record that begins at a place of the text, and where it ends."""
    while True:
        try:
            value, end, errors = decoder.decode(text.rest, at)
        except ValueError as error:
            if text.ended or len(text.rest) - at > MAX_RECORD:
                raise UnreadableError(
                    f"record {number}, from line {text.line(at)}: is not JSON: "
                    f"{getattr(error, 'msg', error)}"
                ) from error
        else:
            if end < len(text.rest) or text.ended:
                return end, Found(f"record {number}", value, errors)
        text.drop(at)
        at = 0
        text.more()
