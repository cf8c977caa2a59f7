"""The state of the tables: triggers note every write, and a load says what they hold then."""

import hashlib
from secrets import randbelow
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from policy.models import PassageText, StateMark
from policy.release.tables import parents_first

MARKS = StateMark._meta.db_table
RANGE = 2**53
"""Marks are random numbers below this."""

# A transaction on PostgreSQL leaves one mark, however many statements it has: the setting lasts as
# long as the mark, until the end of the transaction or of a savepoint that is rolled back. The
# function has the rights of its owner, as not everybody who may write a table may write marks.
POSTGRESQL = (
    """CREATE OR REPLACE FUNCTION {schema}.policy_note_write() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
    BEGIN
        IF coalesce(current_setting('demarche.noted', true), '') = '' THEN
            INSERT INTO {schema}.machinery_statemark (mark) VALUES (floor(random() * {range}));
            PERFORM set_config('demarche.noted', 'yes', true);
        END IF;
        RETURN NULL;
    END $$""",
    "DROP TRIGGER IF EXISTS policy_noted ON {table}",
    """CREATE TRIGGER policy_noted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.policy_note_write()""",
    # Also where the session says that it only replays what another database has done.
    "ALTER TABLE {table} ENABLE ALWAYS TRIGGER policy_noted",
)
SQLITE = """CREATE TRIGGER IF NOT EXISTS {table}_{event}_noted AFTER {event} ON {table} BEGIN
    UPDATE machinery_statemark SET mark = random() & ({range} - 1), digest = NULL;
END"""


def watch_tables(*, using: str, **options: Any) -> None:
    """Create the triggers that are missing, or disabled, after the tables were migrated."""
    connection = connections[using]
    with connection.cursor() as cursor:
        present = connection.introspection.table_names(cursor)
        if MARKS not in present:
            return
        written = [*(table.name for table in parents_first()), PassageText._meta.db_table]
        tables = [table for table in written if table in present]
        if connection.vendor == "sqlite":
            # Together, as each commit waits for the disk.
            with transaction.atomic(using=using):
                for table in tables:
                    for event in ("insert", "update", "delete"):
                        cursor.execute(SQLITE.format(table=table, event=event, range=RANGE))
        else:
            _watch_on_postgresql(cursor, tables)
    if not StateMark.objects.using(using).exists():
        StateMark.objects.using(using).create(mark=randbelow(RANGE))


def _watch_on_postgresql(cursor: Any, tables: list[str]) -> None:
    cursor.execute(
        "SELECT quote_ident(nspname) FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace "
        "WHERE pg_class.oid = %s::regclass",
        [MARKS],
    )
    (schema,) = cursor.fetchone()
    cursor.execute(
        "SELECT name FROM unnest(%s::text[]) AS name WHERE NOT EXISTS (SELECT FROM pg_trigger "
        "WHERE tgname = 'policy_noted' AND tgenabled = 'A' AND tgrelid = name::regclass)",
        [tables],
    )
    missing = [name for (name,) in cursor.fetchall()]
    function, *triggers = POSTGRESQL
    if missing:
        cursor.execute(function.format(schema=schema, range=RANGE))
    for table in missing:
        for statement in triggers:
            cursor.execute(statement.format(schema=schema, table=table))


def exclude_writers(connection: BaseDatabaseWrapper) -> None:
    """Wait for everybody who writes to the tables, and keep others waiting until the commit.

    On SQLite the transaction must have begun as IMMEDIATE, which does the same.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Whoever writes to a table holds a lock on the marks from the first statement on.
            cursor.execute(f"LOCK TABLE {MARKS} IN SHARE ROW EXCLUSIVE MODE")


def state_digest(content_hash: str, using: str) -> str:
    """Return the digest of a state: that of a release, and of the texts attached to it."""
    digest = hashlib.sha256(content_hash.encode())
    texts = PassageText.objects.using(using).order_by("pk").values_list("pk", "text")
    for row in texts.iterator():
        digest.update(" ".join(row).encode() + b"\n")
    return digest.hexdigest()


def known_digest(using: str) -> str | None:
    """Return the digest of the state that a load left, None if something was written since."""
    marks = list(StateMark.objects.using(using).values_list("digest", flat=True)[:2])
    return marks[0] if len(marks) == 1 else None


def mark_release(content_hash: str, using: str) -> None:
    """Say that the tables hold just this release; to be called before the commit of a load."""
    digest = state_digest(content_hash, using)
    StateMark.objects.using(using).all().delete()
    StateMark.objects.using(using).create(mark=randbelow(RANGE), digest=digest)
    if connections[using].vendor == "postgresql":
        with connections[using].cursor() as cursor:
            # What this transaction writes from here on is noted again.
            cursor.execute("SELECT set_config('demarche.noted', '', true)")
