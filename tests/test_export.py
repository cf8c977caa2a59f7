"""The files of a release: the same bytes from either engine, and read by the tools of the field."""

import csv
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from policy.database.views import views
from policy.export.tables import export_tables
from policy.models import Release
from tests.conftest import ROOT
from tests.releases import committed, database, killed, sealed, write
from tests.servers import manage

# What takes long to import is imported by its tests, and not by every part of the suite.
pytestmark = pytest.mark.once
POSTGRES = os.environ.get("TEST_POSTGRES_URL", "")
VERSION = committed()["release"][0]["fields"]["version"]
HOSTILE = "tab\there, back\\slash, \\. new\nline, \r return, 'quote' \"double\", ; -- =1+1, ü 漢 𝔘"


def hostile(folder: Path) -> Path:
    """Write the committed release with a text that every format has to escape."""
    records = committed()
    records["statements"][0]["fields"]["note"] = HOSTILE
    records["trips"][0]["fields"]["purposes"] = [HOSTILE, "\\.", "\\N"]
    return write(folder / "hostile", sealed(records))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("export")


def exported(folder: Path, cluster: str) -> Path:
    """Export a hostile release from a database in a cluster, or from SQLite; return its files."""
    out = folder / ("PostgreSQL" if cluster else "SQLite")
    with database(folder, "exported", cluster=cluster) as url:
        manage(url, "load_release", str(hostile(folder)), "-v0")
        manage(url, "export_release", str(out), "-v0")
    return out / VERSION


@pytest.fixture(scope="module")
def files(folder):
    return exported(folder, "")


@pytest.fixture(scope="module")
def package(files):
    return json.loads((files / "datapackage.json").read_text())


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_both_engines_give_the_same_bytes(files, folder):
    if not POSTGRES:
        pytest.skip("PostgreSQL is not there")
    other = exported(folder, POSTGRES)
    assert (files / "SHA256SUMS").read_text() == (other / "SHA256SUMS").read_text()


def test_the_sums_are_those_of_all_files(files):
    lines = (files / "SHA256SUMS").read_text().splitlines()
    told = {name: digest for digest, name in (line.split("  ") for line in lines)}
    found = {
        path.relative_to(files).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert told == found
    assert {"README.md", "LICENSE", "CITATION.cff", "data.md", "codebook.json"} <= found.keys()


def test_the_readme_names_files_that_are_there(files):
    named = re.findall(r"^\| (`.*?) \|", (files / "README.md").read_text(), re.MULTILINE)
    paths = [path for row in named for path in re.findall(r"`([^`]+)`", row)]
    assert "apply_delta.py" in paths
    for path in paths:
        # Deltas lead from earlier releases, and the first one has none.
        assert (files / path).exists() or path == "delta-VERSION.ndjson"


def test_frictionless_validates_the_package(files):
    import frictionless

    report = frictionless.validate(str(files / "datapackage.json"))
    assert report.valid, report.flatten(["title", "message"])[:5]
    assert len(report.tasks) == len(export_tables())


def test_a_cell_that_leads_nowhere_is_seen(files, tmp_path):
    """That the package is valid says something only if a wrong one is not."""
    import frictionless

    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(files), str(copy)], check=True)
    path = copy / "csv" / "statements.csv"
    path.write_text(path.read_text().replace("marco-rubio,", "nobody,", 1))
    report = frictionless.validate(str(copy / "datapackage.json"))
    assert not report.valid


def test_texts_stand_in_csv_as_they_are(files):
    assert HOSTILE in {row["note"] for row in rows(files / "csv" / "statements.csv")}
    (numeric,) = {r["numeric"] for r in rows(files / "csv" / "countries.csv") if r["id"] == "CHN"}
    assert numeric == "156"


def test_pandas_reads_every_table(files, package):
    import pandas as pd

    kinds = {"string": "string", "integer": "Int64", "number": "Float64", "boolean": "boolean"}
    for resource in package["resources"]:
        fields = resource["schema"]["fields"]
        days = [field["name"] for field in fields if field["type"] in ("date", "datetime")]
        read = pd.read_csv(
            files / resource["path"],
            dtype={
                field["name"]: kinds.get(field["type"], "string")
                for field in fields
                if field["name"] not in days
            },
            parse_dates=days,
            keep_default_na=False,
            na_values=[""],
        )
        parquet = pd.read_parquet(
            files / resource["path"].replace("csv", "parquet"), dtype_backend="numpy_nullable"
        )
        assert len(read) == len(rows(files / resource["path"])) == len(parquet)
        assert list(read.columns) == list(parquet.columns)
        for field in fields:
            name = field["name"]
            if field["type"] in kinds and name != "value":
                assert read[name].equals(parquet[name].astype(read[name].dtype)), name


def test_duckdb_reads_every_parquet_file_with_its_types(files):
    import duckdb

    expected = {
        "text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN",
        "date": "DATE", "moment": "TIMESTAMP WITH TIME ZONE", "texts": "VARCHAR[]",
        "object": "VARCHAR", "decimal": "DECIMAL(18,4)",
    }  # fmt: skip
    for table in export_tables():
        path = files / "parquet" / f"{table.name}.parquet"
        found = duckdb.sql(f"SELECT * FROM read_parquet('{path}')")
        assert dict(zip(found.columns, map(str, found.types), strict=True)) == {
            column.name: expected[column.kind] for column in table.columns
        }
        (number,) = duckdb.sql(f"SELECT count(*) FROM read_parquet('{path}')").fetchall()[0]
        assert number == len(rows(files / "csv" / f"{table.name}.csv"))


def test_duckdb_and_pandas_read_the_ndjson(files):
    import duckdb
    import pandas as pd

    for path in (files / "ndjson").iterdir():
        lines = path.read_text().split("\n")[:-1]
        (number,) = duckdb.sql(
            f"SELECT count(*) FROM read_json('{path}', format = 'newline_delimited')"
        ).fetchall()[0]
        assert number == len(lines) == len(pd.read_json(path, lines=True, dtype=False))


@pytest.mark.django_db
def test_the_ndjson_is_what_the_api_answers(client, folder, loaded):
    manage(loaded, "export_release", str(folder / "plain"), "-v0")
    for path in (folder / "plain" / VERSION / "ndjson").iterdir():
        told = client.get(f"/api/v1/{path.stem}?format=ndjson")
        # Here in the order of the keys, there in that of the list.
        assert sorted(path.read_bytes().splitlines()) == sorted(told.getvalue().splitlines())


def test_the_records_are_a_release_that_can_be_loaded(files, folder):
    with database(folder, "again", cluster="") as url:
        manage(url, "load_release", str(files / "records"), "-v0")
        manage(url, "load_release", "--check", str(folder / "hostile"))


def test_the_sqlite_file_has_tables_views_and_their_meaning(files):
    (path,) = files.glob("*.sqlite")
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
        for table in export_tables():
            (number,) = connection.execute(f"SELECT count(*) FROM {table.relation}").fetchone()
            assert number == len(rows(files / "csv" / f"{table.name}.csv"))
        for view in views():
            found = connection.execute(f"SELECT * FROM {view.name}")
            assert [column[0] for column in found.description] == [c.name for c in view.columns]
        assert not connection.execute("PRAGMA foreign_key_check").fetchall()
        undocumented = connection.execute(
            "SELECT m.name, c.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c "
            "WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite%' "
            "AND m.name <> 'documentation' AND NOT EXISTS (SELECT 1 FROM documentation AS d "
            'WHERE d.relation = m.name AND d."column" = c.name)'
        ).fetchall()
        assert not undocumented


def psql(url, *arguments):
    return subprocess.run(
        ["psql", "-X", "-q", url.replace("postgres://", "postgresql://"), *map(str, arguments)],
        check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.fixture
def empty(tmp_path):
    """The URL of a database of PostgreSQL without any table."""
    if not POSTGRES:
        pytest.skip("PostgreSQL is not there")
    name = f"empty_{os.getpid()}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
    yield f"{POSTGRES.rpartition('/')[0]}/{name}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_psql_loads_the_script_alone(files, empty):
    (script,) = files.glob("*.sql")
    done = psql(empty, "-f", script)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with psycopg.connect(empty) as connection:
        for table in export_tables():
            (number,) = connection.execute(f"SELECT count(*) FROM {table.relation}").fetchone()
            assert number == len(rows(files / "csv" / f"{table.name}.csv"))
        for view in views():
            connection.execute(f"SELECT * FROM {view.name}")
        found = connection.execute("SELECT note FROM statements WHERE note LIKE 'tab%'").fetchall()
        assert found == [(HOSTILE,)]
        missing = connection.execute(
            "SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_attribute AS a "
            "ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace "
            "AND c.relkind IN ('r', 'v') AND a.attnum > 0 "
            "AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)"
        ).fetchall()
        assert not missing
        assert connection.execute(
            "SELECT count(*) FROM pg_constraint WHERE contype = 'f'"
        ).fetchone() > (50,)
    again = psql(empty, "-f", script)
    assert again.returncode == 3
    assert "already exists" in again.stderr


def test_psql_loads_into_a_schema_that_is_named(files, empty):
    (script,) = files.glob("*.sql")
    with psycopg.connect(empty) as connection:
        connection.execute("CREATE TABLE countries (mine integer)")
    assert psql(empty, "-v", "schema=My facts", "-f", script).returncode == 0
    with psycopg.connect(empty) as connection:
        (number,) = connection.execute('SELECT count(*) FROM "My facts".countries').fetchone()
        assert number == len(rows(files / "csv" / "countries.csv"))
        assert connection.execute("SELECT count(*) FROM countries").fetchone() == (0,)


def test_who_owns_a_schema_and_nothing_else_can_load_into_it(files, empty):
    (script,) = files.glob("*.sql")
    role = f"guest_{os.getpid()}"
    with psycopg.connect(empty) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN")
        connection.execute(f'CREATE SCHEMA "My own" AUTHORIZATION {role}')
    address = re.sub("//[^@]*@", f"//{role}@", empty)
    try:
        done = psql(address, "-v", "schema=My own", "-f", script)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        refused = psql(address, "-v", "schema=another", "-f", script)
        assert (refused.returncode, "permission denied" in refused.stderr) == (3, True)
        with psycopg.connect(empty) as connection:
            (rows,) = connection.execute(
                "SELECT reltuples FROM pg_class WHERE oid = '\"My own\".policy_code'::regclass"
            ).fetchone()
            assert rows > 0
    finally:
        with psycopg.connect(empty) as connection:
            connection.execute(f"DROP OWNED BY {role} CASCADE")
            connection.execute(f"DROP ROLE {role}")


def test_what_psql_loads_is_what_migrations_make(files, empty):
    (script,) = files.glob("*.sql")
    psql(empty, "-f", script)
    told = []
    with database(files, "made", cluster=POSTGRES) as made:
        for url in (empty, made):
            with psycopg.connect(url) as connection:
                names = [table.relation for table in export_tables()]
                told.append(
                    connection.execute(
                        "SELECT table_name, column_name, data_type, is_nullable, collation_name "
                        "FROM information_schema.columns WHERE table_name = ANY (%(names)s) "
                        "UNION ALL SELECT tablename, indexname, indexdef, NULL, NULL "
                        "FROM pg_indexes WHERE tablename = ANY (%(names)s) "
                        "UNION ALL SELECT conrelid::regclass::text, conname, "
                        "pg_get_constraintdef(oid), NULL, NULL FROM pg_constraint "
                        "WHERE conrelid::regclass::text = ANY (%(names)s) ORDER BY 1, 2, 3",
                        {"names": names},
                    ).fetchall()
                )
    assert told[0] == told[1]


QUERIES = re.findall(
    r"^```sql\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL
)


def test_the_queries_of_the_readme_work_alike_on_both_engines(files, empty):
    (script,), (path,) = files.glob("*.sql"), files.glob("*.sqlite")
    assert psql(empty, "-f", script).returncode == 0
    assert QUERIES
    with psycopg.connect(empty) as one, closing(sqlite3.connect(path)) as other:
        for query in QUERIES:
            on_postgresql = one.execute(query).fetchall()
            assert on_postgresql, query
            assert on_postgresql == other.execute(query).fetchall(), query


def run(url, *arguments):
    return subprocess.run(
        [sys.executable, "manage.py", "export_release", *map(str, arguments)], cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url}, check=False, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip


@pytest.mark.slow
def test_what_is_there_is_not_replaced_without_a_word(tmp_path, loaded):
    assert run(loaded, tmp_path).returncode == 0
    again = run(loaded, tmp_path)
    assert (again.returncode, again.stdout) == (0, "these files are there already\n")
    record = tmp_path / VERSION / "records" / "release.ndjson"
    whole = record.read_text()
    record.write_text(whole.replace('"content_hash":"', '"content_hash":"0'))
    refused = run(loaded, tmp_path)
    assert refused.returncode == 1
    assert "--replace" in refused.stderr
    assert run(loaded, tmp_path, "--replace").returncode == 0
    assert record.read_text() == whole
    assert [path.name for path in tmp_path.iterdir()] == [VERSION]


def test_tables_that_hold_something_else_are_not_exported(tmp_path):
    with database(tmp_path, "modified", cluster="", filled=True) as url:
        with closing(sqlite3.connect(tmp_path / "modified.sqlite3")) as connection:
            connection.execute("UPDATE policy_statement SET summary = 'other'")
            connection.commit()
        refused = run(url, tmp_path / "out")
    assert refused.returncode == 1
    assert "load_release" in refused.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_no_release_and_no_folder_are_told(tmp_path):
    with database(tmp_path, "bare", cluster="") as url:
        refused = run(url, tmp_path / "out")
        assert (refused.returncode, "load_release" in refused.stderr) == (1, True)
    with database(tmp_path, "full", cluster="", filled=True) as url:
        (tmp_path / "file").write_text("")
        refused = run(url, tmp_path / "file")
        assert refused.returncode == 2
        assert "Traceback" not in refused.stderr


def test_attached_texts_are_in_no_file(tmp_path):
    with database(tmp_path, "attached", cluster="", filled=True) as url:
        with closing(sqlite3.connect(tmp_path / "attached.sqlite3")) as connection:
            connection.execute(
                "INSERT INTO policy_passagetext (passage_id, sha256, text) "
                "SELECT id, sha256, 'SECRET WORDS' FROM policy_passage"
            )
            connection.commit()
        assert run(url, tmp_path / "out").returncode == 0
    for path in (tmp_path / "out").rglob("*"):
        assert path.is_dir() or b"SECRET WORDS" not in path.read_bytes()


@pytest.mark.django_db
def test_the_committed_documents_are_current():
    manage("sqlite://", "write_docs", "--check")
    assert Release.objects.get().content_hash in (ROOT / "CITATION.cff").read_text()


@pytest.mark.slow
def test_a_delta_of_the_export_leads_to_it(files, tmp_path):
    """From an export of a release before, by the script with it, to the records of this one."""
    before = committed()
    before["release"][0]["fields"]["version"] = "0.9.0"
    before["statements"] = before["statements"][2:]
    gone = {record["pk"] for record in before["statements"]}
    for gap in before["gaps"]:
        gap["fields"].pop("statements", None)
    before["relations"] = []
    before["concerns"] = [c for c in before["concerns"] if c["fields"]["statement"] in gone]
    with database(tmp_path, "before", cluster="") as url:
        manage(url, "load_release", str(write(tmp_path / "before", sealed(before))), "-v0")
        assert run(url, tmp_path / "old").returncode == 0
        manage(url, "load_release", str(files / "records"), "-v0")
        since = tmp_path / "old" / "0.9.0" / "manifest.ndjson"
        assert run(url, tmp_path / "new", "--since", since).returncode == 0
        refused = run(url, tmp_path / "new", "--replace", "--since", "0.8.0")
        assert (refused.returncode, "manifest" in refused.stderr) == (1, True)
    copy, new = tmp_path / "old" / "0.9.0" / "records", tmp_path / "new" / VERSION
    subprocess.run(
        [sys.executable, new / "apply_delta.py", new / "delta-0.9.0.ndjson", copy],
        check=True, timeout=60,
    )  # fmt: skip
    changed = {path.name: path.read_bytes() for path in copy.iterdir()}
    expected = {path.name: path.read_bytes() for path in (new / "records").iterdir()}
    assert {name: content for name, content in changed.items() if content} == expected


@pytest.mark.slow
def test_what_a_killed_export_leaves_is_removed_by_the_next(tmp_path, loaded):
    command = ["export_release", tmp_path]
    killed(command, lambda: any(tmp_path.glob(".*/*/csv")), DATABASE_URL=loaded)
    assert any(tmp_path.glob(".*")), "it ended before it was killed"
    assert run(loaded, tmp_path).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == [VERSION]
    assert not run(loaded, tmp_path).stderr


@pytest.mark.slow
def test_two_exports_at_once_leave_one_whole(tmp_path, loaded):
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: run(loaded, tmp_path, "--replace"), range(2)))
    assert [one.returncode for one in done] == [0, 0]
    (folder,) = tmp_path.iterdir()
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
