"""load_release: exact in both directions, by its numbers, its exit codes and beside others."""

import copy
import io
import os
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import OutputWrapper
from django.db import connections
from django.test.utils import CaptureQueriesContext

from policy.management.progress import progress_bar
from policy.models import PassageText
from policy.release.loading import LockedError, load
from policy.signals import release_loaded
from tests.conftest import FIXTURES, ROOT, engine
from tests.releases import (
    committed,
    connected,
    contents,
    database,
    layout,
    manage,
    sealed,
    successor,
    write,
)

VERSION = committed()["release"][0]["fields"]["version"]
FIGURES = len(committed()["figures"])


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The committed release and the one after it, in folders."""
    folder = tmp_path_factory.mktemp("releases")
    return write(folder / "first", committed()), write(folder / "second", successor())


@pytest.fixture
def url(tmp_path_factory):
    """The address of an empty database."""
    with database(tmp_path_factory.getbasetemp()) as address:
        yield address


@pytest.fixture
def connection(url, django_db_blocker):
    """A connection of an empty database, known to Django as "loaded"."""
    with django_db_blocker.unblock(), connected(url) as made:
        yield made


def test_up_and_down_again_is_exact(connection, folders):
    first, second = folders
    load(first, using="loaded")
    old = contents(connection)
    assert load(second, using="loaded").changes
    new = contents(connection)
    assert new != old
    load(first, using="loaded")
    assert contents(connection) == old
    load(second, using="loaded")
    assert contents(connection) == new


def test_a_first_load_fills_tables_without_indexes_and_gives_them_back(connection, folders):
    whole = layout(connection)
    with CaptureQueriesContext(connection) as first:
        load(folders[0], using="loaded")
    assert layout(connection) == whole
    taken = [query["sql"] for query in first if query["sql"].startswith("DROP INDEX")]
    assert len(taken) > 50
    with CaptureQueriesContext(connection) as second:
        load(folders[1], using="loaded")
    assert not {query["sql"] for query in second} & set(taken)
    assert layout(connection) == whole


@pytest.fixture
def on_load():
    """Connects functions to the signal that a release was loaded, until the end of the test."""
    with ExitStack() as stack:

        def connect(receiver):
            release_loaded.connect(receiver, weak=False)
            stack.callback(release_loaded.disconnect, receiver)

        yield connect


def fail(**told):
    raise OSError("no room")


def test_during_a_first_load_there_is_no_release(url, connection, folders, on_load):
    seen = []

    def look(**told):
        with connected(url, "reader") as reader, reader.cursor() as cursor:
            if reader.vendor == "postgresql":
                cursor.execute("SET lock_timeout = '1s'")
            cursor.execute("SELECT count(*) FROM policy_release")
            seen.append(cursor.fetchone())

    on_load(look)
    load(folders[0], using="loaded")
    assert seen == [(0,)]


def test_a_first_load_that_fails_leaves_all_as_it_was(connection, folders, on_load):
    whole, nothing = layout(connection), contents(connection)
    on_load(fail)
    with pytest.raises(OSError, match="no room"):
        load(folders[0], using="loaded")
    assert layout(connection) == whole
    assert contents(connection) == nothing


def test_it_is_what_an_empty_database_gets(connection, folders, tmp_path):
    first, second = folders
    load(first, using="loaded")
    load(second, using="loaded")
    updated = contents(connection)
    with database(tmp_path, "fresh") as other, connected(other, "fresh") as fresh:
        load(write(tmp_path / "lines", successor(), "ndjson"), using="fresh")
        assert contents(fresh) == updated


def test_it_is_what_loaddata_makes(connection, folders):
    load(folders[0], using="loaded")
    loaded = contents(connection)
    connection.close()
    call_command("flush", database="loaded", interactive=False, verbosity=0)
    call_command("loaddata", *FIXTURES, database="loaded", verbosity=0)
    assert contents(connection) == loaded


def test_what_loaddata_leaves_is_removed(connection, folders, tmp_path):
    records = committed()
    records["figures"] = []
    less = write(tmp_path / "less", sealed(records))
    load(less, using="loaded")
    wanted = contents(connection)
    load(folders[0], using="loaded")
    call_command("loaddata", *sorted(less.glob("*.json")), database="loaded", verbosity=0)
    assert contents(connection) != wanted
    assert numbers(load(less, using="loaded")) == {("figures", 0, 0, FIGURES)}
    assert contents(connection) == wanted


@pytest.mark.slow
def test_the_schema_goes_back_and_forth(connection, folders):
    load(folders[0], using="loaded")
    before = contents(connection), layout(connection)
    for target in (["policy", "zero"], []):
        call_command("migrate", *target, database="loaded", verbosity=0)
    load(folders[0], using="loaded")
    assert (contents(connection), layout(connection)) == before


def test_a_database_of_version_1_0_is_refused_with_the_cure(connection, url):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE machinery_concern RENAME TO policy_voice")
        cursor.execute("UPDATE django_migrations SET name = '0001_initial' WHERE app = 'policy'")
        cursor.execute("UPDATE django_migrations SET name = '0001_renderings' WHERE app = 'api'")
    before = connection.introspection.table_names()
    for command, code, cure in (
        ("load_release", 4, "run manage.py migrate"),
        ("migrate", 1, "Make a new, empty database"),
    ):
        told = manage(url, command)
        assert (told.returncode, cure in told.stderr) == (code, True), told.stderr
        assert connection.introspection.table_names() == before


def test_loading_again_changes_nothing(connection, folders):
    load(folders[0], using="loaded")
    assert load(folders[0], using="loaded").changes == ()


def test_a_release_that_only_says_more_of_itself_is_loaded(connection, folders, tmp_path):
    load(folders[0], using="loaded")
    records = committed()
    records["release"][0]["fields"]["version"] = "9.9.9"
    outcome = load(write(tmp_path / "renamed", records), using="loaded")
    assert numbers(outcome) == {("release", 0, 1, 0)}


def numbers(outcome):
    """Return how many records of each kind were added, changed and removed."""
    return {(kind, *(keys.number for keys in changes)) for kind, *changes in outcome.changes}


NUMBERS = {
    ("countries", 0, 2, 0),
    ("events", 0, 1, 0),
    ("figures", 0, 0, FIGURES),
    ("gaps", 0, 0, 1),
    ("release", 0, 1, 0),
    ("renamings", 1, 0, 0),
    ("search_entries", 0, 20, 1),
    ("statements", 1, 2, 0),
    ("stops", 0, 2, 0),
}


def test_a_check_tells_the_numbers_and_writes_nothing(connection, folders):
    first, second = folders
    load(first, using="loaded")
    before = contents(connection)
    told = load(second, using="loaded", check=True)
    assert contents(connection) == before
    assert numbers(told) == NUMBERS
    assert numbers(load(second, using="loaded")) == NUMBERS


def test_attached_texts_stay_while_their_passage_does(connection, folders, tmp_path):
    first, _ = folders
    load(first, using="loaded")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO policy_passagetext (passage_id, sha256, text) "
            "SELECT id, sha256, quote FROM policy_passage"
        )
    records = committed()
    passage = records["passages"][0]
    passage["fields"]["quote"] = "changed"
    lost = records["passages"].pop()["pk"]
    for found in records.values():
        for record in found:
            evidence = record["fields"].get("evidence", [])
            record["fields"]["evidence"] = [key for key in evidence if key != lost]
            if not record["fields"]["evidence"]:
                del record["fields"]["evidence"]
    load(write(tmp_path / "less", sealed(records)), using="loaded")
    kept = set(PassageText.objects.using("loaded").values_list("pk", flat=True))
    assert kept == {record["pk"] for record in records["passages"]}


def test_what_follows_a_load_is_part_of_it(connection, folders, on_load):
    first, second = folders
    seen = []

    def look(using, **told):
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT version FROM policy_release")
            seen.append((cursor.fetchone()[0], connections[using].in_atomic_block))

    on_load(look)
    version = load(first, using="loaded").version
    load(first, using="loaded")
    load(second, using="loaded", check=True)
    # Also where the release was there already: what follows may be missing all the same.
    assert seen == [(version, True)] * 2
    before = contents(connection)
    on_load(fail)
    with pytest.raises(OSError, match="no room"):
        load(second, using="loaded")
    assert contents(connection) == before


@contextmanager
def writing(connection, url):
    """Write something from outside, and do not commit it."""
    if connection.vendor == "postgresql":
        with closing(psycopg.connect(url)) as other:
            other.execute("UPDATE policy_release SET title = title")
            yield
    else:
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.rollback()


def test_the_wait_for_another_loader_is_bounded(connection, url, folders):
    load(folders[0], using="loaded")
    before = contents(connection)
    with writing(connection, url):
        with pytest.raises(LockedError, match="try again"):
            load(folders[1], using="loaded", wait=0.2)
        assert load(folders[1], using="loaded", wait=0.2, check=True).changes
        locked = manage(url, "load_release", str(folders[1]), "--wait", "0.2")
    assert locked.returncode == 3, locked.stderr
    assert contents(connection) == before
    load(folders[1], using="loaded", wait=0.2)


def test_the_exit_codes_and_the_words(url, folders, tmp_path):
    first, second = folders
    would = manage(url, "load_release", str(first), "--check")
    assert (would.returncode, "nothing was written" in would.stderr) == (1, True)
    assert would.stdout.endswith(f"release {VERSION} would be loaded\n")
    loaded = manage(url, "load_release", str(first))
    assert (loaded.returncode, loaded.stderr) == (0, "")
    assert f"trips: {len(committed()['trips'])} added, 0 changed, 0 removed\n" in loaded.stdout
    again = manage(url, "load_release", str(first))
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.startswith(f"release {VERSION} is loaded already: ")
    records = copy.deepcopy(successor())
    records["trips"][0]["fields"]["titel"] = "x"
    del records["renamings"]
    folder = write(tmp_path / "wrong", records)
    (folder / "renamings.json").symlink_to("nothing")
    wrong = manage(url, "load_release", str(folder))
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert f"trips.json: {records['trips'][0]['pk']}: titel: " in wrong.stderr
    assert "renamings.json: is a link to no file" in wrong.stderr
    assert "nothing was written" in wrong.stderr
    assert manage(url, "load_release", str(second), "-v0").stdout == ""


def test_a_database_that_is_away(tmp_path, folders):
    if engine() == "sqlite3":
        missing = tmp_path / "none.sqlite3"
        address = f"sqlite:///{missing}"
    else:
        address = "postgres://nobody@127.0.0.1:1/none?connect_timeout=2"
    away = manage(address, "load_release", str(folders[0]))
    assert away.returncode == 4, away.stderr
    if engine() == "sqlite3":
        assert "run manage.py migrate" in away.stderr
        assert not missing.exists()


def test_a_database_without_tables(tmp_path, url, connection, folders):
    with connection.cursor() as cursor:
        views = " CASCADE" if engine() == "postgresql" else ""
        cursor.execute(f"DROP TABLE policy_gap_trips{views}")
    connection.close()
    bare = manage(url, "load_release", str(folders[0]))
    assert bare.returncode == 4
    assert "run manage.py migrate" in bare.stderr


@pytest.mark.skipif(engine() != "sqlite3", reason="PostgreSQL has no journal mode")
def test_a_sqlite_file_ends_up_in_wal_mode(connection, folders):
    load(folders[0], using="loaded")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        assert cursor.fetchone() == ("wal",)


@pytest.mark.slow
@pytest.mark.parametrize("loaded_before", [False, True])
def test_four_at_once_all_end_well(url, connection, folders, loaded_before):
    first, second = folders
    if loaded_before:
        load(first, using="loaded")
    connection.close()
    processes = [
        subprocess.Popen(
            [sys.executable, "manage.py", "load_release", str(second)],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    ends = [(process.communicate(timeout=120), process.returncode) for process in processes]
    assert [code for _, code in ends] == [0] * 4, ends
    loads = [out for (out, _), _ in ends if "already" not in out]
    assert len(loads) == 1
    with database_of(second, url) as wanted:
        assert contents(connection) == wanted


@contextmanager
def database_of(folder, url):
    """Return what a database holds that got only one release."""
    with (
        TemporaryDirectory() as other,
        database(Path(other), "wanted") as address,
        connected(address, "wanted") as made,
    ):
        load(folder, using="wanted")
        yield contents(made)


class Screen(io.StringIO):
    """A terminal that remembers what was drawn."""

    def isatty(self):
        return True


@pytest.mark.parametrize(("made", "draws"), [(Screen, True), (io.StringIO, False)])
def test_progress_is_drawn_on_a_terminal_alone(folders, made, draws):
    stream = made()
    files = [*folders[0].iterdir()]
    total = sum(path.stat().st_size for path in files)
    with progress_bar(files, OutputWrapper(stream)) as progress:
        progress(total // 2)
        progress(total - total // 2)
    drawn = stream.getvalue()
    assert bool(drawn) == draws
    assert ("100 %" in drawn) == draws
    assert not draws or drawn.endswith("\r")
