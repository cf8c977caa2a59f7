"""Checks that a text is the one passages were taken from, and attaches it to them."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from django.db import DEFAULT_DB_ALIAS, connection, transaction

from policy.models import Passage, PassageText, Release, Source
from policy.models.sources import SourceKind
from policy.release.files import printable
from policy.release.state import exclude_writers, known_digest, mark_release
from policy.signals import release_loaded
from policy.validation import Record

MAX_SHARE = 3
"""The quotes of a source may hold this part of its words: a third."""

MAX_OF_SENTENCE = 18
"""So many words of one sentence may stand in quotes."""


class TextError(Exception):
    """A text, or a phrase in it, that cannot be used; the message says what to do."""

    def __init__(self, message: str) -> None:
        """Take the message, which may name files and quote the text."""
        super().__init__(printable(message))


def read_text(path: Path) -> str:
    """Return a file's text, decoded from UTF-8, with its newlines unchanged.

    Raises TextError if it cannot be read or is not UTF-8.
    """
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise TextError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TextError(f"{path}: is not UTF-8 at byte {error.start}: save it as UTF-8") from error


def sha256(text: str) -> str:
    """Return the SHA-256 digest of a text's UTF-8 form, in lower-case hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def mismatches(source: Record, spans: list[Record], text: str) -> Iterator[str]:
    """Yield one line for each difference between a text and what was recorded of it.

    ``source`` is the record of the source, ``spans`` are those of its sentences and passages, in
    fixture format. Offsets count Unicode code points, the end exclusive.
    """
    fields = source["fields"]
    if len(text) != fields["code_points"]:
        yield f"{source['pk']}: has {len(text)} code points, not {fields['code_points']}"
    if sha256(text) != fields["sha256"]:
        yield f"{source['pk']}: its SHA-256 is {sha256(text)}, not {fields['sha256']}"
    for span in spans:
        fields = span["fields"]
        exact = text[fields["start"] : fields["end"]]
        kind = span["model"].partition(".")[2]
        if len(exact) != fields["end"] - fields["start"]:
            yield f"{kind} {span['pk']}: lies beyond the end of the text"
        elif sha256(exact) != fields["sha256"]:
            yield (
                f"{kind} {span['pk']}: the text from {fields['start']} to {fields['end']} differs; "
                f"its SHA-256 is {sha256(exact)}"
            )
        if fields.get("quote", "") not in exact:
            yield f"{kind} {span['pk']}: its quote does not stand in the span"


def entry_mismatches(passages: Iterable[Record], hashes: Mapping[str, str]) -> Iterator[str]:
    """Yield one line for each passage whose entry a register has no more, or has otherwise.

    ``hashes`` are those of the entries of a clone by their ids.
    """
    for passage in passages:
        fields = passage["fields"]
        found = hashes.get(fields["entry"])
        if found is None:
            yield f"passage {passage['pk']}: there is no entry {fields['entry']} in the register"
        elif found != fields["sha256"]:
            yield f"passage {passage['pk']}: what was used of the entry differs; it is {found} now"


def misquotations(statements: list[Record], spans: list[Record], text: str) -> Iterator[str]:
    """Yield one line for each quotation that is in no passage its statement cites."""
    located = {span["pk"]: span["fields"] for span in spans}
    for statement in statements:
        quotation = statement["fields"].get("quotation")
        cited = [located[key] for key in statement["fields"]["evidence"] if key in located]
        if quotation and not any(quotation in text[at["start"] : at["end"]] for at in cited):
            yield f"statement {statement['pk']}: its quotation stands in no passage it cites"


class Quoted(NamedTuple):
    """How much of a text the quotes of its passages repeat."""

    words: int
    """The number of words in the text."""
    starts: list[int]
    """Where each word begins that stands in a quote."""

    @property
    def summary(self) -> str:
        """The number of words quoted, and of those that may be."""
        return (
            f"{len(self.starts)} of {self.words} words; {self.words // MAX_SHARE} may stand there"
        )


def quoted(statements: list[Record], spans: list[Record], text: str) -> Quoted:
    """Return what the quotes of a source's passages together repeat.

    Each word counts once, whichever quotes hold it; those that an official said or wrote, which
    stand in quotations, do not count.
    """
    words = [found.span() for found in re.finditer(r"\S+", text)]

    def held(parts: Iterable[tuple[int, int]]) -> set[int]:
        return {start for at, to in parts for start, end in words if start < to and at < end}

    def places(span: Record, phrase: str) -> Iterator[tuple[int, int]]:
        at = text.find(phrase, span["fields"]["start"], span["fields"]["end"])
        if at >= 0:
            yield at, at + len(phrase)

    located = {span["pk"]: span for span in spans}
    quotes = ((span, span["fields"]["quote"]) for span in spans if "quote" in span["fields"])
    told = held(place for span, quote in quotes for place in places(span, quote))
    told -= held(
        place
        for statement in statements
        if statement["fields"].get("quotation")
        for key in statement["fields"]["evidence"]
        if key in located
        for place in places(located[key], statement["fields"]["quotation"])
    )
    return Quoted(len(words), sorted(told))


def overquoted(found: Quoted, spans: list[Record]) -> Iterator[str]:
    """Yield one line for each limit that the quotes of a source's passages together pass."""
    if len(found.starts) * MAX_SHARE > found.words:
        yield f"the quotes hold {found.summary}"
    for span in spans:
        fields = span["fields"]
        number = sum(fields["start"] <= start < fields["end"] for start in found.starts)
        if "quote" not in fields and number > MAX_OF_SENTENCE:
            yield (
                f"sentence {span['pk']}: the quotes hold {number} of its words: at most "
                f"{MAX_OF_SENTENCE} may stand there"
            )


def attach(source: str, text: str) -> int:
    """Store the exact text of every passage of a loaded source, and return their number.

    Raises TextError, and stores nothing, if the source is not loaded or this is not its text.
    """
    passages = list(Passage.objects.filter(source_id=source))
    if Source.objects.filter(pk=source, kind=SourceKind.REGISTER).exists():
        raise TextError(f"{source!r} is a register: its entries have no text to attach")
    if not passages:
        known = ", ".join(Source.objects.values_list("pk", flat=True)) or "none"
        raise TextError(f"{source!r} is not loaded or has no passages; loaded are: {known}")
    rows = [
        PassageText(passage=passage, text=text[passage.start : passage.end], sha256=passage.sha256)
        for passage in passages
    ]
    wrong = [row.passage_id for row in rows if sha256(row.text) != row.sha256]
    if wrong:
        raise TextError(f"not the text of {source}: {', '.join(wrong)} differ; nothing was stored")
    with transaction.atomic():
        exclude_writers(connection)
        loaded = known_digest(DEFAULT_DB_ALIAS)
        PassageText.objects.filter(passage__source_id=source).delete()
        PassageText.objects.bulk_create(rows)
        if loaded:
            mark_release(Release.objects.get().content_hash, DEFAULT_DB_ALIAS)
        release_loaded.send(PassageText, using=DEFAULT_DB_ALIAS)
    return len(rows)
