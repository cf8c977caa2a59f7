"""The documents: their links work, and the limits and files they mention exist."""

import re

import pytest

from api.keyset import MAX_ASKED, MAX_CURSOR
from api.listing import MAX_PAGE_SIZE
from api.parameters import MAX_ITEMS, MAX_QUERY, MAX_WORDS
from tests.conftest import ROOT

pytestmark = pytest.mark.once

DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("**/*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def anchors(text):
    """Return the anchors of the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(document):
    return LINK.findall(FENCE.sub("", document.read_text()))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document):
    for link in links(document):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target.read_text()), link


def test_every_document_is_linked_from_the_readme():
    linked = {(ROOT / link.partition("#")[0]).resolve() for link in links(ROOT / "README.md")}
    assert set(DOCUMENTS) - {ROOT / "README.md"} <= linked


def test_the_limits_told_are_those_that_hold():
    told = (ROOT / "docs" / "operations.md").read_text()
    for limit in (MAX_QUERY, MAX_ASKED, MAX_ITEMS, MAX_WORDS, MAX_PAGE_SIZE, MAX_CURSOR):
        assert re.search(rf"^\| .*\| {limit:,}\b", told, re.MULTILINE), limit


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_told_of_is_there(document):
    told = FENCE.sub("", document.read_text())
    for path in re.findall(r"`((?:api|policy|docs|deploy|bench|tests)/[\w./]*\w)`", told):
        assert (ROOT / path).exists(), path
