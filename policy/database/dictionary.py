"""The data dictionary: every table and view with its columns, and how the tables hang together."""

from collections.abc import Iterator
from typing import Any

from policy.database.views import views
from policy.export.tables import ExportColumn, ExportTable, export_tables
from policy.models import Release
from policy.models.registry import served_as
from policy.vocabulary import vocabularies

INTRODUCTION = """\
# The data

Every table of the dataset and every view of it, with what each column means. This page is made of
the models (`manage.py write_docs`); the comments in PostgreSQL, the table `documentation` of the
SQLite file, the data package and the API's schema say the same.

- Tables are called `policy_...` in a database. In the files of a release they have the short names
  below, and a foreign key has the name of its field (`speaker`, in a database `speaker_id`).
- Null means not stated, never an empty text.
- A column of codes names its vocabulary; the table `codes` tells what each code means.
- What rests on passages has a table of pairs `..._evidence`, which the diagram leaves out.

## How the tables hang together

Each line leads from a table to one that its rows name: by a foreign key, or by a table of pairs.
"""


def data_dictionary() -> str:
    """Return the page as Markdown, with the diagram in Mermaid."""
    parts = [INTRODUCTION, "```mermaid", *_diagram(), "```", "", "## Tables", ""]
    for table in export_tables():
        parts += _table(table)
    parts += [
        "## Views",
        "",
        "For people: names are joined, codes of events have quad and score; on both engines.",
        "",
    ]
    for view in views():
        rows = [(f"`{column.name}`", column.text) for column in view.columns]
        parts += [f"### View `{view.name}`", "", view.text, "", *_rows(("Column", "Meaning"), rows)]
    return "\n".join(parts).rstrip() + "\n"


def _diagram() -> Iterator[str]:
    yield "erDiagram"
    for table in export_tables():
        if table.model is Release or table.name.endswith("_evidence"):
            continue
        if table.model._meta.auto_created:
            (one, other), name = table.columns, table.name
            label = name.removeprefix(f"{one.leads_to}_")
            yield f"    {one.leads_to} }}o--o{{ {other.leads_to} : {label}"
            continue
        keys = [column for column in table.columns if column.leads_to]
        if not keys:
            yield f"    {table.name}"
        for column in keys:
            end = "o|" if column.nullable else "||"
            yield f"    {table.name} }}o--{end} {column.leads_to} : {column.name}"


def _table(table: ExportTable) -> list[str]:
    rows = [
        (f"`{column.name}`", _kind(column), "yes" if column.nullable else "", column.text)
        for column in table.columns
    ]
    heading = ("Column", "Type", "Null", "Meaning")
    return [
        f"### `{table.name}`",
        "",
        f"{table.text} Table `{table.relation}`.{_served(table)}",
        "",
        *_rows(heading, rows),
    ]


def _served(table: ExportTable) -> str:
    found = None if table.model._meta.auto_created else served_as(table.model)
    if not found:
        return ""
    kind, path = found
    return f" A record of kind `{kind}`." if path == "pk" else f" Served within a `{kind}`."


def _kind(column: ExportColumn) -> str:
    if column.leads_to:
        return f"key of `{column.leads_to}`"
    choices = column.field.choices
    for name, vocabulary in vocabularies().items():
        if choices and list(vocabulary.choices) == list(choices):
            return f"code of `{name}`"
    return "list of texts" if column.kind == "texts" else column.kind


def _rows(heading: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[str]:
    """Return a table of Markdown and an empty line."""
    lines = [heading, tuple("---" for _ in heading), *rows]
    return [
        *(f"| {' | '.join(str(cell).replace('|', '&#124;') for cell in row)} |" for row in lines),
        "",
    ]
