"""Keys of a record that may hold no value, each with the condition that it holds none."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import CharField, Exists, F, OuterRef, Q, TextField

from api.serializers.base import RecordSerializer
from policy.models.registry import owner_key

TIME = Q(time_text__isnull=True, time_earliest__isnull=True)
"""An uncertain time of which neither words nor days are given."""
COMPUTED: dict[str, Q] = {
    "quad": Q(event_type__isnull=True),
    "score": Q(event_type__isnull=True),
    "text": Q(attached__isnull=True) | ~Q(attached__sha256=F("sha256")),
}
"""The keys that are null and no column of a model."""


def unstated(record: type[RecordSerializer]) -> dict[str, tuple[Q, Q]]:
    """Return the conditions on records, by key, that it holds no value and that it holds one.

    A key of a part is written as ``stops.host``; some part must meet the condition.
    """
    found = {name: (empty, ~empty) for name, empty in _empty(record)}
    for name, field in record().fields.items():
        part: Any = type(getattr(field, "child", None))
        if issubclass(part, RecordSerializer) and owner_key(part.Meta.model):
            for key, empty in _empty(part):
                found[f"{name}.{key}"] = _some(part, empty), _some(part, ~empty)
    return found


def _some(part: Any, condition: Q) -> Q:
    model = part.Meta.model
    owner = {str(owner_key(model)): OuterRef("pk")}
    return Q(Exists(model._base_manager.filter(condition, **owner)))


def _empty(record: type[RecordSerializer]) -> Iterator[tuple[str, Q]]:
    """Yield each key of a record that may be null, with the condition that it is or is empty."""
    fields: Mapping[str, Any] = record().fields
    if "time_text" in fields:
        yield "time", TIME
    for name, field in fields.items():
        if name in COMPUTED:
            yield name, COMPUTED[name]
        elif field.allow_null:
            path = field.source.replace(".", "__")
            empty = Q(**{f"{path}__isnull": True})
            model: Any = record.Meta.model
            column = model._meta.get_field(field.source)
            is_text = isinstance(column, CharField | TextField)
            yield name, empty | Q(**{path: ""}) if is_text else empty
