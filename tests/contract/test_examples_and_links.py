"""The examples of `openapi.yaml`, sent to the sandbox, and its links, followed there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest
from openapi_yaml import SPEC
from requests_fit import CheckedTransport, Recorder

from hitl.testing import Sandbox

Json = dict[str, Any]
OPERATIONS: dict[str, Json] = {
    operation["operationId"]: {**operation, "method": method, "path": path}
    for path, item in SPEC["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
}


def component(reference: Json) -> Json:
    kind, name = reference["$ref"].split("/")[2:]
    found: Json = SPEC["components"][kind][name]
    return found


CREATIONS = [
    name
    for name, operation in OPERATIONS.items()
    if "201" in operation["responses"] and "links" in component(operation["responses"]["201"])
]
NOWHERE = "http://127.0.0.1:9/hook"  # the port of "discard" (RFC 863), where nobody listens


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(rate_limit=(1_000_000, 60.0), workflows={"refund": None}) as sandbox:
        yield sandbox


@pytest.fixture
def api(sandbox: Sandbox, recorder: Recorder) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.api_key}"}
    transport = CheckedTransport(recorder)
    with httpx.Client(base_url=sandbox.base_url, headers=headers, transport=transport, trust_env=False) as api:
        yield api


def call(
    api: httpx.Client,
    operation_id: str,
    named: Mapping[str, str],
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> httpx.Response:
    """Call an operation with the example of its body."""
    operation = OPERATIONS[operation_id]
    body: Json | None = None
    if "requestBody" in operation:
        body = {**component(operation["requestBody"]["content"]["application/json"]["examples"]["request"])["value"]}
        if "url" in body:
            body["url"] = NOWHERE  # the example's own would be asked of the network
    return api.request(operation["method"], operation["path"].format(**named), json=body, headers=headers, params=query)


def value_of(expression: str, answer: httpx.Response, named: Mapping[str, str]) -> str:
    """What a runtime expression of OpenAPI (3.1, 4.8.20.3) stands for."""
    source, _, rest = expression.partition("#")
    if source == "$response.body":
        found = answer.json()
        for key in rest.removeprefix("/").split("/"):
            found = found[key]
        return str(found)
    if expression.startswith("$request.path."):
        return named[expression.rpartition(".")[2]]
    return expression


PARENTS: Mapping[str, Callable[[httpx.Client], str]] = {
    "team_id": lambda api: str(call(api, "create_team", {}).json()["data"]["id"]),
    "loop_id": lambda api: str(call(api, "create_loop", {}).json()["data"]["loop"]["id"]),
    "session_id": lambda api: str(call(api, "create_session", {}).json()["data"]["session"]["id"]),
    "workflow_id": lambda _: "refund",
    "webhook_id": lambda _: "refund",
}
"""That in which other things are created, or what starts them."""


def parents(api: httpx.Client, operation_id: str) -> dict[str, str]:
    path = OPERATIONS[operation_id]["path"]
    return {name: make(api) for name, make in PARENTS.items() if f"{{{name}}}" in path}


@pytest.mark.parametrize("operation_id", CREATIONS)
def test_the_sandbox_takes_the_example_of_a_creation_and_each_link_leads_on(
    operation_id: str, api: httpx.Client
) -> None:
    named = parents(api, operation_id)
    for link in component(OPERATIONS[operation_id]["responses"]["201"])["links"].values():
        created = call(api, operation_id, named)
        assert created.status_code == 201, created.text
        values = {name: value_of(each, created, named) for name, each in link["parameters"].items()}
        in_header = [name.partition(".")[2] for name in values if name.startswith("header.")]
        in_query = [name.partition(".")[2] for name in values if name.startswith("query.")]
        # Nobody answers in this test, so that nothing is worth waiting for.
        held = {"headers": dict.fromkeys(in_header, "wait=0"), "query": dict.fromkeys(in_query, "0")}
        followed = call(api, link["operationId"], {**named, **values}, **held)
        assert followed.is_success or followed.status_code == 408, (link, followed.text)
