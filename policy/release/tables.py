"""Which tables the kinds of a release have, and in which order they are filled."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from typing import Any

from django.db import models

from policy.release.contents import release_models


@dataclass(frozen=True, eq=False)
class Table:
    """One table of the database, its staging table, and the columns of its key."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    field: str | None = None
    """The many-to-many field whose pairs it holds, if it does."""

    @property
    def stage(self) -> str:
        """The name of the temporary table that holds the release's rows."""
        return f"stage_{self.name}"


@dataclass(frozen=True)
class StagedModel:
    """One kind of record: its table, and a table for each of its many-to-many fields."""

    name: str
    model: type[models.Model]
    table: Table
    pairs: tuple[Table, ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        """All of them, that of the records first."""
        return (self.table, *self.pairs)


@cache
def staged_models() -> tuple[StagedModel, ...]:
    """Return every kind of a release, the release itself last."""
    found = [_staged(name, model) for name, model in release_models().items()]
    return tuple(sorted(found, key=lambda kind: kind.name == "release"))


@cache
def parents_first() -> tuple[Table, ...]:
    """Return all tables, each after those that its foreign keys lead to."""
    found: dict[Any, StagedModel] = {kind.model: kind for kind in staged_models()}
    # In an order that does not vary, as the files of a release have it.
    graph = {
        model: [
            field.related_model
            for field in model._meta.concrete_fields
            if field.related_model in found and field.related_model is not model
        ]
        for model in found
    }
    ordered = [found[model] for model in TopologicalSorter(graph).static_order()]
    return tuple(
        [kind.table for kind in ordered] + [pair for kind in ordered for pair in kind.pairs]
    )


def unique_together(model: type[models.Model]) -> Iterator[tuple[list[Any], list[Any]]]:
    """Yield the fields whose values no two records may share, the key left out.

    With them come the fields of which all must be null for that; raises ValueError for any other
    condition of a constraint.
    """
    meta = model._meta
    for field in meta.concrete_fields:
        if field.unique and not field.primary_key:
            yield [field], []
    for constraint in meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            empty = []
            condition: Any = constraint.condition
            for path, value in condition.children if condition else ():
                name, _, lookup = path.partition("__")
                if (lookup, value) != ("isnull", True):
                    raise ValueError(f"{constraint.name}: only __isnull=True can be checked")
                empty.append(meta.get_field(name))
            yield [meta.get_field(name) for name in constraint.fields], empty


def unique_columns(model: type[models.Model]) -> tuple[str, ...]:
    """Return every column, the key left out, that decides whether two rows are alike."""
    found = [field for group in unique_together(model) for fields in group for field in fields]
    return tuple(dict.fromkeys(field.column for field in found if not field.primary_key))


def _staged(name: str, model: type[models.Model]) -> StagedModel:
    meta = model._meta
    columns = tuple(field.column for field in meta.concrete_fields)
    pairs = []
    for field in meta.many_to_many:
        through = field.remote_field.through._meta.db_table  # type: ignore[union-attr]
        pair = (field.m2m_column_name(), field.m2m_reverse_name())
        pairs.append(Table(through, pair, pair, field.name))
    table = Table(meta.db_table, columns, (str(meta.pk.column),))
    return StagedModel(name, model, table, tuple(pairs))
