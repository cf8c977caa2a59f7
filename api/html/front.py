"""The parts of the front page: counts, matrix of dyads, map, timeline, downloads."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from api.addresses import local
from api.html.layout import data_block, in_words, signed
from api.html.links import Link, Links
from api.html.records import TIME, time_of
from api.shaping import JsonObject
from policy.dyads import Dyad, scores_between
from policy.models import BilateralIssue, Country, Event, Source, Statement, Trip
from policy.models.registry import list_name, served_models

MOST_COUNTRIES = 24
"""How many countries the matrix shows, those with most records between them and others."""
MOST_DATED = 40
FEW = 5
"""How many sources the front page names."""
NUMBERS = ("issues", "events", "statements", "trips", "gaps")
"""The numbers of a dyad, which its cell adds up."""
TIMED: Mapping[Any, str] = {Event: "", Statement: "", Trip: "", BilateralIssue: "current__"}
"""The records of the timeline, with the path to their time."""


def matrix(dyads: Sequence[Dyad]) -> list[JsonObject]:
    """Return the rows of the lower half of the matrix, each with its country and cells."""
    weights = weights_of(dyads)
    chosen = sorted(code for code, _ in weights.most_common(MOST_COUNTRIES))
    links, totals = Links(), scores_between(chosen)
    edges = [links.to("countries", code) for code in chosen]
    links.name()
    between = {(dyad.first, dyad.second): dyad for dyad in dyads}
    rows = []
    for number, other in enumerate(chosen):
        cells = []
        for place, one in enumerate(chosen[:number]):
            dyad = between.get((one, other))
            mean = totals[one, other].score_mean if (one, other) in totals else None
            records = sum(getattr(dyad, name) for name in NUMBERS) if dyad else 0
            cells.append(
                {
                    "href": local(f"/api/v1/dyads/{one}-{other}") if dyad else "",
                    "names": f"{edges[place].text} and {edges[number].text}",
                    "records": records,
                    "mean": signed(mean),
                    "shade": shade(mean),
                }
            )
        rows.append({"country": edges[number], "code": other, "cells": cells})
    return rows


def shade(mean: float | None) -> str:
    """Return the class of a cell by its mean score: three steps to either side of nothing."""
    if mean is None:
        return "none"
    step = 0 if abs(mean) < 0.5 else 1 if abs(mean) < 3 else 2 if abs(mean) < 6 else 3
    return f"{'conflict' if mean < 0 else 'accord'}{step}" if step else "even"


def weights_of(dyads: Sequence[Dyad]) -> Counter[str]:
    """Return the number of records between each country and any other."""
    weights: Counter[str] = Counter()
    for dyad in dyads:
        records = sum(getattr(dyad, name) for name in NUMBERS)
        weights.update({dyad.first: records, dyad.second: records})
    return weights


@cache
def world() -> JsonObject:
    """Return the shapes of countries, with their origin and licence."""
    shapes: JsonObject = json.loads(Path(__file__).with_name("world.json").read_text())
    return shapes


def world_map(dyads: Sequence[Dyad]) -> JsonObject:
    """Return the land without facts as one shape, and each country that has some."""
    shapes = world()["shapes"]
    numbers = Counter(code for dyad in dyads for code in (dyad.first, dyad.second))
    most = max(numbers.values(), default=1)
    found = []
    rows = Country.objects.filter(pk__in=list(numbers)).order_by("name")
    for code, name, longitude, latitude in rows.values_list("pk", "name", "longitude", "latitude"):
        point = None
        unseen = code not in shapes or code in world()["small"].split()
        if unseen and longitude is not None and latitude is not None:
            point = round((longitude + 180) * 2.46), round((84 - latitude) * 3)
        found.append(
            {
                "href": local(f"/api/v1/countries/{code}"),
                "name": name,
                "dyads": numbers[code],
                "shape": shapes.get(code, ""),
                "point": point,
                "step": 1 + (numbers[code] * 2) // most,
            }
        )
    rest = "".join(shape for code, shape in shapes.items() if code not in numbers)
    return {"countries": found, "rest": rest, "licence": world()["licence"]}


def timeline() -> JsonObject:
    """Return the newest records whose time is known, and how many of each list have none."""
    dated: list[tuple[Any, JsonObject]] = []
    undated: list[tuple[Link, int]] = []
    links = Links()
    for model, path in TIMED.items():
        resource, first = list_name(model), f"{path}time_earliest"
        columns = [f"{path}time_{name}" for name in ("text", *TIME)]
        rows = model._default_manager.filter(**{f"{first}__isnull": False}).order_by(f"-{first}")
        for key, *values in rows.values_list("pk", *columns)[:MOST_DATED]:
            told = dict(zip([f"time_{name}" for name in ("text", *TIME)], values, strict=True))
            record = {"link": links.to(resource, key), "kind": in_words(resource),
                      "day": values[1], "time": time_of(told, "time")}  # fmt: skip
            dated.append(((values[1], resource, key), record))
        without = model._default_manager.filter(**{f"{first}__isnull": True}).count()
        if without:
            href = local(f"/api/v1/{resource}?not_stated=time_earliest")
            undated.append((Link(in_words(resource), href), without))
    links.name()
    dated.sort(key=lambda one: one[0], reverse=True)
    return {"dated": [record for _, record in dated[:MOST_DATED]], "undated": undated}


def front_page(
    index: JsonObject,
    release: JsonObject,
    dyads: Sequence[Dyad],
    described: JsonObject,
    releases: Sequence[JsonObject],
) -> JsonObject:
    """Return what the front page shows.

    ``index`` is what programs are told there, ``described`` the dataset in terms of schema.org, and
    ``releases`` are the newest ones, as JSON has them.
    """
    counts = [(in_words(name), href.rpartition("/")[2], index["counts"].get(name.replace("-", "_")))
              for name, href in index["resources"].items()]  # fmt: skip
    return {
        "title": index["name"],
        "index": index,
        "release": release,
        "releases": releases,
        "changes": local("/api/v1/changes"),
        "feed": local("/api/v1/releases.atom"),
        "described": data_block({"@context": "https://schema.org/", **described}),
        "counts": [
            (label, local(f"/api/v1/{name}"), len(dyads) if name == "dyads" else number)
            for label, name, number in counts
            if number is not None or name == "dyads"
        ],
        "downloads": [
            (in_words(name), local(f"/api/v1/{name}"))
            for name in map(list_name, served_models().values())
        ],
        "matrix": matrix(dyads),
        "map": world_map(dyads),
        "timeline": timeline(),
        "sources": sources(),
    }


def sources() -> list[Link]:
    """Return the links to the first sources."""
    links = Links()
    found = [links.to("sources", key) for key in Source.objects.values_list("pk", flat=True)[:FEW]]
    links.name()
    return found
