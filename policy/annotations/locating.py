"""Locates phrases in a text, and writes the passages that make them citable."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from policy.annotations.reading import InvalidAnnotationsError
from policy.evidence import TextError, sha256
from policy.models.sources import MAX_QUOTE_WORDS, Passage
from policy.validation import Record
from policy.vocabulary import suggestion

PLACES = 10
"""How many places of a phrase are told; of more only the number is."""

SHORT = 6
"""The words quoted of a phrase that is too long to be quoted as a whole."""


class Located(NamedTuple):
    """A phrase within a sentence of a source, named as the source's annotations do."""

    sentence: str
    start: int
    end: int
    quote: str
    sha256: str

    @property
    def key(self) -> str:
        """The name that facts cite the passage by."""
        return f"{self.sentence}-{self.start}-{self.end}"

    @property
    def toml(self) -> str:
        """The annotation of the passage."""
        return (
            f'[[passage]]\nsentence = "{self.sentence}"\nstart = {self.start}\nend = {self.end}\n'
            f'quote = {toml_text(self.quote)}\nsha256 = "{self.sha256}"\n'
        )


class Phrase(NamedTuple):
    """Words to look for, and where: in which sentence, and which of several occurrences."""

    words: str
    sentence: str | None = None
    nth: int | None = None


def toml_text(text: str) -> str:
    """Return a text as a string of TOML."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(one if one.isprintable() else f"\\U{ord(one):08x}" for one in quoted)


def occurrences(words: str, text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return where words stand in a stretch of a text; white space in them matches any."""
    pattern = r"\s+".join(map(re.escape, words.split()))
    return [found.span(1) for found in re.compile(f"(?=({pattern}))").finditer(text, start, end)]


class Locator:
    """Finds phrases in the text of a source whose sentences are known."""

    def __init__(self, source: str, sentences: list[Record], text: str) -> None:
        """Take the key of the source, the records of its sentences, and its whole text."""
        self.text = text
        self.sentences = {
            record["pk"].removeprefix(f"{source}-"): (
                record["fields"]["start"],
                record["fields"]["end"],
            )
            for record in sentences
        }

    def locate(self, phrase: Phrase) -> Located:
        """Return where a phrase stands.

        White space in it matches any, so that a phrase may run over the end of a line. Raises
        TextError if it occurs nowhere, more than once, or not within a sentence.
        """
        words, sentence, nth = phrase
        if not words.strip():
            raise TextError("the phrase is empty: give the words to look for")
        if sentence is not None and sentence not in self.sentences:
            hint = suggestion(sentence, list(self.sentences)[:PLACES])
            raise TextError(f"{sentence!r} is no sentence of the source; {hint}")
        within = self.sentences[sentence] if sentence else (0, len(self.text))
        spans = occurrences(words, self.text, *within)
        if not spans:
            raise TextError(self._missing(words, sentence, within))
        if nth is not None and not 1 <= nth <= len(spans):
            raise TextError(f"{words!r} stands {len(spans)} times: --nth is from 1 to that")
        if len(spans) > 1 and nth is None:
            places = ", ".join(self._place(start) for start, _ in spans[:PLACES])
            more = f" and {len(spans) - PLACES} more places" if len(spans) > PLACES else ""
            raise TextError(
                f"{words!r} stands {len(spans)} times, at {places}{more}: give more words, "
                "--sentence or --nth"
            )
        return self._passage(words, *spans[(nth or 1) - 1])

    def _passage(self, words: str, start: int, end: int) -> Located:
        for sentence, (first, last) in self.sentences.items():
            if first <= start and end <= last:
                exact = self.text[start:end]
                return Located(sentence, start, end, short(exact), sha256(exact))
        if any(first < end and start < last for first, last in self.sentences.values()):
            raise TextError(f"{words!r} is not within one sentence: a passage never crosses any")
        raise TextError(f"{words!r} stands at {start}, where no sentence is: add it to them")

    def _missing(self, words: str, sentence: str | None, within: tuple[int, int]) -> str:
        """Return that a phrase stands nowhere, and the words most like it."""
        where = f"in {sentence}" if sentence else "in the text"
        pieces = list(re.finditer(r"\S+", self.text[slice(*within)]))
        length = len(words.split())
        runs: dict[str, tuple[int, str]] = {}
        for first, last in zip(pieces, pieces[length - 1 :], strict=False):
            run = self.text[within[0] + first.start() : within[0] + last.end()]
            runs.setdefault(_plain(run), (within[0] + first.start(), run))
        told = f"{words!r} does not stand {where}; case and punctuation count"
        for plain in get_close_matches(_plain(words), runs, n=1):
            at, run = runs[plain]
            return f"{told}; the nearest is {run!r} at {self._place(at)}"
        return told

    def _place(self, at: int) -> str:
        for sentence, (start, end) in self.sentences.items():
            if start <= at < end:
                return f"{at} ({sentence})"
        return str(at)


def _plain(text: str) -> str:
    """Return a text without case, and with the quotation marks that people type."""
    return " ".join(text.casefold().translate(str.maketrans("‘’“”", "''\"\"")).split())


def short(exact: str) -> str:
    """Return what is quoted of a span: all of it if it is short, else how it begins."""
    quote = max(exact.splitlines(), key=len).strip()
    words = quote.split()
    if len(words) > MAX_QUOTE_WORDS:
        found = re.match(rf"(?:\S+\s+){{{SHORT - 1}}}\S+", quote)
        quote = found[0] if found else quote
    return quote[: Passage._meta.get_field("quote").max_length].strip()


def read_phrases(text: str) -> Iterator[Phrase]:
    """Yield the phrases in a text of TOML: by the key of each sentence a list of them.

    A phrase is a text, or a table of ``phrase`` and ``nth`` where it stands there more than once.
    Raises TextError where the text has another form.
    """
    try:
        listed = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TextError(f"the phrases are not TOML: {error}") from error
    for sentence, phrases in listed.items():
        for phrase in phrases if isinstance(phrases, list) else [phrases]:
            table = {"phrase": phrase} if isinstance(phrase, str) else phrase
            match table:
                case {"phrase": str(words), "nth": int(nth), **rest} if not rest:
                    yield Phrase(words, sentence, nth)
                case {"phrase": str(words), **rest} if not rest:
                    yield Phrase(words, sentence)
                case _:
                    form = 'p1s1 = ["a phrase", {phrase = "another", nth = 2}]'
                    raise TextError(f"{sentence}: {phrase!r} is no phrase; write {form}")


def locate_all(locator: Locator, phrases: Iterable[Phrase]) -> list[Located]:
    """Return where all phrases stand, each span once; InvalidAnnotationsError with all errors."""
    found: dict[str, Located] = {}
    errors = []
    for phrase in phrases:
        try:
            located = locator.locate(phrase)
            found.setdefault(located.key, located)
        except TextError as error:
            errors.append(str(error))
    if errors:
        raise InvalidAnnotationsError(errors)
    return list(found.values())


def append(path: Path, passages: list[Located]) -> None:
    """Add passages to the end of a file, which is created if need be; TextError if it cannot be."""
    try:
        before = path.read_bytes() if path.exists() else b"# The spans that facts cite.\n"
        added = "".join(f"\n{passage.toml}" for passage in passages)
        path.write_bytes(before + b"\n" * (not before.endswith(b"\n")) + added.encode())
    except OSError as error:
        raise TextError(f"{path}: cannot be written: {error.strerror}") from error
