"""The full-text index that gives hits in their order; migration 0007 makes it in each engine."""

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from policy.search import index as search_index

INDEXED = "{0}words || replace(rtrim({0}title_words), ' ', ' §')"
"""What an entry is found by: its words, and those of its title once more behind a mark."""

# FTS5 gives hits in the order of their numbers. An entry that comes after all others gets the
# greatest number, so numbers are in the order of keys until one comes late.
FILL = (
    "INSERT INTO policy_searchrow (entry) SELECT id FROM policy_searchentry ORDER BY id",
    f"""INSERT INTO policy_searchindex (rowid, words)
        SELECT number, {INDEXED.format("e.")} FROM policy_searchrow
        CROSS JOIN policy_searchentry AS e ON e.id = entry ORDER BY number""",
)
SQLITE = (
    *search_index.SQLITE_BACK,
    "CREATE TABLE policy_searchrow (number integer PRIMARY KEY, entry text NOT NULL UNIQUE)",
    "CREATE TABLE policy_searchlate (entry text NOT NULL)",
    search_index.SQLITE[1],
    *FILL,
    f"""CREATE TRIGGER policy_searchentry_added AFTER INSERT ON policy_searchentry BEGIN
        INSERT INTO policy_searchlate (entry)
            SELECT new.id WHERE EXISTS (SELECT 1 FROM policy_searchrow WHERE entry > new.id);
        INSERT INTO policy_searchrow (entry) VALUES (new.id);
        INSERT INTO policy_searchindex (rowid, words)
            SELECT number, {INDEXED.format("new.")} FROM policy_searchrow WHERE entry = new.id;
    END""",
    f"""CREATE TRIGGER policy_searchentry_changed AFTER UPDATE ON policy_searchentry BEGIN
        UPDATE policy_searchindex SET words = {INDEXED.format("new.")}
            WHERE rowid = (SELECT number FROM policy_searchrow WHERE entry = new.id);
    END""",
    search_index.SQLITE[4],
)
SQLITE_BACK = (
    *search_index.SQLITE_BACK,
    "DROP TABLE policy_searchlate",
    *search_index.SQLITE[:2],
    FILL[0],
    """INSERT INTO policy_searchindex (rowid, words)
        SELECT number, words FROM policy_searchrow JOIN policy_searchentry AS e ON e.id = entry""",
    *search_index.SQLITE[2:],
)
IN_ORDER = (
    "DROP TABLE policy_searchindex",
    search_index.SQLITE[1],
    "DELETE FROM policy_searchrow",
    "DELETE FROM policy_searchlate",
    *FILL,
)
POSTGRESQL = (
    "DROP INDEX policy_searchentry_words",
    "DROP FUNCTION policy_words(text)",
    f"""ALTER TABLE policy_searchentry ADD COLUMN found_by tsvector NOT NULL
        GENERATED ALWAYS AS (array_to_tsvector(array_remove(
            string_to_array({INDEXED.format("")} || ' §§' || kind, ' '), ''))) STORED""",
    "CREATE INDEX policy_searchentry_found_by ON policy_searchentry USING gin (found_by)",
)
"""The kind is marked, too: counting the hits of a kind then needs the index alone."""
POSTGRESQL_BACK = (
    "ALTER TABLE policy_searchentry DROP COLUMN found_by",
    *search_index.POSTGRESQL,
    *search_index.COSTLY,
)


def forwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the index anew from the entries that are there."""
    search_index.execute(schema_editor, SQLITE, POSTGRESQL)


def backwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Have the index as it was."""
    search_index.execute(schema_editor, SQLITE_BACK, POSTGRESQL_BACK)


def is_in_order(connection: BaseDatabaseWrapper) -> bool:
    """Tell whether the index gives hits in the order of their keys; PostgreSQL's always does."""
    if connection.vendor != "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM policy_searchlate LIMIT 1")
        return cursor.fetchone() is None


def put_in_order(connection: BaseDatabaseWrapper) -> None:
    """Return the entries new numbers if some came late."""
    if not is_in_order(connection):
        with connection.cursor() as cursor:
            for statement in IN_ORDER:
                cursor.execute(statement)
