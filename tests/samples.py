"""Samples of the committed dataset, for tests that need some record or value and no certain one."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from policy.search.words import fold

ROOT = Path(__file__).resolve().parent.parent
Record = dict[str, Any]


@cache
def records(fixture: str) -> list[Record]:
    """Return the records of a fixture, such as ``bilateral_issues``, each with its key as id.

    There is no file of a kind that the dataset has no records of.
    """
    path = ROOT / "fixtures" / f"{fixture}.json"
    found = json.loads(path.read_text()) if path.exists() else []
    return [{"id": record["pk"], **record["fields"]} for record in found]


def find(found: Iterable[Record], condition: Callable[[Record], Any], needed: str) -> Record:
    """Return the first record that meets a condition; LookupError tells what is ``needed``."""
    for record in found:
        if condition(record):
            return record
    raise LookupError(f"this test needs {needed}, and the dataset has none")


def values(record: Record, path: str) -> list[Any]:
    """Return the values of a record at a path such as ``sides.country``, through lists."""
    found: list[Any] = [record]
    for name in path.split("."):
        reached = [part.get(name) for part in found]
        found = [one for each in reached for one in (each if isinstance(each, list) else [each])]
    return found


def samples(fixture: str, field: str = "id") -> list[Any]:
    """Return the values of a field in the records of a fixture, the most frequent first."""
    found = Counter(one for record in records(fixture) for one in values(record, field))
    del found[None]
    return [value for value, _ in found.most_common()]


def sample(fixture: str, field: str = "id") -> Any:
    """Return the most frequent value of a field; LookupError if no record has one."""
    for value in samples(fixture, field):
        return value
    raise LookupError(f"this test needs one of {fixture} with {field}; the dataset has none")


@cache
def words() -> list[str]:
    """Return words of five letters and more that some titles hold, those of most kinds first."""
    kinds: dict[str, set[str]] = {}
    number: Counter[str] = Counter()
    titles: Counter[str] = Counter()
    for entry in records("search_entries"):
        titles.update({*fold(entry["title"])})
        for word in {*fold(entry["title"]), *fold(entry["text"])}:
            kinds.setdefault(word, set()).add(entry["kind"])
            number[word] += 1
    some = [word for word in number if len(word) >= 5 and 0 < titles[word] < number[word]]
    return sorted(some, key=lambda word: (-len(kinds[word]), -number[word], word))


WORD = words()[0]
"""A word that records of most kinds hold, some of them in their titles."""
ISSUE = records("bilateral_issues")[0]
ACCOUNT = find(
    records("accounts"),
    lambda account: account.get("current_for") == ISSUE["id"],
    "a current account",
)
"""What that issue shows of its status."""
FIRST, SECOND = (
    find(records("countries"), lambda country, key=key: country["id"] == key, "it")
    for key in sorted(ISSUE["countries"])
)
"""The two countries of an issue, in the order of their codes."""
DYAD = f"{FIRST['id']}-{SECOND['id']}"
"""The key of a dyad with an issue."""
