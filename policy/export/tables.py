"""The tables of a release as its files hold them: names, columns, and rows in their order."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, NamedTuple, Protocol

from django.db import models

from policy.models import Concern, SearchEntry
from policy.models.base import list_of_texts
from policy.release.contents import file_name
from policy.release.tables import parents_first, staged_models

CHUNK = 10_000
"""How many rows are held at once; each chunk is a row group of Parquet."""
MACHINERY = (Concern, SearchEntry)
"""What a release carries for the software alone; its files for people leave it out."""

Rows = list[tuple[Any, ...]]


class ExportColumn(NamedTuple):
    """A column: its name in the files, in the database, its field, and what it means."""

    name: str
    column: str
    field: "models.Field[Any, Any]"
    text: str
    leads_to: str | None
    """The file name of the table that a key leads to."""

    @property
    def kind(self) -> str:
        """The type of its values: text, integer, number, decimal, boolean, date, moment, ..."""
        field: Any = self.field
        while isinstance(field, models.ForeignKey):
            field = field.target_field
        if isinstance(field, models.JSONField):
            return "texts" if list_of_texts in field.validators else "object"
        for type_, kind in KINDS:
            if isinstance(field, type_):
                return kind
        raise TypeError(f"{field!r}: say in policy.export.tables what its values are")

    @property
    def nullable(self) -> bool:
        """Whether there may be no value."""
        return bool(self.field.null)


KINDS: tuple[tuple[type["models.Field[Any, Any]"], str], ...] = (
    (models.DateTimeField, "moment"),
    (models.DateField, "date"),
    (models.BooleanField, "boolean"),
    (models.DecimalField, "decimal"),
    (models.FloatField, "number"),
    (models.IntegerField, "integer"),
    (models.CharField, "text"),
    (models.TextField, "text"),
)
"""What the values of a field are; the first type that fits decides."""


@dataclass(frozen=True)
class ExportTable:
    """A table of records, or of the pairs of a many-to-many field."""

    name: str
    """The name of its file, without an ending."""
    relation: str
    """The name of the table in the database."""
    text: str
    model: type[models.Model]
    """The model, for pairs the one of the pairs."""
    columns: tuple[ExportColumn, ...]
    key: tuple[str, ...]
    """The columns that no two rows share, by their names in the files."""

    def chunks(self, using: str) -> Iterator[Rows]:
        """Yield the rows in the order of their keys, so many at a time."""
        names = [column.field.attname for column in self.columns]
        order = [column.field.attname for column in self.columns if column.name in self.key]
        rows = iter(
            self.model._base_manager.using(using)
            .order_by(*order)
            .values_list(*names)
            .iterator(CHUNK)
        )
        while chunk := list(islice(rows, CHUNK)):
            yield chunk


class TableWriter(Protocol):
    """A format that takes the tables of a release one after the other."""

    def begin(self, table: ExportTable) -> None:
        """Begin a table."""

    def write(self, rows: Rows) -> None:
        """Write rows of the table that was begun."""

    def end(self) -> None:
        """End the table."""

    def finish(self) -> None:
        """Write what comes after all tables."""


@cache
def export_tables() -> tuple[ExportTable, ...]:
    """Return the tables, each after those that its keys lead to."""
    found = {}
    for kind in staged_models():
        if kind.model in MACHINERY:
            continue
        columns = tuple(_column(field) for field in kind.model._meta.concrete_fields)
        key = str(kind.model._meta.pk.name)
        text = (kind.model.__doc__ or "").partition("\n")[0]
        found[kind.table.name] = ExportTable(
            kind.name, kind.table.name, text, kind.model, columns, (key,)
        )
        for pair in kind.pairs:
            found[pair.name] = _pairs(kind.model, str(pair.field))
    return tuple(found[table.name] for table in parents_first() if table.name in found)


def _column(field: Any) -> ExportColumn:
    leads_to = file_name(field.related_model) if isinstance(field, models.ForeignKey) else None
    return ExportColumn(field.name, field.column, field, str(field.help_text), leads_to)


def _pairs(model: type[models.Model], name: str) -> ExportTable:
    many: Any = model._meta.get_field(name)
    through = many.remote_field.through
    columns = []
    for field in (many.m2m_field_name(), many.m2m_reverse_field_name()):
        key = through._meta.get_field(field)
        text = f"Key of the {key.related_model._meta.verbose_name}."
        columns.append(ExportColumn(field, key.column, key, text, file_name(key.related_model)))
    return ExportTable(
        f"{file_name(model)}_{name}",
        through._meta.db_table,
        f"{str(model._meta.verbose_name).capitalize()}: {many.help_text}",
        through,
        tuple(columns),
        tuple(column.name for column in columns),
    )
