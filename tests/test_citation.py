"""How to cite a release, in each of its forms."""

import json
import re

import pytest
import yaml

from policy.citation import AUTHOR, citation, citation_file
from policy.models import Release

pytestmark = pytest.mark.django_db


def test_the_release_says_how_to_cite_it(client):
    release = Release.objects.get()
    told = client.get("/api/v1/release").json()["citation"]
    for form in told.values():
        for part in (AUTHOR, release.version, release.content_hash, "http://testserver/"):
            assert part in form
    entry = re.fullmatch(r"@misc\{[\w.-]+,\n((?:  \w+ = \{.*\},\n)+)\}\n", told["bibtex"])
    assert entry, told["bibtex"]
    assert told["bibtex"].count("{") == told["bibtex"].count("}")


def test_what_was_modified_is_cited_as_modified():
    release = Release(
        pk="x", version="1.2.3", title="50 % of {it} & more", released="2026-01-02T00:00:00Z"
    )
    found = citation(release)
    assert "1.2.3 (modified)" in found.text
    assert r"50 \% of \{it\} \& more" in found.bibtex


def test_a_citation_file_is_yaml_of_its_format():
    release = Release(
        pk="x", version="1.2.3", title='A "title": yes', licence="CC-BY-4.0",
        released="2026-01-02T00:00:00Z", content_hash="0" * 64,
    )  # fmt: skip
    found = yaml.safe_load(citation_file(release))
    assert found["title"] == 'A "title": yes'
    assert (found["version"], found["type"], found["license"]) == ("1.2.3", "dataset", "CC-BY-4.0")
    assert found["date-released"] == "2026-01-02"


def test_the_front_page_is_a_dataset_of_schema_org(client):
    found = client.get("/?format=jsonld")
    assert found["Content-Type"] == "application/ld+json"
    described = json.loads(found.content)
    assert (described["@context"], described["@type"]) == ("https://schema.org/", "Dataset")
    assert described["version"] == Release.objects.get().version
    for name in ("name", "description", "license", "creator", "identifier"):
        assert described[name]
