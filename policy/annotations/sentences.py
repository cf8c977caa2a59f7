"""Begins the annotations of a source: its text is split into paragraphs and sentences."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError

from policy.evidence import TextError, sha256
from policy.models import Source

SURE = 0.8
"""The least probability of a detected language."""

BLANK_LINE = re.compile(r"(?>\r\n?|\n)[^\S\n\r]*[\n\r]\s*")
LINE = re.compile(r"[\n\r]\s*")
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
SPACE = re.compile(r"\s")
EDGES = re.compile(r"[\s\ufeff]*(.*?)[\s\ufeff]*", re.DOTALL)
"""What surrounds a sentence and is no part of it: white space and the byte order mark."""


class Span(NamedTuple):
    """A numbered sentence of a text, from its first code point to just after the last."""

    paragraph: int
    number: int
    start: int
    end: int

    @property
    def key(self) -> str:
        """The name by which the annotations of the source cite the sentence."""
        return f"p{self.paragraph}s{self.number}"


def library(name: str) -> Any:
    """Import a library that only the work on annotations needs; TextError if it is missing."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise TextError(
            f"{name.partition('.')[0]} is not installed, as no server needs it: install "
            "requirements-dev.lock, which make test does"
        ) from error


def detected_language(text: str) -> str:
    """Return the code of the language a text is most likely in; TextError if that is uncertain."""
    langid = library("py3langid.langid")
    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    language, probability = identifier.classify(text)
    if probability < SURE:
        raise TextError(f"the language is uncertain, {language} at best: give it with --language")
    return str(language)


def split(text: str, language: str) -> list[Span]:
    """Return the sentences of a text; blank lines part its paragraphs, or lines if it has none."""
    spans: list[Span] = []
    paragraph = 0
    for start, end in _paragraphs(text):
        found = list(_sentences(text, start, end, language))
        paragraph += bool(found)
        spans += [Span(paragraph, number, *span) for number, span in enumerate(found, 1)]
    return spans


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    first, last = _trimmed(text, 0, len(text))
    break_ = BLANK_LINE if BLANK_LINE.search(text, first, last) else LINE
    for found in break_.finditer(text, first, last):
        yield first, found.start()
        first = found.end()
    yield first, last


def _sentences(text: str, start: int, end: int, language: str) -> Iterator[tuple[int, int]]:
    # Sentencex fails at some spaces wider than a byte; each is one code point before and after.
    plain = SPACE.sub(" ", text[start:end])
    begun = None
    for piece in library("sentencex").segment(language, plain):
        first, last = _trimmed(text, start, start + len(piece))
        start += len(piece)
        exact = text[first:last]
        says = any(map(str.isalnum, exact))
        if begun and exact and (exact[0].islower() or not says):
            begun = begun[0], last
        elif says:
            if begun:
                yield begun
            begun = first, last
    if begun:
        yield begun


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    found = EDGES.fullmatch(text, start, end)
    return found.span(1) if found else (start, end)


def begin_source(folder: Path, text: str, language: str | None = None) -> list[Span]:
    """Write the first two files of a source into a folder that must be new.

    The folder's name is the source's key. Returns the sentences; raises TextError, and writes
    nothing, if the key, the folder or the text cannot be used.
    """
    try:
        Source._meta.pk.run_validators(folder.name)
    except ValidationError as error:
        raise TextError(f"{folder.name}: {error.messages[0]}") from error
    if "\0" in text:
        raise TextError(f"the text has NUL at {text.index(chr(0))}: save it as UTF-8, not UTF-16")
    language = language or detected_language(text)
    if not LANGUAGE.fullmatch(language):
        raise TextError(f"{language!r} is no language: give a BCP 47 tag such as en or es-MX")
    spans = split(text, language)
    if not spans:
        raise TextError("the text has no words: check that it is the right file")
    tables = [
        f"[[sentence]]\nparagraph = {span.paragraph}\nnumber = {span.number}\n"
        f"start = {span.start}\nend = {span.end}\n"
        f'sha256 = "{sha256(text[span.start : span.end])}"\n'
        for span in spans
    ]
    try:
        folder.mkdir(parents=True)
        (folder / "source.toml").write_text(
            "# Add title, author, publisher, published_text and its days, and url, if known,\n"
            f'# and a note on what a reader must know.\n\n[source]\nid = "{folder.name}"\n'
            f'language = "{language}"\nsha256 = "{sha256(text)}"\ncode_points = {len(text)}\n'
        )
        (folder / "sentences.toml").write_text(
            "# The sentences of the source: offsets in Unicode code points, end exclusive.\n\n"
            + "\n".join(tables)
        )
    except FileExistsError as error:
        raise TextError(f"{folder}: is there already: take another key, or remove it") from error
    except OSError as error:
        raise TextError(f"{folder}: cannot be written: {error.strerror}") from error
    return spans
