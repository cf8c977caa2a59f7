"""Loading: plain migrate and loaddata, in any order, again and again, on an empty database."""

import hashlib
import json
import random
import shutil
import textwrap

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from policy.annotations.building import build
from policy.models import Country, Release, Statement
from policy.validation import errors_of
from tests.conftest import FIXTURES, ROOT
from tests.samples import FIRST, records, sample


def snapshot():
    with connection.cursor() as cursor:
        tables = sorted(
            t
            for t in connection.introspection.table_names(cursor)
            if t.startswith("policy_") and "searchindex_" not in t and t != "policy_statemark"
        )
        counts = {}
        for table in tables:
            cursor.execute(f"select count(*) from {table}")
            counts[table] = cursor.fetchone()[0]
    return counts


@pytest.mark.parametrize("seed", range(3))
def test_any_order_and_again(db, seed):
    before = snapshot()
    shuffled = list(FIXTURES)
    random.Random(seed).shuffle(shuffled)
    call_command("loaddata", *shuffled, verbosity=0)
    assert snapshot() == before


def test_the_tables_read_well_in_sql(db):
    with connection.cursor() as cursor:
        cursor.execute("select title from policy_bilateralissue order by title")
        titles = [row[0] for row in cursor.fetchall()]
        assert titles == sorted(issue["title"] for issue in records("bilateral_issues"))
        speaker = sample("statements", "speaker")
        cursor.execute(f"select * from policy_statement where speaker_id = '{speaker}'")
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    assert len(rows) == sum(r.get("speaker") == speaker for r in records("statements"))
    assert all(row["id"] and row["summary"].endswith(".") for row in rows)


SECOND = {
    "source.toml": """
        [source]
        id = "harbour-note"
        language = "en"
        sha256 = "{whole}"
        code_points = {length}
    """,
    "sentences.toml": """
        [[sentence]]
        paragraph = 1
        number = 1
        start = 0
        end = {length}
        sha256 = "{whole}"
    """,
    "passages.toml": """
        [[passage]]
        sentence = "p1s1"
        start = 0
        end = {length}
        quote = "Norway asked"
        sha256 = "{whole}"
    """,
    "countries.toml": """
        [[country]]
        id = "NOR"
        aliases = ["Norway"]
        evidence = ["p1s1-0-{length}"]
        [[country]]
        id = "{known}"
        aliases = ["Elsewhere"]
        evidence = ["p1s1-0-{length}"]
    """,
    "events.toml": """
        [[event]]
        id = "nor-asks"
        summary = "Norway asked for a berth."
        event_type = "REQUEST"
        mode = "assist"
        confidence = "high"
        contexts = ["economic"]
        actors = [{{ country = "NOR", support = "stated" }}]
        recipients = [{{ country = "{known}", support = "stated" }}]
        support = "stated"
        evidence = ["p1s1-0-{length}"]
    """,
    "mentions.toml": """
        [[mention]]
        kind = "official"
        record = "{official}"
        evidence = ["p1s1-0-{length}"]
    """,
}


def test_a_second_source_needs_no_code(db, tmp_path, read):
    text = "Norway asked its neighbour and the president for a berth in the harbour."
    known, official = FIRST, sample("officials")
    folder = tmp_path / "fixtures"
    shutil.copytree(ROOT / "fixtures", folder, ignore=shutil.ignore_patterns("*.json", "LICENSE"))
    source = folder / "sources" / "harbour-note"
    source.mkdir()
    digest = hashlib.sha256(text.encode()).hexdigest()
    for name, content in SECOND.items():
        filled = textwrap.dedent(content).format(
            whole=digest, length=len(text), known=known["id"], official=official
        )
        (source / name).write_text(filled)
    release = Release.objects.get()
    for name, fixture in build(folder).items():
        (folder / name).write_text(fixture)
        for record in json.loads(fixture):
            assert not list(errors_of(apps.get_model(record["model"]), record)), record
    call_command("loaddata", *sorted(folder.glob("*.json")), verbosity=0)
    assert Release.objects.get().content_hash != release.content_hash
    assert Country.objects.get(pk="NOR").subregion_name == "Northern Europe"
    answer = read(f"events?source=harbour-note&between=NO,{known['numeric']}")
    assert [event["id"] for event in answer["results"]] == ["nor-asks"]
    assert answer["results"][0]["evidence"][0]["source"] == "harbour-note"
    assert read("events?source=harbour-note")["count"] == 1
    assert read("countries?source=harbour-note")["count"] == 2
    assert read("officials?source=harbour-note")["results"][0]["id"] == official
    sources = {e["source"] for e in read(f"countries/{known['id']}")["evidence"]}
    assert {"harbour-note"} < sources
    assert Statement.objects.count() == len(records("statements"))
    (tmp_path / "note.txt").write_text(text)
    call_command("check_evidence", "harbour-note", tmp_path / "note.txt", folder=folder)
