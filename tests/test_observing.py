"""What an operator sees: the log as JSON, and figures added up over all workers."""

import json
import re
import urllib.error
import urllib.request
from http.client import HTTPResponse

import pytest

from tests.conftest import engine
from tests.servers import load, serving

pytestmark = pytest.mark.skipif(engine() != "sqlite3", reason="the log is the same for both")


def ask(
    address: str, path: str, **headers: str
) -> tuple[int, HTTPResponse | urllib.error.HTTPError]:
    request = urllib.request.Request(f"{address}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            answer.read()
            return answer.status, answer
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code, refused


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """The lines of a log and the figures, after some questions to two workers."""
    folder = tmp_path_factory.mktemp("observed")
    (folder / "figures").mkdir()
    (folder / "figures" / "counter_1.db").write_bytes(b"of a process that is gone")
    database = f"sqlite:///{folder}/observed.sqlite3"
    load(database)
    settings = {"LOG_FORMAT": "json", "METRICS_DIR": str(folder / "figures")}
    with serving(database, workers=2, log=folder / "log", **settings) as address:
        for number in range(20):
            named = {"X-Request-ID": f"asked-{number}"}
            status, answer = ask(address, "/api/v1/events?page_size=2", **named)
            assert status == 200
        assert ask(address, "/api/v1/events?quad=x", **{"X-Request-ID": "wrong"})[0] == 400
        tag = answer.headers["ETag"]
        assert ask(address, "/api/v1/events?page_size=2", **{"If-None-Match": tag})[0] == 304
        with urllib.request.urlopen(f"{address}/metrics", timeout=20) as told:
            assert told.headers["Content-Type"].startswith("text/plain")
            figures = told.read().decode()
    lines = (folder / "log").read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")], figures


def test_every_answer_is_a_line_of_json(seen):
    lines, _ = seen
    answers = {line["request_id"]: line for line in lines if line["name"] == "api.access"}
    for number in range(20):
        line = answers[f"asked-{number}"]
        assert line["message"] == "GET /api/v1/events?page_size=2 200"
        assert (line["method"], line["status"], line["path"]) == (
            "GET", 200, "/api/v1/events?page_size=2",
        )  # fmt: skip
        assert line["queries"] == 0 if line["cached"] else line["queries"] >= 3
        assert 0 <= line["seconds"] < 20
    assert any(answers[f"asked-{number}"]["cached"] for number in range(20))
    assert answers["wrong"]["status"] == 400


def test_the_figures_are_those_of_all_workers(seen):
    _, figures = seen
    counts = {
        (status, origin): float(number)
        for origin, status, number in re.findall(
            r'demarche_answers_total\{origin="(\w+)",status="(\d+)"\} (\S+)', figures
        )
    }
    fresh, kept = counts["200", "application"], counts["200", "memory"]
    # One more for each look at /readyz before the server was ready, all of them fresh.
    assert kept >= 18
    assert fresh + kept >= 20
    assert counts["400", "application"] == 1
    assert counts["304", "client"] == 1
    assert float(re.findall(r"(?m)^demarche_kept_bytes (\S+)", figures)[0]) > 1000
    assert "demarche_seconds_bucket" in figures


def test_without_a_folder_there_are_no_figures(api):
    assert api.get("/metrics").status_code == 404


def test_answers_leave_no_line_where_only_warnings_are_wanted(tmp_path):
    database = f"sqlite:///{tmp_path}/observed.sqlite3"
    load(database)
    with serving(database, log=tmp_path / "log", LOG_LEVEL="WARNING") as address:
        assert ask(address, "/api/v1/events")[0] == 200
        assert ask(address, "/api/v1/events")[0] == 200
        assert ask(address, "/api/v1/nowhere")[0] == 404
    assert "/api/v1" not in (tmp_path / "log").read_text()
    with serving(database, log=tmp_path / "log") as address:
        assert ask(address, "/api/v1/events")[0] == 200
    assert "/api/v1/events" in (tmp_path / "log").read_text()
