"""The ledger of annotations: what is uncited, unused and unproved, and how much is quoted."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from policy.annotations.reading import Draft
from policy.evidence import MAX_OF_SENTENCE, MAX_SHARE
from policy.models import Passage, Sentence, Source, Statement
from policy.models.base import Fact
from policy.models.sources import SourceKind

UNCITED = "uncited_reason: no fact rests on it: cite it or say why not"
UNUSED = "is cited by no record: cite it or take it out"
UNPROVED = "evidence: a fact needs at least one passage"

SHOWN = 5
"""How many lines of an account are told unless all are asked for."""


class Account(NamedTuple):
    """One of the counts of the ledger, and what it counts."""

    summary: str
    lines: list[str]

    def told(self, *, whole: bool) -> Iterator[str]:
        """Yield the summary and what it counts, or the first of it."""
        yield self.summary
        shown = self.lines if whole else self.lines[:SHOWN]
        yield from (f"  {line}" for line in shown)
        if more := len(self.lines) - len(shown):
            yield f"  and {more} more, which --ledger lists"


def ledger(draft: Draft) -> list[Account]:
    """Return the accounts of annotations that have been read and checked."""
    uncited, unused, unproved = (
        sorted((error for error in draft.errors if error.endswith(message)), key=_in_order)
        for message in (UNCITED, UNUSED, UNPROVED)
    )
    sentences, passages = draft.of(Sentence), draft.of(Passage)
    excused = sum(bool(entry.fields.get("uncited_reason")) for entry in sentences)
    facts = sum(issubclass(entry.model, Fact) for entry in draft.entries.values())
    quotes = sorted(_quotes(draft), reverse=True)
    return [
        Account(
            f"uncited: {len(uncited)} of {len(sentences)} sentences have neither a fact nor a "
            f"reason; {excused} have a reason",
            uncited,
        ),
        Account(f"unused: {len(unused)} of {len(passages)} passages are cited by no fact", unused),
        Account(f"unproved: {len(unproved)} of {facts} facts cite nothing", unproved),
        Account(
            f"quoted: at most 1/{MAX_SHARE} of a source and {MAX_OF_SENTENCE} words of a sentence "
            "may be, which check_evidence counts exactly",
            [line for _, line in quotes],
        ),
    ]


def _in_order(line: str) -> list[str | int]:
    """Return the key that sorts p2s1 before p10s1."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", line)]


def told(draft: Draft, *, whole: bool) -> Iterator[str]:
    """Yield the lines of the ledger: all, or the first of each account."""
    for account in ledger(draft):
        yield from account.told(whole=whole)


def others(errors: list[str]) -> list[str]:
    """Return the errors that stand in no account of the ledger."""
    return [error for error in errors if not error.endswith((UNCITED, UNUSED, UNPROVED))]


def _quotes(draft: Draft) -> Iterator[tuple[float, str]]:
    """Yield for each source the share that is quoted of it, by letters, and a line that says so.

    Without the text the quotes that overlap in part are counted twice.
    """
    said: dict[str, str] = {}
    for statement in draft.of(Statement):
        for passage in statement.fields.get("evidence") or ():
            said[passage] = f"{said.get(passage, '')}\n{statement.fields.get('quotation') or ''}"
    quotes: dict[str, dict[str, set[str]]] = {}
    for entry in draft.of(Passage):
        quote = str(entry.fields.get("quote") or "")
        if "entry" not in entry.fields and quote not in said.get(entry.key, ""):
            of_source = quotes.setdefault(str(entry.fields.get("source")), {})
            of_source.setdefault(str(entry.fields.get("sentence")), set()).add(quote)
    for source in draft.of(Source):
        if source.fields.get("kind") == SourceKind.REGISTER:
            continue
        held = {
            sentence: [one for one in found if not any(one in other for other in found - {one})]
            for sentence, found in quotes.get(source.key, {}).items()
        }
        words = {
            sentence: sum(len(quote.split()) for quote in found) for sentence, found in held.items()
        }
        letters = sum(len(quote) for found in held.values() for quote in found)
        share = letters / (source.fields.get("code_points") or 1)
        most = max(words, key=lambda sentence: words[sentence], default=None)
        yield (
            share,
            (
                f"{source.key}: quotes of {sum(words.values())} words, {share:.0%} of its letters"
                + (f"; {words[most]} words of {most}" if most else "")
            ),
        )
