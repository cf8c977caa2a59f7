"""System checks of models and vocabularies: each message has an id and a hint that says what to do.

An error is a fault in what is there; a warning is a part still missing, while commands go on.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Missing
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model

from policy.annotations.reading import FILES, AnnotationType
from policy.models.registry import RecordKind, kind_of, owner_key
from policy.vocabulary import Vocabulary

ADDS_MORE_THAN_S = re.compile(r"(?:[^aeiou]y|s|x|z|ch|sh)\Z")
"""What a noun ends in whose plural is not just the noun and an s."""


@register(Tags.models)
def check_models(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Return what models, kinds of records and vocabularies lack."""
    found = [message for model in apps.get_models() for message in _model(model)]
    return [*found, *_kinds(), *_vocabularies()]


def _model(model: type[Model]) -> Iterator[CheckMessage]:
    # Django gives a model without a docstring one that lists its fields.
    if not (model.__doc__ or "").rstrip().endswith("."):
        hint = "Write a sentence as its docstring: the schema describes its records by it."
        yield Missing("The model has no docstring.", hint, model, "policy.W001")
    for field in [*model._meta.concrete_fields, *model._meta.many_to_many]:
        text = str(field.help_text)
        if len(text) < 15 or text[0].islower() or not text.endswith("."):
            hint = "Write what a value means, its unit and its limits, in 15 characters or more."
            yield Missing("The help text is no sentence.", hint, field, "policy.W002")
    kind, owner, ordering = kind_of(model), owner_key(model), list(model._meta.ordering or ())
    if (kind or owner or ordering) and ordering[-1:] != [model._meta.pk.name]:
        hint = f"End Meta.ordering with {model._meta.pk.name!r}, so that no two rows tie."
        yield Error("The order of its rows is not total.", hint, model, "policy.E001")
    for column in ordering:
        if isinstance(column, str) and getattr(
            model._meta.get_field(column.lstrip("-")), "null", False
        ):
            hint = f"Write F({column!r}).asc(nulls_last=True): engines place null differently."
            yield Error("Its rows are ordered by what may be null.", hint, model, "policy.E006")
    if owner and not _leads_to_record(model, owner):
        hint = "Name the foreign key to the record that the rows are served in."
        yield Error(f"part_of is {owner!r}, which leads to none.", hint, model, "policy.E002")
    if not kind and not owner and any(f.name == "evidence" for f in model._meta.many_to_many):
        hint = "Write record_kind if it has a list of its own, part_of if it is part of a record."
        text = "Its rows cite passages, but search and the facts of passages leave it out."
        yield Error(text, hint, model, "policy.E003")
    if kind or owner:
        yield from _files(model)


def _files(model: type[Model]) -> Iterator[CheckMessage]:
    """Check the name of its files, and that its records are annotated in one."""
    if model not in {one.model for one in _annotated(FILES.values())}:
        hint = "Add it to FILES in policy/annotations/reading.py."
        yield Missing("No file of annotations holds its records.", hint, model, "policy.W003")
    name, plural = str(model._meta.verbose_name), str(model._meta.verbose_name_plural)
    if plural == f"{name}s" and ADDS_MORE_THAN_S.search(name):
        hint = "Write verbose_name_plural in its Meta: its list and its files are called by it."
        yield Missing(f"Its plural is {plural!r}.", hint, model, "policy.W006")


def _annotated(types: Iterable[AnnotationType]) -> Iterator[AnnotationType]:
    """Yield how each kind of annotation is read, parts of parts too."""
    for annotated in types:
        yield annotated
        yield from _annotated(annotated.parts)


def _leads_to_record(model: type[Model], name: str) -> bool:
    try:
        related = model._meta.get_field(name).related_model
    except FieldDoesNotExist:
        return False
    return bool(kind_of(related) or owner_key(related))  # type: ignore[arg-type]


def _kinds() -> Iterator[CheckMessage]:
    for kind in RecordKind:
        models = [model for model in apps.get_models() if kind_of(model) is kind]
        if not models:
            hint = (
                f"Write `record_kind: ClassVar = RecordKind.{kind.name}` in its model, and import "
                "that in policy/models/__init__.py."
            )
            yield Missing("No model has this kind.", hint, kind, "policy.W004")
        for model in models[1:]:
            hint = "Add a member for it to RecordKind in policy/models/registry.py."
            yield Error(f"{models[0].__name__} has the same kind.", hint, model, "policy.E004")
        if any(other.startswith(f"{kind}-") for other in RecordKind):
            hint = "Rename one: keys of search entries begin with the kind and a hyphen."
            yield Error("The code of another kind begins with this one.", hint, kind, "policy.E005")


def _vocabularies() -> Iterator[CheckMessage]:
    for code in (code for vocabulary in Vocabulary.__subclasses__() for code in vocabulary):
        if not code.definition.endswith(".") or not code.label:
            hint = 'Write it as CODE = "code", "What it means.".'
            yield Missing("The code has no definition.", hint, code, "policy.W005")
