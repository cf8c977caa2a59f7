"""System checks of the lists: each message has an id and a hint what to do."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Missing
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db.models.sql import Query

from api.filterset_bases import FactFilterSet, TimeFilterSet
from api.schema import TAGS
from api.views.records import RESOURCES
from policy.annotations.reading import FILES
from policy.models.base import Fact, Timed
from policy.models.registry import kind_of, owner_key


def check_lists(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Return what the lists lack."""
    viewsets: list[Any] = list(RESOURCES.values())
    found = [message for viewset in viewsets for message in _viewset(viewset)]
    listed = {viewset.queryset.model for viewset in viewsets}
    for model in apps.get_models():
        if kind_of(model) and model not in listed:
            hint = "Write its serializer, filter set and viewset, and add that to RESOURCES."
            found.append(Missing("No list holds its records.", hint, model, "api.W001"))
    return found


def _viewset(viewset: Any) -> Iterator[CheckMessage]:
    model = viewset.queryset.model
    if not kind_of(model):
        hint = "Write record_kind in the model, and its kind in policy/models/registry.py."
        yield Error("The model has a list and no kind.", hint, model, "api.E001")
    if not viewset.__doc__:
        hint = "Write a sentence as its docstring: it is the public documentation of the list."
        yield Missing("The viewset has no docstring.", hint, viewset, "api.W002")
    if viewset.resource not in TAGS:
        hint = f"Write {viewset.resource!r} into TAGS in api/schema.py, where a reader needs it."
        yield Missing("The list has no place in the schema.", hint, viewset, "api.W005")
    for name in ("serializer_class", "filterset_class"):
        if getattr(viewset, name, None) is None:
            hint = f"Write one in api/{name.partition('_')[0]}s and set {name}."
            yield Error(f"The viewset has no {name}.", hint, viewset, "api.E002")
    if viewset.serializer_class is not None:
        yield from _serializer(viewset.serializer_class)
    if filters := getattr(viewset, "filterset_class", None):
        yield from _filters(filters, viewset)
    yield from _columns(viewset, filters.base_filters.values() if filters else ())


def _filters(filters: type[Any], viewset: Any) -> Iterator[CheckMessage]:
    """Check that a filter set is of the records of its list, and takes what such lists take."""
    if getattr(filters, "record", None) is not viewset.serializer_class:
        hint = "Write record = the serializer of the list: keys that may be null come from it."
        yield Error("The filter set is not of the records of its list.", hint, filters, "api.E005")
    for base, shared in ((Fact, FactFilterSet), (Timed, TimeFilterSet)):
        if issubclass(viewset.queryset.model, base) and not issubclass(filters, shared):
            hint = "Let it inherit from that too: it is in api/filterset_bases.py."
            text = f"It lacks the filters of {shared.__name__}."
            yield Missing(text, hint, filters, "api.W006")
    for name, question in filters.base_filters.items():
        if not question.field.help_text:
            hint = "Write help_text: it is the public description of the parameter."
            yield Missing(f"The filter {name!r} has no help text.", hint, filters, "api.W003")


def _columns(viewset: Any, questions: Iterable[Any]) -> Iterator[CheckMessage]:
    """Check that what a list is filtered and ordered by are columns."""
    model, paths = viewset.queryset.model, {question.path for question in questions} - {""}
    paths |= {*viewset.ordering_fields.values()} - viewset.computed.keys()
    for path in sorted(paths):
        try:
            Query(model).names_to_path(path.split("__"), model._meta, fail_on_missing=True)
        except FieldError as error:
            hint = "Correct the column in the filter set or in ordering_fields."
            yield Error(str(error), hint, viewset, "api.E003")


def _serializer(serializer: type[Any]) -> Iterator[CheckMessage]:
    """Check the serializer of a record, and those of the parts within it."""
    try:
        fields = serializer().fields.values()
    except (ImproperlyConfigured, AssertionError) as error:
        hint = "Name in Meta.fields what the model has, or declare the field."
        yield Error(str(error), hint, serializer, "api.E004")
        return
    model = serializer.Meta.model
    shown = {field.source.partition(".")[0] for field in fields}
    if owner_key(model):
        parts = [part for file in FILES.values() for part in file.parts if part.model is model]
        given = {"role" for part in parts if part.role}
        shown |= {model._meta.pk.name, owner_key(model), *given}
    for field in [*model._meta.concrete_fields, *model._meta.many_to_many]:
        if field.name not in shown and not field.one_to_one:
            hint = f"Add {field.name!r} to Meta.fields of {serializer.__name__}."
            yield Missing("No record shows the field.", hint, field, "api.W004")
    for field in fields:
        part: Any = type(getattr(field, "child", None))
        if hasattr(part, "Meta") and owner_key(part.Meta.model):
            yield from _serializer(part)
