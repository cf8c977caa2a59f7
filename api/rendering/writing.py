"""How each field of a record is written in JSON when records are rendered ahead."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence, Set
from functools import lru_cache
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any

from django.db.models import ManyToManyField, Model, Prefetch, QuerySet
from rest_framework.fields import BooleanField, ChoiceField, DateField
from rest_framework.relations import PrimaryKeyRelatedField
from rest_framework.renderers import JSONRenderer

from api.rendering.fields import each, parted

Writer = Callable[[Any], str]
"""What takes a row and gives one field, or the whole record, as the API writes it in JSON."""

KEPT = 10_000
"""How many related records are kept in writing while a list is rendered."""

ASKED = 1000
"""How many of them are asked for at once: a database takes only so many keys."""
FEW = (BooleanField, ChoiceField, DateField, PrimaryKeyRelatedField)
"""The fields whose values are few, so that each need be written but once."""


def writer(field: Any, model: type[Model]) -> Writer:
    """Return what writes a field of the rows of a model: the JSON of what ``reader`` reads."""
    source = str(field.source)
    part = _part(field)
    if part is not None and "." not in source:
        parts, place = each(source, part), _place(source)
        return lambda row: row.__dict__.get(place) or _list(parts(row))
    get, write = parted(field, model)

    def written(value: Any) -> str:
        return as_json(value if value is None or write is None else write(value))

    text = lru_cache(KEPT, typed=True)(written) if type(field) in FEW else written
    return lambda row: text(get(row))


def _part(field: Any) -> Writer | None:
    """Return what writes one of the related rows of a field, None for a field without such rows."""
    if type(getattr(field, "child_relation", None)) is PrimaryKeyRelatedField:
        return lambda row: as_json(row.pk)
    return getattr(getattr(field, "child", None), "as_json", None)


def _place(source: str) -> str:
    return f"written_{source}"


def _list(parts: Iterable[str]) -> str:
    return f"[{','.join(parts)}]"


def as_json(value: Any) -> str:
    """Return a value as the API writes it in JSON; what most values are takes no detour."""
    write = SIMPLE.get(value.__class__)
    return write(value) if write else JSONRenderer().render(value).decode()


def _quoted(text: str) -> str:
    quoted = encode_basestring(text)
    if text.isascii():
        return quoted
    # JavaScript once took these two for ends of lines, so the renderer escapes them.
    return quoted.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


SIMPLE: dict[type, Writer] = {
    str: _quoted,
    int: str,
    bool: {False: "false", True: "true"}.__getitem__,
    type(None): {None: "null"}.__getitem__,
}


class Shared:
    """The related records of a many-to-many field, each written once for all rows near together."""

    def __init__(
        self, relation: "ManyToManyField[Any, Any]", write: Writer, rows: QuerySet[Any]
    ) -> None:
        """Take the field of the model, what writes a related row, and where these rows are."""
        owner, other = relation.m2m_field_name(), relation.m2m_reverse_field_name()
        through: Any = relation.remote_field.through
        self._pairs = through._default_manager.order_by().values_list(owner, other)
        self._first, self._last = f"{owner}__gte", f"{owner}__lte"
        self._write, self._rows = write, rows
        self._place = _place(relation.name)
        self._order = attrgetter(*rows.model._meta.ordering)
        self._kept: dict[str, tuple[Any, str]] = {}

    def put(self, rows: Sequence[Any]) -> None:
        """Write the related records of rows whose keys follow each other, for ``writer`` to use."""
        pairs = list(self._pairs.filter(**{self._first: rows[0].pk, self._last: rows[-1].pk}))
        written = self._written({key for _, key in pairs})
        lists = defaultdict(list)
        for owner, key in pairs:
            lists[owner].append(written[key])
        for row in rows:
            row.__dict__[self._place] = _list(text for _, text in sorted(lists.get(row.pk, ())))

    def _written(self, keys: Set[str]) -> dict[str, tuple[Any, str]]:
        """Return the related records by their keys, each with what it is sorted by."""
        found = {key: self._kept[key] for key in keys if key in self._kept}
        missing = list(keys - found.keys())
        for at in range(0, len(missing), ASKED):
            for row in self._rows.filter(pk__in=missing[at : at + ASKED]).order_by():
                found[row.pk] = self._order(row), self._write(row)
                if len(self._kept) < KEPT:
                    self._kept[row.pk] = found[row.pk]
        return found


def apart(serializer: Any, queryset: QuerySet[Any]) -> tuple[QuerySet[Any], list[Shared]]:
    """Take out of a list what need not be fetched for each row, and give what is to be shared."""
    many = {field.name: field for field in queryset.model._meta.many_to_many}
    fields = {field.source: field for field in serializer.fields.values()}
    rest, shared = [], []
    for lookup in queryset._prefetch_related_lookups:  # type: ignore[attr-defined]
        path = lookup.prefetch_through if isinstance(lookup, Prefetch) else ""
        write = _part(fields[path]) if path in many and path in fields else None
        if write is None:
            rest.append(lookup)
        else:
            shared.append(Shared(many[path], write, lookup.queryset))
    return queryset.prefetch_related(None).prefetch_related(*rest), shared
