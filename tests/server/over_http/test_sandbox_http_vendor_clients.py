"""What the vendor's own clients send and read, against a live sandbox; and that answers hold what is described."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hitl_api import AuthenticatedClient
from hitl_api.api.requests import list_loop_requests, list_requests, update_request
from hitl_api.models import RequestUpdate
from openapi_yaml import SPEC
from server_calls import REQUEST

from hitl import HITLClient
from hitl.testing import Sandbox

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


def test_every_tool_of_the_mcp_server_works_in_one_story(sandbox: Sandbox, mcp: httpx.Client) -> None:
    key = mcp.get("/v1/test").json()
    assert (key["error"], key["data"].keys() >= {"user_id", "email"}) == (False, True)
    loop, _ = asked(mcp)  # create_request
    loops = mcp.get("/v1/api/loops").json()["data"]  # list_loops
    assert loops["count"] == len(loops["loops"])
    assert {"id", "name", "member_count"} <= loops["loops"][0].keys()
    made = {**REQUEST, "type": "image", "image_url": "https://cdn.hitl.sh/a.png", "platform": "api", "tags": ["mine"]}
    created = mcp.post(f"/v1/api/loops/{loop}/requests", json=made).json()["data"]
    query = {"status": "pending", "priority": made["priority"], "loop_id": loop, "limit": 1, "offset": 0}
    listed = mcp.get("/v1/api/requests", params={**query, "sort": "created_at_desc"}).json()["data"]  # list_requests
    assert ([each["id"] for each in listed["requests"]], listed["has_more"]) == ([created["id"]], True)
    request_id = created["request_id"]
    assert changed(mcp, request_id, priority="low")["priority"] == "low"  # update_request
    sandbox.reviewer.respond(request_id, "approve")
    read = mcp.get(f"/v1/api/requests/{request_id}").json()["data"]["request"]  # get_request
    assert (read["status"], read["response_data"]["selected_value"]) == ("completed", "approve")
    feedback = {"feedback": {"rating": 5, "comment": "Thanks"}}
    rated = mcp.post(f"/v1/api/requests/{request_id}/feedback", json=feedback)  # add_request_feedback
    assert (rated.status_code, rated.json()["error"]) == (200, False)
    _, other = asked(mcp)
    assert mcp.delete(f"/v1/api/requests/{other}").json()["data"]["status"] == "cancelled"  # cancel_request
    again = mcp.delete(f"/v1/api/requests/{other}")
    assert (again.status_code, again.json()["msg"]) == (400, "Request cannot be cancelled in current state")


@pytest.mark.parametrize(
    ("kind", "config", "default", "given", "wrapped"),
    [
        ("text", {"max_length": 500, "min_length": 0}, "none", "So", "So"),
        ("single_select", {"options": ["Approve", "Reject"]}, "reject", "approve", {"selected_value": "approve"}),
        ("multi_select", {"options": ["A", "B"]}, ["a"], ["b"], {"selected_values": ["b"]}),
        ("rating", {"min": 1, "max": 5}, 1, 4, {"rating": 4}),
        ("number", {"min_value": 0, "max_value": 9, "decimal_places": 0}, 0, 7, {"number": 7}),
        ("boolean", {"true_label": "Yes", "false_label": "No"}, False, True, {"boolean": True}),
    ],
)
def test_the_n8n_node_asks_in_each_way_and_polls_the_address_it_was_given(
    sandbox: Sandbox, kind: str, config: dict[str, Any], default: Any, given: Any, wrapped: Any
) -> None:
    # It sends a content type with every request, also without a body.
    headers = {"Authorization": "Bearer hitl_test_key", "Content-Type": "application/json"}
    with httpx.Client(base_url=sandbox.base_url, headers=headers, trust_env=False) as n8n:
        assert n8n.get("/v1/test").json()["error"] is False
        loop = n8n.post("/v1/api/loops", json={"name": "n8n", "icon": "star"}).json()["data"]["loop"]["id"]
        assert loop in [each["id"] for each in n8n.get("/v1/api/loops").json()["data"]["loops"]]
        body = {**REQUEST, "platform": "n8n", "platform_version": "1.0.0", "response_type": kind}
        body |= {"response_config": {**config, "required": True}, "default_response": default}
        created = n8n.post(f"/v1/api/loops/{loop}/requests", json=body)
        assert created.status_code == 201, created.text
        data = created.json()["data"]
        assert n8n.get(data["polling_url"]).json()["data"]["request"]["status"] == "pending"
        sandbox.reviewer.respond(data["request_id"], given, "ann@example.com")
        request = n8n.get(data["polling_url"]).json()["data"]["request"]
    found = request["response_data"]
    assert found == wrapped if isinstance(wrapped, str) else found.items() >= wrapped.items()
    assert request["response_by_user"]["email"] == "ann@example.com"
    assert request["response_time_seconds"] >= 0
