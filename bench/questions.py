"""Questions asked for the first time, each beside hand-written SQL in Datasette."""

import os
import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from math import inf
from pathlib import Path
from statistics import median
from typing import NamedTuple
from urllib.parse import urlencode

import psycopg

from bench.client import Ask, Raw
from bench.dataset import World
from bench.rows import human, verdict
from bench.servers import Server, family, ours, serve

GOALS = {200_000: 0.040, 1_000_000: 0.100}
"""Seconds of CPU that a question may take, by the number of statements."""
TIMES = 2
"""How many times ours the CPU of Datasette is to be."""
RANK = 100
"""The rank of what questions ask for before, so that none pays for what a server does once."""

STATEMENTS = "policy_statement s"
HITS = "machinery_searchindex x join machinery_searchentry e on e.id = x.rowid"


class Question(NamedTuple):
    """A question as it is put to us, and the rows that answer it in SQL."""

    name: str
    path: str
    rows: str
    """What follows FROM: the tables, and WHERE, without an order."""
    order: str = "s.id"
    shown: str = "s.*"


def narrowed(condition: str) -> str:
    """Return the statements that a condition leaves."""
    return f"{STATEMENTS} where {condition}"


def found(words: str, condition: str = "1", kind: str = "statement") -> str:
    """Return the entries of a kind that have words, joined with their statements."""
    joined = "join policy_statement s on s.id = e.record " if kind == "statement" else ""
    return (
        f"{HITS} {joined}where machinery_searchindex match '{words}' "
        f"and e.kind = '{kind}' and {condition}"
    )


ABOUT = "s.id in (select statement_id from policy_statement_about where country_id {})"
CONCERN = "s.id in (select statement_id from machinery_concern where country_id {})"
BETWEEN = (
    "s.id in (select a.statement_id from machinery_concern a join machinery_concern b "
    "on b.statement_id = a.statement_id where a.country_id = '{one}' and b.country_id = '{two}' "
    "union select i.statement_id from policy_bilateralissue_countries a "
    "join policy_bilateralissue_countries b on b.bilateralissue_id = a.bilateralissue_id "
    "join policy_statement_issues i on i.bilateralissue_id = a.bilateralissue_id "
    "where a.country_id = '{one}' and b.country_id = '{two}')"
)
WHEN = "s.time_earliest <= '{last}' and s.time_latest >= '{first}'"
LIST = "/api/v1/statements?"
QUESTIONS = [
    Question("q, filter", f"{LIST}q={{w}}&topic={{topic}}", found("{w}", "s.topic = '{topic}'")),
    Question("q, country", f"{LIST}q={{w}}&country={{one}}",
             found("{w}", CONCERN.format("= '{one}'"))),
    Question("q, ordering", f"{LIST}q={{w}}&ordering=topic", found("{w}"), "s.topic, s.id"),
    Question("q, two words", f"{LIST}q={{w}}%20{{v}}", found("{w} {v}"), "x.rowid"),
    Question("q, prefix", f"{LIST}q={{p}}*", found("{p}*"), "x.rowid"),
    Question("q", f"{LIST}q={{w}}", found("{w}"), "x.rowid"),
    Question("search, kind", "/api/v1/search?q={w}&kind=official",
             found("{w}", kind="official"), "x.rowid", "e.*"),
    Question("search", "/api/v1/search?q={w}", f"{HITS} where machinery_searchindex match '{{w}}'",
             "x.rowid", "e.*"),
    Question("facets=topic", f"{LIST}facets=topic", narrowed("1")),
    Question("facets=about", f"{LIST}facets=about", narrowed("1")),
    Question("five facets", f"{LIST}facets=topic,about,kind,support,source", narrowed("1")),
    Question("facets=country, filter", f"{LIST}facets=country&support=stated",
             narrowed("s.support = 'stated'")),
    Question("from, to", f"{LIST}from={{first}}&to={{last}}", narrowed(WHEN)),
    Question("possibly_on", f"{LIST}possibly_on={{first}}",
             narrowed("s.time_earliest <= '{first}' and s.time_latest >= '{first}'")),
    Question("between", f"{LIST}between={{one}},{{two}}", narrowed(BETWEEN)),
    Question("dyad", "/api/v1/dyads/{dyad}", narrowed(BETWEEN)),
    Question("about", f"{LIST}about={{one}}", narrowed(ABOUT.format("= '{one}'"))),
    Question("country", f"{LIST}country={{one}}", narrowed(CONCERN.format("= '{one}'"))),
    Question("country, topic", f"{LIST}country={{one}}&topic={{topic}}",
             narrowed("s.topic = '{topic}' and " + CONCERN.format("= '{one}'"))),
    Question("two countries", f"{LIST}country={{one}},{{two}}",
             narrowed(CONCERN.format("in ('{one}', '{two}')"))),
    Question("exclude_country", f"{LIST}exclude_country={{one}}",
             narrowed("not " + CONCERN.format("= '{one}'"))),
    Question("exclude_about", f"{LIST}exclude_about={{one}}",
             narrowed("not " + ABOUT.format("= '{one}'"))),
    Question("exclude_topic", f"{LIST}exclude_topic={{topic}}", narrowed("s.topic != '{topic}'")),
    Question("ordering=kind,topic", f"{LIST}ordering=kind,topic", narrowed("1"),
             "s.kind, s.topic, s.id"),
    Question("ordering=-time_earliest", f"{LIST}ordering=-time_earliest", narrowed("1"),
             "s.time_earliest desc nulls last, s.id desc"),
    Question("not_stated", f"{LIST}not_stated=speaker", narrowed("s.speaker_id is null")),
    Question("source", f"{LIST}source={{source}}", narrowed(
        "s.id in (select e.statement_id from policy_statement_evidence e "
        "join policy_passage p on p.id = e.passage_id where p.source_id = '{source}')")),
    Question("q, prefix of three, filter", f"{LIST}q={{three}}*&topic={{topic}}",
             found("{three}*", "s.topic = '{topic}'")),
    Question("topic, country excluded, ordering",
             f"{LIST}topic={{topic}}&exclude_country={{one}}&ordering=-time_earliest",
             narrowed("s.topic = '{topic}' and not " + CONCERN.format("= '{one}'")),
             "s.time_earliest desc nulls last, s.id desc"),
    Question("from, country", f"{LIST}from={{first}}&country={{one}}",
             narrowed("s.time_latest >= '{first}' and " + CONCERN.format("= '{one}'"))),
    Question("issues of a country", "/api/v1/bilateral-issues?country={one}",
             "policy_bilateralissue i where i.id in (select bilateralissue_id from "
             "policy_bilateralissue_countries where country_id = '{one}')", "i.id", "i.*"),
]  # fmt: skip
BY_SOURCE = (
    "select p.source_id, count(distinct e.statement_id) from policy_statement_evidence e "
    "join policy_passage p on p.id = e.passage_id group by 1"
)
BY_COUNTRY = (
    "select country_id, count(*) from machinery_concern c "
    "join policy_statement s on s.id = c.statement_id where s.support = 'stated' group by 1"
)
FACETS = {
    "facets=topic": ["select topic, count(*) from policy_statement group by 1"],
    "facets=about": ["select country_id, count(*) from policy_statement_about group by 1"],
    "five facets": [
        "select topic, count(*) from policy_statement group by 1",
        "select country_id, count(*) from policy_statement_about group by 1",
        "select kind, count(*) from policy_statement group by 1",
        "select support, count(*) from policy_statement group by 1",
        BY_SOURCE,
    ],
    "facets=country, filter": [BY_COUNTRY],
}
"""The counts that a question asks for besides, as SQL of their own."""


INDEXES = [
    *(f"policy_statement ({column}, id)" for column in ("support", "time_precision")),
    "policy_statement (time_latest, time_earliest, id)",
    "machinery_concern (country_id, statement_id)",
    "machinery_concern (country_id, topic, statement_id)",
    "policy_statement_about (country_id, statement_id)",
    "policy_statement_issues (bilateralissue_id, statement_id)",
    "policy_statement_evidence (passage_id, statement_id)",
]
"""What SQL needs to answer the questions well, and we do not."""


def index_for_sql(file: Path) -> None:
    """Create the indexes that only SQL needs in a database."""
    with closing(sqlite3.connect(file)) as connection:
        for number, columns in enumerate(INDEXES):
            connection.execute(f"CREATE INDEX IF NOT EXISTS bench_{number} ON {columns}")
        connection.commit()


def values(world: World, rank: int = 0) -> dict[str, str]:
    """Return what the questions ask for: the most frequent of everything, or what comes later."""
    (one, two), word = world.country.items[rank : rank + 2], world.vocabulary.items[rank]
    day = date(2020, 3, 1) + timedelta(days=rank)
    return {
        "w": word, "v": world.vocabulary.items[rank + 1], "p": word[: min(rank, 2) + 1],
        "three": word[:3],
        "one": one, "two": two, "dyad": "-".join(sorted((one, two))),
        "topic": world.topic.items[min(rank, 5)], "source": "source-00000",
        "first": day.isoformat(), "last": (day + timedelta(days=30)).isoformat(),
    }  # fmt: skip


def by_sql(question: Question, asked: dict[str, str]) -> list[Ask]:
    """Return the requests for page, count and facets by SQL."""
    rows = question.rows.format(**asked)
    queries = [
        f"select {question.shown} from {rows} order by {question.order} limit 51",
        f"select count(*) from {rows}",
        *FACETS.get(question.name, ()),
    ]
    return [Ask(f"/ours.json?{urlencode({'sql': sql, '_shape': 'array'})}") for sql in queries]


@dataclass(frozen=True, slots=True)
class Side:
    """A server that is asked, and the processes that work for it."""

    port: int
    roots: list[int]

    def spent(self, asks: list[Ask]) -> float:
        """Return the seconds of CPU that some requests took, without end where one is 503.

        RuntimeError for any other status but 200.
        """
        connection, before = Raw(self.port), self._cpu()
        with closing(connection.socket):
            for one in asks:
                status, _, body = connection.get(one)
                if status == 503:
                    return inf
                if status != 200:
                    raise RuntimeError(f"{one.path} is answered with {status}: {body[:300]!r}")
        return self._cpu() - before

    def _cpu(self) -> float:
        return sum(cpu(process) for root in self.roots for process in family(root))


def cpu(process: int) -> float:
    """Return the seconds that a process has run with all its threads, and children that ended."""
    folder = Path(f"/proc/{process}")
    try:
        tasks = [(task / "schedstat").read_text() for task in (folder / "task").iterdir()]
        times = (folder / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        # It ended just now, and its time is that of its parent's children.
        return 0
    ended = int(times[13]) + int(times[14])
    running = sum(int(task.split()[0]) for task in tasks)
    return running / 1e9 + ended / os.sysconf("SC_CLK_TCK")


def postmaster(url: str) -> int:
    """Return the process of the PostgreSQL server of this machine that a URL leads to."""
    with psycopg.connect(url) as connection:
        (folder,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    return int((Path(folder) / "postmaster.pid").read_text().split("\n", 1)[0])


@dataclass(frozen=True, slots=True)
class Answered:
    """What a question cost: the median of seconds of CPU, and Datasette's where it was asked."""

    ours: float
    datasette: float | None = None


def measured(
    urls: dict[str, str], world: World, datasette: Server | None, rounds: int, log: Path
) -> dict[tuple[str, str], Answered]:
    """Ask every question on every engine, and return what it cost by question and engine.

    In each round a new server is asked each question once, so that it remembers none, after the
    same questions for what is rarer; and Datasette in turn, which remembers nothing.
    """
    asked, before, taken = values(world), values(world, RANK), defaultdict(list)
    for _ in range(rounds):
        for engine, url in urls.items():
            environment = {"DATABASE_URL": url, "RESPONSE_CACHE_MB": "0", "LOG_LEVEL": "WARNING"}
            with serve(ours(), "/readyz", log, **environment) as server:
                roots = [server.process, *([] if url.startswith("sqlite") else [postmaster(url)])]
                mine = Side(server.port, roots)
                mine.spent([Ask(_shorter(one.path.format(**before))) for one in QUESTIONS])
                for one in QUESTIONS:
                    taken[one.name, engine].append(mine.spent([Ask(one.path.format(**asked))]))
                    if datasette and engine == "SQLite":
                        theirs = Side(datasette.port, [datasette.process])
                        taken[one.name, "Datasette"].append(theirs.spent(by_sql(one, asked)))
    return {
        (name, engine): Answered(
            median(spent),
            median(taken[name, "Datasette"])
            if engine == "SQLite" and taken.get((name, "Datasette"))
            else None,
        )
        for (name, engine), spent in list(taken.items())
        if engine != "Datasette"
    }


def _shorter(path: str) -> str:
    """Return a path to fewer records, so that the same values are another question too."""
    return path if "/dyads/" in path else f"{path}&page_size=9"


def report(found: dict[int, dict[tuple[str, str], Answered]]) -> list[list[str]]:
    """Return a table of what questions cost at some numbers of statements."""
    sizes = sorted(found)
    head = ["question", "engine", *(f"{size:,}" for size in sizes), "growth", "goal", "met"]
    rows = [[*head, f"Datasette, {sizes[-1]:,}", "ratio", "goal", "met"]]
    for key, last in found[sizes[-1]].items():
        costs = [found[size][key].ours for size in sizes]
        row = [*key, *map(human, costs), f"{costs[-1] / costs[0]:.1f}" if sizes[1:] else "-"]
        row += verdict(last.ours, GOALS.get(sizes[-1]), at_most=True)
        if last.datasette is None:
            rows.append([*row, "-", "-", "-", "-"])
        else:
            ratio = last.datasette / last.ours
            row += [human(last.datasette), f"{ratio:.1f}", *verdict(ratio, TIMES)]
            rows.append(row)
    return rows
