"""One SQLite file with the tables, the views, and what both mean."""

import sqlite3
from contextlib import closing
from pathlib import Path

from policy.database.comments import table_comments, view_comments
from policy.database.views import views
from policy.export.ddl import statements
from policy.export.tables import ExportTable, Rows, export_tables
from policy.export.values import text_of

VERSION_FIELDS = slice(92, 100)
"""Where the header of a file says which version of SQLite wrote it last, and when."""


class SqliteFile:
    """Writes one database; the same rows give the same bytes."""

    def __init__(self, path: Path) -> None:
        """Take the path of the file."""
        self._path = path
        self._database = sqlite3.connect(path, isolation_level=None)
        self._statements = statements("sqlite", export_tables())
        self._run(
            "PRAGMA page_size = 4096", "PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF"
        )
        self._run("BEGIN", *self._statements.tables)

    def _run(self, *found: str) -> None:
        for statement in found:
            self._database.execute(statement).close()

    def begin(self, table: ExportTable) -> None:
        """Begin a table."""
        columns = ", ".join(f'"{column.column}"' for column in table.columns)
        places = ", ".join("?" * len(table.columns))
        self._insert = f"INSERT INTO {table.relation} ({columns}) VALUES ({places})"

    def write(self, rows: Rows) -> None:
        """Insert rows."""
        plain = (int, float, str, type(None))
        self._database.executemany(
            self._insert,
            ([value if isinstance(value, plain) else text_of(value) for value in r] for r in rows),
        )

    def end(self) -> None:
        """End the table."""

    def finish(self) -> None:
        """Create indexes, views and the table that explains all columns, and close the file."""
        self._run(*self._statements.indexes)
        for view in views():
            self._run(f"CREATE VIEW {view.name} AS {view.query('sqlite')}")
        models = [table.model for table in export_tables() if not table.model._meta.auto_created]
        comments = [*table_comments(models), *view_comments(views())]
        self._run('CREATE TABLE documentation (relation text NOT NULL, "column" text, text text)')
        self._database.executemany(
            "INSERT INTO documentation VALUES (?, ?, ?)",
            [(comment.relation, comment.column, comment.text) for comment in comments],
        )
        self._run("COMMIT", "VACUUM")
        self._database.close()
        with self._path.open("r+b") as file:
            file.seek(VERSION_FIELDS.start)
            file.write(bytes(VERSION_FIELDS.stop - VERSION_FIELDS.start))
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as written:
            (state,) = written.execute("PRAGMA quick_check").fetchone()
        if state != "ok":
            raise OSError(f"{self._path.name}: was not written whole: {state}")
