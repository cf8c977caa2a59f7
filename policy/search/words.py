"""Words: how a text is folded so that both engines match it alike, and cut to a snippet."""

import unicodedata
from collections.abc import Iterable

SNIPPET = 160
"""Greatest length of a snippet, in code points, without the marks of what was cut."""

ASCII_GAPS = {code: " " for code in range(128) if not chr(code).isalnum()}
"""What separates words in a text of ASCII only, which has no accents to remove."""


def fold(text: str) -> list[str]:
    """Return the words of a text without case and accents, in order.

    Both engines index words that were folded here, so that neither's own rules matter.
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
    """Tell whether a letter only controls how its neighbours are drawn, as a soft hyphen does."""
    if letter == "\u200b":  # a space, if a narrow one
        return False
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
