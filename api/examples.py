"""Real examples for the schema: answers of the loaded release, and values that find something."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from django.test import Client, override_settings

from api.filters import BetweenFilter, ValuesFilter
from api.parameters import CodeField, CountryField, DayField, FlagField, QuadField, WordsField
from api.views.base import RecordViewSet
from api.views.records import RESOURCES
from api.views.relations import SearchViewSet

PATH = Path(__file__).with_name("examples.json")
HOST = "https://demarche.example"
SHOWN = 2
"""How many entries of a list an example shows."""

FIXED: dict[type, Any] = {
    FlagField: True,
    DayField: "2025-02-03",
    BetweenFilter: ["PAN", "USA"],
    WordsField: "canal",
}
"""Values that no column of the dataset gives."""


@cache
def examples() -> dict[str, Any]:
    """Return the committed examples: answers by operation, parameters by operation and name."""
    content: dict[str, Any] = json.loads(PATH.read_text())
    return content


def shortened(body: Any) -> Any:
    """Return an answer with its lists cut short."""
    if isinstance(body, list):
        return [shortened(entry) for entry in body[:SHOWN]]
    if isinstance(body, dict):
        return {key: shortened(value) for key, value in body.items()}
    return body


def collect() -> dict[str, Any]:
    """Ask the loaded release for an example of everything."""
    answers, parameters = {}, {}
    viewsets: dict[str, type[RecordViewSet]] = {**RESOURCES, "search": SearchViewSet}
    for resource, viewset in viewsets.items():
        operation = resource.replace("-", "_")
        parameters[f"{operation}_list"] = _parameters(viewset)
        question = "?page_size=1" + ("&q=canal" if resource == "search" else "")
        page = _ask(f"/api/v1/{resource}{question}")
        answers[f"{operation}_list"] = page
        if resource != "search":
            key = page["results"][0]["id"]
            answers[f"{operation}_retrieve"] = _ask(f"/api/v1/{resource}/{key}")
            parameters[f"{operation}_retrieve"] = {"id": key}
    source = parameters["sources_retrieve"]["id"]
    dyad = _ask("/api/v1/dyads")["results"][-1]["id"]
    parameters |= {"sources_coverage": {"id": source}, "dyads_retrieve": {"id": dyad}}
    parameters["dyads_list"] = {"country": dyad.split("-")}
    answers |= {
        "sources_coverage": _ask(f"/api/v1/sources/{source}/coverage"),
        "dyads_list": _ask("/api/v1/dyads"),
        "dyads_retrieve": _ask(f"/api/v1/dyads/{dyad}"),
        "release_retrieve": _ask("/api/v1/release"),
        "codebook_retrieve": _ask("/api/v1/codebook"),
    }
    refusal = _ask("/api/v1/bilateral-issues?topic=migratoin")
    absent = _ask("/api/v1/countries/ZZZ")
    return {
        "answers": dict(sorted(answers.items())),
        "parameters": dict(sorted(parameters.items())),
        "problems": {"invalid-parameters": refusal, "not-found": absent},
    }


def _ask(path: str) -> Any:
    with override_settings(PUBLIC_URL=HOST, ALLOWED_HOSTS=["*"]):
        return shortened(json.loads(Client().get(path).content))


def _parameters(viewset: type[RecordViewSet]) -> dict[str, Any]:
    found = {
        name: value
        for name, question in viewset.filterset_class.base_filters.items()
        if isinstance(question, ValuesFilter) and (value := _value(question, viewset)) is not None
    }
    keys = viewset.serializer_class.Meta.fields  # type: ignore[union-attr]
    found |= {"fields": list(keys[:2]), "omit": [keys[-1]], "page_size": 10}
    found["ordering"] = [f"-{next(iter(viewset.ordering_fields))}"]
    if viewset.expandable:
        found["expand"] = [next(iter(viewset.expandable))]
    if viewset.facet_fields:
        found["facets"] = [next(iter(viewset.facet_fields))]
    return found


def _value(question: ValuesFilter, viewset: type[RecordViewSet]) -> Any:
    """Return a value that finds something, or None where the dataset holds none."""
    for kind in (type(question), type(question.item)):
        if kind in FIXED:
            return FIXED[kind]
    path = question.paths[0]
    rows = viewset.queryset.filter(question.where, **{f"{path}__isnull": False})  # type: ignore[union-attr]
    value = rows.order_by(path, "pk").values_list(path, flat=True).first()
    if isinstance(question.item, QuadField):
        value = question.item.codes[0]
    if value is None and isinstance(question.item, CodeField):
        value = question.item.codes[0]
    if value is None and isinstance(question.item, CountryField):
        value = "PAN"
    return [value] if question.many and value is not None else value
