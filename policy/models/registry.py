"""The kinds of records: the only list of them, and what follows from what the models declare.

A model with a list of its own in the API says ``record_kind``. A model whose rows are served within
such a record says ``part_of``: the name of its foreign key to that record.
"""

from functools import cache

from django.apps import apps
from django.db import models

from policy.vocabulary import Vocabulary

TITLES = ("title", "label", "name", "summary", "question", "quote", "note", "id")
"""The fields that can name a record in a list, the best first."""


class RecordKind(Vocabulary):
    """What kind of record something is; each has a list and a detail in the API."""

    COUNTRY = "country", "A state that a source speaks of."
    OFFICIAL = "official", "A person in public life."
    ORGANISATION = "organisation", "What acts or speaks and is neither state nor person."
    STATEMENT = "statement", "What somebody said, wrote or signalled."
    BILATERAL_ISSUE = "bilateral-issue", "A matter between two countries."
    EVENT = "event", "Something done or said between states."
    TRIP = "trip", "An official journey."
    SOURCE = "source", "A document, or a register of records."
    PASSAGE = "passage", "A span or an entry that facts cite."
    GAP = "gap", "Something a source does not say."
    RELATION = "relation", "How one record lies to another."
    CHECK = "check", "A claim of a source, compared with a register."


def kind_of(model: type[models.Model]) -> RecordKind | None:
    """Return the kind of a model's records, or None for a model without a list of its own."""
    kind: RecordKind | None = getattr(model, "record_kind", None)
    return kind


def owner_key(model: type[models.Model]) -> str | None:
    """Return the name of a part's foreign key to the record it is served in, or None."""
    name: str | None = getattr(model, "part_of", None)
    return name


@cache
def served_models() -> dict[RecordKind, type[models.Model]]:
    """Return the model of each kind, in the order of the kinds."""
    found = {kind_of(model): model for model in apps.get_app_config("policy").get_models()}
    return {kind: found[kind] for kind in RecordKind if kind in found}


def served_as(model: type[models.Model]) -> tuple[RecordKind, str] | None:
    """Return what kind of record a model's rows are served as, and the path to its key.

    That is the record itself, or for a part the record it belongs to, through other parts if it is
    a part of such; None for any other model.
    """
    path: list[str] = []
    while name := owner_key(model):
        path.append(name)
        model = model._meta.get_field(name).related_model  # type: ignore[assignment]
    kind = kind_of(model)
    return (kind, "__".join(path) or "pk") if kind else None


@cache
def list_name(model: type[models.Model]) -> str:
    """Return the name of a model's list in a path, such as bilateral-issues."""
    return str(model._meta.verbose_name_plural).replace(" ", "-")
