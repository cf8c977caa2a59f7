"""The contract: what the last release of the software promised is still there."""

import copy
import json

import pytest

from tests.conftest import committed_schema
from tests.contract import KEPT, broken, contract

pytestmark = pytest.mark.once


def test_nothing_of_the_contract_is_gone():
    """If it is meant (there is no v1 in use yet), run make contract and say so in the changelog."""
    assert broken(json.loads(KEPT.read_text()), contract(committed_schema())) == []


SMALL = {
    "paths": {
        "/a": {
            "get": {
                "operationId": "a_list",
                "parameters": [
                    {"name": "q", "in": "query", "schema": {"type": "string"}},
                    {"name": "page", "in": "query", "schema": {"type": "integer", "default": 50}},
                ],
                "responses": {
                    "200": {
                        "content": {
                            "text/csv": {},
                            "application/json": {"schema": {}, "example": {"id": {}}},
                        }
                    }
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Topic": {"type": "string", "enum": ["war", "trade"]},
            "A": {
                "type": "object",
                "properties": {"title": {"type": ["string", "null"]}, "id": {"type": "string"}},
                "required": ["id", "title"],
            },
        }
    },
}


def changed(change):
    """Return what is broken once a small description has been changed."""
    later = copy.deepcopy(SMALL)
    change(later)
    return broken(contract(SMALL), contract(later))


def operation(described):
    return described["paths"]["/a"]["get"]


def media(described):
    return operation(described)["responses"]["200"]["content"]


def schemas(described):
    return described["components"]["schemas"]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda d: d["paths"].clear(), "/paths//a"),
        (lambda d: operation(d).update(operationId="other"), "/operationId"),
        (lambda d: operation(d)["parameters"].pop(), "/parameters/page"),
        (lambda d: operation(d)["parameters"][0].update(required=True), "/q is required now"),
        (lambda d: operation(d)["parameters"][0].update(schema={"type": "integer"}), "/q/schema"),
        (lambda d: operation(d)["parameters"][1]["schema"].update(default=9), "/default"),
        (
            lambda d: operation(d)["parameters"].append(
                {"name": "key", "in": "query", "required": True, "schema": {}}
            ),
            "/key is required now",
        ),
        (lambda d: media(d).pop("text/csv"), "/text/csv"),
        (lambda d: schemas(d)["Topic"]["enum"].remove("war"), "/enum"),
        (lambda d: schemas(d)["A"]["properties"].pop("title"), "/properties/title"),
        (lambda d: schemas(d)["A"]["required"].remove("id"), "/required"),
        (lambda d: schemas(d)["A"]["properties"]["id"].update(type=["string", "null"]), "/type"),
        (lambda d: schemas(d).pop("A"), "/schemas/A"),
    ],
)
def test_what_breaks_the_contract_is_told(change, where):
    (told,) = changed(change)
    assert where in told


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["paths"].update({"/b": operation(d)}),
        lambda d: operation(d).update(summary="Other words."),
        lambda d: operation(d)["parameters"].insert(
            0, {"name": "new", "in": "query", "schema": {"type": "string"}}
        ),
        lambda d: operation(d)["parameters"].reverse(),
        lambda d: operation(d)["parameters"][0].update(example="canal"),
        lambda d: media(d)["application/json"].update(example={"id": {"of": "another"}}),
        lambda d: schemas(d)["Topic"]["enum"].append("aid"),
        lambda d: schemas(d)["A"]["properties"].update(new={"type": "string"}),
        lambda d: schemas(d)["A"]["required"].append("new"),
        lambda d: schemas(d)["A"]["properties"]["title"].update(type="string"),
        lambda d: schemas(d)["A"]["properties"]["title"].update(title="Title"),
    ],
)
def test_additions_and_words_keep_the_contract(change):
    assert changed(change) == []
