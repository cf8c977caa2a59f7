"""Answers never contradict the tables, whatever wrote them: load_release, loaddata or SQL."""

import csv
import io
import json
import sqlite3
import time
import urllib.error
import urllib.request
from contextlib import closing

import psycopg
import pytest
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connection, transaction

from api.database import release
from api.database.release import served
from api.rendering.records import render_all
from api.views.relations import PARTS
from policy.annotations.search_entries import TITLES
from policy.models import Country
from policy.models.issues import IssueStatus
from policy.release import verification
from policy.release.state import known_digest, mark_release
from policy.release.tables import staged_models
from policy.search.words import fold
from tests.conftest import FIXTURES, RESOURCES, VIEWSETS, some
from tests.questions import COMMON, PATHS
from tests.releases import committed, database, manage, successor, write
from tests.samples import ACCOUNT, FIRST, ISSUE, sample, samples, values
from tests.servers import serving

OTHER_STATUS = next(code.value for code in IssueStatus if code.value != ACCOUNT["status"])
WORD = "zzunheard"

CHANGES = {
    "bilateralissue": (
        f"title = 'The {WORD} issue'",
        f"id = '{ISSUE['id']}'",
    ),
    "account": (f"status = '{OTHER_STATUS}'", f"id = '{ACCOUNT['id']}'"),
    "statement": ("attributed_country_id = 'NOR'", "attributed_country_id IS NOT NULL"),
    "official": ("country_id = 'NOR'", f"id = '{sample('statements', 'speaker')}'"),
    "country": ("name = 'Norge'", "id = 'NOR'"),
    "eventparty": (
        "country_id = 'NOR'",
        f"country_id = '{samples('event_parties', 'country')[1]}'",
    ),
    "statement_about": ("country_id = 'NOR'", f"country_id = '{sample('statements', 'about')}'"),
}
"""What to set in which rows: codes, words, keys of records, parts, pairs, what others derive."""


def from_sql():
    """Change the tables by hand."""
    norway = {"name": "Norway", "alpha2": "NO", "numeric": "578", "support": "reference"}
    Country.objects.get_or_create(pk="NOR", defaults=norway)
    with connection.cursor() as cursor:
        for table, (values, rows) in CHANGES.items():
            cursor.execute(f"UPDATE policy_{table} SET {values} WHERE {rows}")
        cursor.execute(
            "UPDATE policy_statement SET topic = (SELECT min(topic) FROM policy_bilateralissue)"
        )
        cursor.execute("DELETE FROM policy_gap_evidence")


def from_loaddata(folder):
    """Load some files of another release, without what is derived, as an editor of data would."""
    # Some exchange unique values in it, which is not possible row by row.
    left_out = {"countries", "stops", "search_entries", "release"}
    kept = {name: found for name, found in successor().items() if name not in left_out}
    changed = write(folder / "other", kept)
    call_command("loaddata", *sorted(changed.glob("*.json")), verbosity=0)


# As load_release leaves them, test_api and test_facets ask the same of every list.
@pytest.fixture(
    params=[
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("load_release", "loaddata")),
        "SQL",
    ]
)
def state(request, db, read, tmp_path):
    """The tables as something left them, after every list was asked for as it was before."""
    render_all()
    assert served().rendered
    for resource in RESOURCES:
        read(f"{resource}?page_size=500")
    before = served().token
    if request.param == "SQL":
        from_sql()
    elif request.param == "loaddata":
        from_loaddata(tmp_path)
    assert (served().token == before) == (request.param == "load_release")
    assert served().modified == (request.param != "load_release")
    return request.param


def shown(resource, name, record):
    """Return what a record shows of a facet."""
    path = PATHS.get(resource, {}).get(name) or COMMON.get(name, name)
    return {value for one in path.split() for value in values(record, one)}


def test_filters_find_what_records_show_and_facets_count_it(state, read):
    for resource in RESOURCES:
        facets = [*VIEWSETS[resource].filterset_class.facets()]
        whole = read(f"{resource}?page_size=500&facets={','.join(facets)}")
        assert whole["count"] == len(whole["results"])
        for name in facets:
            showing = [(record, shown(resource, name, record)) for record in whole["results"]]
            told = any(held - {None} for _, held in showing)
            for row in some(whole["facets"][name], 3):
                if row["value"] is None:
                    continue
                found = read(f"{resource}?{name}={row['value']}&page_size=500")
                assert found["count"] == row["count"] == len(found["results"]), (name, row)
                if told and (resource, name) != ("statements", "country"):
                    wanted = [record for record, held in showing if row["value"] in held]
                    assert wanted == found["results"], (name, row)


def test_a_record_is_the_same_everywhere(state, api, read):
    for resource in RESOURCES:
        whole = read(f"{resource}?page_size=500")["results"]
        lines = b"".join(api.get(f"/api/v1/{resource}?format=ndjson")).decode().splitlines()
        assert [json.loads(line) for line in lines] == whole
        rows = csv.DictReader(
            io.StringIO(b"".join(api.get(f"/api/v1/{resource}?format=csv")).decode())
        )
        assert [row["id"] for row in rows] == [record["id"] for record in whole]
        for record in whole[::5]:
            assert read(f"{resource}/{record['id']}") == record


def test_search_finds_the_words_that_records_have(state, read):
    for resource in RESOURCES:
        kind = VIEWSETS[resource].queryset.model.record_kind.value
        for record in read(f"{resource}?page_size=500")["results"][::7]:
            title = next(record[name] for name in TITLES if record.get(name))
            word = max(fold(title), key=len)
            found = read(f"{resource}?q={word}&page_size=500")
            assert record["id"] in {one["id"] for one in found["results"]}
            hits = read(f"search?q={word}&kind={kind}&page_size=500&facets=kind")
            assert {hit["id"] for hit in hits["results"]} == {one["id"] for one in found["results"]}
            assert hits["facets"]["kind"] == [{"value": kind, "count": found["count"]}]


def test_statements_are_found_by_every_country_they_concern(state, read):
    serves = {
        one["id"]: one["country"]
        for resource in ("officials", "organisations")
        for one in read(f"{resource}?page_size=500")["results"]
    }
    statements = read("statements?page_size=500")["results"]
    concerned = {
        one["id"]: {
            *(*one["about"], one["attributed_country"]),
            serves.get(one["speaker"] or one["attributed_organisation"]),
        }
        for one in statements
    }
    for country in {key for keys in concerned.values() for key in keys} - {None}:
        wanted = {key for key, keys in concerned.items() if country in keys}
        found = read(f"statements?country={country}&page_size=500")
        assert {one["id"] for one in found["results"]} == wanted
        assert found["count"] == len(wanted)
        others = read(f"statements?exclude_country={country}&page_size=500")["results"]
        assert {one["id"] for one in others} == concerned.keys() - wanted


def test_a_dyad_holds_what_its_lists_do(state, read):
    for pair in some(read("dyads?page_size=500")["results"][::3], 3):
        dyad = read(f"dyads/{pair['id']}")
        for part, viewset in PARTS.items():
            between = read(f"{viewset.resource}?between={pair['id'].replace('-', ',')}")
            assert dyad[part] == {"count": between["count"], "records": between["results"]}
            assert pair[part] == between["count"]


def test_what_was_written_is_found_and_what_was_overwritten_is_not(db, read):
    render_all()
    from_sql()
    hits = read(f"search?q={WORD}&ordering=title")["results"]
    assert [hit["id"] for hit in hits] == [ISSUE["id"]]
    assert read(f"bilateral-issues?q={WORD}")["results"] == [
        read(f"bilateral-issues/{ISSUE['id']}")
    ]
    assert read(f"bilateral-issues?q={WORD}&status={OTHER_STATUS}")["count"] == 1
    assert read(f"bilateral-issues?q={WORD}&status={ACCOUNT['status']}")["count"] == 0
    assert read(f"search?q={WORD[:5]}*&kind=event")["count"] == 0


def test_the_state_is_told(state, api, read):
    release, ready = read("release"), api.get("/readyz").json()
    modified = state != "load_release"
    assert (release["modified"], ready["modified"]) == (modified, modified)
    assert (release["content_hash"] is None) == modified
    for resource, viewset in VIEWSETS.items():
        name = resource.replace("-", "_")
        assert release["counts"].get(name, 0) == viewset.queryset.all().count(), name


def test_while_a_state_is_examined_the_database_is_not_away(db, monkeypatch):
    examined = release._examined

    def slowly(found):
        connection.ensure_connection()
        time.sleep(release.LOOK + 0.2)
        assert not watch.away
        return examined(found)

    watch = release.Watch()
    Country.objects.filter(pk=FIRST["id"]).update(name="Elsewhere")
    monkeypatch.setattr(release, "_examined", slowly)
    watch.served()
    assert not watch.away
    assert watch._last == served().token


def test_loaddata_of_a_whole_release_is_that_release(db, read):
    before, token = read("release"), served().token
    call_command("loaddata", *FIXTURES, verbosity=0)
    assert known_digest(DEFAULT_DB_ALIAS) is None
    assert (read("release"), served().token) == (before, token)


@pytest.mark.parametrize(
    "resource",
    # What other records lead to most.
    [
        pytest.param(
            name,
            marks=[]
            if name in {"countries", "officials", "passages", "statements"}
            else pytest.mark.slow,
        )
        for name in RESOURCES
    ],
)
def test_rows_that_lead_to_no_record_keep_nothing_from_being_answered(db, read, resource):
    key = read(f"{resource}?page_size=1")["results"][0]["id"]
    table = VIEWSETS[resource].queryset.model._meta.db_table
    # The shell of SQLite checks no foreign keys, and PostgreSQL none while triggers are disabled.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE id = %s", [key])
        assert served().modified
        for one in RESOURCES:
            held = {record["id"] for record in read(f"{one}?page_size=500")["results"]}
            assert one != resource or key not in held
        transaction.set_rollback(True)


def test_tables_too_large_to_be_searched_without_the_index_say_so(db, api, monkeypatch):
    monkeypatch.setattr(verification, "LIMIT", 10)
    from_sql()
    for path in (f"search?q={WORD}", f"bilateral-issues?q={WORD}"):
        refused = api.get(f"/api/v1/{path}")
        assert refused.status_code == 503
        assert "load_release" in refused.json()["detail"]
    assert api.get("/api/v1/statements").json()["count"] == len(committed()["statements"])


def execute(url, *statements):
    """Run statements in a transaction of their own, as psql or sqlite3 would; return the rows."""
    connect = sqlite3.connect if url.startswith("sqlite") else psycopg.connect
    with closing(connect(url.removeprefix("sqlite:///"))) as other:
        cursor = other.cursor()
        for statement in statements:
            cursor.execute(statement)
        rows = cursor.fetchall() if cursor.description else []
        other.commit()
        return rows


@pytest.mark.servers
def test_a_write_shows_within_a_second_and_a_load_repairs_it(tmp_path):
    path = f"/api/v1/bilateral-issues?id={ISSUE['id']}&fields=id,status"
    with database(tmp_path, "written", filled=True) as url, serving(url) as address:

        def ask(held=None):
            headers = {"If-None-Match": held} if held else {}
            try:
                with urllib.request.urlopen(
                    urllib.request.Request(address + path, headers=headers)
                ) as answer:
                    (record,) = json.load(answer)["results"]
                    return answer.status, record["status"], answer.headers["ETag"]
            except urllib.error.HTTPError as unchanged:
                return unchanged.code, None, unchanged.headers["ETag"]

        first = ask()
        assert first[:2] == (200, ACCOUNT["status"])
        assert ask(first[2])[0] == 304
        tags = {first[2]}
        for status in (OTHER_STATUS, ACCOUNT["status"], OTHER_STATUS):
            execute(url, f"UPDATE policy_account SET status = '{status}' "
                    f"WHERE id = '{ACCOUNT['id']}'")  # fmt: skip
            time.sleep(1.1)
            for held in (None, *tags):
                # The same tables as at first are the same release again, with its tags.
                if status != ACCOUNT["status"] or held != first[2]:
                    assert ask(held)[:2] == (200, status), held
            tags.add(ask()[2])
        told = manage(url, "load_release", "--check")
        assert (told.returncode, f"1 changed ({ACCOUNT['id']})" in told.stdout) == (1, True), told
        assert "something other than load_release" in told.stdout
        assert manage(url, "load_release").returncode == 0
        time.sleep(1.1)
        assert ask() == first
        assert manage(url, "load_release", "--check").returncode == 0


@pytest.mark.parametrize("kind", staged_models(), ids=lambda kind: kind.name)
def test_every_table_notes_a_write(db, kind):
    for table in kind.tables:
        mark_release("0" * 64, DEFAULT_DB_ALIAS)
        with connection.cursor() as cursor:
            column = connection.ops.quote_name(table.columns[0])
            cursor.execute(f"UPDATE {table.name} SET {column} = {column}")
            # PostgreSQL notes the statement, SQLite each row.
            if connection.vendor == "postgresql" or cursor.rowcount:
                assert known_digest(DEFAULT_DB_ALIAS) is None, table.name


@pytest.mark.slow
@pytest.mark.servers
def test_what_the_database_could_not_note_is_repaired_by_a_full_load(tmp_path):
    hidden = (
        f"UPDATE policy_account SET status = '{OTHER_STATUS}' WHERE id = '{ACCOUNT['id']}'",
        "UPDATE machinery_rendering SET body = '{}'",
    )
    with database(tmp_path, "hidden", filled=True) as url:
        if url.startswith("sqlite"):
            off, back = ["DROP TRIGGER policy_account_update_noted"], []
        else:
            off, back = (
                [f"ALTER TABLE policy_account {verb} TRIGGER ALL"] for verb in ("DISABLE", "ENABLE")
            )
        execute(url, *off, *hidden, *back)
        assert manage(url, "load_release", "--check").returncode == 1
        told = manage(url, "load_release", "--full")
        assert (told.returncode, f"1 changed ({ACCOUNT['id']})" in told.stdout) == (0, True), told
        assert manage(url, "load_release", "--check").returncode == 0
        # Migrating makes the triggers note every write again.
        assert manage(url, "migrate").returncode == 0
        execute(url, "SET session_replication_role = replica" if back else "SELECT 1", hidden[0])
        noted = manage(url, "load_release", "--check")
        assert "something other than load_release" in noted.stdout, noted
        assert execute(url, "SELECT id FROM machinery_rendering WHERE body = '{}'") == []
