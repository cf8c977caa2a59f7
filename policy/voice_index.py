"""Which countries each statement concerns, kept by each engine beside the statements.

A statement concerns who is spoken of, who it is attributed to, and whose official speaks: three
joins, too many for each question over a million statements. The table has one row for each, with
the topic, so that country and topic together are one stretch of one index.
"""

from collections.abc import Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import Q
from django.db.models.expressions import RawSQL


def _voices(which: str) -> str:
    """Give the query for the rows of the statements (as s) that a condition chooses."""
    return f"""
        SELECT a.country_id, s.topic, s.id FROM policy_statement s
            JOIN policy_statement_about a ON a.statement_id = s.id WHERE {which}
        UNION SELECT s.attributed_country_id, s.topic, s.id FROM policy_statement s
            WHERE s.attributed_country_id IS NOT NULL AND {which}
        UNION SELECT o.country_id, s.topic, s.id FROM policy_statement s
            JOIN policy_official o ON o.id = s.speaker_id
            WHERE o.country_id IS NOT NULL AND {which}"""


def _add(which: str) -> str:
    """Give the statement that adds the rows; a row that is there already stays."""
    return f"""INSERT INTO policy_voice (country_id, topic, statement_id)
        SELECT * FROM ({_voices(which)}) AS voices WHERE true ON CONFLICT DO NOTHING;"""


TABLE = """CREATE TABLE policy_voice (
    country_id varchar(3) {text} NOT NULL,
    topic varchar(22) {text} NOT NULL,
    statement_id varchar(120) {text} NOT NULL,
    PRIMARY KEY (statement_id, country_id)){options}"""
INDEXES = (
    "CREATE INDEX policy_voice_topic ON policy_voice (country_id, topic, statement_id)",
    "CREATE INDEX policy_voice_country ON policy_voice (country_id, statement_id)",
)
CHANGES = {
    "policy_statement": ("id", "id"),
    "policy_statement_about": ("id", "statement_id"),
    "policy_official": ("speaker_id", "id"),
}
"""Which statements a change to each table touches: their column, and that of the changed row."""


def _renew(table: str, which: str, changed: str) -> str:
    """Give the statements that write the rows of some statements anew."""
    # A statement that is gone cannot be looked up any more.
    gone = f"SELECT s.id FROM policy_statement s WHERE {which}"
    if table == "policy_statement":
        gone = f"SELECT {changed}"
    return f"DELETE FROM policy_voice WHERE statement_id IN ({gone}); {_add(which)}"


def _sqlite() -> list[str]:
    made = [TABLE.format(text="", options=" WITHOUT ROWID"), *INDEXES]
    for table, (column, key) in CHANGES.items():
        old, new = f"s.{column} = old.{key}", f"s.{column} = new.{key}"
        bodies = {
            "INSERT": _add(new),
            "UPDATE": _renew(table, old, "old.id") + _renew(table, new, "new.id"),
            "DELETE": _renew(table, old, "old.id"),
        }
        made += [
            f"CREATE TRIGGER {table}_voice_{event.lower()} AFTER {event} ON {table} "
            f"BEGIN {body} END"
            for event, body in bodies.items()
        ]
    return made


def _postgresql() -> list[str]:
    made = [TABLE.format(text='COLLATE "C"', options=""), *INDEXES]
    for table, (column, key) in CHANGES.items():
        which = f"s.{column} IN (SELECT {key} FROM changed)"
        made.append(
            f"""CREATE FUNCTION {table}_voice() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN
                IF TG_OP = 'INSERT' THEN {_add(which)}
                ELSE {_renew(table, which, "id FROM changed")} END IF;
                RETURN NULL;
            END $body$"""
        )
        for event, rows in (
            ("INSERT", "NEW"),
            ("UPDATE", "NEW"),
            ("UPDATE", "OLD"),
            ("DELETE", "OLD"),
        ):
            made.append(
                f"CREATE TRIGGER {table}_voice_{event.lower()}_{rows.lower()} AFTER {event} "
                f"ON {table} REFERENCING {rows} TABLE AS changed "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_voice()"
            )
    made.append(
        f"""CREATE FUNCTION policy_voice_afresh() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN
            DELETE FROM policy_voice;
            {_add("true")}
            RETURN NULL;
        END $body$"""
    )
    made += [
        f"CREATE TRIGGER {table}_voice_truncate AFTER TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION policy_voice_afresh()"
        for table in CHANGES
    ]
    return made


def forwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the table and what keeps it, and fill it from the statements that are there."""
    made = _sqlite() if schema_editor.connection.vendor == "sqlite" else _postgresql()
    for statement in [*made, _add("true")]:
        schema_editor.execute(statement, params=None)


def backwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take the table away again, and what kept it."""
    for table in CHANGES:
        if schema_editor.connection.vendor == "sqlite":
            for event in ("insert", "update", "delete"):
                schema_editor.execute(f"DROP TRIGGER {table}_voice_{event}", params=None)
        else:
            schema_editor.execute(f"DROP FUNCTION {table}_voice() CASCADE", params=None)
    if schema_editor.connection.vendor != "sqlite":
        schema_editor.execute("DROP FUNCTION policy_voice_afresh() CASCADE", params=None)
    schema_editor.execute("DROP TABLE policy_voice", params=None)


def concerning(countries: Sequence[str], topics: Sequence[str] = ()) -> Q:
    """Give the condition on statements: they concern any of these countries.

    The topics, if any, only make the way to the statements shorter: who gives them has to ask the
    statements for them too.
    """
    places = ", ".join(["%s"] * len(countries))
    sql = f"SELECT statement_id FROM policy_voice WHERE country_id IN ({places})"
    if topics:
        sql += f" AND topic IN ({', '.join(['%s'] * len(topics))})"
    return Q(pk__in=RawSQL(sql, [*countries, *topics]))  # noqa: S611 - values are parameters
