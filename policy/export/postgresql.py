"""A script for psql that brings tables, comments, views and data into a database of PostgreSQL."""

from pathlib import Path

from policy.database.comments import table_comments, view_comments
from policy.database.views import views
from policy.export.ddl import statements
from policy.export.tables import ExportTable, Rows, export_tables
from policy.export.values import text_of
from policy.models import Release

HEAD = """\
-- {title}
-- Version {version}, SHA-256 {content_hash}
--
-- For PostgreSQL 13 or newer with the encoding UTF8:
--
--     psql -d DATABASE -f {file}
--     psql -d DATABASE -v schema=demarche -f {file}
--
-- The second brings all of it into a schema of its own. Everything or nothing is loaded.
\\set ON_ERROR_STOP on
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET client_min_messages = warning;
SET statement_timeout = 0;
BEGIN;
\\if :{{?schema}}
SELECT to_regnamespace(quote_ident(:'schema')) IS NULL AS schema_is_new \\gset
\\if :schema_is_new
CREATE SCHEMA :"schema";
\\endif
SET LOCAL search_path TO :"schema";
\\endif
"""
ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\b": "\\b",
                         "\f": "\\f", "\v": "\\v"})  # fmt: skip


class PostgresqlScript:
    """Writes one file of SQL."""

    def __init__(self, path: Path, release: Release) -> None:
        """Take the path of the file, and the release."""
        self._file = path.open("w", encoding="utf-8", newline="\n")
        self._statements = statements("postgresql", export_tables())
        told = {name: getattr(release, name) for name in ("title", "version", "content_hash")}
        # A line of its own in a title would not be a comment any more.
        told["title"] = " ".join(told["title"].split())
        self._file.write(HEAD.format(file=path.name, **told))
        self._write(self._statements.tables)

    def _write(self, found: list[str]) -> None:
        self._file.writelines(f"{statement};\n" for statement in found)

    def begin(self, table: ExportTable) -> None:
        """Begin the rows of a table."""
        columns = ", ".join(f'"{column.column}"' for column in table.columns)
        self._file.write(f"COPY {table.relation} ({columns}) FROM stdin;\n")

    def write(self, rows: Rows) -> None:
        """Write rows in the text format of COPY."""
        for row in rows:
            values = ["\\N" if (text := text_of(value)) is None else text.translate(ESCAPED)
                      for value in row]  # fmt: skip
            self._file.write("\t".join(values) + "\n")

    def end(self) -> None:
        """End the rows."""
        self._file.write("\\.\n")

    def finish(self) -> None:
        """Write indexes, foreign keys, views and comments."""
        self._write(self._statements.indexes)
        for view in views():
            self._write([f"CREATE VIEW {view.name} AS {view.query('postgresql')}"])
        models = [table.model for table in export_tables() if not table.model._meta.auto_created]
        for comment in (*table_comments(models), *view_comments(views())):
            self._write([comment.statement])
        # Without names it goes through the whole database, and warns of each table of others.
        own = ", ".join(table.relation for table in export_tables())
        self._write([f"ANALYZE {own}", "COMMIT"])
        self._file.close()
