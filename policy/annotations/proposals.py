"""Proposes phrases of a text that facts may rest on: names, numbers, dates, quotations."""

import re
from collections.abc import Iterator
from itertools import chain, groupby
from pathlib import Path
from typing import NamedTuple

from policy.annotations.locating import occurrences, toml_text
from policy.annotations.reading import (
    FILES,
    Draft,
    Entry,
    InvalidAnnotationsError,
    read_sections,
    read_source,
)
from policy.annotations.reference import SECTIONS, complete_countries
from policy.models import Country
from policy.search.words import fold
from policy.validation import Record, fields_of

ENGLISH = "January February March April May June July August September October November December"
SPANISH = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
MONTH = f"(?:{'|'.join([*ENGLISH.split(), *SPANISH.split(), *SPANISH.title().split()])})"
DATE = re.compile(
    rf"\b(?:\d{{4}}-\d\d-\d\d|(?:\d{{1,2}}(?:st|nd|rd|th)?\s+(?:(?:de|of)\s+)?)?{MONTH}"
    r"(?:\s+\d{1,2}(?:st|nd|rd|th)?(?!\d))?(?:,?\s+(?:del?\s+|of\s+)?\d{4})?|(?:1[89]|20)\d\d)\b"
)
"""A day, a month or a year as English and Spanish write them."""

NUMBER = re.compile(
    r"\d+(?:[.,\u00a0\u202f]\d+)*"
    r"(?:\s*%|\s+(?:per cent|percent|por ciento|(?:thousand|million|billion|mil|millones)\b))?"
)
QUOTATION = re.compile(r"“([^”]+)”|«([^»]+)»|\"([^\"]+)\"")
WORD = re.compile(r"(?:\w|[\u0300-\u036f])+")


class Proposal(NamedTuple):
    """A span of a text, and what there may be to code in it."""

    start: int
    end: int
    what: str


class Names:
    """The names of all records that have some, to be found in a text as searches find them."""

    def __init__(self, entries: list[Entry]) -> None:
        """Take entries whose fields may be a name, other names and aliases."""
        self.known: dict[tuple[str, ...], dict[str, str]] = {}
        tables = {
            kind.model: kind.table for kind in FILES.values() if "aliases" in fields_of(kind.model)
        }
        for entry in entries:
            fields = entry.fields
            # What one source calls somebody without a name is no name in another.
            if entry.model not in tables or not fields.get("name"):
                continue
            more = (fields.get(column) or [] for column in ("other_names", "aliases"))
            for name in filter(None, (fields["name"], fields.get("acronym"), *chain(*more))):
                words = tuple(fold(name))
                self.known.setdefault(words, {})[f"{tables[entry.model]} {entry.key}"] = name
        self.longest = max(map(len, self.known), default=0)

    def within(self, text: str, start: int, end: int) -> Iterator[Proposal]:
        """Yield the names in a stretch of a text, the longest where several begin together."""
        words = [
            (word, found.span())
            for found in WORD.finditer(text, start, end)
            for word in fold(found[0])
        ]
        at = 0
        while at < len(words):
            for length in range(min(self.longest, len(words) - at), 0, -1):
                run = words[at : at + length]
                first, last = run[0][1][0], run[-1][1][1]
                # A word in lower case is no proper name: us is not US, nor turkey Turkey.
                records = {
                    record: name
                    for record, name in self.known.get(tuple(w for w, _ in run), {}).items()
                    if not (name[0].isupper() and text[first].islower())
                }
                if records:
                    dotted = any(name.endswith(".") for name in records.values())
                    last += dotted and text.startswith(".", last, end)
                    yield Proposal(first, last, " or ".join(records))
                    at += length - 1
                    break
            at += 1


def known_names(folder: Path) -> Names:
    """Return the names that the annotations in a folder and its reference data know.

    Raises InvalidAnnotationsError if they cannot be read.
    """
    draft = Draft()
    for source in sorted((folder / "sources").glob("*/")):
        read_source(source, draft)
    reference = folder / "reference.toml"
    for key in read_sections(reference, SECTIONS, draft)["countries"]:
        draft.entries.setdefault((Country, key), Entry(Country, key, {}, f"{reference}: {key}"))
    complete_countries(reference, draft)
    if draft.errors:
        raise InvalidAnnotationsError(draft.errors)
    return Names(list(draft.entries.values()))


def propose(sentences: list[Record], text: str, names: Names) -> Iterator[list[Proposal]]:
    """Yield what is proposed in each sentence, in the order of the text."""
    fields = [sentence["fields"] for sentence in sentences]
    quotations = [
        found.span(found.lastindex or 0)
        for _, group in groupby(fields, lambda sentence: sentence["paragraph"])
        for paragraph in [list(group)]
        for found in QUOTATION.finditer(text, paragraph[0]["start"], paragraph[-1]["end"])
    ]
    for sentence in fields:
        start, end = sentence["start"], sentence["end"]
        dates = [Proposal(*found.span(), "date") for found in DATE.finditer(text, start, end)]
        found = [
            *names.within(text, start, end),
            *dates,
            *(
                Proposal(*number.span(), "number")
                for number in NUMBER.finditer(text, start, end)
                if not any(date.start <= number.start() < date.end for date in dates)
            ),
            *(
                Proposal(max(first, start), min(last, end), "quotation")
                for first, last in quotations
                if first < end and start < last
            ),
        ]
        yield sorted(found)


def draft(source: str, sentences: list[Record], text: str, names: Names) -> Iterator[str]:
    """Yield the lines of a file in TOML, in which the phrases of each sentence are commented.

    ``locate --file`` finds those from which the mark of a comment is taken.
    """
    ordered = sorted(sentences, key=lambda sentence: sentence["fields"]["start"])
    for sentence, proposals in zip(ordered, propose(ordered, text, names), strict=True):
        start, end = sentence["fields"]["start"], sentence["fields"]["end"]
        yield f"{sentence['pk'].removeprefix(f'{source}-')} = [  # {start} to {end}"
        for proposal in proposals:
            words = " ".join(text[proposal.start : proposal.end].split())
            phrase = toml_text(words)
            found = occurrences(words, text, start, end)
            if len(found) > 1:
                nth = found.index((proposal.start, proposal.end)) + 1
                phrase = f"{{phrase = {phrase}, nth = {nth}}}"
            yield f"  # {phrase},  # {proposal.what}"
        yield "]"
