"""Whatever the sessions of PostgreSQL are set to, and whoever pools them: the same bytes."""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg
import pytest

from api.database.connections import GuardedCursor
from tests.conftest import some
from tests.faults_requests import slow_query, writes_refused
from tests.operations import ask, operations
from tests.postgres import pooler, pooler_binary
from tests.releases import create, database, drop, manage
from tests.servers import load, serving
from tests.test_engines import paths

pytestmark = [pytest.mark.postgresql, pytest.mark.servers]
MISSING = "PGBOUNCER IS NOT INSTALLED: no pooler was tried (apt-get install pgbouncer)"
ODD = {
    "datestyle": "SQL, DMY",
    "timezone": "Asia/Tokyo",
    "intervalstyle": "sql_standard",
    "extra_float_digits": "-15",
    "bytea_output": "escape",
    "client_encoding": "LATIN1",
    "standard_conforming_strings": "off",
    "gin_fuzzy_search_limit": "1",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "statement_timeout": "100ms",
    "lock_timeout": "100ms",
    "jit": "on",
}
"""Settings that a role or a database may have."""


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A database whose sessions have odd settings; with them it was loaded too."""
    with database(tmp_path_factory.mktemp("odd"), "odd") as url:
        create(url)
        with psycopg.connect(url, autocommit=True) as connection:
            for name, value in ODD.items():
                text = f"ALTER DATABASE {connection.info.dbname} SET {name} = '{value}'"
                connection.execute(text)
        yield load(url)


@pytest.fixture(scope="module")
def pooled(odd):
    """The URL of that database behind a pooler of transactions."""
    if pooler_binary() is None:
        if os.environ.get("REQUIRE_PG") == "1":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with pooler(odd) as url:
        yield url


@pytest.mark.parametrize("way", ["odd", "pooled"])
def test_the_session_makes_no_difference(request, addresses, way):
    asked = [*some(paths()[::3], 4), "/readyz", "/api/v1/statements?format=csv"]
    found = operations(addresses["SQLite"]).values()
    asked += [path for paths_of in found for path in some(paths_of, 4)]
    with serving(request.getfixturevalue(way), RESPONSE_CACHE_MB="0") as address:
        with ThreadPoolExecutor(4) as clients:
            answers = list(clients.map(partial(ask, address), asked))
        for path, answer in zip(asked, answers, strict=True):
            expected = ask(addresses["SQLite"], path)
            assert (answer.status, answer.body) == (expected.status, expected.body), path


@pytest.mark.parametrize("way", ["odd", "pooled"])
def test_no_session_writes_or_runs_without_a_limit(request, way):
    url = request.getfixturevalue(way)
    writes_refused(url)
    slow_query(url)


def test_no_question_is_compiled_for_longer_than_it_takes(odd):
    with psycopg.connect(odd, cursor_factory=GuardedCursor) as connection:
        assert connection.execute("SHOW jit").fetchone() == ("off",)


def test_a_database_that_may_only_be_read_is_told(odd):
    change = "ALTER DATABASE {} {} default_transaction_read_only"
    with psycopg.connect(odd, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"{change.format(name, 'SET')} = on")
        told = manage(odd, "load_release")
        connection.execute(change.format(name, "RESET"))
    assert told.returncode == 4
    assert "read-only transaction" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("command", ["migrate", "load_release"])
@pytest.mark.parametrize(
    ("encoding", "cure"),
    [
        ("SQL_ASCII", "createdb --encoding=UTF8"),
        ("LATIN1", "createdb --encoding=UTF8"),
        (None, 'role "stranger" does not exist'),
    ],
)
def test_what_keeps_a_database_from_use_is_told(odd, command, encoding, cure):
    url = odd.replace("//demarche@", "//stranger@")
    if encoding:
        url = f"{odd}_{encoding.lower()}"
        place, _, name = url.rpartition("/")
        kind = f"ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        with psycopg.connect(f"{place}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} {kind}")
    told = manage(url, command)
    if encoding:
        drop(url)
    assert told.returncode == 4
    assert cure in told.stderr
    assert "manage.py migrate" not in told.stderr
    assert "Traceback" not in told.stderr
