"""Codes: every code of every vocabulary as a record, derived when fixtures are built."""

from collections.abc import Iterator
from typing import Any

from policy import plover
from policy.annotations.reading import Entry
from policy.models import Code
from policy.vocabulary import Vocabulary, vocabularies

MODE = "mode"
"""The name of the vocabulary of modes, of which each event type has its own."""


def codes() -> Iterator[Entry]:
    """Yield a record for each code, and for each mode of each event type."""
    for name, vocabulary in vocabularies().items():
        for place, member in enumerate(vocabulary, 1):
            yield _entry(name, place, member.value, _told(member))
    for code in plover.CODEBOOK.values():
        for place, mode in enumerate(code.modes, 1):
            told = {
                "event_type": code.event_type.value,
                "label": mode.label,
                "definition": mode.definition,
                "quad": code.quad.value,
                "score": plover.score_of(code.event_type, mode.code),
                "source": plover.CITED,
            }
            yield _entry(MODE, place, mode.code, told)


def _told(member: Vocabulary) -> dict[str, Any]:
    told: dict[str, Any] = {"label": member.label, "definition": member.definition}
    if isinstance(member, plover.EventType):
        entry = plover.CODEBOOK[member]
        told |= {"quad": entry.quad.value, "score": entry.score}
    if type(member).__module__ == plover.__name__:
        told["source"] = plover.CITED
    return told


def _entry(vocabulary: str, place: int, code: str, told: dict[str, Any]) -> Entry:
    fields = {"vocabulary": vocabulary, "place": place, "code": code, **told}
    words = [vocabulary, told.get("event_type", ""), code]
    key = "-".join(filter(None, words)).replace("_", "-").lower()
    return Entry(Code, key, fields, f"code {key}")
