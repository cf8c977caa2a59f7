"""Requests that many tests send: one for each filter, with values that the dataset has."""

from collections.abc import Callable
from typing import Any

from api.keys import CountryField
from policy import plover
from tests.conftest import VIEWSETS
from tests.samples import FIRST, SECOND, Record, find, records, sample, samples, values

# Where the values of a filter stand in a record, if not under its own name.
PATHS = {
    "events": {"country": "actors.country recipients.country", "issue": "issues",
               "organisation": "actors.organisation recipients.organisation",
               "actor_organisation": "actors.organisation",
               "recipient_organisation": "recipients.organisation",
               "sector": "actors.sector recipients.sector",
               "actor": "actors.country", "recipient": "recipients.country", "context": "contexts"},
    "statements": {"issue": "issues", "about_organisation": "about_organisations"},
    "bilateral-issues": {"country": "countries"},
    "officials": {"role": "positions.role", "organisation": "positions.organisation",
                  "position_status": "positions.status", "accredited_to": "positions.accredited_to",
                  "accredited_to_organisation": "positions.accredited_to_organisation",
                  "scheme": "same_as.scheme", "same_as": "same_as.value"},
    "organisations": {"member": "members"},
    "countries": {"country": "id"},
    "passages": {"source": "source"},
    "sources": {"precision": "published_precision"},
    "relations": {"relation": "relation"},
    "checks": {"source": "evidence.source"},
    "trips": {"country": "stops.country"},
    "gaps": {"source": "source", "country": "countries", "official": "officials",
             "organisation": "organisations",
             "statement": "statements", "issue": "issues", "event": "events", "trip": "trips"},
}  # fmt: skip
COMMON = {
    "source": "evidence.source",
    "precision": "time_precision",
    "relation": "relations.relation",
}
# Where the fixtures have what a record has in its parts.
PARTS = {
    "status of bilateral-issues": ("accounts", "status"),
    "support of bilateral-issues": ("accounts", "support"),
    "time_precision of bilateral-issues": ("accounts", "time_precision"),
    "actors.country": ("event_parties", "country"),
    "recipients.country": ("event_parties", "country"),
    "actors.organisation": ("event_parties", "organisation"),
    "recipients.organisation": ("event_parties", "organisation"),
    "actors.sector": ("event_parties", "sector"),
    "positions.role": ("positions", "role"),
    "positions.organisation": ("positions", "organisation"),
    "positions.status": ("positions", "status"),
    "positions.accredited_to": ("positions", "accredited_to"),
    "positions.accredited_to_organisation": ("positions", "accredited_to_organisation"),
    "same_as.scheme": ("identifiers", "scheme"),
    "same_as.value": ("identifiers", "value"),
    "stops.country": ("stops", "country"),
    "contexts": ("event_contexts", "context"),
    "evidence.source": ("passages", "source"),
    "relations.relation": ("relations", "relation"),
}
# Filters that are no list of values of a record: they are asked for one by one below.
OTHERS = {"q", "id", "between", "possibly_on", "from", "to", "narrator", "named", "coded", "quad",
          "stated", "not_stated", "not_stated_by", "paragraph", "sentence",
          "year", "in_office_on", "score_from", "score_to", "superseded", "account"}  # fmt: skip

Condition = Callable[[Record], Any]


def has(paths: str, wanted: list[str]) -> Condition:
    """Return a function that tells whether a record has one of the values at one of the paths."""
    return lambda record: any(
        one in wanted for path in paths.split() for one in values(record, path)
    )


def path_of(resource: str, name: str) -> str:
    """Return where the values of a filter stand in a record; several paths have a space between."""
    return PATHS.get(resource, {}).get(name) or COMMON.get(name, name)


def each_filter(resource: str) -> dict[str, Condition]:
    """Return a question for each filter by values and each opposite, with what it selects."""
    filters, cases = VIEWSETS[resource].filterset_class.base_filters, {}
    for name in sorted(filters.keys() - OTHERS):
        if name.startswith("exclude_") or (resource, name) == ("statements", "country"):
            continue
        path = path_of(resource, name)
        first = path.split()[0]
        own = resource.replace("-", "_"), first
        found = samples(*PARTS.get(f"{first} of {resource}", PARTS.get(first, own)))
        item = getattr(filters[name].field, "item", None)
        codes = getattr(item, "codes", None)
        nothing = FIRST["id"] if isinstance(item, CountryField) else "none"
        wanted = found[:2] or (codes or [nothing])[:1]
        cases[f"{resource}?{name}={','.join(wanted)}"] = has(path, wanted)
        if f"exclude_{name}" in filters:
            fits = has(path, wanted[:1])
            cases[f"{resource}?exclude_{name}={wanted[0]}"] = lambda r, fits=fits: not fits(r)
    return cases


SENTENCE = records("sentences")[0]
UNSTATED = find(records("issue_sides"), lambda r: r.get("not_stated"), "a side without position")
DATED = find(records("trips"), lambda r: "time_earliest" in r, "a trip with a time")
DAY, LATEST = DATED["time_earliest"], DATED["time_latest"]
QUAD = plover.quad_of(sample("events", "event_type")).value
CONCERNED = {r["statement"] for r in records("concerns") if r["country"] == SECOND["id"]}


def held(record: Record, key: str) -> list[bool]:
    """Return whether a key of a record holds a value, for each part of it that has the key."""
    owner, _, name = key.rpartition(".")
    parts = record[owner] if owner else [record]
    times = [f"{name}_text", f"{name}_earliest"]
    names = times if any(times[1] in part for part in parts) else [name]
    return [any(part[one] not in (None, "") for one in names) for part in parts]


def each_key(resource: str) -> dict[str, Condition]:
    """Return the questions for each key of a record that may be null, with what they select."""
    cases: dict[str, Condition] = {}
    for key in VIEWSETS[resource].filterset_class.base_filters["stated"].conditions:
        cases |= {
            f"{resource}?stated={key}": lambda r, key=key: any(held(r, key)),
            f"{resource}?not_stated={key}": lambda r, key=key: not all(held(r, key)),
            f"{resource}?exclude_stated={key}": lambda r, key=key: not any(held(r, key)),
            f"{resource}?exclude_not_stated={key}": lambda r, key=key: all(held(r, key)),
        }
    return cases


CASES: dict[str, Condition] = {
    **{name: fits for resource in VIEWSETS for name, fits in each_filter(resource).items()},
    "statements?not_stated=speaker,time": (
        lambda r: not all(held(r, "speaker")) or not all(held(r, "time"))
    ),
    f"countries?id={FIRST['alpha2'].lower()},{SECOND['numeric']}": (
        lambda r: r["id"] in (FIRST["id"], SECOND["id"])
    ),
    f"statements?country={SECOND['alpha2']}": lambda r: r["id"] in CONCERNED,
    "statements?narrator=true": lambda r: r["narrator"],
    "officials?named=false": lambda r: r["name"] is None,
    f"bilateral-issues?not_stated_by={UNSTATED['country']}": (
        lambda r: any(s["country"] == UNSTATED["country"] and s["not_stated"] for s in r["sides"])
    ),
    "events?coded=false": lambda r: r["event_type"] is None,
    "events?coded=true": lambda r: r["event_type"] is not None,
    f"events?quad={QUAD}": lambda r: r["quad"] == QUAD,
    f"events?exclude_quad={QUAD}": lambda r: r["quad"] != QUAD,
    f"events?actor={FIRST['id']}&recipient={SECOND['id'].lower()}": (
        lambda r: (
            FIRST["id"] in values(r, "actors.country")
            and SECOND["id"] in values(r, "recipients.country")
        )
    ),
    f"officials?in_office_on={DAY}": (
        lambda r: any(
            (one["start_earliest"] or "9") <= DAY <= (one["end_latest"] or "0")
            for one in r["positions"]
        )
    ),
    f"trips?year={DAY[:4]}": lambda r: (r["time_earliest"] or "").startswith(DAY[:4]),
    f"trips?exclude_year={DAY[:4]}": lambda r: not (r["time_earliest"] or "").startswith(DAY[:4]),
    f"trips?possibly_on={DAY}": lambda r: (r["time_earliest"] or "9") <= DAY <= r["time_latest"],
    f"trips?from={DAY}&to={LATEST}": (
        lambda r: (r["time_earliest"] or "9") <= LATEST and r["time_latest"] >= DAY
    ),
    f"passages?paragraph={SENTENCE['paragraph']}&sentence={SENTENCE['number']}": (
        lambda r: (r["paragraph"], r["sentence"]) == (SENTENCE["paragraph"], SENTENCE["number"])
    ),
}
"""Questions, each with a function that tells whether a record of the list belongs to the answer."""

KEYS = {name: fits for resource in VIEWSETS for name, fits in each_key(resource).items()}
"""The same for each key that may be null."""
