"""The two roles of deploy/roles.sql: one loads, the other reads everything and writes nothing."""

import os
import subprocess
from contextlib import contextmanager

import psycopg
import pytest
from django.apps import apps
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from tests.conftest import ROOT
from tests.operations import ask, operations
from tests.releases import create, drop, manage
from tests.samples import WORD
from tests.servers import load, serving

pytestmark = [pytest.mark.postgresql, pytest.mark.servers]
URL = os.environ.get("TEST_POSTGRES_URL", "")


def prepare(url, **environment):
    """Run the script as an operator would; it can be run again."""
    subprocess.run(
        ["psql", "-q", "-X", url, "-f", ROOT / "deploy" / "roles.sql"],
        check=True, timeout=60, env={**os.environ, **environment}, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def of(role, url):
    return url.replace("//demarche@", f"//{role}@")


def tables(connection):
    query = "SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    return sorted(name for name, kind in connection.execute(query) if kind == "r")


@contextmanager
def reading(url):
    """Open a session of the reader that is not read-only: only its rights keep it from writing."""
    with psycopg.connect(of("demarche_api", url), autocommit=True) as reader:
        assert reader.execute("SHOW default_transaction_read_only").fetchone() == ("on",)
        reader.execute("SET default_transaction_read_only = off")
        yield reader


@pytest.fixture(scope="module")
def prepared():
    """A database with both roles, migrated and loaded by the loader."""
    url = f"{URL.rpartition('/')[0]}/roles"
    create(url)
    try:
        prepare(url)
        load(of("demarche_loader", url))
        yield url
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            for role in ("demarche_loader", "demarche_api"):
                connection.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(role)))
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
        drop(url)


def test_a_role_with_select_alone_serves_every_operation(prepared):
    with serving(of("demarche_api", prepared)) as address:
        for template, paths in operations(address).items():
            for path in paths[:3]:
                assert ask(address, path).status == 200, (template, path)
        assert ask(address, "/readyz").status == 200
        assert ask(address, f"/api/v1/statements?format=csv&q={WORD}").status == 200


def test_the_reader_can_write_nothing(prepared):
    with reading(prepared) as reader:
        named = tables(reader)
        assert {model._meta.db_table for model in apps.get_models()} <= set(named)
        for name in named:
            table = sql.Identifier(name)
            reader.execute(sql.SQL("SELECT * FROM {} LIMIT 1").format(table))
            for statement in (
                "DELETE FROM {}",
                "TRUNCATE {}",
                "INSERT INTO {} DEFAULT VALUES",
                "SELECT * FROM {} FOR UPDATE",
                "DROP TABLE {}",
            ):
                asked = sql.SQL(statement).format(*[table] * statement.count("{}"))
                with pytest.raises(InsufficientPrivilege):
                    reader.execute(asked)
        for statement in (
            "CREATE TABLE mine (id int)",
            "CREATE TEMPORARY TABLE mine (id int)",
            "CREATE SCHEMA mine",
            "UPDATE policy_release SET version = '9.9.9'",
            "COPY policy_release TO PROGRAM 'cat'",
            "SET ROLE demarche_loader",
        ):
            with pytest.raises(InsufficientPrivilege):
                reader.execute(statement)


def test_what_a_later_migration_makes_can_be_read(prepared):
    with psycopg.connect(of("demarche_loader", prepared), autocommit=True) as loader:
        loader.execute("CREATE TABLE later (id int)")
    with reading(prepared) as reader:
        assert reader.execute("SELECT * FROM later").fetchall() == []
        with pytest.raises(InsufficientPrivilege):
            reader.execute("INSERT INTO later VALUES (1)")


def test_the_loader_is_no_superuser_and_a_stranger_stays_out(prepared):
    with psycopg.connect(prepared, autocommit=True) as connection:
        query = "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication FROM pg_roles"
        for role in ("demarche_loader", "demarche_api"):
            assert connection.execute(f"{query} WHERE rolname = '{role}'").fetchone() == (False,)
        connection.execute("CREATE ROLE stranger LOGIN")
        try:
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                psycopg.connect(of("stranger", prepared))
        finally:
            connection.execute("DROP ROLE stranger")


def test_run_again_it_takes_over_what_another_role_has_made(prepared):
    with psycopg.connect(prepared, autocommit=True) as connection:
        before = tables(connection)
        for name in before:
            table = sql.Identifier(name)
            connection.execute(sql.SQL("ALTER TABLE {} OWNER TO demarche").format(table))
            connection.execute(sql.SQL("GRANT ALL ON {} TO PUBLIC").format(table))
        connection.execute("CREATE FUNCTION former(int) RETURNS int LANGUAGE sql RETURN $1")
        connection.execute("CREATE PROCEDURE earlier() LANGUAGE sql AS 'SELECT 1'")
        # Who owns no table cannot put its indexes aside, and loads all the same.
        connection.execute("TRUNCATE policy_release, policy_country, policy_source CASCADE")
        manage(of("demarche_loader", prepared), "load_release")
        assert connection.execute("SELECT count(*) FROM policy_release").fetchone() == (1,)
    prepare(prepared, LOADER_PASSWORD="it's one", API_PASSWORD="and $another")
    with psycopg.connect(prepared, autocommit=True) as connection:
        stored = "SELECT rolname FROM pg_authid WHERE rolpassword LIKE 'SCRAM-SHA-256%'"
        roles = {name for (name,) in connection.execute(stored)}
        assert {"demarche_loader", "demarche_api"} <= roles
        assert tables(connection) == before
        owners = "SELECT DISTINCT proowner::regrole::text FROM pg_proc WHERE pronamespace = %s"
        found = connection.execute(f"{owners}::regnamespace", ["public"]).fetchall()
        assert found == [("demarche_loader",)]
    load(of("demarche_loader", prepared))
    test_the_reader_can_write_nothing(prepared)
