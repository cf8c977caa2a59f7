"""A Parquet file for each table; needs pyarrow, which is an extra (``demarche[parquet]``)."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from policy.export.tables import ExportColumn, ExportTable, Rows
from policy.export.values import text_of


def available() -> bool:
    """Tell whether pyarrow is installed."""
    return find_spec("pyarrow") is not None


class ParquetFiles:
    """Writes parquet/NAME.parquet for each table, a row group for each chunk of rows."""

    def __init__(self, folder: Path) -> None:
        """Take the folder of the release; ImportError without pyarrow."""
        import pyarrow as pa  # noqa: PLC0415 -- an extra that the server does without
        from pyarrow import parquet  # noqa: PLC0415

        self._arrow, self._parquet = pa, parquet
        self._folder = folder / "parquet"
        self._folder.mkdir()

    def begin(self, table: ExportTable) -> None:
        """Begin a file; what the columns mean stands in it."""
        self._table = table
        self._schema = self._arrow.schema(
            [
                self._arrow.field(
                    column.name,
                    self._type(column),
                    nullable=column.nullable,
                    metadata={"description": column.text},
                )
                for column in table.columns
            ],
            metadata={"description": table.text},
        )
        path = self._folder / f"{table.name}.parquet"
        self._writer = self._parquet.ParquetWriter(path, self._schema, compression="zstd")

    def _type(self, column: ExportColumn) -> Any:
        field: Any = column.field
        arrow = self._arrow
        return {
            "text": arrow.string,
            "integer": arrow.int64,
            "number": arrow.float64,
            "decimal": lambda: arrow.decimal128(field.max_digits, field.decimal_places),
            "boolean": arrow.bool_,
            "date": arrow.date32,
            "moment": lambda: arrow.timestamp("us", tz="UTC"),
            "texts": lambda: arrow.list_(arrow.string()),
            "object": arrow.string,
        }[column.kind]()

    def write(self, rows: Rows) -> None:
        """Write rows as a row group."""
        columns = zip(*rows, strict=True)
        arrays = [
            self._arrow.array(map(_value(column.kind), values), field.type)
            for column, values, field in zip(
                self._table.columns, columns, self._schema, strict=True
            )
        ]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))

    def end(self) -> None:
        """End the file."""
        self._writer.close()

    def finish(self) -> None:
        """Nothing comes after the tables."""


def _value(kind: str) -> Any:
    return text_of if kind == "object" else _unchanged


def _unchanged(value: Any) -> Any:
    return value
