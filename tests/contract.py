"""What clients may rely on in openapi.yaml, and how a later description breaks it.

``python -m tests.contract`` prints the contract of the description that is committed. It is kept in
``tests/contract.json`` when the software is released.
"""

import json
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "tests" / "contract.json"
FREE = {
    "description", "summary", "title", "example", "x-codeSamples", "pattern", "minLength",
    "maxLength", "minimum", "maximum", "minItems", "maxItems", "uniqueItems", "tags",
}  # fmt: skip
"""Keys of the description that may change: words, and limits, which the schema tells."""


def stripped(node: Any, *, names: bool = False) -> Any:
    """Return a part of a description without what may change; parameters are told by name.

    ``names`` says that the keys of the part are names of properties, which are no keywords.
    """
    if isinstance(node, list):
        if node and all(isinstance(one, dict) and "in" in one for one in node):
            return {one["name"]: stripped(one) for one in node}
        return sorted((stripped(one) for one in node), key=json.dumps)
    if not isinstance(node, dict):
        return node
    return {
        key: stripped(child, names=key == "properties" and not names)
        for key, child in sorted(node.items())
        if names or key not in FREE
    }


def contract(described: Any) -> Any:
    """Return what clients may rely on in a description."""
    return stripped({name: described[name] for name in ("paths", "components")})


def broken(before: Any, after: Any, where: str = "") -> list[str]:
    """Return where a contract is not kept by a later one; an addition keeps it."""
    if isinstance(before, dict) and isinstance(after, dict):
        wrong = [f"{where}/{key} is gone" for key in before if key not in after]
        if "in" in after and after.get("required") and not before.get("required"):
            return [f"{where} is required now"]
        added = [after[key] for key in after if key not in before]
        wrong += [f"{where}/{one['name']} is required now" for one in added
                  if isinstance(one, dict) and "in" in one and one.get("required")]  # fmt: skip
        for key in before.keys() & after.keys():
            wrong += broken(before[key], after[key], f"{where}/{key}")
        return sorted(wrong)
    kind = where.rpartition("/")[2]
    if kind in ("enum", "required") and isinstance(before, list):
        lost = [one for one in before if one not in after]
        return [f"{where}: {lost} is gone"] if lost else []
    if kind == "type" and isinstance(before, list):
        # A key that could be null may come to be always filled.
        before = [one for one in before if one != "null"] if "null" not in after else before
        before = before if isinstance(after, list) else "".join(before)
    return [] if before == after else [f"{where} is {after!r}, was {before!r}"]


if __name__ == "__main__":
    committed = yaml.safe_load((ROOT / "openapi.yaml").read_text())
    print(json.dumps(contract(committed), indent=1, sort_keys=True))
