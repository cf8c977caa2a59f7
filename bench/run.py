"""Makes the data, serves it by everybody, measures in interleaved rounds, and prints one table."""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles

from bench.client import Ask, Raw, ask, saturated, seconds
from bench.dataset import World
from bench.loading import SEED, Data, loaded, made
from bench.questions import Answered, index_for_sql, measured, report
from bench.rows import HEAD, Keys, Row, about, cached, human, same_records, state_of, table, verdict
from bench.servers import BIN, ROOT, Server, granian, ours, serve
from tests.servers import free_port

QUIET = {"LOG_LEVEL": "WARNING"}
"""No line for each answer: nobody else writes one."""
NESTED = "ours nests passages, countries and issues; theirs are flat rows"


def main(arguments: list[str]) -> int:
    """Run the measurements; the exit code tells whether they ran, not whether goals are met."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--size", type=int, nargs="+", default=[20_000, 200_000], help="Numbers of statements."
    )
    parser.add_argument("--rounds", type=int, default=5, help="Number of rounds.")
    parser.add_argument("--only", default="", help="Only rows whose name holds this text.")
    parser.add_argument(
        "--questions", action="store_true", help="Only questions that are asked for the first time."
    )
    chosen = parser.parse_args(arguments)
    found = {}
    for size in sorted(chosen.size):
        folder = ROOT / "build" / "bench" / str(size)
        made(folder, size)
        with ExitStack() as stack:
            loading, data = loaded(folder, size, stack)
            cells = [] if chosen.questions else _compared(data, stack, chosen)
            print(about(size, chosen.rounds))
            print(table([HEAD, *cells, *loading]), flush=True)
            found[size] = _questions(data, stack, chosen.rounds)
    print("\nCPU of questions that are asked for the first time:\n")
    print(table(report(found)))
    return 0


def _compared(data: Data, stack: ExitStack, chosen: argparse.Namespace) -> list[list[str]]:
    """Return the cells of all comparisons, after so many rounds."""
    rows, absolute = _rows(data, stack, quick=data.size <= 20_000)
    rows = [row for row in rows if chosen.only in row.what]
    for number in range(chosen.rounds):
        for row in rows:
            row.round(number)
        print(f"round {number + 1} of {chosen.rounds}", file=sys.stderr, flush=True)
    return [*(row.cells() for row in rows), *absolute]


def _questions(data: Data, stack: ExitStack, rounds: int) -> dict[tuple[str, str], Answered]:
    """Return what every question costs."""
    logs = data.folder / "logs"
    logs.mkdir(exist_ok=True)
    print("asking questions for the first time", file=sys.stderr, flush=True)
    command, other = _datasette(data.folder / "ours.sqlite3", data.folder), None
    try:
        other = stack.enter_context(serve(command, "/-/versions.json", logs / "datasette.log"))
    except (OSError, RuntimeError) as failed:
        print(f"DATASETTE COULD NOT BE SERVED: {failed}", file=sys.stderr)
    return measured(data.urls, World(SEED, data.size), other, rounds, logs / "questions.log")


def _rows(data: Data, stack: ExitStack, *, quick: bool) -> tuple[list[Row], list[list[str]]]:
    """Start every server, and give the comparisons and the rows without a comparison."""
    logs = data.folder / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    burst = 1 if quick else 2

    def up(name: str, command: list[str], probe: str, **environment: str) -> Server:
        print(f"starting {name}", file=sys.stderr, flush=True)
        return stack.enter_context(serve(command, probe, logs / f"{name}.log", **environment))

    def fast(port: int, asks: list[Ask]) -> float:
        return saturated(port, asks, burst, logs)

    def api(name: str, engine: str, cache: str) -> int:
        return up(
            name,
            ours(),
            "/readyz",
            DATABASE_URL=data.urls[engine],
            RESPONSE_CACHE_MB=cache,
            **QUIET,
        ).port

    bare = up("bare", granian("bench.bare:application"), "/1").port
    warm = api("warm", "SQLite", "64")
    keys = Keys(World(SEED, data.size), state_of(warm))
    cold = {engine: api(f"cold-{engine}", engine, "0") for engine in data.urls}
    plain = {
        engine: up(
            f"plain-{engine}", granian("bench.baseline.wsgi:application"),
            "/statements/statement-0000001/", DATABASE_URL=url,
        ).port
        for engine, url in data.urls.items()
    }  # fmt: skip
    stored = cached(warm, keys, 200)

    def fixed(name: str) -> Callable[[int], list[Ask]]:
        asks = [getattr(one, name) for one in stored]
        return lambda _: asks

    rows = [
        Row("cached GET, 200 keys", (warm, fixed("asked")), (bare, fixed("headed")), "bare WSGI",
            0.85, fast, note="bodies of the same sizes, as many headers"),
        Row("cached GET, 200 keys", (warm, fixed("asked")), (bare, fixed("bare")), "bare WSGI",
            0.85, fast, note="bodies of the same sizes; ours has 17 headers, the other 2"),
        Row("304, 200 keys", (warm, fixed("conditional")), (bare, fixed("bare")), "bare 200",
            1.0, fast, note="ours has 8 headers, the other 2"),
        Row("304, 200 keys", (warm, fixed("conditional")), (bare, fixed("ceiling")), "bare, empty",
            None, fast, note="as many headers, no body: the server's ceiling"),
    ]  # fmt: skip
    absolute: list[list[str]] = []
    details, pages = "/api/v1/statements/{key}", "/api/v1/statements?cursor={cursor}"
    _, _, page = Raw(cold["SQLite"]).get(Ask("/api/v1/statements"))
    rows.append(
        Row("cold list of 50, SQLite", (cold["SQLite"], keys.pages(pages, 40)),
            (bare, lambda _: [Ask(f"/{len(page)}")]), "bare WSGI", None, fast,
            note="a body of the same size: the server's ceiling")
    )  # fmt: skip
    _others(rows, absolute, data, keys, cold["SQLite"], up, fast, logs)
    few = 2 if quick else 4
    for engine in data.urls:
        mine, theirs = cold[engine], plain[engine]
        pair = "country={country}&topic={topic}"
        same_records(
            (mine, keys.pairs(f"/api/v1/statements?{pair}", 3)(0)),
            (theirs, keys.pairs(f"/statements/?{pair}", 3)(0)),
        )
        same_records(
            (mine, [Ask("/api/v1/statements")]), (theirs, [Ask("/statements/")]),
        )  # fmt: skip
        rows += [
            Row(f"cold detail, {engine}", (mine, keys.details(details, 40)),
                (theirs, keys.details("/statements/{key}/", 40)), "plain DRF", None, seconds),
            Row(f"cold list of 50, {engine}", (mine, keys.pages(pages, few * 2)),
                (theirs, keys.numbered("/statements/?page={page}", few * 2)), "plain DRF",
                12 if engine == "PostgreSQL" else None, seconds,
                note="pages at random depths, by cursor and by number"),
            Row(f"cold first page, {engine}", (mine, lambda _: [Ask("/api/v1/statements")] * 4),
                (theirs, lambda _: [Ask("/statements/")] * 4), "plain DRF", None, seconds,
                note="the one key that cannot vary"),
            Row(f"deepest page, {engine}", (mine, keys.last(pages, few * 2)),
                (mine, lambda _: [Ask("/api/v1/statements")] * (few * 2)), "first page", 1.3,
                seconds, at_most=True),
            Row(f"country + topic, {engine}",
                (mine, keys.pairs(f"/api/v1/statements?{pair}", few)),
                (theirs, keys.pairs(f"/statements/?{pair}", few)), "plain DRF", 10, seconds,
                note="pairs as often as the data has them"),
            Row(f"search, first page, {engine}",
                (mine, keys.words("/api/v1/statements?q={word}", few)),
                (theirs, keys.words("/statements/?q={word}", few)), "icontains", 20, seconds,
                note="whole words in all texts, best match first, against parts of words in "
                "summaries, by key"),
        ]  # fmt: skip
    return rows, [*absolute, *_starting(data, logs)]


def _others(  # noqa: PLR0917
    rows: list[Row],
    absolute: list[list[str]],
    data: Data,
    keys: Keys,
    mine: int,
    up: Callable[..., Server],
    fast: Callable[[int, list[Ask]], float],
    logs: Path,
) -> None:
    """Add the rows against Datasette and ROAPI, or say why one could not be served."""
    file = data.folder / "ours.sqlite3"
    details, pages = "/api/v1/statements/{key}", "/api/v1/statements?cursor={cursor}"
    try:
        base = "/ours/policy_statement"
        other = up("datasette", _datasette(file, data.folder), "/-/versions.json").port
        ask(other, f"{base}.json?_size=1")
        rows += [
            Row("cold detail, SQLite", (mine, keys.details(details, 40)),
                (other, keys.details(f"{base}/{{key}}.json?_shape=array", 40)), "Datasette", 5,
                fast, note=NESTED),
            Row("cold list of 50, SQLite", (mine, keys.pages(pages, 40)),
                (other, keys.pages(f"{base}.json?_size=50&_next={{key}}", 40)), "Datasette", 8,
                fast, note=NESTED),
        ]  # fmt: skip
    except (OSError, RuntimeError) as failed:
        absolute.append(["lists and details", "-", "Datasette", "-", "-", "5; 8", "NO",
                         f"could not be served: {failed}"])  # fmt: skip
    try:
        table = data.folder / "tables" / "policy_statement.csv"
        command = [
            str(BIN / "roapi"), "-a", "127.0.0.1:{port}", "-p", f"127.0.0.1:{free_port()}",
            "--addr-flight-sql", f"127.0.0.1:{free_port()}", "-t", f"statements={table}",
        ]  # fmt: skip
        other = up("roapi", command, "/api/tables/statements?limit=1").port
        base = "/api/tables/statements"
        rows += [
            Row("cold detail, SQLite", (mine, keys.details(details, 10)),
                (other, keys.details(f"{base}?filter%5Bid%5D='{{key}}'", 10)), "ROAPI", None,
                seconds, note=f"{NESTED}, all in memory, on every core, without an index"),
            Row("cold list of 50, SQLite", (mine, keys.pages(pages, 4)),
                (other, keys.pages(
                    f"{base}?filter%5Bid%5Dgt='{{key}}'&sort=id&limit=50", 4)),
                "ROAPI", None, seconds, note=f"{NESTED}; without a count"),
        ]  # fmt: skip
    except (OSError, RuntimeError) as failed:
        absolute.append(["lists and details", "-", "ROAPI", "-", "-", "-", "-",
                         f"could not be served: {failed}"])  # fmt: skip


def _datasette(file: Path, folder: Path) -> list[str]:
    """Return the command of a tuned Datasette: counts precomputed, no facets suggested, FTS set.

    The database gets the indexes that its SQL needs.
    """
    index_for_sql(file)
    inspected, metadata = folder / "datasette-counts.json", folder / "datasette.json"
    subprocess.run([BIN / "datasette", "inspect", file, "--inspect-file", inspected], check=True)
    table = {"fts_table": "machinery_searchindex", "fts_pk": "rowid"}
    metadata.write_text(
        json.dumps({"databases": {file.stem: {"tables": {"machinery_searchentry": table}}}})
    )
    settings = {
        "suggest_facets": "off", "default_page_size": "50", "default_cache_ttl": "0",
        "num_sql_threads": "1", "sql_time_limit_ms": "60000", "template_debug": "off",
        "allow_download": "off",
    }  # fmt: skip
    flags = [part for name, value in settings.items() for part in ("--setting", name, value)]
    return [
        str(BIN / "datasette"), "serve", "-i", str(file), "--host", "127.0.0.1", "--port",
        "{port}", "--inspect-file", str(inspected), "--metadata", str(metadata), *flags,
    ]  # fmt: skip


def _starting(data: Data, logs: Path) -> list[list[str]]:
    """Measure starting, and what two workers hold after they have answered."""
    rows = []
    for engine, url in data.urls.items():
        started, held = [], []
        for _ in range(5):
            with serve(ours(), "/readyz", logs / "start.log", DATABASE_URL=url, **QUIET) as server:
                started.append(server.started)
        with serve(ours(2), "/readyz", logs / "memory.log", DATABASE_URL=url, **QUIET) as server:
            for number in range(50):
                connection = Raw(server.port)
                for path in (f"/api/v1/statements/statement-{number:07d}", "/api/v1/statements"):
                    connection.get(Ask(path))
                connection.socket.close()
            held.append(server.memory() / 1e6)
        low, _, high = quantiles(started, n=4)
        rows.append([
            f"start to first answer, {engine}", human(median(started)), "-", "-",
            f"{low:.2f} to {high:.2f} s", *verdict(median(started), 0.6, at_most=True),
            "one worker, /readyz",
        ])  # fmt: skip
        rows.append([
            f"memory of two workers, {engine}", f"{held[0]:.0f} MB", "-", "-", "one run",
            *verdict(held[0], 180, at_most=True), "PSS with the parent, after 100 answers",
        ])  # fmt: skip
    return rows
