"""What drf-spectacular cannot see by itself: the questions of lists, and problems."""

from functools import cache
from inspect import getdoc
from typing import Any

from drf_spectacular.extensions import OpenApiFilterExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from api import problems
from api.codebook import VOCABULARIES

PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance", "errors"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri",
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


class RecordSchema(AutoSchema):
    """Describes the key in a path by the item that reads it."""

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        """Add what the key is and how to write it."""
        parameters: list[dict[str, Any]] = super()._resolve_path_parameters(variables)
        for parameter in parameters:
            parameter["description"] = f"Key of the record. {self.view.key.meaning}"
            parameter["schema"] = dict(self.view.key.schema)
        return parameters


class QuestionsExtension(OpenApiFilterExtension):
    """Describes each question with the schema its values are read by."""

    target_class = "api.filters.FilterBackend"
    priority = 1

    def get_schema_operation_parameters(
        self, auto_schema: Any, *args: Any, **kwargs: Any
    ) -> list[dict[str, Any]]:
        """Give one query parameter per question."""
        parameters = []
        for name, question in auto_schema.view.filterset_class.base_filters.items():
            schema = dict(question.item.schema)
            extra = {}
            if question.extra["many"]:
                schema = {
                    "type": "array",
                    "items": schema,
                    "minItems": question.extra.get("least", 1),
                    "maxItems": question.extra.get("most", 100),
                }
                extra = {"style": "form", "explode": False}
            parameters.append(
                {
                    "name": name,
                    "in": "query",
                    "description": question.extra["help_text"],
                    "schema": schema,
                    **extra,
                }
            )
        return parameters


def document_problems(result: Any, generator: Any, request: Any, public: bool) -> Any:
    """Add to every operation the problems it can answer."""
    components = result["components"]
    components["schemas"]["Problem"] = PROBLEM
    components["responses"] = {
        kind.name: {
            "description": f"{kind.title}. {kind.meaning}",
            "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for kind in problems.KINDS.values()
        if kind.name not in ("bad-request", "internal-error", "method-not-allowed")
    }
    for path, operations in result["paths"].items():
        for operation in operations.values():
            names = ["invalid-parameters", "not-acceptable", "unavailable"]
            if "{" in path:
                names.append("not-found")
            if operation["operationId"].endswith("_list"):
                names.append("stale-cursor")
            for kind in sorted((problems.KINDS[name] for name in names), key=lambda k: k.status):
                operation["responses"][str(kind.status.value)] = {
                    "$ref": f"#/components/responses/{kind.name}"
                }
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
    """Give the OpenAPI description, made once per process."""
    return SchemaGenerator().get_schema(request=None, public=True)
