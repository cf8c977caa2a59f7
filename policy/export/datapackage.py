"""A Frictionless data package: a CSV file for each table, and what their columns mean."""

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

from policy.citation import AUTHOR, KEYWORDS
from policy.export.tables import ExportColumn, ExportTable, Rows
from policy.export.values import text_of
from policy.models import Release

TYPES = {
    "text": "string",
    "integer": "integer",
    "number": "number",
    "decimal": "number",
    "boolean": "boolean",
    "date": "date",
    "moment": "datetime",
    "texts": "array",
    "object": "object",
}
"""Types of Table Schema by what the values of a column are."""


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class DataPackage:
    """Writes csv/NAME.csv for each table, and datapackage.json."""

    def __init__(self, folder: Path, release: Release) -> None:
        """Take the folder of the release, and the release."""
        self._folder, self._release = folder, release
        self._resources: list[dict[str, Any]] = []
        (folder / "csv").mkdir()

    def begin(self, table: ExportTable) -> None:
        """Begin a file, and describe it."""
        self._path = self._folder / "csv" / f"{table.name}.csv"
        self._file = self._path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow([column.name for column in table.columns])
        self._resources.append(
            {
                "name": table.name.replace("_", "-"),
                "path": f"csv/{table.name}.csv",
                "profile": "tabular-data-resource",
                "description": table.text,
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "schema": _schema(table),
            }
        )

    def write(self, rows: Rows) -> None:
        """Write rows; null is an empty cell, for no text is empty."""
        self._writer.writerows([text_of(value) for value in row] for row in rows)

    def end(self) -> None:
        """End the file, and say how long it is."""
        self._file.close()
        digest = sha256_of(self._path)
        self._resources[-1] |= {"bytes": self._path.stat().st_size, "hash": f"sha256:{digest}"}

    def finish(self) -> None:
        """Write the description of the package."""
        release = self._release
        package = {
            "profile": "tabular-data-package",
            "name": release.pk,
            "title": release.title,
            "version": release.version,
            "created": text_of(release.released),
            "id": f"sha256:{release.content_hash}",
            "licenses": [{"name": release.licence}],
            "contributors": [{"title": AUTHOR, "role": "author"}],
            "keywords": list(KEYWORDS),
            "resources": self._resources,
        }
        text = json.dumps(package, ensure_ascii=False, indent=1) + "\n"
        (self._folder / "datapackage.json").write_text(text, encoding="utf-8")


def _schema(table: ExportTable) -> dict[str, Any]:
    keys = [column for column in table.columns if column.leads_to]
    schema: dict[str, Any] = {
        "fields": [_field(column, table) for column in table.columns],
        "primaryKey": list(table.key),
        "missingValues": [""],
    }
    if keys:
        schema["foreignKeys"] = [
            {
                "fields": [column.name],
                "reference": {
                    "resource": str(column.leads_to).replace("_", "-"),
                    "fields": [str(column.field.target_field.name)],  # type: ignore[attr-defined]
                },
            }
            for column in keys
        ]
    return schema


def _field(column: ExportColumn, table: ExportTable) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": True} if not column.nullable else {}
    if column.field.unique and not column.field.primary_key:
        constraints["unique"] = True
    if column.field.choices:
        constraints["enum"] = [code for code, _ in column.field.flatchoices]
    found = {"name": column.name, "type": TYPES[column.kind], "description": column.text}
    return {**found, "constraints": constraints} if constraints else found
