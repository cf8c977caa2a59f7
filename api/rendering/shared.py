"""Related rows that many records have in common, read once for a whole list."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import ManyToManyField, Prefetch, QuerySet

from api.rendering.fields import Reader, ReadRows, list_attribute, related_reader

KEPT = 10_000
"""How many related rows are kept as they were read; when there are more, all make room."""
ASKED = 1000
"""How many of them one query asks for: a database takes only so many parameters."""


class SharedRows:
    """The rows that a many-to-many field leads to, of which thousands of records may cite one."""

    def __init__(
        self, relation: "ManyToManyField[Any, Any]", rows: QuerySet[Any], read: Reader
    ) -> None:
        """Take the field of the model, the related rows, and what reads one of them."""
        owner, other = relation.m2m_field_name(), relation.m2m_reverse_field_name()
        through: Any = relation.remote_field.through
        # By the related model's own ordering.
        self._pairs = through._default_manager.order_by(other).values_list(owner, other)
        self._first, self._last = f"{owner}__gte", f"{owner}__lte"
        self._rows, self._read = rows.order_by(), read
        self._attribute = list_attribute(relation.name)
        self._kept: dict[str, Any] = {}

    def attach(self, records: Sequence[Any]) -> None:
        """Attach the related rows, read, to records whose keys follow each other."""
        among = {self._first: records[0].pk, self._last: records[-1].pk}
        pairs = list(self._pairs.filter(**among))
        if len(self._kept) > KEPT:
            self._kept.clear()
        self._keep({key for _, key in pairs} - self._kept.keys())
        lists: defaultdict[str, ReadRows] = defaultdict(ReadRows)
        for owner, key in pairs:
            lists[owner].append(self._kept[key])
        for record in records:
            setattr(record, self._attribute, lists[record.pk])

    def _keep(self, keys: Collection[str]) -> None:
        asked = list(keys)
        for at in range(0, len(asked), ASKED):
            for row in self._rows.filter(pk__in=asked[at : at + ASKED]):
                self._kept[row.pk] = self._read(row)


def share(serializer: Any, queryset: QuerySet[Any]) -> tuple[QuerySet[Any], list[SharedRows]]:
    """Return a list without the prefetches of rows that can be shared, and these rows."""
    many = {field.name: field for field in queryset.model._meta.many_to_many}
    fields = {field.source: field for field in serializer.fields.values()}
    rest, shared = [], []
    for lookup in queryset._prefetch_related_lookups:  # type: ignore[attr-defined]
        path = lookup.prefetch_through if isinstance(lookup, Prefetch) else ""
        read = related_reader(fields[path]) if path in many and path in fields else None
        if read:
            shared.append(SharedRows(many[path], lookup.queryset, read))
        else:
            rest.append(lookup)
    return queryset.prefetch_related(None).prefetch_related(*rest), shared
