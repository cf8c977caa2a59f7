"""What all pages share: the layout around them, and addresses made from that of the request."""

import json
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import get_language_info

from api.addresses import absolute, local

UNPAGED = ("cursor", "page_size", "facets", "format")
"""The parameters of a list that do not narrow it."""
SPELLED = {"sha256": "SHA-256", "url": "URL", "cow": "COW", "alpha2": "alpha-2"}
"""Words of names that are not written as the name has them."""


def in_sentence(name: str) -> str:
    """Return the name of a key as it stands within a sentence."""
    words = name.replace("_", " ").replace("-", " ").split()
    return " ".join(SPELLED.get(word, word) for word in words)


def in_words(name: str) -> str:
    """Return the name of a key, a list or a code as a heading has it."""
    words = in_sentence(name)
    return words[:1].upper() + words[1:]


def language(tag: str) -> str:
    """Return what a language is called, with the tag where that says more; else the tag alone."""
    try:
        known = get_language_info(tag.lower())
    except KeyError:
        return tag
    name = str(known["name"])
    return name if known["code"] == tag.lower() else f"{name} ({tag})"


def number(value: float | str) -> str:
    """Return a number with a minus in place of the hyphen."""
    return str(value).replace("-", "−")


def signed(score: float | None) -> str:
    """Return a score with its sign, to a tenth; empty without one."""
    return "" if score is None else number(f"{score:+.1f}")


def data_block(content: Any) -> str:
    """Return JSON that may stand in a script element, which no sign in it can end."""
    text = json.dumps(content, ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return mark_safe(text)  # noqa: S308  (the signs that HTML reads are escaped)


def pairs_of(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the names and texts of the query, which may be malformed."""
    query = request.META.get("QUERY_STRING", "")
    return parse_qsl(query, keep_blank_values=True, errors="replace")


def asking(request: HttpRequest, drop: Collection[str] = (), **added: Any) -> str:
    """Return the address of the request with parameters left out, and added in their place."""
    gone = {*drop, *added}
    pairs = [pair for pair in pairs_of(request) if pair[0] not in gone]
    query = urlencode([*pairs, *added.items()], safe=",*")
    return f"{local(quote(request.path_info))}?{query}".removesuffix("?")


def render_page(request: HttpRequest, template: str, context: dict[str, Any]) -> str:
    """Return the HTML of a page; ``context`` is what its template shows."""
    plain = asking(request, ("format",)).removeprefix(local(""))
    shared = {
        "home": local("/"),
        "guide": local("/guide"),
        "docs": local("/docs"),
        "search": local("/api/v1/search"),
        "json": asking(request, format="json"),
        "curl": absolute(request, plain),
    }
    return render_to_string(f"api/{template}.html", {**shared, **context})
