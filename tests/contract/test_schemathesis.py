"""The sandbox, driven from `openapi.yaml` by a fuzzer: whatever is sent, the answers are those that the file describes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from server_calls import REQUEST

from hitl.testing import Sandbox

_SPEC = Path(__file__).parents[2] / "openapi.yaml"
_CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
NOWHERE = "http://127.0.0.1:9/hook"  # the port of "discard" (RFC 863), where nobody listens

Case: TypeAlias = schemathesis.Case[Any]

# The stream of events does not end by itself; its own tests read it.
schema = schemathesis.openapi.from_path(_SPEC).exclude(operation_id="stream_events")
# The examples are the same in every run, so that a failure is one of the change at hand.
bounded = settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with Sandbox(rate_limit=(1_000_000, 60.0), workflows={"fuzzed": None}) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.api_key}"}
        with httpx.Client(base_url=sandbox.base_url, headers=headers) as client:
            yield client


@schema.parametrize()
@bounded
def test_every_answer_is_one_that_the_description_allows(case: Case, client: httpx.Client) -> None:
    send(case, client)


@schema.parametrize()
@bounded
def test_every_answer_about_something_that_exists_is_one_that_the_description_allows(
    case: Case, client: httpx.Client
) -> None:
    for name in case.path_parameters:
        case.path_parameters[name] = MAKERS[name](client)
    if "turn_id" in case.path_parameters:
        case.path_parameters.update(turn_ids(client))
    if case.path.startswith("/v1/workflows/webhook/"):
        case.path_parameters["webhook_id"] = "fuzzed"  # not that of a subscription
    if isinstance(case.body, dict) and "template_id" in case.body:
        case.body["template_id"] = "template_123"
    send(case, client)


def send(case: Case, client: httpx.Client) -> None:
    if isinstance(case.body, dict):
        for name in ("url", "callback_url"):
            if str(case.body.get(name)).startswith("http"):
                case.body[name] = NOWHERE  # a made-up name would be asked of the network
    if "wait=" in str(case.headers.get("Prefer")):
        case.headers["Prefer"] = "wait=0"  # the example of the description would be waited for
    if case.path.endswith("/wait") and str(case.query.get("timeout", 60)).isdecimal():
        case.query["timeout"] = 0
    case.call_and_validate(
        base_url=str(client.base_url), headers={"Authorization": client.headers["Authorization"]}, checks=_CHECKS
    )


def created(client: httpx.Client, path: str, body: object, status: int = 201) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code == status, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def loop(client: httpx.Client) -> dict[str, Any]:
    document: dict[str, Any] = created(client, "/v1/api/loops", {"name": "Fuzzed", "icon": "star"})["loop"]
    return document


def webhook_id(client: httpx.Client) -> str:
    return str(created(client, "/v1/webhooks", {"url": NOWHERE, "events": ["review.created"]})["id"])


def turn_ids(client: httpx.Client) -> dict[str, str]:
    session_id = created(client, "/v1/api/sessions", {})["session"]["id"]
    turn = created(client, f"/v1/api/sessions/{session_id}/turns", {"action_type": "git_push"})["turn"]
    return {"session_id": session_id, "turn_id": turn["id"]}


REVIEW = {"template_id": "template_123", "content": {"text": "A draft"}}
FORM = {"name": "Fuzzed", "fields": [{"name": "approved", "type": "boolean"}]}

MAKERS: Mapping[str, Callable[[httpx.Client], Any]] = {
    "review_id": lambda client: created(client, "/v1/reviews", REVIEW)["id"],
    "template_id": lambda client: created(client, "/v1/templates", FORM)["id"],
    "webhook_id": webhook_id,
    "delivery_id": lambda client: created(client, f"/v1/webhooks/{webhook_id(client)}/test", None, 202)["id"],
    "team_id": lambda client: created(client, "/v1/teams", {"name": "Fuzzed"})["id"],
    "loop_id": lambda client: loop(client)["id"],
    "session_id": lambda client: created(client, "/v1/api/sessions", {})["session"]["id"],
    "turn_id": lambda client: turn_ids(client)["turn_id"],
    "user_id": lambda client: loop(client)["creator_id"],
    "workflow_id": lambda _client: "fuzzed",
    "request_id": lambda client: created(client, f"/v1/api/loops/{loop(client)['id']}/requests", REQUEST)["request_id"],
}
