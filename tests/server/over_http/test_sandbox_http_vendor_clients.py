"""What the vendor's own clients send and read, against a live sandbox; and that answers hold what is described."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hitl_api import AuthenticatedClient
from hitl_api.api.requests import list_loop_requests, list_requests, update_request
from hitl_api.models import RequestUpdate
from ruamel.yaml import YAML
from server_calls import REQUEST

from hitl import HITLClient
from hitl.testing import Sandbox

SPEC = YAML(typ="safe").load(Path(__file__).parents[3] / "openapi.yaml")
# The vendor's MCP server sends these with every request, and the content type only where there is a body.
MCP = {"Authorization": "Bearer hitl_test_key", "Accept": "application/json", "User-Agent": "hitl-mcp-server/0.1.0"}
# A list on the vendor's pages leaves these fields out.
PRINTED = {
    "id": "65f1234567890abcdef12348",
    "loop_id": "65f1234567890abcdef12345",
    "processing_type": "time-sensitive",
    "type": "markdown",
    "priority": "high",
    "request_text": "May this go out?",
    "response_type": "single_select",
    "status": "pending",
    "created_at": "2024-03-15T10:30:00Z",
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(["hitl_test_key", "hitl_test_other"]) as sandbox:
        yield sandbox


@pytest.fixture
def mcp(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.base_url, headers=MCP, trust_env=False) as client:
        yield client


def asked(mcp: httpx.Client, **body: Any) -> tuple[str, str]:
    loop = mcp.post("/v1/api/loops", json={"name": "A", "icon": "star"}).json()["data"]["loop"]["id"]
    answer = mcp.post(f"/v1/api/loops/{loop}/requests", json={**REQUEST, "tags": ["mine"], **body})
    assert answer.status_code == 201, answer.text
    return loop, answer.json()["data"]["id"]


def changed(mcp: httpx.Client, request_id: str, **body: Any) -> Any:
    answer = mcp.patch(f"/v1/api/requests/{request_id}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["request"]


def test_the_new_id_is_found_under_both_names(mcp: httpx.Client) -> None:
    loop, _ = asked(mcp)
    created = mcp.post(f"/v1/api/loops/{loop}/requests", json=REQUEST).json()["data"]
    assert created["id"] == created["request_id"]


def test_an_open_request_is_changed_in_part(mcp: httpx.Client) -> None:
    _, request_id = asked(mcp)
    before = mcp.get(f"/v1/api/requests/{request_id}").json()["data"]["request"]
    after = changed(mcp, request_id, priority="low", request_text="Or this?", context={"a": 1}, tags=["b"])
    new = {"priority": "low", "request_text": "Or this?", "context": {"a": 1}, "tags": ["b"]}
    assert after == {**before, **new, "updated_at": after["updated_at"]}
    assert mcp.get(f"/v1/api/requests/{request_id}").json()["data"]["request"] == after
    timed = changed(mcp, request_id, timeout_seconds=86400)
    assert timed["timeout_at"] > before["timeout_at"]
    asks = {"response_config": {"options": ["Keep", "Delete"]}, "default_response": "keep"}
    other = changed(mcp, request_id, **asks)
    assert [option["label"] for option in other["response_config"]["options"]] == ["Keep", "Delete"]
    assert changed(mcp, request_id, priority="high")["response_config"] == other["response_config"]


def test_a_request_is_cancelled_by_its_status(mcp: httpx.Client) -> None:
    _, request_id = asked(mcp)
    after = changed(mcp, request_id, status="cancelled")
    assert (after["status"], after["cancelled_at"]) == ("cancelled", after["updated_at"])
    refused = mcp.patch(f"/v1/api/requests/{request_id}", json={"priority": "low"})
    assert (refused.status_code, refused.json()["msg"]) == (400, "Request cannot be changed in current state")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": "completed"},
        {"status": None},
        {"status": []},
        {"priority": "urgent"},
        {"request_text": ""},
        {"request_text": None},
        {"type": "image"},
        {"timeout_seconds": 1},
        {"default_response": "neither"},
        {"response_config": {}},
        {"response_type": "rating"},
        {"mood": 1},
        {"loop_id": "0" * 24},
        {"callback_url": "ftp://here.test/"},
    ],
    ids=str,
)
def test_a_change_that_makes_no_request_is_refused_and_changes_nothing(mcp: httpx.Client, body: dict[str, Any]) -> None:
    _, request_id = asked(mcp)
    before = mcp.get(f"/v1/api/requests/{request_id}").json()
    refused = mcp.patch(f"/v1/api/requests/{request_id}", json=body)
    assert (refused.status_code, refused.json()["error"]) == (400, True)
    assert mcp.get(f"/v1/api/requests/{request_id}").json() == before


def test_only_its_maker_changes_a_request(mcp: httpx.Client) -> None:
    _, request_id = asked(mcp)
    other = {"Authorization": "Bearer hitl_test_other"}
    assert mcp.patch(f"/v1/api/requests/{request_id}", json={"priority": "low"}, headers=other).status_code == 403
    assert mcp.patch("/v1/api/requests/" + "0" * 24, json={"priority": "low"}).status_code == 404


def test_the_generated_client_changes_a_request(sandbox: Sandbox, mcp: httpx.Client) -> None:
    _, request_id = asked(mcp)
    with HITLClient("hitl_test_key", base_url=sandbox.base_url) as client:
        after = client.call(update_request, request_id, body=RequestUpdate(request_text="Or this?"))
    assert after.data.request.request_text == "Or this?"


def test_a_printed_list_without_creators_can_be_read() -> None:
    data = {"loop_id": PRINTED["loop_id"], "requests": [PRINTED], "count": 1}
    document = {"error": False, "msg": "Requests retrieved successfully", "data": data}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=json.dumps(document)))
    with AuthenticatedClient("https://h.example", token="a", httpx_args={"transport": transport}) as alone:
        found: Any = list_loop_requests.sync(PRINTED["loop_id"], client=alone)
    assert {**found.data.requests[0].to_dict(), "created_at": PRINTED["created_at"]} == PRINTED
    with HITLClient("a-key", transport=transport) as client:
        assert client.call(list_requests).data.requests[0].id == PRINTED["id"]
        assert client.call(list_loop_requests, PRINTED["loop_id"]).data.count == 1


def undescribed(schema: Any, value: Any, place: str = "") -> list[str]:
    """The members of an answer for which its schema has no property; free JSON and maps have none."""
    while "$ref" in schema:
        schema = SPEC["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    branches = [branch for branch in schema.get("anyOf", []) if branch != {"type": "null"}]
    if branches:
        return undescribed(branches[0], value, place)
    if isinstance(value, list) and "items" in schema:
        return [fault for each in value for fault in undescribed(schema["items"], each, f"{place}[]")]
    if not isinstance(value, dict) or "properties" not in schema:
        return []
    known = schema["properties"]
    below = [undescribed(known[name], each, f"{place}.{name}") for name, each in value.items() if name in known]
    return [f"{place}.{name}" for name in value if name not in known] + [fault for each in below for fault in each]


def described(method: str, path: str, answer: httpx.Response) -> list[str]:
    response = SPEC["paths"][path][method]["responses"][str(answer.status_code)]
    response = SPEC["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return undescribed(response["content"]["application/json"]["schema"], answer.json())


def test_generation_b_answers_with_what_is_described(sandbox: Sandbox, mcp: httpx.Client) -> None:
    loop, first = asked(mcp)
    _, third = asked(mcp)
    person = {"email": "ann@example.com", "name": "Ann"}
    joined = sandbox._site.loops.join(mcp.get(f"/v1/api/loops/{loop}").json()["data"]["loop"]["invite_code"], person)
    places = {"loop_id": loop, "user_id": joined["user_id"], "request_id": first}
    sandbox._site.loops.claim(first, person)
    faults: list[str] = []
    seen = set()

    def play(method: str, path: str, body: Any = None, **other: str) -> None:
        seen.add((method, path))
        answer = mcp.request(method, path.format(**{**places, **other}), json=body)
        assert answer.status_code < 300, answer.text
        faults.extend(f"{method} {path}{fault}" for fault in described(method, path, answer))

    play("get", "/v1/test")
    play("get", "/v1/api/requests/{request_id}")
    sandbox._site.loops.respond(first, "approve", person)
    play("post", "/v1/api/loops", {"name": "B", "icon": "star"})
    play("get", "/v1/api/loops")
    play("get", "/v1/api/loops/{loop_id}")
    play("put", "/v1/api/loops/{loop_id}", {"name": "C"})
    play("get", "/v1/api/loops/{loop_id}/members")
    play("post", "/v1/api/loops/{loop_id}/requests", REQUEST)
    play("patch", "/v1/api/requests/{request_id}", {"status": "cancelled"}, request_id=third)
    play("get", "/v1/api/requests/{request_id}", request_id=third)
    play("get", "/v1/api/loops/{loop_id}/requests")
    play("get", "/v1/api/requests")
    play("get", "/v1/api/requests/{request_id}")
    play("post", "/v1/api/requests/{request_id}/feedback", {"feedback": {"rating": 5}})
    play("delete", "/v1/api/requests/{request_id}", request_id=asked(mcp)[1])
    play("delete", "/v1/api/loops/{loop_id}/members/{user_id}")
    play("delete", "/v1/api/loops/{loop_id}", loop_id=mcp.get("/v1/api/loops").json()["data"]["loops"][0]["id"])
    assert faults == []
    generation_b = {
        (method, path)
        for path, item in SPEC["paths"].items()
        for method, operation in item.items()
        if method != "parameters" and operation["x-hitl-generation"] == "B"
    }
    assert seen == generation_b
