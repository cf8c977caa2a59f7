"""The rows of the table: what is compared with what, by which requests, and how far we want."""

import base64
import json
import math
import os
import platform
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from api.keyset import encoded
from bench.client import Ask, Raw, ask
from bench.dataset import World

Measure = Callable[[int, list[Ask]], float]
"""What takes a port and requests, and gives the seconds per answer."""
Asks = Callable[[int], list[Ask]]
"""What gives the requests of a round."""

HEAD = ["what", "ours", "against", "ratio", "quartiles", "goal", "met", "note"]


@dataclass
class Row:
    """One comparison; the ratio of a round tells how many times the other's time ours is."""

    what: str
    ours: tuple[int, Asks]
    other: tuple[int, Asks]
    against: str
    goal: float | None
    measure: Measure
    at_most: bool = False
    """True where our time over the other's may not pass the goal."""
    note: str = ""
    times: list[tuple[float, float]] = field(default_factory=list)

    def round(self, number: int) -> None:
        """Measure both sides once, in turn the one and the other first."""
        sides = [self.ours, self.other]
        if number % 2:
            sides.reverse()
        taken = [self.measure(port, asks(number)) for port, asks in sides]
        if number % 2:
            taken.reverse()
        self.times.append((taken[0], taken[1]))

    def cells(self) -> list[str]:
        """Return the cells of the row."""
        ours, other = (median(side) for side in zip(*self.times, strict=True))
        ratios = [a / b if self.at_most else b / a for a, b in self.times]
        low, _, high = quantiles(ratios, n=4) if len(ratios) > 1 else (ratios * 3)
        ratio = median(ratios)
        return [
            self.what, human(ours), f"{self.against} {human(other)}", f"{ratio:.2f}",
            f"{low:.2f} to {high:.2f}", *verdict(ratio, self.goal, at_most=self.at_most), self.note,
        ]  # fmt: skip


def verdict(value: float, goal: float | None, *, at_most: bool = False) -> list[str]:
    """Return the goal, and whether a value meets it."""
    if goal is None:
        return ["-", "-"]
    met = value <= goal if at_most else value >= goal
    return [f"{'<=' if at_most else '>='} {goal:g}", "yes" if met else "NO"]


def human(seconds: float) -> str:
    """Return a duration in the unit one reads it in; that without end is a refusal."""
    if seconds == math.inf:
        return "refused"
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f} us"


class Keys:
    """What is asked for: other keys in every round, drawn as the made data is skewed."""

    def __init__(self, world: World, state: str) -> None:
        """Take the world that the data was made from, and what cursors are bound to."""
        self.world, self.place = world, (state, "/api/v1/statements")

    def _chance(self, purpose: str, number: int) -> random.Random:
        return self.world.chance(f"asking {purpose} {number}")

    def statements(self, purpose: str, number: int, count: int) -> list[str]:
        """Return keys of statements, all as likely."""
        chance = self._chance(purpose, number)
        return [f"statement-{chance.randrange(self.world.statements):07d}" for _ in range(count)]

    def details(self, address: str, count: int) -> Asks:
        """Return requests for single statements; the address has a {key}."""
        return lambda number: [
            Ask(address.format(key=key)) for key in self.statements("details", number, count)
        ]

    def pages(self, address: str, count: int) -> Asks:
        """Return requests for 50 statements after a key; the address has a {key} or a {cursor}."""
        return lambda number: [
            Ask(address.format(key=key, cursor=encoded(self.place, {}, [key])))
            for key in self.statements("pages", number, count)
        ]

    def numbered(self, address: str, count: int) -> Asks:
        """Return requests for the pages that ``pages`` asks for, by their {page} number."""

        def page(key: str) -> int:
            return int(key.rpartition("-")[2]) // 50 + 1

        return lambda number: [
            Ask(address.format(page=page(key))) for key in self.statements("pages", number, count)
        ]

    def last(self, address: str, count: int) -> Asks:
        """Return requests for pages that begin among the last thousandth of the list."""
        deepest = max(60, self.world.statements // 1000)

        def asks(number: int) -> list[Ask]:
            chance = self._chance("last", number)
            at = [self.world.statements - chance.randint(52, deepest) for _ in range(count)]
            cursors = [encoded(self.place, {}, [f"statement-{n:07d}"]) for n in at]
            return [Ask(address.format(cursor=cursor)) for cursor in cursors]

        return asks

    def pairs(self, address: str, count: int) -> Asks:
        """Return requests for a {country} and a {topic}, as often as statements have them."""

        def asks(number: int) -> list[Ask]:
            chance = self._chance("pairs", number)
            countries = self.world.country.draw(chance, count)
            topics = self.world.topic.draw(chance, count)
            return [
                Ask(address.format(country=country, topic=topic))
                for country, topic in zip(countries, topics, strict=True)
            ]

        return asks

    def words(self, address: str, count: int) -> Asks:
        """Return requests for a {word}: evenly over the logarithm of its rank, rare to common."""

        def asks(number: int) -> list[Ask]:
            chance = self._chance("words", number)
            words = [word for word in self.world.vocabulary.items if len(word) > 3]
            ranks = [int(math.exp(chance.random() * math.log(len(words)))) for _ in range(count)]
            return [Ask(address.format(word=quote(words[rank - 1]))) for rank in ranks]

        return asks


@dataclass(frozen=True, slots=True)
class Stored:
    """A request whose answer is in the cache, and what answers it with as much to send."""

    asked: Ask
    conditional: Ask
    bare: Ask
    headed: Ask
    """A bare answer with as many headers as ours."""
    ceiling: Ask
    """A bare answer without a body, to a request like the conditional one."""


def state_of(port: int) -> str:
    """Return what a server binds its cursors to, from one of its own."""
    link = ask(port, "/api/v1/statements?page_size=1")["next"]
    (cursor,) = parse_qs(urlsplit(link).query)["cursor"]
    return str(json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))[1])


def cached(port: int, keys: Keys, count: int) -> list[Stored]:
    """Return requests whose answers are in the cache now."""
    connection = Raw(port)
    found = []
    chance = keys.world.chance("cached")
    for key in keys.statements("cached", 0, count):
        path = f"/api/v1/statements/{key}"
        if chance.random() < 0.2:
            path = f"/api/v1/statements?page_size=5&cursor={encoded(keys.place, {}, [key])}"
        for _ in range(2):
            status, headers, body = connection.get(Ask(path))
            if status != 200:
                raise RuntimeError(f"{path} is answered with {status}: {body[:300]!r}")
        conditional = Ask(path, headers["etag"])
        _, few, _ = connection.get(conditional)
        # The server itself adds two: its name and the date.
        bare = f"/{len(body)}"
        found.append(
            Stored(
                Ask(path), conditional, Ask(bare), Ask(f"{bare}/{len(headers) - 2}"),
                Ask(f"/0/{len(few) - 2}", headers["etag"]),
            )
        )  # fmt: skip
    return found


def same_records(ours: tuple[int, list[Ask]], other: tuple[int, list[Ask]]) -> None:
    """Compare what two sides answer; RuntimeError unless ours hold all of the other's records."""
    for mine, theirs in zip(ours[1], other[1], strict=True):
        first, second = ask(ours[0], mine.path), ask(other[0], theirs.path)
        for page in (first, second):
            for name in ("next", "previous", "release", "facets"):
                page.pop(name, None)
        both = (first["results"], second["results"])
        if len(both[0]) == 50 == len(both[1]) and not _holds(*both):
            raise RuntimeError(f"{mine.path} and {theirs.path} hold other records")
        if first["count"] != second["count"]:
            raise RuntimeError(f"{mine.path} and {theirs.path} count otherwise")


def _holds(ours: Any, other: Any) -> bool:
    """Return whether a value has all that another has, whose records may have fewer keys."""
    if isinstance(other, dict):
        return all(key in ours and _holds(ours[key], other[key]) for key in other)
    if isinstance(other, list):
        return len(ours) == len(other) and all(map(_holds, ours, other))
    return bool(ours == other)


def about(size: int, rounds: int) -> str:
    """Tell what was measured, and on what."""
    model = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")), platform.machine(),
    )  # fmt: skip
    client = "wrk" if shutil.which("wrk") else "one raw connection (wrk is not installed)"
    return (
        f"{size} statements, {rounds} interleaved rounds, {os.cpu_count()} cores ({model}), "
        f"Python {platform.python_version()}; fast rows by {client}, the others one answer after "
        "another.\n'met' compares the median of the rounds' ratios with the goal.\n"
    )


def table(rows: list[list[str]]) -> str:
    """Return rows of cells as a table in Markdown."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    written = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    written.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(written)
