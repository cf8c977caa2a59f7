"""How to cite a release: in words, as BibTeX, as CITATION.cff, and as a Dataset of schema.org."""

import json
from datetime import datetime
from typing import Any, NamedTuple

from policy.models import Release

AUTHOR = "The Demarche maintainers"
KEYWORDS = ("foreign policy", "bilateral relations", "events", "PLOVER", "statements", "evidence")


class Citation(NamedTuple):
    """A citation in words, and the same as an entry of BibTeX."""

    text: str
    bibtex: str


def citation(release: Release, address: str | None = None) -> Citation:
    """Return how to cite a release; ``address`` is that of the instance it was got from.

    A release without a content hash is that of tables which were modified, and is said to be.
    """
    digest = release.content_hash
    state = f"SHA-256 {digest}" if digest else "modified"
    found = f" {address}" if address else ""
    year = f"{_moment(release):%Y}"
    text = f"{AUTHOR} ({year}). {release.title}. Version {release.version} ({state}).{found}"
    fields = {
        "author": f"{{{AUTHOR}}}",
        "title": f"{{{_escaped(release.title)}}}",
        "year": year,
        "version": release.version,
        "note": f"Version {release.version}, {state}",
        **({"url": address} if address else {}),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return Citation(
        text, "\n".join([f"@misc{{{release.pk}-{release.version},", *lines, "}"]) + "\n"
    )


def citation_file(release: Release) -> str:
    """Return the text of CITATION.cff (Citation File Format 1.2.0), which is YAML."""
    identifier = {
        "type": "other",
        "value": f"sha256:{release.content_hash}",
        "description": "SHA-256 over every record of the release in canonical JSON.",
    }
    content = {
        "cff-version": "1.2.0",
        "message": "Cite the version you used; its content hash says which records it held.",
        "type": "dataset",
        "title": release.title,
        "authors": [{"name": AUTHOR}],
        "version": release.version,
        "date-released": f"{_moment(release):%Y-%m-%d}",
        "license": release.licence,
        "keywords": list(KEYWORDS),
        "identifiers": [identifier],
    }
    # JSON is YAML: whatever stands in a title, it is quoted rightly.
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in content.items()]
    return "\n".join(lines) + "\n"


def dataset(release: Release, address: str, downloads: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a release as a Dataset of schema.org, without its context.

    ``address`` is that of the instance; each download has ``contentUrl`` and ``encodingFormat``.
    """
    return {
        "@type": "Dataset",
        "@id": address,
        "url": address,
        "name": release.title,
        "description": "Foreign-policy facts, each traced to the sentence it rests on: bilateral "
        "issues, statements, events, trips, officials and countries, and what the sources leave "
        "open.",
        "version": release.version,
        "datePublished": f"{_moment(release):%Y-%m-%d}",
        "license": f"https://spdx.org/licenses/{release.licence}",
        "creator": {"@type": "Organization", "name": AUTHOR},
        "keywords": list(KEYWORDS),
        "isAccessibleForFree": True,
        "identifier": f"sha256:{release.content_hash}" if release.content_hash else None,
        "citation": citation(release, address).text,
        "distribution": [{"@type": "DataDownload", **download} for download in downloads],
    }


def _moment(release: Release) -> datetime:
    """Return when a release was released; a record that comes from a file has it as a text."""
    moment: Any = release.released
    return moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)


def _escaped(text: str) -> str:
    """Return a text with the signs escaped that mean something else in BibTeX."""
    return "".join(f"\\{sign}" if sign in "&%$#_{}" else sign for sign in text)
