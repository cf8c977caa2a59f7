"""The generated release of the benchmark: reproducible, valid, and loaded by both engines."""

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.apps import apps
from django.core.management import call_command

from bench import copying
from bench.client import Ask
from bench.dataset import World, lines, make
from bench.questions import QUESTIONS, Side, values
from bench.rows import human
from policy.models import Release, SearchEntry, Statement
from policy.validation import errors_of
from tests.conftest import ROOT
from tests.operations import ask
from tests.releases import database
from tests.samples import records
from tests.servers import free_port, manage, serving

STATEMENTS = 300


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a small generated release."""
    folder = tmp_path_factory.mktemp("made")
    make(folder, STATEMENTS)
    return folder


def test_the_same_seed_gives_the_same_bytes(made, tmp_path):
    make(tmp_path / "again", STATEMENTS)
    make(tmp_path / "other", STATEMENTS, seed=2)
    files = {path.name: path.read_bytes() for path in made.iterdir()}
    again, other = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("again", "other")
    )
    assert again == files
    assert other.keys() == files.keys()
    assert other["statements.ndjson"] != files["statements.ndjson"]


def test_every_made_record_is_valid_and_in_the_order_of_keys(made):
    keys: dict[str, list[str]] = {}
    for line in lines(made):
        record = json.loads(line)
        model = apps.get_model(record["model"])
        assert not list(errors_of(model, record)), record
        keys.setdefault(record["model"], []).append(record["pk"])
    for model, found in keys.items():
        assert found == sorted(set(found)), model
    assert len(keys["policy.statement"]) == STATEMENTS


def test_made_records_load_and_are_skewed_like_real_ones(db, made, tmp_path):
    for path in (*sorted(made.glob("*.ndjson")), made / "release.json"):
        records = path.read_text()
        if path.suffix == ".ndjson":
            records = f"[{','.join(records.splitlines())}]"
        (tmp_path / f"{path.stem}.json").write_text(records)
    Release.objects.all().delete()
    SearchEntry.objects.all().delete()
    call_command("loaddata", *sorted(map(str, tmp_path.glob("*.json"))), verbosity=0)
    release = Release.objects.get()
    speakers = Counter(
        Statement.objects.filter(pk__startswith="statement-", speaker__isnull=False).values_list(
            "speaker", flat=True
        )
    )
    assert release.counts["statements"] == STATEMENTS
    assert SearchEntry.objects.filter(record__startswith="statement-").count() == STATEMENTS
    assert max(speakers.values()) > 3 * sum(speakers.values()) / len(speakers)


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.servers
def test_questions_find_what_the_sql_beside_them_finds(made, tmp_path):
    asked = values(World(1, STATEMENTS))
    with database(tmp_path, "questions", cluster="") as url:
        manage(url, "load_release", str(made), "-v0")
        with (
            serving(url) as address,
            closing(sqlite3.connect(tmp_path / "questions.sqlite3")) as db,
        ):
            for one in QUESTIONS:
                answer = ask(address, one.path.format(**asked))
                assert answer.status == 200, one.name
                found = json.loads(answer.body)
                count = found["statements"]["count"] if one.name == "dyad" else found["count"]
                sql = f"SELECT count(*) FROM {one.rows.format(**asked)}"
                assert db.execute(sql).fetchone() == (count,), one.name


@pytest.mark.once
def test_the_raw_rows_fill_every_table_that_a_load_fills(made, tmp_path):
    paths = copying.write_tables(made, tmp_path / "tables")
    counts = []
    for name in ("loaded", "copied"):
        with database(tmp_path, name, cluster="") as url:
            file = tmp_path / f"{name}.sqlite3"
            if name == "loaded":
                manage(url, "load_release", str(made), "-v0")
            else:
                copying.insert(file, paths)
            with closing(sqlite3.connect(file)) as db:
                sql = "SELECT count(*) FROM {}"
                counts.append([db.execute(sql.format(path.stem)).fetchone()[0] for path in paths])
    assert counts[0] == counts[1]
    assert sum(counts[0]) > 10 * STATEMENTS


@pytest.mark.once
def test_a_question_that_takes_too_long_is_a_row_and_a_wrong_one_ends_the_run():
    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_response(int(self.path[1:]))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", free_port()), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        side = Side(server.server_port, [])
        assert human(side.spent([Ask("/200"), Ask("/503")])) == "refused"
        with pytest.raises(RuntimeError, match="answered with 404"):
            side.spent([Ask("/404")])
        server.shutdown()


@pytest.mark.servers
def test_the_plain_project_that_is_compared_with_answers(tmp_path):
    asked = """
from bench.baseline.wsgi import application
from django.test import Client
for path in ("/statements/", "/statements/?q=the"):
    print(Client(HTTP_HOST="127.0.0.1").get(path).json()["count"])
"""
    with database(tmp_path, "plain", filled=True) as url:
        done = subprocess.run(
            [sys.executable, "-c", asked], cwd=ROOT, check=True, capture_output=True, text=True,
            env={**os.environ, "DATABASE_URL": url},
        )  # fmt: skip
    whole, found = map(int, done.stdout.split())
    assert whole == len(records("statements"))
    assert 0 < found < whole
