"""Search: what text of a record is found, and the words that both engines match alike."""

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import models
from django.db.models import Case, When

from policy.annotations.reading import Draft, Entry
from policy.models import SearchEntry
from policy.models.registry import RecordKind, served_as
from policy.validation import fields_of

SNIPPET = 160
"""Greatest length of a snippet, in code points, without the marks of what was cut."""

CODES = {"sha256", "language", "numeric", "region", "subregion"}
"""Text fields that hold codes nobody looks for in words."""

TITLES = ("title", "label", "name", "summary", "question", "quote", "id")
"""The fields that can name a record in a list, the best first."""


ASCII_GAPS = {code: " " for code in range(128) if not chr(code).isalnum()}
"""What separates words in a text of ASCII only, which needs no look at accents."""


def fold(text: str) -> list[str]:
    """Return the words of a text without case and accents, in order.

    Both engines are given words that were folded here, so that neither's own rules matter.
    """
    if text.isascii():
        return text.lower().translate(ASCII_GAPS).split()
    bare = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(letter) and not _unseen(letter)
    )
    parts = "".join(letter if _within_word(letter) else " " for letter in bare.casefold()).split()
    return [part for part in parts if any(letter.isalnum() for letter in part)]


def _unseen(letter: str) -> bool:
    """Tell what only says how its neighbours are drawn or joined, such as a soft hyphen."""
    if letter == "\u200b":  # a space, if a narrow one
        return False
    return unicodedata.category(letter) in ("Cf", "Me") or "\ufe00" <= letter <= "\ufe0f"


def _within_word(letter: str) -> bool:
    """Tell what words are made of; the vowel signs of many scripts are marks and not accents."""
    return letter.isalnum() or unicodedata.category(letter) in ("Mn", "Mc")


def search_entries(draft: Draft) -> Iterator[Entry]:
    """Yield one entry per record that search finds, in the order of their keys."""
    texts: dict[tuple[RecordKind, str], list[str]] = {}
    titles: dict[tuple[RecordKind, str], str] = {}
    for (model, key), entry in draft.entries.items():
        served = served_as(model)
        if not served:
            continue
        kind, path = served
        owner = kind, key if path == "pk" else str(entry.fields[path])
        if path == "pk":
            title = next(filter(None, (entry.fields.get(name) for name in TITLES)), key)
            titles[owner] = str(title)[:300]
        texts.setdefault(owner, []).extend(_prose(entry))
    for (kind, key), title in sorted(titles.items()):
        text = "\n".join(dict.fromkeys(texts[kind, key]))
        fields = {
            "kind": kind.value,
            "record": key,
            "title": title,
            "text": text,
            "title_words": f" {' '.join(fold(title))} ",
            "words": " ".join(sorted({*fold(text), *fold(key)})),
        }
        yield Entry(SearchEntry, entry_key(kind, key), fields, f"search {kind} {key}")


def entry_key(kind: RecordKind, key: str) -> str:
    """Return the key of the entry of a record."""
    return f"{kind}-{key.lower()}"


def record_key(kind: RecordKind, entry: str) -> str:
    """Return the key of the record of an entry; only those of countries are in capitals."""
    key = entry.removeprefix(f"{kind}-")
    return key.upper() if kind == RecordKind.COUNTRY else key


def _prose(entry: Entry) -> Iterator[str]:
    """Yield the texts of a record that say something, its codes and hashes left out."""
    for name, field in fields_of(entry.model).items():
        value = entry.fields.get(name)
        if isinstance(field, models.JSONField) and isinstance(value, list):
            yield from (item for item in value if isinstance(item, str))
        elif (
            isinstance(value, str)
            and isinstance(field, models.CharField | models.TextField)
            and not field.choices
            and name not in CODES
        ):
            yield value


def rank_of(words: Iterable[str]) -> "models.ExpressionWrapper[Any]":
    """Return the expression that is 1 for an entry whose title holds all these words, else 0."""
    titled = models.Q()
    for word in words:
        wanted = f" {word.removesuffix('*')}" + ("" if word.endswith("*") else " ")
        titled &= models.Q(title_words__contains=wanted)
    rank = Case(When(titled, then=1), default=0)
    return models.ExpressionWrapper(rank, models.IntegerField())


def snippet(text: str, words: Iterable[str]) -> str:
    """Return the stretch of a text around the first of these words, cut between words."""
    wanted = [(word.removesuffix("*"), word.endswith("*")) for word in words]
    pieces = text.split()
    found = 0
    for at, piece in enumerate(pieces):
        if any(
            folded == word or (prefix and folded.startswith(word))
            for folded in fold(piece)
            for word, prefix in wanted
        ):
            found = at
            break
    first = last = found
    length = len(pieces[found]) if pieces else 0
    while length < SNIPPET and (first > 0 or last < len(pieces) - 1):
        for at, moved in ((last + 1, "last"), (first - 1, "first")):
            if 0 <= at < len(pieces):
                length += len(pieces[at]) + 1
                first, last = (at, last) if moved == "first" else (first, at)
    shown = " ".join(pieces[first : last + 1])
    return f"{'… ' if first > 0 else ''}{shown}{' …' if last < len(pieces) - 1 else ''}"


def matching(words: list[str]) -> models.QuerySet[Any]:
    """Return the entries that hold all these words, each with its rank."""
    return SearchEntry.objects.filter(words__match=words).annotate(rank=rank_of(words))
