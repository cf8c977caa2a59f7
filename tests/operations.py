"""Requests to a running server, and the paths of every operation of the schema."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import NamedTuple

from tests.conftest import document
from tests.samples import WORD


class Answer(NamedTuple):
    """A response: its status, its headers by their lower-case names, its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(
    address: str, path: str, method: str = "GET", data: bytes | None = None, **headers: str
) -> Answer:
    """Send a request, with a body if there is one, and return the response of any status."""
    named = {"Host": "localhost", **{name.replace("_", "-"): headers[name] for name in headers}}
    request = urllib.request.Request(f"{address}{path}", data, named, method=method)
    try:
        answer = urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        told = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status, told, answer.read())


def operations(address: str) -> dict[str, list[str]]:
    """Return the paths of each operation of the schema: a list once, a detail for each record."""
    paths: dict[str, list[str]] = {}
    templates = sorted(document()["paths"], key=lambda template: template.count("{"))
    for template in templates:
        listing, braced, rest = template.partition("/{id}")
        if not braced:
            question = f"?q={WORD}" if template.endswith("/search") else ""
            paths[template] = [template + question]
            continue
        page = json.loads(ask(address, listing).body)
        paths[template] = [f"{listing}/{record['id']}{rest}" for record in page["results"]]
        assert paths[template], f"{template}: there is no record to ask for"
    return paths
