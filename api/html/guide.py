"""The guide: docs/guide.md as a page, and its chapters as data."""

import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from django.utils.html import escape
from django.utils.safestring import mark_safe
from markdown_it import MarkdownIt

from api.code_samples import LOCAL

# Read at once, so that a copy of the software without it does not start.
TEXT = (Path(__file__).resolve().parent.parent.parent / "docs" / "guide.md").read_text("utf-8")
SCROLLED = {
    "<pre>": '<pre tabindex="0">',
    "<table>": '<div class="scroll" tabindex="0" role="region" aria-label="Table">\n<table>',
    "</table>": "</table>\n</div>",
}
"""What may be wider than the page, and can be scrolled by keyboard."""


class Chapter(NamedTuple):
    """A chapter of the guide: what links to it, its title, and its text in Markdown."""

    anchor: str
    title: str
    text: str


def anchor_of(title: str) -> str:
    """Return the anchor of a heading, as code forges make it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@cache
def _rendered() -> str:
    """Return the HTML of the guide, in which each heading has an anchor."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(TEXT)
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", anchor_of(tokens[at + 1].content))
    html: str = markdown.renderer.render(tokens, markdown.options, {})
    for plain, scrolled in SCROLLED.items():
        html = html.replace(plain, scrolled)
    return html


def chapters(address: str) -> list[Chapter]:
    """Return the chapters, with this address of the instance in their examples."""
    _, *found = re.split("^## ", TEXT.replace(LOCAL, address), flags=re.MULTILINE)
    parts = [one.partition("\n") for one in found]
    return [Chapter(anchor_of(title), title, text.strip()) for title, _, text in parts]


def guide_page(address: str) -> dict[str, Any]:
    """Return what the page of the guide shows, with this address of the instance in it."""
    text = _rendered().replace(LOCAL, escape(address))
    return {
        "title": "Guide",
        "chapters": chapters(address),
        "text": mark_safe(text),  # noqa: S308  (our own file, rendered without its HTML)
    }
