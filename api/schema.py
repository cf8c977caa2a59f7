"""What drf-spectacular cannot see by itself: the questions of lists, and problems."""

import copy
import json
import re
from functools import cache
from inspect import getdoc
from pathlib import Path
from typing import Any

import yaml
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from api import problems
from api.codebook import VOCABULARIES
from api.parameters import ChoicesField, ParameterField

# Readers of YAML 1.2 take 019 for a number, writers of YAML 1.1 do not: without this the code of a
# region would be written without quotes.
for dumper in filter(None, (yaml.SafeDumper, getattr(yaml, "CSafeDumper", None))):
    dumper.add_implicit_resolver("tag:yaml.org,2002:int", re.compile("^0[0-9]+$"), ["0"])

EXAMPLES = Path(__file__).with_name("examples.json")
SELECTION = "application/vnd.demarche.selection+json"
EXPANDS: dict[str, dict[str, str]] = {}
"""Per record, the keys that expand and the records they expand to; the viewsets fill it."""

OTHER_FORMATS: dict[str, dict[str, Any]] = {
    "text/csv": {
        "type": "string",
        "description": "The whole list as RFC 4180 CSV: a line of keys, then a line per record. "
        "Null is an empty cell, an empty text is two quotes, nested values are JSON, and what a "
        "spreadsheet would take for a formula begins with an apostrophe.",
    },
    "application/x-ndjson": {
        "type": "string",
        "description": "The whole list, one record of JSON on each line.",
    },
    "application/geo+json": {
        "type": "object",
        "description": "GeoJSON (RFC 7946): a FeatureCollection with the page's release, count and "
        "links beside its features, or for one record a Feature; the record is in properties.",
        "required": ["type"],
        "additionalProperties": True,
        "properties": {
            "type": {
                "type": "string",
                "enum": ["FeatureCollection", "Feature"],
                "description": "Kind of GeoJSON object.",
            }
        },
    },
    "application/ld+json": {
        "type": "object",
        "description": "JSON-LD 1.1 in the terms of schema.org, PROV and Web Annotation. A list "
        "has the page's release, count, links and facets beside its graph, not in it.",
        "required": ["@context"],
        "additionalProperties": True,
        "properties": {
            "@context": {"type": "object", "description": "What the terms in the answer mean."}
        },
    },
}
FACET_COUNT = {
    "type": "object",
    "description": "How many records of a list have one value.",
    "required": ["value", "count"],
    "properties": {
        "value": {
            "type": ["string", "integer", "null"],
            "description": "The value; null for records without one.",
        },
        "count": {"type": "integer", "description": "Number of records that have it."},
    },
}
PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance", "errors"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "Address of the page that explains this kind of problem.",
        },
        "title": {"type": "string", "description": "The kind of problem in a few words."},
        "status": {"type": "integer", "description": "The HTTP status code."},
        "detail": {"type": "string", "description": "What is wrong with this request."},
        "instance": {"type": "string", "description": "Path and query of the request."},
        "errors": {
            "type": "array",
            "description": "One entry per parameter that cannot be honoured.",
            "items": {
                "type": "object",
                "required": ["parameter", "detail", "nearest", "allowed"],
                "properties": {
                    "parameter": {"type": "string", "description": "Name of the parameter."},
                    "detail": {"type": "string", "description": "What is wrong with it."},
                    "nearest": {
                        "type": ["string", "null"],
                        "description": "The allowed value most like the one given; may be null.",
                    },
                    "allowed": {
                        "type": ["array", "null"],
                        "items": {"type": "string"},
                        "description": "Every allowed value; null where they cannot be listed.",
                    },
                },
            },
        },
    },
}


def parameter(name: str, field: ParameterField) -> dict[str, Any]:
    """Return the description of a query parameter; an array is written with commas."""
    described: dict[str, Any] = {
        "name": name,
        "in": "query",
        "description": str(field.help_text),
        "schema": dict(field.schema),
    }
    if field.schema.get("type") == "array":
        described |= {"style": "form", "explode": False}
    if field.required:
        described["required"] = True
    return described


class StrictSchema(AutoSchema):
    """Describes the format parameter, which every address takes."""

    def get_summary(self) -> str:
        """Return a short name: the first sentence of the method, or what is done with the list."""
        action = getattr(self.view, "action", None)
        if action is None:
            return (getdoc(self.view.get) or "").partition(".")[0]
        name = self.view.serializer_class.__name__.removesuffix("Serializer")
        words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
        return f"List {words.strip()} records" if action == "list" else f"Get one{words} record"

    def _get_parameters(self) -> list[dict[str, Any]]:
        found = [one for one in super()._get_parameters() if one["in"] == "path"]
        fields = self.view.parameters(getattr(self.view, "action", None))
        found += [parameter(name, field) for name, field in fields.items() if _takes_any(field)]
        return sorted(found, key=lambda one: (one["in"] != "path", one["name"]))

    def _get_format_parameters(self) -> list[dict[str, Any]]:
        return []


def _takes_any(field: ParameterField) -> bool:
    """Tell whether a parameter has any value that can be given."""
    return not isinstance(field, ChoicesField) or bool(field.schema["items"]["enum"])


class RecordSchema(StrictSchema):
    """Describes the key in a path by the item that reads it, and the shaping of records."""

    def get_description(self) -> str:
        """Return the sentence of the viewset, not that of the method all of them share."""
        return getdoc(type(self.view)) or ""

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super()._resolve_path_parameters(variables)
        for described in parameters:
            described["description"] = f"Key of the record. {self.view.key.meaning}"
            described["schema"] = dict(self.view.key.schema)
        return parameters


def document_formats(result: Any, generator: Any, request: Any, public: bool) -> Any:
    """Say what each media type holds, where it is not what JSON does."""
    schemas = result["components"]["schemas"]
    schemas["FacetCount"] = FACET_COUNT
    for operations in result["paths"].values():
        for operation in operations.values():
            content = operation["responses"]["200"]["content"]
            usual = content.get("application/json", {}).get("schema", {})
            name = usual.get("$ref", "").rpartition("/")[2]
            listed = name.removeprefix("Paginated").removesuffix("List")
            for media_type, described in OTHER_FORMATS.items():
                if media_type in content:
                    content[media_type] = {"schema": described}
            if SELECTION in content:
                selection = _selection(schemas, listed)
                if name != listed:
                    page = copy.deepcopy(schemas[name])
                    page["properties"]["results"]["items"] = {"$ref": selection}
                    page["description"] = "One page of a list of records with chosen keys."
                    schemas[f"{listed}SelectionPage"] = page
                    selection = f"#/components/schemas/{listed}SelectionPage"
                content[SELECTION] = {"schema": {"$ref": selection}}
    return result


def _selection(schemas: dict[str, Any], name: str) -> str:
    """Add the schema of a record some of whose keys are left out or expanded; give its address."""
    selection = copy.deepcopy(schemas[name])
    del selection["required"]
    selection["description"] = f"{name} with chosen keys, or related records in place of keys."
    for key, related in EXPANDS.get(name, {}).items():
        described = selection["properties"][key]
        record = {"$ref": f"#/components/schemas/{related}"}
        if described["type"] == "array":
            described["items"] = {"anyOf": [described["items"], record]}
        else:
            kept = {"type": described.pop("type")}
            described["anyOf"] = [kept, record]
    schemas[f"{name}Selection"] = selection
    return f"#/components/schemas/{name}Selection"


UNDESCRIBED = ("bad-request", "internal-error", "method-not-allowed", "too-many-requests")
"""Problems that belong to no operation: what gives them is in front of all of them, or broken."""


def document_problems(result: Any, generator: Any, request: Any, public: bool) -> Any:
    """Add to every operation the problems it can answer."""
    components = result["components"]
    components["schemas"]["Problem"] = PROBLEM
    components["responses"] = {
        kind.name: {
            "description": f"{kind.title}. {kind.meaning}",
            "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for kind in problems.PROBLEM_TYPES.values()
        if kind.name not in UNDESCRIBED
    }
    components["responses"]["renamed"]["headers"] = {
        "Location": {
            "description": "Full URL of the same question to the record under its present key.",
            "schema": {"type": "string", "format": "uri-reference"},
            "required": True,
        }
    }
    result["security"] = []
    tags: dict[str, str] = {}
    for path, operations in result["paths"].items():
        for operation in operations.values():
            tags.setdefault(operation["tags"][0], operation["description"])
            names = ["invalid-parameters", "not-acceptable", "unavailable"]
            if "{" in path:
                names += ["not-found", "renamed"]
            if operation["operationId"].endswith("_list"):
                names.append("stale-cursor")
            for kind in sorted(
                (problems.PROBLEM_TYPES[name] for name in names), key=lambda k: k.status
            ):
                operation["responses"][str(kind.status.value)] = {
                    "$ref": f"#/components/responses/{kind.name}"
                }
    result["tags"] = [{"name": name, "description": text} for name, text in tags.items()]
    return result


def add_examples(result: Any, generator: Any, request: Any, public: bool) -> Any:
    """Add a real answer to every operation, and to parameters a value that finds something."""
    known = json.loads(EXAMPLES.read_text())
    for operations in result["paths"].values():
        for operation in operations.values():
            name = operation["operationId"]
            content = operation["responses"]["200"]["content"]
            content["application/json"]["example"] = known["answers"][name]
            values = known["parameters"].get(name, {})
            for described in operation.get("parameters", []):
                plain = described["name"].removeprefix("exclude_")
                if plain in values:
                    described["example"] = values[plain]
    for name, body in known["problems"].items():
        content = result["components"]["responses"][name]["content"]
        content[problems.MEDIA_TYPE]["example"] = body
    return result


def tidy_schemas(result: Any, generator: Any, request: Any, public: bool) -> Any:
    """Say null as JSON schema does, describe each code, and drop readOnly, which all is here."""
    schemas = result["components"]["schemas"]
    for name in ("NullEnum", "BlankEnum"):
        schemas.pop(name, None)

    def tidied(node: Any) -> Any:
        if isinstance(node, list):
            return [tidied(child) for child in node]
        if not isinstance(node, dict):
            return node
        if node.get("$ref") == "#/components/schemas/NullEnum":
            return {"type": "null"}
        return {key: tidied(child) for key, child in node.items() if key != "readOnly"}

    result["components"]["schemas"] = schemas = tidied(schemas)
    described = {frozenset(vocabulary.values): vocabulary for vocabulary in VOCABULARIES.values()}
    for schema in schemas.values():
        vocabulary = described.get(frozenset(schema.get("enum", [])))
        if vocabulary:
            meanings = "".join(f"\n* `{code.value}`: {code.definition}" for code in vocabulary)
            schema["description"] = f"{getdoc(vocabulary)}\n{meanings}"
    schemas["Mode"]["description"] = (
        "A PLOVER mode; the codebook defines each within its event type."
    )
    return result


@cache
def generated_schema() -> Any:
    """Return the OpenAPI description, made once per process."""
    return SchemaGenerator().get_schema(request=None, public=True)
