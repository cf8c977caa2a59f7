"""The server of the Model Context Protocol, asked by a real client over its pipes."""

import asyncio
import json
import re
import sys
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlsplit
from urllib.request import urlopen

import pytest

from tests.conftest import ROOT
from tests.releases import committed
from tests.samples import WORD

pytestmark = [pytest.mark.servers, pytest.mark.once]
MOST = 4000
RECORDS = committed()


@asynccontextmanager
async def connected(**environment):
    """Start the server as agents do, and return a client of it."""
    # Not above, where every part of the suite would take half a second to import it.
    from mcp import Client, StdioServerParameters

    started = StdioServerParameters(
        command=sys.executable,
        args=["-m", "api.mcp_server"],
        env={"PYTHONPATH": str(ROOT), **environment},
        cwd=str(ROOT),
    )
    async with Client(started, read_timeout_seconds=60) as client:
        yield client


@pytest.fixture(scope="module")
def ask(addresses):
    """A function that calls tools in one session, and returns their texts."""

    def calls(*asked, url=addresses["SQLite"]):
        async def session():
            async with connected(DEMARCHE_URL=url) as client:
                return [await client.call_tool(name, given) for name, given in asked]

        return [(bool(one.is_error), one.content[0].text) for one in asyncio.run(session())]

    return calls


def answers(found):
    assert not [text for failed, text in found if failed]
    return [json.loads(text) for _, text in found]


def test_the_tools_are_few_and_short():
    async def listed():
        async with connected() as client:
            return (await client.list_tools()).tools

    tools = asyncio.run(listed())
    assert {tool.name for tool in tools} == {
        "inventory", "search", "records", "record", "dyad", "evidence", "codebook"
    }  # fmt: skip
    assert all(tool.description for tool in tools)
    assert sum(len(tool.model_dump_json()) for tool in tools) < 12_000


def test_every_answer_is_short_and_cites(ask):
    (inventory,) = answers(ask(("inventory", {})))
    assert inventory["release"] in inventory["citation"]
    asked = []
    for name, number in inventory["lists"].items():
        if number:
            file = name.replace("-", "_")
            asked += [("record", {"list_name": name, "key": record["pk"]})
                      for record in RECORDS[file][:8]]  # fmt: skip
            asked.append(("records", {"list_name": name}))
    asked += [("codebook", {}), ("codebook", {"vocabulary": "event_type"})]
    for text in (found for _, found in ask(*asked)):
        assert len(text.encode()) <= MOST
        assert json.loads(text)


def test_facts_carry_keys_quotes_and_gaps(ask):
    fact = next(r for r in RECORDS["statements"] if r["fields"].get("evidence"))
    gap = next(g for g in RECORDS["gaps"] if g["fields"].get("countries"))
    found, cited, country = answers(
        ask(
            ("record", {"list_name": "statements", "key": fact["pk"]}),
            ("evidence", {"list_name": "statements", "key": fact["pk"]}),
            ("record", {"list_name": "countries", "key": gap["fields"]["countries"][0],
                        "max_bytes": 20_000}),
        )
    )  # fmt: skip
    assert found["url"].endswith(f"/api/v1/statements/{fact['pk']}")
    assert {one["id"] for one in cited["evidence"]} == set(fact["fields"]["evidence"])
    assert all(one["quote"] and one["sha256"] for one in cited["evidence"])
    assert any(gap["pk"] in question for question in country["gaps"])


def test_the_address_of_a_page_has_its_filters(ask):
    """It is what an agent cites, so it has to lead to the same records."""
    topics = {"topic": "migration,crime", "superseded": False}
    calls = [("records", {"list_name": "statements", "filters": topics}),
             ("search", {"words": WORD, "kind": "event"}),
             ("records", {"list_name": "trips"})]  # fmt: skip
    for (name, given), told in zip(calls, answers(ask(*calls)), strict=True):
        asked = dict(parse_qsl(urlsplit(told["url"]).query))
        filters = {"topic": "migration,crime", "superseded": "false"} if "filters" in given else {}
        assert asked == ({"q": WORD, "kind": "event"} if name == "search" else filters)
        with urlopen(told["url"]) as answer:
            assert json.load(answer)["count"] == told["count"]


@pytest.mark.slow
def test_pages_lead_through_the_whole_list(ask):
    expected = {record["pk"] for record in RECORDS["events"]}
    seen, cursor = [], None
    for _ in range(len(expected)):
        given = {"list_name": "events", **({"cursor": cursor} if cursor else {})}
        (page,) = answers(ask(("records", given)))
        seen += [one["id"] for one in page["results"]]
        cursor = page.get("next")
        if not cursor:
            break
    assert len(seen) == len(set(seen))
    assert set(seen) == expected


def test_search_finds_and_a_dyad_tells(ask):
    pairs = {tuple(one["fields"]["countries"]) for one in RECORDS["bilateral_issues"]}
    calls = [("dyad", {"first": one, "second": other}) for one, other in pairs]
    hits, *dyads = answers(ask(("search", {"words": WORD}), *calls))
    assert hits["results"]
    for dyad in dyads:
        assert len(json.dumps(dyad, ensure_ascii=False, separators=(",", ":")).encode()) <= MOST
        for name in ("issues", "events", "statements", "gaps"):
            found = dyad[name]["records"]
            assert bool(found) == bool(dyad[name]["count"])
            assert all(one["id"] for one in found)
        assert {"not_stated", "position"} & dyad["issues"]["records"][0]["sides"][0].keys()
    ((_, least),) = ask(("dyad", {**calls[0][1], "max_bytes": 500}))
    assert len(least.encode()) <= 500


def test_refusals_are_passed_on(ask):
    cases = [
        ("records", {"list_name": "events", "filters": {"contxt": "x"}}, "nearest"),
        ("records", {"list_name": "statements", "filters": {"topic": "migratoin"}}, "migration"),
        ("record", {"list_name": "countries", "key": "ZZZ"}, "404"),
        ("record", {"list_name": "nope", "key": "x"}, "404"),
        ("record", {"list_name": "../docs", "key": "x"}, "no name of a list"),
        ("codebook", {"vocabulary": "nope"}, "event_type"),
        ("dyad", {"first": "USA", "second": "USA"}, "different"),
    ]
    told = ask(*((name, given) for name, given, _ in cases))
    for (failed, text), (name, given, hint) in zip(told, cases, strict=True):
        assert failed, (name, given)
        assert hint in text
        assert "Traceback" not in text


def test_an_instance_that_is_away_is_told(ask):
    ((failed, text),) = ask(("inventory", {}), url="http://127.0.0.1:9")
    assert failed
    assert "DEMARCHE_URL" in text


@pytest.mark.django_db
def test_llms_txt_leads_to_addresses_that_answer(client):
    found = client.get("/llms.txt")
    assert found["Content-Type"] == "text/plain; charset=utf-8"
    links = re.findall(r"\]\(http://testserver(/[^)]*)\)", found.content.decode())
    assert len(links) > 10
    assert [path for path in links if client.get(path).status_code != 200] == []
