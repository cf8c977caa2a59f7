"""The OpenAPI description: what drf-spectacular cannot read off views and serializers itself."""

import copy
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from inspect import getdoc
from pathlib import Path
from threading import RLock
from typing import Any

import yaml
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from api import problems
from api.code_samples import LOCAL, posted, question, samples
from api.html.guide import chapters
from api.negotiation import PAGE
from api.parameters import ParameterField
from api.serializers.reconciliation import ManifestSerializer, ResultSerializer
from api.serializers.service import FacetsField, ProblemSerializer
from api.serving.headers import DESCRIBED, EVERY, LASTING
from policy.plover import MODE_CHOICES
from policy.vocabulary import vocabularies

# YAML 1.2 reads 019 as a number, YAML 1.1 as a string: without this rule PyYAML would write the
# code of a region without quotes.
for dumper in filter(None, (yaml.SafeDumper, getattr(yaml, "CSafeDumper", None))):
    dumper.add_implicit_resolver("tag:yaml.org,2002:int", re.compile("^0[0-9]+$"), ["0"])

JsonSchema = dict[str, Any]
EXAMPLES = Path(__file__).with_name("examples.json")
FORM = "application/x-www-form-urlencoded"
SELECTION = "application/vnd.demarche.selection+json"
TAGS = (
    "countries", "organisations", "officials", "statements", "bilateral-issues", "events",
    "trips", "relations", "checks", "gaps", "sources", "passages", "dyads", "search",
    "reconcile", "release", "releases", "changes", "codebook",
)  # fmt: skip
"""The tags in the order in which a reader needs them."""
SHARED = (
    "q", "id", "source", "support", "relation", "superseded", "possibly_on", "from", "to",
    "precision", "year", "not_stated", "stated", "ordering", "page_size", "cursor", "facets",
    "fields", "omit", "expand", "format",
)  # fmt: skip
"""The parameters that many lists share, which come after a list's own."""
PROBLEM_HEADERS = {"renamed": ("Location",), "unavailable": ("Retry-After",)}
"""The headers of an answer to a problem, beside those that every answer has."""


def parameter(name: str, field: ParameterField) -> dict[str, Any]:
    """Return the description of a query parameter; an array is written with commas."""
    schema = dict(field.schema)
    return {
        "name": name,
        "in": "query",
        "description": str(field.help_text),
        "schema": schema,
        **({"style": "form", "explode": False} if schema.get("type") == "array" else {}),
        **({"required": True} if field.required else {}),
    }


def place_of(described: JsonSchema) -> tuple[Any, ...]:
    """Return what orders parameters: path, required, own, shared, and the opposites last."""
    name = described["name"]
    plain = name.removeprefix("exclude_")
    return (
        described["in"] != "path",
        not described.get("required"),
        plain != name,
        plain in SHARED and SHARED.index(plain) + 1,
    )


def codes(values: Iterable[str], meaning: str) -> JsonSchema:
    """Return the schema of one of these values."""
    return {"type": "string", "enum": list(values), "description": meaning}


class StrictSchema(AutoSchema):
    """Describes what every operation has: a summary, the format parameter, and problems."""

    def get_summary(self) -> str:
        """Return the first sentence of the method, or what is done with the records of a list."""
        if not hasattr(self.view, "action"):
            described = getattr(self.view, self.method.lower())
            return (getdoc(described) or "").partition(".")[0] + "."
        many = self.view.resource.replace("-", " ")
        one = f"{many.removesuffix('ies')}y" if many.endswith("ies") else many.removesuffix("s")
        return self.view.summary or (
            f"List {many}." if self.view.action == "list" else f"Get one {one}."
        )

    def component(
        self, name: str, schema: JsonSchema, kind: str = ResolvedComponent.SCHEMA
    ) -> JsonSchema:
        """Add a component of the description, unless it is there, and return the reference."""
        component = ResolvedComponent(name=name, type=kind, schema=schema, object=name)
        self.registry.register_on_missing(component)
        reference: JsonSchema = component.ref
        return reference

    def _get_parameters(self) -> list[dict[str, Any]]:
        """Describe the fields that read the parameters, but for those that take no value."""
        found = [one for one in super()._get_parameters() if one["in"] == "path"]
        for name, field in self.view.parameters(getattr(self.view, "action", None)).items():
            described = parameter(name, field)
            if described["schema"].get("items", {}).get("enum") != []:
                found.append(described)
        return sorted(found, key=place_of)

    def _get_format_parameters(self) -> list[dict[str, Any]]:
        return []

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        content = bodies["200"]["content"]
        released = ("Dataset-Version",) if self.view.reads_database else ()
        bodies["200"]["headers"] = self._headers(*LASTING, *released)
        for renderer in self.view.get_renderers():
            if hasattr(renderer, "schema"):
                name = type(renderer).__name__
                schema = {"description": getdoc(renderer), **renderer.schema}
                content[renderer.media_type] = {"schema": self.component(name, schema)}
        # The other problems come from the layers in front of all operations, or from a defect.
        names = ["invalid-parameters", "not-acceptable", "unavailable"]
        if "{" in self.path:
            names += ["not-found", "renamed", "removed"]
        if self.get_operation_id().endswith("_list"):
            names.append("stale-cursor")
        kinds = [problems.PROBLEM_TYPES[name] for name in names]
        for kind in sorted(kinds, key=lambda kind: kind.status):
            bodies[str(kind.status)] = self._problem(kind)
        return bodies

    def _headers(self, *names: str) -> JsonSchema:
        """Describe the headers of an answer with these names, and those that every answer has."""
        return {
            name: self.component(
                name.lower(),
                {"description": DESCRIBED[name], "required": True, "schema": {"type": "string"}},
                "headers",
            )
            for name in (*names, *EVERY)
        }

    def _problem(self, kind: problems.ProblemType) -> JsonSchema:
        content = {"schema": self.resolve_serializer(ProblemSerializer, "response").ref}
        page = {"schema": {"type": "string"}}
        response: JsonSchema = {"description": f"{kind.title}. {kind.meaning}"}
        response["content"] = {problems.MEDIA_TYPE: content, PAGE: page}
        response["headers"] = self._headers(*PROBLEM_HEADERS.get(kind.name, ()))
        return self.component(kind.name, response, ResolvedComponent.RESPONSE)


class RecordSchema(StrictSchema):
    """Describes the key in a path, the parameters that shape records, and every format."""

    def get_description(self) -> str:
        """Return the docstring of the viewset, not that of the method all of them share."""
        return getdoc(type(self.view)) or ""

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super()._resolve_path_parameters(variables)
        for described in parameters:
            described["description"] = f"Key of the record. {self.view.key.meaning}"
            described["schema"] = dict(self.view.key.schema)
        return parameters

    def _get_parameters(self) -> list[dict[str, Any]]:
        record = self.resolve_serializer(self.view.serializer_class, "response").name
        every = f"{record}Field", f"A key of {record}."
        leading = f"{record}ExpandableField", f"A key of {record} that leads to other records."
        optional = (
            f"{record}OptionalKey",
            f"A key of {record}, or of a part of it, that may be null.",
        )
        shared = {"fields": every, "omit": every, "expand": leading}
        for name in ("stated", "not_stated"):
            shared |= {name: optional, f"exclude_{name}": optional}
        found = super()._get_parameters()
        for one in found:
            if one["name"] in shared:
                name, meaning = shared[one["name"]]
                names = one["schema"]["items"]["enum"]
                one["schema"]["items"] = self.component(name, codes(names, meaning))
        return found

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        facets = self._map_serializer_field(FacetsField(), "response")
        self.component("Facets", {**facets, "description": getdoc(FacetsField)})
        content = bodies["200"]["content"]
        if SELECTION in content:
            content[SELECTION] = {"schema": self._selection()}
        return bodies

    def _selection(self) -> JsonSchema:
        """Return the schema of records some of whose keys are left out or expanded."""
        whole = self.resolve_serializer(self.view.serializer_class, "response")
        schema = copy.deepcopy(whole.schema)
        del schema["required"]
        meaning = "with chosen keys, or related records in place of keys."
        schema["description"] = f"{whole.name} {meaning}"
        for key, viewset in self.view.expandable.items():
            related = self.resolve_serializer(viewset.serializer_class, "response").ref
            described = schema["properties"][key]
            if described["type"] == "array":
                described["items"] = {"anyOf": [described["items"], related]}
            else:
                described["anyOf"] = [{"type": described.pop("type")}, related]
        selection = self.component(f"{whole.name}Selection", schema)
        if self.view.action != "list":
            return selection
        records = {"type": "array", "items": selection}
        page = self.view.pagination_class().get_paginated_response_schema(records)
        page["description"] = "One page of a list of records with chosen keys."
        return self.component(f"{whole.name}SelectionPage", page)


class ReconciliationSchema(StrictSchema):
    """Describes the batch of queries, in the query of the address or in a form, and its answer."""

    def _get_parameters(self) -> list[dict[str, Any]]:
        found = super()._get_parameters()
        for one in found:
            if one["name"] == "queries":
                one["schema"] = self._batch()
        return [one for one in found if self.method == "GET" or one["name"] != "queries"]

    def _get_request_body(self, direction: str = "request") -> dict[str, Any] | None:
        if self.method != "POST":
            return None
        field = self.view.parameters(None)["queries"]
        queries = {"allOf": [self._batch()], "description": str(field.help_text)}
        form = {"type": "object", "properties": {"queries": queries}, "required": ["queries"]}
        schema = {**form, "additionalProperties": False}
        return {"content": {FORM: {"schema": schema}}, "required": True}

    def _batch(self) -> JsonSchema:
        """Return the schema of a batch, as the text in a parameter."""
        schema = dict(self.view.parameters(None)["queries"].schema)
        return self.component("ReconciliationBatch", schema)

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        manifest = self.resolve_serializer(ManifestSerializer, "response").ref
        result = self.resolve_serializer(ResultSerializer, "response").ref
        meaning = "The candidates for each query of a batch, by its key."
        results = {"type": "object", "additionalProperties": result, "description": meaning}
        answer = self.component("ReconciliationResults", results)
        schema = answer if self.method == "POST" else {"oneOf": [manifest, answer]}
        bodies["200"]["content"]["application/json"]["schema"] = schema
        if self.method == "POST":
            bodies["200"]["headers"] = self._headers("Dataset-Version")
            for name in ("content-too-large", "unsupported-media-type"):
                kind = problems.PROBLEM_TYPES[name]
                bodies[str(kind.status)] = self._problem(kind)
        return bodies


def share_vocabularies(result: Any, generator: Any, request: Any, public: bool) -> Any:
    """Make each vocabulary one component, and refer to it wherever its codes are listed.

    It stands in for the hook of drf-spectacular, which looks at properties alone and takes the
    names from a setting. readOnly is dropped, as it would hold of every property.
    """
    components = dict(_vocabularies())
    names = {frozenset(schema["enum"]): name for name, schema in components.items()}
    used: set[str] = set()

    def shared(node: Any) -> Any:
        if isinstance(node, list):
            return [shared(child) for child in node]
        if not isinstance(node, dict):
            return node
        dropped = ("readOnly", "x-spec-enum-id")
        kept = {key: shared(child) for key, child in node.items() if key not in dropped}
        listed = kept.get("enum", [])
        name = names.get(frozenset(listed) - {None})
        if name is None:
            return kept
        del kept["enum"], kept["type"]
        used.add(name)
        reference = {"$ref": f"#/components/schemas/{name}"}
        if None in listed:
            return {**kept, "oneOf": [reference, {"type": "null"}]}
        return {**kept, "allOf": [reference]} if kept else reference

    result["paths"] = shared(result["paths"])
    schemas = shared(result["components"]["schemas"])
    schemas |= {name: components[name] for name in used}
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result


def _vocabularies() -> Iterator[tuple[str, JsonSchema]]:
    """Yield the name and the schema of each vocabulary, and of the modes, which have no class."""
    for vocabulary in vocabularies().values():
        meanings = "".join(f"\n* `{code.value}`: {code.definition}" for code in vocabulary)
        yield vocabulary.__name__, codes(vocabulary.values, f"{getdoc(vocabulary)}\n{meanings}")
    text = "A PLOVER mode; the codebook defines each within its event type."
    yield "Mode", codes((code for code, _ in MODE_CHOICES), text)


def put_in_order(result: Any, generator: Any, request: Any, public: bool) -> Any:
    """Order the operations by their tags, describe each tag by the first, and need no account."""
    tags: dict[str, str] = {}
    places = {tag: place for place, tag in enumerate(TAGS)}
    place = {
        # A list that is still being written comes last, and api.W005 asks for its place.
        path: places.get(item["get"]["tags"][0], len(TAGS))
        for path, item in result["paths"].items()
    }
    paths = sorted(result["paths"], key=lambda path: (place[path], path))
    result["paths"] = {path: result["paths"][path] for path in paths}
    for item in result["paths"].values():
        tags.setdefault(item["get"]["tags"][0], item["get"]["description"])
    result["security"] = []
    result["tags"] = [{"name": name, "description": text} for name, text in tags.items()]
    return result


def introduce(result: Any, generator: Any, request: Any, public: bool) -> Any:
    """Let the chapters of the guide come first."""
    links = [f"[{one.title}]({LOCAL}/guide#{one.anchor})" for one in chapters(LOCAL)]
    guide = f"The [guide]({LOCAL}/guide) explains it with examples: {', '.join(links)}."
    result["info"]["description"] = f"{guide}\n\n{result['info']['description']}"
    return result


def add_examples(result: Any, generator: Any, request: Any, public: bool) -> Any:
    """Add the committed example of each answer and parameter, and what asks for it in code."""
    known = json.loads(EXAMPLES.read_text())
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            name = operation["operationId"]
            content = operation["responses"]["200"]["content"]
            if name in known["answers"]:
                content["application/json"]["example"] = known["answers"][name]
            values = known["parameters"].get(name, {})
            for described in operation.get("parameters", []):
                plain = described["name"].removeprefix("exclude_")
                if plain in values:
                    described["example"] = values[plain]
            if method == "post":
                form = operation["requestBody"]["content"][FORM]
                form["example"] = {"queries": json.dumps(known["batch"])}
                operation["x-codeSamples"] = posted(path, form["example"]["queries"])
                continue
            asked = question(path, operation.get("parameters", []))
            operation["x-codeSamples"] = samples(asked, listed=name.endswith("_list"))
    for name, body in known["problems"].items():
        content = result["components"]["responses"][name]["content"]
        content[problems.MEDIA_TYPE]["example"] = body
    return result


_generating = RLock()
"""Held while the description is generated: drf-spectacular keeps the view on shared objects."""


@cache
def _generated() -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)


@cache
def _rendered(renderer: Any) -> Any:
    return renderer().render(_generated(), renderer.media_type, {})


def generated_schema(renderer: Any = None, address: str = LOCAL) -> Any:
    """Return the OpenAPI description, in the format of a renderer if given; made only once.

    ``address`` is that of the instance, which servers and code samples have.
    """
    with _generating:
        if renderer is None:
            return _generated()
        return _rendered(renderer).replace(LOCAL.encode(), address.encode())
