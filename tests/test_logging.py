"""What an operator sees: the log as JSON, and metrics added up over all workers."""

import json
import logging
import os
import re
import time

import pytest
from pythonjsonlogger.json import JsonFormatter

from api.serving.logs import LineFormatter, log_access
from tests.operations import ask
from tests.servers import free_port, ready, serving, start

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def seen(loaded, tmp_path_factory):
    """The lines of a log and the metrics, after some requests to two workers."""
    folder = tmp_path_factory.mktemp("observed")
    (folder / "figures").mkdir()
    (folder / "figures" / "counter_1.db").write_bytes(b"of a process that is gone")
    settings = {"LOG_FORMAT": "json", "METRICS_DIR": str(folder / "figures")}
    with serving(loaded, "--workers", "2", log=folder / "log", **settings) as address:
        for number in range(20):
            answer = ask(address, "/api/v1/events?page_size=2", X_Request_ID=f"asked-{number}")
            assert answer.status == 200
        assert ask(address, "/api/v1/events?quad=x", X_Request_ID="wrong").status == 400
        tag = answer.headers["etag"]
        assert ask(address, "/api/v1/events?page_size=2", If_None_Match=tag).status == 304
        told = ask(address, "/metrics")
        assert told.headers["content-type"].startswith("text/plain")
        figures = told.body.decode()
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


FORGED = "/api/v1/x%0A2026-01-01 00:00:00,000 INFO - api.access GET / 200".replace(" ", "%20")


def test_no_client_writes_a_line_of_its_own(loaded, tmp_path):
    with serving(loaded, log=tmp_path / "log") as address:
        # The second answer of the first comes from the cache.
        paths = ["/api/v1/events", "/api/v1/events", FORGED]
        asked = [f"{path}{end}" for path in paths for end in ("", "%E2%80%A8", "%1B[31m%0D%0A")]
        for path in asked:
            assert ask(address, path).status < 500
    lines = re.findall(r"(?m)^.* api\.access GET (\S+ \d+)$", (tmp_path / "log").read_text())
    told = [line.rpartition(" ")[0] for line in lines if "/readyz" not in line]
    assert told == [path.replace("[", "%5B") for path in asked]


def test_a_message_is_one_line():
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s", ("a\r\nb\x1b[0m\u2028é",), None)
    assert LineFormatter("%(message)s").format(record) == "a\\r\\nb\\x1b[0m\\u2028é"


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


@pytest.mark.skipif(os.geteuid() != 0, reason="ONLY ROOT CAN MOUNT: no full folder was tried")
def test_a_full_folder_for_figures_ends_no_worker(loaded, tmp_path):
    """Where a mapped page has no room, the kernel kills who writes to it."""
    full = 'mount -t tmpfs -o size=8k none "$METRICS_DIR" && exec "$@"'
    port, log = free_port(), tmp_path / "log"
    process = start(
        loaded, port, "--workers", "1", before=("unshare", "--mount", "--", "sh", "-c", full, "sh"),
        log=log, METRICS_DIR=str(tmp_path),
    )  # fmt: skip
    with ready(process, port) as address:
        for size in range(1, 200):
            assert ask(address, f"/api/v1/events?page_size={size}").status == 200
            assert ask(address, f"/api/v1/no-list-{size}").status == 404
        assert "demarche_answers_total" in ask(address, "/metrics").body.decode()
    assert "METRICS_DIR: [Errno 28]" in log.read_text()
    assert "unexpectedly" not in log.read_text()


def test_without_a_folder_there_are_no_figures(api):
    assert api.get("/metrics").status_code == 404


# What is a line at INFO, the tests above read.
@pytest.mark.parametrize("level", [pytest.param("INFO", marks=pytest.mark.slow), "WARNING"])
def test_only_at_level_info_is_every_response_a_line(loaded, tmp_path, level):
    with serving(loaded, log=tmp_path / "log", LOG_LEVEL=level) as address:
        for path, status in (("events", 200), ("events", 200), ("nowhere", 404)):
            assert ask(address, f"/api/v1/{path}").status == status
    lines = (tmp_path / "log").read_text().count("/api/v1")
    assert lines == (3 if level == "INFO" else 0)


@pytest.mark.parametrize("format_", ["line", "json"])
def test_the_access_log_reads_like_all_other_lines(capfd, settings, monkeypatch, format_):
    """The line by hand is what ``logging`` makes of the same record."""
    settings.LOG_FORMAT = format_
    monkeypatch.setattr(time, "time", lambda: 1_700_000_000.75)
    told = {"cached": True, "queries": 2, "seconds": 0.5}
    log_access("an-id", "GET", "/api/v1/x?q=\x1bé\u2028", 200, **told)
    formatter = settings.LOGGING["formatters"][format_]
    kind = LineFormatter if format_ == "line" else JsonFormatter
    record = logging.LogRecord(
        "api.access", logging.INFO, "", 0, "%s %s %s", ("GET", "/api/v1/x?q=\x1bé\u2028", 200), None
    )
    record.created, record.msecs, record.request_id = 1_700_000_000.75, 750.0, "an-id"
    extra = {"method": "GET", "path": "/api/v1/x?q=\x1bé\u2028", "status": 200, **told}
    if format_ == "json":
        vars(record).update(extra)
    assert capfd.readouterr().err == kind(formatter["format"]).format(record) + "\n"


def test_a_log_that_cannot_be_written_keeps_nobody_from_an_answer(client, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    assert client.get("/healthz").status_code == 200


def test_a_line_longer_than_a_pipe_takes_is_whole(capfd, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda to, data: write(to, data[:100]))
    log_access("an-id", "GET", "/" + "x" * 5000, 200, cached=False, queries=0, seconds=0.0)
    assert capfd.readouterr().err.endswith("/" + "x" * 5000 + " 200\n")
