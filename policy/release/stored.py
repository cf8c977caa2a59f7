"""The records that the tables hold, as the build writes them, read as a stream."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import models

from policy.annotations.reading import Entry

CHUNK = 2000
"""How many rows are held at once."""


def stored_entries(model: type[models.Model], using: str) -> Iterator[Entry]:
    """Yield the rows of a model in the order of their keys, with the keys they lead to."""
    columns = [field for field in model._meta.concrete_fields if not field.primary_key]
    names = [field.name for field in columns]
    rows = iter(
        model._base_manager.using(using)
        .order_by("pk")
        .values_list("pk", *(field.attname for field in columns))
        .iterator(CHUNK)
    )
    while chunk := list(islice(rows, CHUNK)):
        links = _links(model, using, chunk[0][0], chunk[-1][0])
        for key, *values in chunk:
            yield Entry(model, key, {**dict(zip(names, values, strict=True)), **links[key]}, "")


def _links(
    model: type[models.Model], using: str, first: Any, last: Any
) -> dict[Any, dict[str, list[Any]]]:
    """Return the keys in each many-to-many field of the rows from one key to another."""
    found: dict[Any, dict[str, list[Any]]] = defaultdict(dict)
    for field in model._meta.many_to_many:
        owner, other = field.m2m_field_name(), field.m2m_reverse_field_name()
        through: Any = field.remote_field.through
        pairs = through._base_manager.using(using).filter(
            **{f"{owner}__gte": first, f"{owner}__lte": last}
        )
        for key, led_to in pairs.values_list(owner, other):
            found[key].setdefault(field.name, []).append(led_to)
    return found
