"""Examples for the schema: kept in examples.json, and made anew from the loaded release on demand.

They show what answers look like, not what the dataset holds today, so whatever changes with the
dataset alone (releases, hashes, cursors, counts of pages) has a fixed value in them.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from django.test import Client, override_settings

from api.schema import FORM, generated_schema
from policy.citation import citation
from policy.models import Release

HOST = "https://demarche.example"
SHOWN = 2
"""How many entries of a list an example shows."""
HASH = "0123456789abcdef" * 4
CITED = Release(
    pk="demarche", version="1.0.0", title="Demarche", content_hash=HASH,
    released="2025-02-03T00:00:00Z",
)  # fmt: skip
FIXED: dict[str, Any] = {
    **dict.fromkeys(("release", "version"), "1.0.0"),
    **dict.fromkeys(("sha256", "content_hash"), HASH),
    "citation": citation(CITED, f"{HOST}/")._asdict(),
    **dict.fromkeys(("next", "previous")),
}
"""What stands in an answer in place of the value of such a key."""
BATCH = {
    "q0": {"query": "Marco Rubio", "type": "officials", "type_strict": "should", "limit": 2},
    "q1": {"query": "Republic of Panama", "properties": [{"pid": "country", "v": "PA"}]},
}
"""A batch of reconciliation queries, as OpenRefine sends them."""
VALUES: dict[str, Any] = {
    "q": "canal",
    "queries": json.dumps(BATCH),
    "between": ["PAN", "USA"],
    "page_size": 10,
    "year": [2025],
    "score_from": 1.5,
    "score_to": 4,
    "event_type": ["REJECT"],
    "mode": ["assist"],
    "since": "1.0.0",
    "release": ["1.0.0"],
    "entry": ["people/rubio-marco"],
    "same_as": ["rubio-marco"],
    "accredited_to_organisation": ["united-nations"],
    **dict.fromkeys(("from", "to", "possibly_on", "in_office_on"), "2025-02-03"),
    **{
        name: ["PAN"]
        for name in (
            *("country", "actor", "recipient", "not_stated_by", "member", "place_country"),
            "accredited_to",
        )
    },
}
"""Examples of parameters whose value no record shows under the same name."""
ALIKE = {
    "actor_organisation": "organisation",
    "recipient_organisation": "organisation",
    "via_official": "speaker",
}
"""Parameters that take what records show under another name."""
ASKED = {"/api/v1/search": "?q=canal", "/api/v1/dyads": "?kind=bilateral-issue"}
"""What a list is asked, so that it has something to show."""
NAMES = {
    "ordering": slice(1, 2),
    **dict.fromkeys(("expand", "facets", "stated", "not_stated"), slice(1)),
}
"""Parameters that list names, and which of those that are allowed the example takes."""


def collect() -> dict[str, Any]:
    """Return an example of every operation of the schema, read from the loaded release.

    Answers and parameters are given by operation, problems by name.
    """
    schema = generated_schema()
    answers, parameters = {}, {}
    for path, item in schema["paths"].items():
        operation = item["get"]
        name, (listing, braced, rest) = operation["operationId"], path.partition("/{id}")
        page = _ask(listing + ASKED.get(listing, ""))
        if braced:
            key = page["results"][0]["id"]
            parameters[name] = {"id": key}
            answers[name] = _shortened(_ask(f"{listing}/{key}{rest}"))
        else:
            described = {one["name"]: one["schema"] for one in operation["parameters"]}
            values = _values(described, schema["components"]["schemas"], page.get("results", []))
            parameters[name] = dict(sorted(values))
            answers[name] = _shortened(page)
        if "post" in item:
            name = item["post"]["operationId"]
            answers[name] = _shortened(_ask(path, {"queries": json.dumps(BATCH)}))
    return {
        "answers": dict(sorted(answers.items())),
        "batch": BATCH,
        "parameters": dict(sorted(parameters.items())),
        "problems": {
            "invalid-parameters": _shortened(_ask("/api/v1/bilateral-issues?topic=migratoin")),
            "not-found": _shortened(_ask("/api/v1/countries/ZZZ")),
        },
    }


def _ask(path: str, form: Mapping[str, str] | None = None) -> Any:
    with override_settings(PUBLIC_URL=HOST, ALLOWED_HOSTS=["*"]):
        if form is None:
            return json.loads(Client().get(path).content)
        answer = Client().post(path, urlencode(form), content_type=FORM)
        return json.loads(answer.content)


def _shortened(node: Any, key: str = "") -> Any:
    """Return an answer with its lists cut short, and fixed values for what a release changes."""
    if isinstance(node, list):
        return [_shortened(entry) for entry in node[: 1 if key == "results" else SHOWN]]
    if not isinstance(node, dict):
        return node
    short = {name: FIXED.get(name, _shortened(child, name)) for name, child in node.items()}
    return {**short, "count": len(short["results"])} if "results" in short else short


def _values(
    described: Mapping[str, Any], components: Mapping[str, Any], records: list[Any]
) -> Iterator[tuple[str, Any]]:
    """Yield an example for each parameter of a list: what its records show, wherever they can."""
    scalars = list(_scalars(records))
    by_name, every = dict(reversed(scalars)), {value for _, value in scalars}
    for name, schema in described.items():
        allowed = _allowed(schema, components)
        shown = ALIKE.get(name, name)
        value = by_name.get(shown, by_name.get(f"{shown}s"))
        # All examples can be given at once, as some tools do: omit cannot stand beside fields.
        if name.startswith("exclude_") or name in ("cursor", "format", "omit"):
            continue
        if name in VALUES:
            yield name, VALUES[name]
        elif name == "fields":
            expanded = _allowed(described.get("expand", {}), components)[NAMES["expand"]]
            yield name, list(dict.fromkeys([*allowed[:2], *expanded]))
        elif name in NAMES:
            yield name, allowed[NAMES[name]]
        elif schema.get("type") == "boolean":
            yield name, True
        elif allowed:
            code = next((code for code in allowed if code in every), allowed[0])
            yield name, [code] if "items" in schema else code
        elif value is not None:
            yield name, [value]


def _allowed(schema: Mapping[str, Any], components: Mapping[str, Any]) -> list[Any]:
    """Return the values that a parameter takes, or an empty list where they are not told."""
    items = schema.get("items", schema)
    codes = components[items["$ref"].rpartition("/")[2]] if "$ref" in items else items
    values: list[Any] = codes.get("enum", [])
    return values


def _scalars(node: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value within records with the key that it stands under."""
    if isinstance(node, dict):
        for name, child in node.items():
            yield from _scalars(child, name)
    elif isinstance(node, list):
        for child in node:
            yield from _scalars(child, key)
    elif node is not None:
        yield key, node
