"""Indexes over the many-to-many tables, from what is asked for to the records that have it."""

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

PAIRS = {
    "policy_statement_about": ("country_id", "statement_id"),
    "policy_statement_issues": ("bilateralissue_id", "statement_id"),
    "policy_statement_evidence": ("passage_id", "statement_id"),
}
"""The tables of the statements, which Django gives an index on either key and not on both."""


def forwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the indexes."""
    for table, columns in PAIRS.items():
        schema_editor.execute(
            f"CREATE INDEX {table}_asked ON {table} ({', '.join(columns)})", params=None
        )


def backwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take them away again."""
    for table in PAIRS:
        schema_editor.execute(f"DROP INDEX {table}_asked", params=None)
