"""Code samples of the schema: each operation asked in four languages, as its examples have it."""

from collections.abc import Iterable, Mapping
from string import Template
from typing import Any
from urllib.parse import quote, urlencode

LOCAL = "http://127.0.0.1:8000"
"""The address that stands in the committed schema, where the served one has the instance's."""
LISTED = {
    "Python": """\
import requests

page = requests.get("$url", timeout=30).json()
print(page["count"], "in all")
for record in page["results"]:
    print(record["id"])
""",
    "JavaScript": """\
const response = await fetch("$url");
const page = await response.json();
console.log(page.count, "in all");
for (const record of page.results) console.log(record.id);
""",
    "R": """\
library(jsonlite)

page <- fromJSON(url("$url"), simplifyVector = FALSE)
cat(page$$count, "in all\\n")
for (record in page$$results) cat(record$$id, "\\n")
""",
}
"""What reads a list, by language; each prints how many records there are and keys of some."""
SINGLE = {
    "Python": """\
import requests

answer = requests.get("$url", timeout=30).json()
print(", ".join(answer))
""",
    "JavaScript": """\
const response = await fetch("$url");
const answer = await response.json();
console.log(Object.keys(answer).join(", "));
""",
    "R": """\
library(jsonlite)

answer <- fromJSON(url("$url"), simplifyVector = FALSE)
cat(names(answer), sep = ", ")
""",
}
"""What reads anything else; each prints the keys of the answer."""
POSTED = {
    "curl": """\
curl -s '$url' --data-urlencode 'queries=$batch'
""",
    "Python": """\
import requests

batch = '$batch'
answer = requests.post("$url", data={"queries": batch}, timeout=30).json()
for key, found in answer.items():
    for candidate in found["result"]:
        print(key, candidate["id"], candidate["score"], candidate["match"])
""",
    "JavaScript": """\
const body = new URLSearchParams({ queries: '$batch' });
const response = await fetch("$url", { method: "POST", body });
for (const [key, found] of Object.entries(await response.json()))
  for (const candidate of found.result)
    console.log(key, candidate.id, candidate.score, candidate.match);
""",
    "R": """\
library(httr)

answer <- content(POST("$url", body = list(queries = '$batch'), encode = "form"))
for (key in names(answer))
  for (candidate in answer[[key]]$$result) cat(key, candidate$$id, candidate$$score, "\\n")
""",
}
"""What sends a batch of queries in a form; each prints the candidates."""
HIGHLIGHTED = {"curl": "shell", "Python": "python", "JavaScript": "javascript", "R": "r"}
"""The name of each language for what highlights it."""


def question(path: str, parameters: Iterable[Mapping[str, Any]]) -> str:
    """Return path and query of an operation's example: its keys, and the first of its filters.

    ``parameters`` are those of the operation in a reader's order, with their examples.
    """
    described = [one for one in parameters if "example" in one]
    for one in described:
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", quote(str(one["example"])))
    asked = next((one for one in described if one["in"] == "query"), None)
    if asked is None:
        return path
    value = asked["example"]
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"{path}?{urlencode({asked['name']: text}, safe=',')}"


def samples(asked: str, *, listed: bool) -> list[dict[str, str]]:
    """Return the samples that ask for this path and query; ``listed`` says whether it is a list."""
    url = f"{LOCAL}{asked}"
    sources = {"curl": f"curl -s '{url}'\n"}
    for label, text in (LISTED if listed else SINGLE).items():
        sources[label] = Template(text).substitute(url=url)
    return [
        {"lang": HIGHLIGHTED[label], "label": label, "source": text}
        for label, text in sources.items()
    ]


def posted(path: str, batch: str) -> list[dict[str, str]]:
    """Return the samples that send a batch of queries, as JSON without apostrophes, in a form."""
    told = {"url": f"{LOCAL}{path}", "batch": batch}
    return [
        {"lang": HIGHLIGHTED[label], "label": label, "source": Template(text).substitute(told)}
        for label, text in POSTED.items()
    ]
