"""The full-text index over search entries, as the initial migration makes it in each engine."""

from collections.abc import Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# The rows of an FTS5 table have numbers, and those of search entries may change in a VACUUM; so
# each entry keeps a number of its own in policy_searchrow.
SQLITE = (
    """CREATE TABLE policy_searchrow (
        number integer PRIMARY KEY AUTOINCREMENT, entry text NOT NULL UNIQUE)""",
    """CREATE VIRTUAL TABLE policy_searchindex
        USING fts5(words, tokenize = 'ascii', detail = none)""",
    """CREATE TRIGGER policy_searchentry_added AFTER INSERT ON policy_searchentry BEGIN
        INSERT INTO policy_searchrow (entry) VALUES (new.id);
        INSERT INTO policy_searchindex (rowid, words)
            SELECT number, new.words FROM policy_searchrow WHERE entry = new.id;
    END""",
    """CREATE TRIGGER policy_searchentry_changed AFTER UPDATE ON policy_searchentry BEGIN
        UPDATE policy_searchrow SET entry = new.id WHERE entry = old.id;
        UPDATE policy_searchindex SET words = new.words
            WHERE rowid = (SELECT number FROM policy_searchrow WHERE entry = new.id);
    END""",
    """CREATE TRIGGER policy_searchentry_removed AFTER DELETE ON policy_searchentry BEGIN
        DELETE FROM policy_searchindex
            WHERE rowid = (SELECT number FROM policy_searchrow WHERE entry = old.id);
        DELETE FROM policy_searchrow WHERE entry = old.id;
    END""",
)
SQLITE_BACK = (
    "DROP TRIGGER policy_searchentry_removed",
    "DROP TRIGGER policy_searchentry_changed",
    "DROP TRIGGER policy_searchentry_added",
    "DROP TABLE policy_searchindex",
    "DROP TABLE policy_searchrow",
)
POSTGRESQL = (
    """CREATE INDEX policy_searchentry_words ON policy_searchentry
        USING gin (array_to_tsvector(string_to_array(words, ' ')))""",
)
POSTGRESQL_BACK = ("DROP INDEX policy_searchentry_words",)


def execute(
    editor: BaseDatabaseSchemaEditor, sqlite: Sequence[str], postgresql: Sequence[str]
) -> None:
    """Have the statements of its engine done by the editor of a migration."""
    for statement in sqlite if editor.connection.vendor == "sqlite" else postgresql:
        editor.execute(statement, params=None)


def forwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the index in the engine's own way."""
    execute(schema_editor, SQLITE, POSTGRESQL)


def backwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take the index away again."""
    execute(schema_editor, SQLITE_BACK, POSTGRESQL_BACK)


COSTLY = (
    """CREATE FUNCTION policy_words(words text) RETURNS tsvector
        LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000
        AS $body$ BEGIN RETURN array_to_tsvector(string_to_array(words, ' ')); END $body$""",
    "DROP INDEX policy_searchentry_words",
    "CREATE INDEX policy_searchentry_words ON policy_searchentry USING gin (policy_words(words))",
)
"""PostgreSQL takes the functions it brings for free, and would rather split the words of every row
than ask the index; this one says what it costs."""
COSTLY_BACK = (
    "DROP INDEX policy_searchentry_words",
    "DROP FUNCTION policy_words(text)",
    *POSTGRESQL,
)


def priced(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Tell PostgreSQL what it costs not to use the index."""
    execute(schema_editor, (), COSTLY)


def unpriced(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Have the index as the initial migration makes it."""
    execute(schema_editor, (), COSTLY_BACK)
