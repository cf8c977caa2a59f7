"""Words: how a text is folded so that both engines match it alike, and cut to a snippet."""

import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache

SNIPPET = 160
"""Greatest length of a snippet, in code points, without the marks of what was cut."""

TYPED = {"æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ŋ": "n", "ə": "a", "ı": "i", "ȷ": "j"}
"""What people type for letters that are no other letter with a mark."""

ASCII_GAPS = {code: " " for code in range(128) if not chr(code).isalnum()}
"""What separates words in a text of ASCII only, which has no accents to remove."""


def fold(text: str) -> list[str]:
    """Return the words of a text without case and accents, in order: lodz for Łódź.

    Both engines index words that were folded here, so that neither's own rules matter.
    """
    if text.isascii():
        return text.lower().translate(ASCII_GAPS).split()
    bare = "".join(
        _typed(letter)
        for letter in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(letter) and not _unseen(letter)
    )
    parts = "".join(letter if _within_word(letter) else " " for letter in bare.casefold()).split()
    return [part for part in parts if any(letter.isalnum() for letter in part)]


@lru_cache(4096)
def _typed(letter: str) -> str:
    """Return what people type for a letter that Unicode does not decompose, such as o for ø.

    Its name tells: LATIN SMALL LETTER O WITH STROKE.
    """
    base, _, mark = unicodedata.name(letter, "").partition(" WITH ")
    if mark and " LETTER " in base:
        with suppress(KeyError):
            letter = unicodedata.normalize("NFKD", unicodedata.lookup(base))[0]
    return TYPED.get(letter.casefold(), letter)


def _unseen(letter: str) -> bool:
    """Return whether a letter only controls how its neighbours are drawn, or nobody types it.

    A soft hyphen is of the first kind; of the second are the primes and half rings that stand for
    sounds in transliterations, and the tatweel.
    """
    if letter == "\u200b":  # a space, if a narrow one
        return False
    if "\u02b9" <= letter <= "\u02c1" or letter == "\u0640":
        return True
    return unicodedata.category(letter) in ("Cf", "Me") or "\ufe00" <= letter <= "\ufe0f"


def _within_word(letter: str) -> bool:
    """Tell whether words contain this; the vowel signs of many scripts are marks, not accents."""
    return letter.isalnum() or unicodedata.category(letter) in ("Mn", "Mc")


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
