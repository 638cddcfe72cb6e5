"""Generation B of openapi.yaml against the file that the vendor publishes: nothing of it is missing.

The vendor's file has faults, which the tests allow for by these names:

prefix          Its paths lack `/api`, although `polling_url` and every known client have it; `/test` really lacks it.
nullable        It declares OpenAPI 3.1.0 but uses 3.0's `nullable`; here null is one of the types.
free JSON       Values of any kind (`default_response`, `response_data`, `data`) are typed as objects; here as any JSON.
query           `GET /requests` has no parameters, although its page lists six.
member counts   Lists of members require counts that the service does not send; here only the members are required.
creator         Requests require `creator_id`, which the lists on its pages leave out.
own clients     The vendor's MCP server reads `icon`, `creator_id`, `created_at`, `rate_limit`, `permissions` as optional.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from openapi_yaml import SPEC as OURS

ROOT = Path(__file__).parents[2]
VENDOR = json.loads((ROOT / "tests" / "data" / "vendor-openapi-2025-09.json").read_text())

Json: TypeAlias = dict[str, Any]
METHODS = ("get", "put", "post", "patch", "delete")

# [prefix] What the vendor calls `{id}` has a name of its own here; the name of a path parameter is not sent.
PATHS = {
    "/test": "/v1/test",
    "/loops": "/v1/api/loops",
    "/loops/{id}": "/v1/api/loops/{loop_id}",
    "/loops/{id}/members": "/v1/api/loops/{loop_id}/members",
    "/loops/{id}/members/{userId}": "/v1/api/loops/{loop_id}/members/{user_id}",
    "/loops/{loopId}/requests": "/v1/api/loops/{loop_id}/requests",
    "/requests": "/v1/api/requests",
    "/requests/{id}": "/v1/api/requests/{request_id}",
    "/requests/{id}/feedback": "/v1/api/requests/{request_id}/feedback",
}

# [member counts]
REQUIRED_BY_VENDOR_ONLY = {"total_count", "active_count", "pending_count"}
# [creator] The vendor's file requires it; the lists on its pages leave it out.
REQUIRED_BY_VENDOR_ONLY |= {"creator_id"}
# [own clients]
REQUIRED_BY_VENDOR_ONLY |= {"icon", "created_at", "rate_limit", "permissions"}


def _operations() -> list[tuple[str, str]]:
    return [(path, method) for path, item in VENDOR["paths"].items() for method in METHODS if method in item]


def _resolved(document: Json, node: Json) -> Json:
    """Follow a reference, leave the null branch of a nullable one, and give an open word the words that are known."""
    while "$ref" in node:
        target: Any = document
        for key in node["$ref"].removeprefix("#/").split("/"):
            target = target[key]
        node = target
    if "known" in node.get("$defs", {}):
        return {**node, "enum": _resolved(document, node["$defs"]["known"])["enum"]}
    branches = [branch for branch in node.get("anyOf", []) if branch != {"type": "null"}]
    return _resolved(document, branches[0]) if len(branches) == 1 else node


def _parameters(document: Json, path: str, method: str) -> set[tuple[str, str]]:
    item = document["paths"][path]
    written = [*item.get("parameters", []), *item[method].get("parameters", [])]
    return {(parameter["in"], parameter["name"]) for parameter in (_resolved(document, node) for node in written)}


def _content(document: Json, holder: Json) -> Json:
    return _resolved(document, _resolved(document, holder)["content"]["application/json"]["schema"])


def _fields(document: Json, schema: Json, seen: tuple[str, ...] = ()) -> dict[str, Json]:
    """Every field below a schema by its path, such as `data.loop.members[].email`."""
    schema = _resolved(document, schema)
    if "items" in schema:
        return {f"[]{name}": field for name, field in _fields(document, schema["items"], seen).items()}
    found: dict[str, Json] = {}
    for name, child in schema.get("properties", {}).items():
        found[f".{name}"] = {**_resolved(document, child), "required here": name in schema.get("required", [])}
        found |= {f".{name}{below}": field for below, field in _fields(document, child).items()}
    return found


def _types(schema: Json) -> set[str]:
    written = schema.get("type", [])
    return {written} if isinstance(written, str) else set(written)


def _bodies() -> list[tuple[str, Json, Json]]:
    """Each request body and each success of the vendor's file, with ours."""
    pairs = []
    for path, method in _operations():
        theirs, ours = VENDOR["paths"][path][method], OURS["paths"][PATHS[path]][method]
        if "requestBody" in theirs:
            body = _content(VENDOR, theirs["requestBody"]), _content(OURS, ours["requestBody"])
            pairs.append((f"{method} {path} request", *body))
        for status in [status for status in theirs["responses"] if status.startswith("2")]:
            answer = _content(VENDOR, theirs["responses"][status]), _content(OURS, ours["responses"][status])
            pairs.append((f"{method} {path} {status}", *answer))
    return pairs


BODIES = [pytest.param(theirs, ours, id=name) for name, theirs, ours in _bodies()]


def test_the_vendors_file_has_fourteen_operations_and_ours_the_same() -> None:
    ours = {
        (path, method)
        for path, item in OURS["paths"].items()
        for method in METHODS
        if item.get(method, {}).get("x-hitl-generation") == "B" and not item[method].get("x-hitl-extension")
    }
    assert len(ours) == 14
    assert {(PATHS[path], method) for path, method in _operations()} == ours


@pytest.mark.parametrize(("path", "method"), _operations())
def test_every_parameter_of_the_vendor_is_there(path: str, method: str) -> None:
    theirs = {place for place, _ in _parameters(VENDOR, path, method)}
    ours = _parameters(OURS, PATHS[path], method)
    assert theirs <= {place for place, _ in ours}
    assert {f"{{{name}}}" for place, name in ours if place == "path"} == set(_placeholders(PATHS[path]))


def _placeholders(path: str) -> list[str]:
    return [part for part in path.split("/") if part.startswith("{")]


def test_the_list_of_requests_has_the_parameters_of_its_page() -> None:  # [query]
    documented = {"status", "priority", "loop_id", "limit", "offset", "sort"}
    assert ("query", "status") not in _parameters(VENDOR, "/requests", "get")
    assert {name for _, name in _parameters(OURS, "/v1/api/requests", "get")} == documented | {
        "created_before",
        "after",
    }


@pytest.mark.parametrize(("path", "method"), _operations())
def test_every_status_of_the_vendor_is_there(path: str, method: str) -> None:
    theirs = VENDOR["paths"][path][method]["responses"]
    assert set(theirs) <= set(OURS["paths"][PATHS[path]][method]["responses"])


@pytest.mark.parametrize(("theirs", "ours"), BODIES)
def test_every_field_of_the_vendor_is_there(theirs: Json, ours: Json) -> None:
    assert set(_fields(VENDOR, theirs)) - set(_fields(OURS, ours)) == set()


@pytest.mark.parametrize(("theirs", "ours"), BODIES)
def test_what_the_vendor_requires_is_required(theirs: Json, ours: Json) -> None:
    here = _fields(OURS, ours)
    required = {name for name, field in _fields(VENDOR, theirs).items() if field["required here"]}
    optional_here = {name for name in required if not here[name]["required here"]}
    assert {name.rpartition(".")[2] for name in optional_here} <= REQUIRED_BY_VENDOR_ONLY


@pytest.mark.parametrize(("theirs", "ours"), BODIES)
def test_every_field_has_the_vendors_type_or_is_free_json(theirs: Json, ours: Json) -> None:
    here = _fields(OURS, ours)
    for name, field in _fields(VENDOR, theirs).items():
        # [free JSON]
        free = not _types(here[name]) and _types(field) == {"object"}
        assert free or _types(field) <= _types(here[name]), name


@pytest.mark.parametrize(("theirs", "ours"), BODIES)
def test_what_the_vendor_calls_nullable_may_be_null(theirs: Json, ours: Json) -> None:  # [nullable]
    nullable = {name for name, field in _fields(VENDOR, theirs).items() if field.get("nullable")}
    here = _fields(OURS, ours)
    assert {name for name in nullable if _types(here[name]) and "null" not in _types(here[name])} == set()


@pytest.mark.parametrize(("theirs", "ours"), BODIES)
def test_every_word_and_every_limit_of_the_vendor_is_kept(theirs: Json, ours: Json) -> None:
    here = _fields(OURS, ours)
    for name, field in _fields(VENDOR, theirs).items():
        assert set(field.get("enum", [])) <= set(here[name].get("enum", [])), name
    if ours.get("additionalProperties") is False:
        limits = ("minLength", "maxLength", "minimum", "maximum")
        for name, field in _fields(VENDOR, theirs).items():
            assert {key: field[key] for key in limits if key in field}.items() <= here[name].items(), name


def test_the_error_of_generation_b_has_the_vendors_fields() -> None:
    theirs = VENDOR["components"]["schemas"]["Error"]
    ours = OURS["components"]["schemas"]["ApiError"]
    assert set(theirs["properties"]) == set(ours["properties"])
    assert set(theirs["required"]) <= set(ours["required"])
    assert "type" not in ours["properties"]["data"]
