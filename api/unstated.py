"""Keys of a record that may hold no value, each with the condition that it holds none."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import CharField, Exists, F, OuterRef, Q, TextField

from api.serializers.base import RecordSerializer
from policy.models.events import ACTS, RECEIVES
from policy.models.registry import owner_key

PARTIES = {"actors": ACTS, "recipients": RECEIVES}
"""The conditions on the parties of an event, by the key that a record has them under."""
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
            rows = part.Meta.model._base_manager.filter(
                PARTIES.get(name, Q()), **{_way_back(record, str(field.source)): OuterRef("pk")}
            )
            for key, empty in _empty(part):
                some = (Q(Exists(rows.filter(condition))) for condition in (empty, ~empty))
                found[f"{name}.{key}"] = next(some), next(some)
    return found


def _way_back(record: type[RecordSerializer], source: str) -> str:
    """Return the path from the rows of a part to the record they are served in."""
    model: Any = record.Meta.model
    back: list[str] = []
    for name in source.split("."):
        # Parties are no field of an event, but such of their rows as have the part.
        field = model._meta.get_field("parties" if name in PARTIES else name)
        back.insert(0, field.field.name)
        model = field.related_model
    return "__".join(back)


def _empty(record: type[RecordSerializer]) -> Iterator[tuple[str, Q]]:
    """Yield each key of a record that may be null, with the condition that it is or is empty."""
    fields: Mapping[str, Any] = record().fields
    for name, field in fields.items():
        path = field.source.replace(".", "__")
        begins, _, rest = name.rpartition("_")
        if rest == "text" and f"{begins}_earliest" in fields:
            # An uncertain time of which neither words nor days are given.
            earliest = f"{path.removesuffix('text')}earliest__isnull"
            yield begins, Q(**{f"{path}__isnull": True, earliest: True})
        if name in COMPUTED:
            yield name, COMPUTED[name]
        elif field.allow_null:
            empty = Q(**{f"{path}__isnull": True})
            is_text = isinstance(_column(record.Meta.model, path), CharField | TextField)
            yield name, empty | Q(**{path: ""}) if is_text else empty


def _column(model: Any, path: str) -> Any:
    """Return the field of a model that a path leads to."""
    name, _, rest = path.partition("__")
    field: Any = model._meta.get_field(name)
    return _column(field.related_model, rest) if rest else field
