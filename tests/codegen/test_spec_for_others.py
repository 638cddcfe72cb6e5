"""What openapi.yaml gives to the generators, linters and mock servers of others; `make check-contract` runs those."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_yaml import SPEC

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "codegen"))

from own_input import own_input  # noqa: E402

METHODS = ("get", "post", "put", "patch", "delete")
# Any JSON at all, so that no type is right.
ANY_JSON = {
    "ErrorObject.details",
    "ApiError.data",
    "TemplateField.default_value",
    "FieldConditional.value",
    "RequestCreate.default_response",
    "RequestUpdate.default_response",
    "LoopRequest.default_response",
    "LoopRequest.response_data",
}


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = SPEC
        for key in node["$ref"].removeprefix("#/").split("/"):
            target = target[key]
        node = target
    return node


def operations() -> dict[str, dict[str, Any]]:
    return {
        item[method]["operationId"]: {**item[method], "shared": item.get("parameters", [])}
        for item in SPEC["paths"].values()
        for method in METHODS
        if method in item
    }


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The media types of the request and of every response, with the status or "request"."""
    for status, answer in operation["responses"].items():
        for media in resolved(answer).get("content", {}).values():
            yield status, media
    for media in operation.get("requestBody", {}).get("content", {}).values():
        yield "request", media


def schemas(node: dict[str, Any], path: str, seen: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A schema and all within it, each with its name; references are followed once."""
    if "$ref" in node:
        if node["$ref"] in seen:
            return
        seen.add(node["$ref"])
        path, node = node["$ref"].rpartition("/")[2], resolved(node)
    yield path, node
    for name, value in node.get("properties", {}).items():
        yield from schemas(value, f"{path}.{name}", seen)
    inner = [*node.get("anyOf", []), *node.get("oneOf", []), *node.get("allOf", [])]
    inner += [node[key] for key in ("items", "additionalProperties") if isinstance(node.get(key), dict)]
    for value in inner:
        yield from schemas(value, path, seen)


def schemas_of(*, requests: bool) -> list[tuple[str, dict[str, Any]]]:
    seen: set[str] = set()
    return [
        found
        for name, operation in operations().items()
        for status, media in contents(operation)
        if (status == "request") is requests
        for found in schemas(media["schema"], name, seen)
    ]


@pytest.mark.parametrize("name", operations())
def test_every_body_of_an_operation_has_a_whole_example(name: str) -> None:
    silent = [status for status, media in contents(operations()[name]) if not media.get("examples")]
    assert silent == []


def test_every_creation_links_to_what_follows_it() -> None:
    links = {
        name: resolved(each["responses"]["201"]).get("links")
        for name, each in operations().items()
        if "201" in each["responses"] and each["tags"] != ["uploads"]  # nothing can be done with a stored file
    }
    assert len(links) == 11
    assert [name for name, found in links.items() if not found] == []


def test_a_link_names_an_operation_and_all_that_its_path_needs() -> None:
    known = operations()
    for response in SPEC["components"]["responses"].values():
        for link in response.get("links", {}).values():
            operation = known[link["operationId"]]
            parameters = [resolved(each) for each in [*operation["shared"], *operation.get("parameters", [])]]
            in_path = {each["name"] for each in parameters if each["in"] == "path"}
            assert in_path <= link["parameters"].keys()
            assert {name.partition(".")[2] or name for name in link["parameters"]} <= {
                each["name"] for each in parameters
            }


def test_an_operation_names_all_its_parameters_where_it_names_any() -> None:
    # OpenAPI Generator 7.10 reads either those of the path or those of the operation.
    both = [name for name, operation in operations().items() if operation["shared"] and "parameters" in operation]
    assert both == []


def test_no_word_of_a_response_is_closed() -> None:
    found = schemas_of(requests=False)
    assert len(found) > 200
    assert [name for name, schema in found if "enum" in schema or "const" in schema] == []


def test_every_schema_but_that_of_any_json_has_a_type() -> None:
    combined = ("anyOf", "oneOf", "allOf")
    found = [*schemas_of(requests=True), *schemas_of(requests=False)]
    untyped = {name for name, schema in found if "type" not in schema and not any(key in schema for key in combined)}
    assert untyped == ANY_JSON


def test_every_id_that_is_sent_has_a_pattern() -> None:
    sent = schemas_of(requests=True)
    for name, operation in operations().items():
        for parameter in (resolved(each) for each in [*operation["shared"], *operation.get("parameters", [])]):
            sent += [(f"{name}.{parameter['name']}", parameter["schema"])]
    ids = {name: schema for name, schema in sent if name.endswith(("_id", ".Idempotency-Key"))}
    assert len(ids) > 20
    assert {name for name, schema in ids.items() if "pattern" not in schema} == set()


def test_our_generator_reads_the_enumeration_of_an_open_word() -> None:
    known = {"$ref": "#/components/schemas/Status"}
    word = {"type": "string", "description": "Where it stands.", "$defs": {"known": known}}
    assert own_input(word) == known
    nullable = {**word, "type": ["string", "null"]}
    assert own_input(nullable) == {"description": "Where it stands.", "anyOf": [known, {"type": "null"}]}


@pytest.mark.parametrize("kind", ["object", ["object", "null"]])
def test_our_generator_reads_free_json_without_a_type(kind: object) -> None:
    free = {"type": kind, "additionalProperties": True, "description": "Anything."}
    assert own_input({"properties": {"content": free}}) == {"properties": {"content": {"description": "Anything."}}}


@pytest.mark.parametrize("name", ["value", "default", "enum", "example", "properties"])
def test_our_generator_reads_a_property_by_its_schema_whatever_its_name(name: str) -> None:
    free = {"type": "object", "additionalProperties": True}
    assert own_input({"properties": {name: free}}) == {"properties": {name: {}}}


@pytest.mark.parametrize(
    "same",
    [
        {"type": "object", "additionalProperties": True, "properties": {"id": {"type": "string"}}},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "object", "additionalProperties": False},
        {"example": {"type": "object", "additionalProperties": True}},
        {"examples": [{"type": "object", "additionalProperties": True}]},
        {"default": {"type": "string", "$defs": {"known": {}}}},
        {"type": "string", "$defs": {"other": {"type": "string"}}},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
    ],
)
def test_our_generator_reads_everything_else_as_it_stands(same: dict[str, Any]) -> None:
    assert own_input(same) == same
