"""A Model Context Protocol server over an instance of the API: ``python -m api.mcp_server``.

It asks the instance at DEMARCHE_URL over HTTP and holds no data. Answers are short by default, and
carry keys, citations and gaps; what the API refuses is passed on with its hints. Needs the extra
``demarche[mcp]``.
"""

import json
import os
import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from urllib.request import Request, urlopen

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

INSTANCE = os.environ.get("DEMARCHE_URL", "http://127.0.0.1:8000").rstrip("/")
TIMEOUT = 30
"""Seconds that the instance may take for one answer."""
BYTES = 4000
"""Greatest length of an answer in bytes if no other is asked for."""
OF_GAPS = {
    "countries": "country",
    "organisations": "organisation",
    "officials": "official",
    "statements": "statement",
    "bilateral-issues": "issue",
    "events": "event",
    "trips": "trip",
}
"""The filter of gaps that takes the keys of a list."""
MACHINE = ("sha256", "start", "end", "text")
"""Keys of evidence that a reader of short answers does without."""

BRIEF = ("id", "title", "summary", "question", "status", "quad", "score", "sides", "country",
         "position", "not_stated")  # fmt: skip
"""Keys that stay in the records of a dyad which does not fit."""

List = Annotated[str, Field(description="Name of a list, such as statements; inventory names all.")]
Key = Annotated[str, Field(description="Key of a record, such as pan-usa-canal or PAN.")]
Bytes = Annotated[
    int, Field(ge=500, le=100_000, description="Greatest length of the answer in bytes.")
]

server = MCPServer(
    "demarche",
    log_level="WARNING",
    instructions="Foreign-policy facts, each traced to the sentence of a source it rests on. Begin "
    "with inventory or search. Cite a fact by its key, the release and its quote. What a source "
    "does not say is listed as gaps: do not fill it in. A refusal names the nearest allowed value.",
)


@server.tool()
def inventory() -> str:
    """Tell what the dataset holds: release, how to cite it, lists with counts, and sources."""
    index, release = _ask("/"), _ask("/api/v1/release")
    sources = _ask("/api/v1/sources", {"page_size": 20})
    return _short(
        {
            "description": index["description"],
            "release": release["version"],
            "modified": release["modified"],
            "citation": release["citation"]["text"],
            "lists": {name: index["counts"].get(name.replace("-", "_"))
                      for name in index["resources"]},
            "sources": [_condensed(source) for source in sources["results"]],
        },
        "sources",
        BYTES,
    )  # fmt: skip


@server.tool()
def search(
    words: Annotated[str, Field(description="Words that a record must contain, all of them.")],
    kind: Annotated[str | None, Field(description="Kind of record, such as event.")] = None,
    cursor: Annotated[str | None, Field(description="From next of the page before.")] = None,
    max_bytes: Bytes = BYTES,
) -> str:
    """Find records of any kind that contain all the words, the best match first."""
    return _page("/api/v1/search", {"q": words, "kind": kind}, cursor, max_bytes)


@server.tool()
def records(
    list_name: List,
    filters: Annotated[
        dict[str, str | int | bool] | None,
        Field(description='Filters, such as {"between": "PAN,USA", "topic": "migration,crime"}.'),
    ] = None,
    cursor: Annotated[str | None, Field(description="From next of the page before.")] = None,
    max_bytes: Bytes = BYTES,
) -> str:
    """List the records that all filters fit, each with its evidence."""
    return _page(f"/api/v1/{_segment(list_name)}", filters or {}, cursor, max_bytes)


@server.tool()
def record(list_name: List, key: Key, max_bytes: Bytes = BYTES) -> str:
    """Return one record with its evidence, and what its sources leave open about it."""
    path = f"/api/v1/{_segment(list_name)}/{_segment(key)}"
    found = _ask(path)
    told: dict[str, Any] = {"url": f"{INSTANCE}{path}", "record": _condensed(found)}
    if name := OF_GAPS.get(list_name):
        told["gaps"] = _questions({name: found["id"]})
    return _short(told, "gaps", max_bytes)


@server.tool()
def dyad(first: Key, second: Key, max_bytes: Bytes = BYTES) -> str:
    """Return what lies between two countries: positions, events with scores, statements, gaps."""
    path = f"/api/v1/dyads/{_segment(first)}-{_segment(second)}"
    found = _ask(path)
    named = ("id", "title", "summary", "question", "status", "quad", "score", "sides")
    told: dict[str, Any] = {"url": f"{INSTANCE}{path}"}
    for name, value in found.items():
        if isinstance(value, dict) and "records" in value:
            rows = [_condensed({k: row[k] for k in named if k in row}) for row in value["records"]]
            told[name] = {**{k: v for k, v in value.items() if k not in ("records", "list")},
                          "records": rows}  # fmt: skip
        else:
            told[name] = value
    return _short(_fewer(told, max_bytes), "", max_bytes)


@server.tool()
def evidence(list_name: List, key: Key, max_bytes: Bytes = BYTES) -> str:
    """Return the passages a record and its parts rest on: sentence, quote, hash, support."""
    path = f"/api/v1/{_segment(list_name)}/{_segment(key)}"
    found = list(_cited(_ask(path), "record"))
    return _short({"url": f"{INSTANCE}{path}", "evidence": found}, "evidence", max_bytes)


@server.tool()
def codebook(
    vocabulary: Annotated[
        str | None, Field(description="Name of a vocabulary, such as event_type; all if left out.")
    ] = None,
    max_bytes: Bytes = BYTES,
) -> str:
    """Tell what the codes of a vocabulary mean, or which vocabularies there are."""
    book = _ask("/api/v1/codebook")
    known = {one["name"]: one for one in book["vocabularies"]}
    if vocabulary is None:
        return _short({"vocabularies": {n: one["definition"] for n, one in known.items()}}, "",
                      max_bytes)  # fmt: skip
    if vocabulary not in known:
        raise ToolError(f"There is no vocabulary {vocabulary!r}: known are {', '.join(known)}.")
    codes = known[vocabulary]["codes"]
    if vocabulary == "event_type":
        scored = {one["code"]: one for one in book["plover"]}
        codes = [
            {**code, **{name: scored[code["code"]][name] for name in ("quad", "score")}}
            for code in codes
        ]
    return _short({"vocabulary": vocabulary, "codes": codes}, "codes", max_bytes)


def _segment(text: str) -> str:
    """Return a text as one segment of a path; ToolError for what cannot be one."""
    if not re.fullmatch(r"[\w.-]+", text):
        raise ToolError(f"{text!r} is no name of a list and no key: search finds keys.")
    return quote(text)


def _address(path: str, parameters: Mapping[str, Any]) -> str:
    """Return the address of a request, without the parameters that are None."""
    given = {name: _written(value) for name, value in parameters.items() if value is not None}
    return f"{INSTANCE}{path}{'?' if given else ''}{urlencode(given)}"


def _ask(path: str, parameters: Mapping[str, Any] | None = None) -> Any:
    """Return what the instance answers; ToolError with its words if it refuses."""
    address = _address(path, parameters or {})
    try:
        asked = Request(address, headers={"Accept": "application/json"})  # noqa: S310  (the operator's own address)
        with urlopen(asked, timeout=TIMEOUT) as answer:  # noqa: S310
            return json.load(answer)
    except HTTPError as refused:
        raise ToolError(_refusal(refused)) from refused
    except (URLError, TimeoutError, ValueError) as away:
        raise ToolError(f"{INSTANCE} does not answer ({away}): is DEMARCHE_URL right?") from away


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refusal(refused: HTTPError) -> str:
    """Return what the instance says of a request that it refuses, hints included."""
    try:
        problem = json.load(refused)
        lines = [f"{refused.code}: {problem['detail']}"]
    except (ValueError, KeyError, TypeError):
        return f"{refused.code}: {refused.reason}"
    for one in problem.get("errors", ()):
        allowed = one["allowed"] and ", ".join(one["allowed"])
        hints = [f"nearest: {one['nearest']}"] * bool(one["nearest"])
        hints += [f"allowed: {allowed}"] * bool(allowed)
        lines.append(f"{one['parameter']}: {'; '.join(hints)}" if hints else one["parameter"])
    return "\n".join(lines)[:BYTES]


def _page(path: str, filters: Mapping[str, Any], cursor: str | None, limit: int) -> str:
    """Return as many records as fit into the limit, and the cursor of the next page."""
    size = 20
    while True:
        found = _ask(path, {**filters, "page_size": size, "cursor": cursor})
        told = {
            "release": found["release"],
            "url": _address(path, filters),
            "count": found["count"],
            "results": [_condensed(one) for one in found["results"]],
            "next": _cursor(found["next"]),
        }
        fitting = _fitting(told, limit)
        # The next page begins after what is shown, not after what was cut off.
        if fitting >= len(told["results"]) or size == 1:
            return _short(told, "results", limit)
        size = max(1, fitting)


def _fitting(told: dict[str, Any], limit: int) -> int:
    """Return how many results fit into the limit."""
    left = limit - _size({**told, "results": []})
    for number, one in enumerate(told["results"]):
        left -= _size(one) + 1
        if left < 0:
            return number
    return len(told["results"])


def _cursor(address: str | None) -> str | None:
    return parse_qs(urlsplit(address).query)["cursor"][0] if address else None


def _questions(parameters: Mapping[str, Any]) -> list[str]:
    """Return the questions that sources leave open about a record."""
    found = _ask("/api/v1/gaps", {**parameters, "page_size": 20})
    return [f"{gap['question']} (gap {gap['id']})" for gap in found["results"]]


def _condensed(node: Any) -> Any:
    """Return a record without what is null or empty, and evidence as keys and quotes."""
    if isinstance(node, list):
        return [_condensed(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {name: value for name, value in node.items() if value not in (None, [], {})}
    apart = MACHINE if "quote" in kept else ("sha256",)
    return {name: _condensed(value) for name, value in kept.items() if name not in apart}


def _cited(node: Any, of: str) -> Any:
    """Yield the evidence of a record and of its parts, with what each is evidence of."""
    if isinstance(node, list):
        for one in node:
            yield from _cited(one, of)
    elif isinstance(node, dict):
        for passage in node.get("evidence") or ():
            yield {"of": of, "support": node.get("support"), **passage}
        for name, value in node.items():
            if name != "evidence":
                yield from _cited(value, name)


def _json(told: Any) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _size(told: Any) -> int:
    return len(_json(told).encode())


def _short(told: dict[str, Any], name: str, limit: int) -> str:
    """Return JSON of at most so many bytes: last entries of the named list go, then evidence."""
    entries = told.get(name)
    while isinstance(entries, list) and len(entries) > 1 and _size(told) > limit:
        entries = entries[:-1]
        told = {**told, name: entries, "cut": f"more {name} than fit: raise max_bytes"}
    if _size(told) > limit:
        told = {**_without_evidence(told), "cut": "ask evidence for passages, or raise max_bytes"}
    if _size(told) > limit:
        told = {"url": told.get("url"), "cut": f"{_size(told)} bytes: raise max_bytes"}
    return _json(told)


def _fewer(told: dict[str, Any], limit: int) -> dict[str, Any]:
    """Return a dyad that fits: notes and evidence go, then the last of the longest list."""
    if _size(told) <= limit:
        return told
    told = {**told, "cut": "counts tell how many there are; ask record, or raise max_bytes"}
    lists = [name for name, one in told.items() if isinstance(one, dict) and "records" in one]
    for name in lists:
        told[name] = {**told[name], "records": _brief(told[name]["records"])}
    while _size(told) > limit and (rows := max((told[n]["records"] for n in lists), key=len)):
        rows.pop()
    return told


def _brief(rows: list[Any]) -> list[Any]:
    return [{k: _brief(v) if k == "sides" else v for k, v in row.items() if k in BRIEF}
            for row in rows]  # fmt: skip


def _without_evidence(node: Any) -> Any:
    """Return a record with the keys of its passages alone."""
    if isinstance(node, list):
        return [_without_evidence(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        name: [one["id"] for one in value] if name == "evidence" else _without_evidence(value)
        for name, value in node.items()
    }


def main() -> None:
    """Serve over standard input and output until these are closed."""
    server.run("stdio")


if __name__ == "__main__":
    main()
