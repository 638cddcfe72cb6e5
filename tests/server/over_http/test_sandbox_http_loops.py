"""Loops over plain HTTP, against a live sandbox: the envelope of generation B, loops, members and the way in."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from hitl.server.http.requests import MAX_BODY
from hitl.testing import Sandbox

KEY = {"Authorization": "Bearer hitl_test_key"}
OTHER = {"Authorization": "Bearer hitl_test_other"}
NOBODY = "0" * 24
LOOP = {"name": "Moderators", "icon": "shield-check", "description": "For <b>posts</b>"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(["hitl_test_key", "hitl_test_other"]) as sandbox:
        yield sandbox


@pytest.fixture
def made(http: httpx.Client) -> dict[str, Any]:
    answer = http.post("/v1/api/loops", json=LOOP)
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def told(answer: httpx.Response) -> tuple[int, str, Any]:
    envelope = answer.json()
    assert envelope["error"] is (answer.status_code >= 400)
    return answer.status_code, envelope["msg"], envelope.get("data")


# The envelope


def test_every_answer_has_the_envelope_and_headers_of_its_generation(http: httpx.Client) -> None:
    for path in ("/v1/test", "/v1/api/loops", "/v1/api/requests", "/v1/api", "/v1/api/nothing", "/v1/test/"):
        answer = http.get(path)
        assert set(answer.json()) <= {"error", "msg", "data"}
        assert answer.headers["Content-Type"] == "application/json"
        for name in ("X-Request-Id", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"):
            assert name in answer.headers
    assert http.get("/v1/apis").json()["success"] is False


@pytest.mark.parametrize(
    ("authorization", "msg"),
    [
        (None, "Missing Authorization header"),
        ("hitl_test_key", "Invalid Authorization header format. Use 'Bearer <api_key>'"),
        ("Bearer", "Empty API key"),
        ("Bearer wrong", "Invalid API key"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/test", "/v1/api/loops"])
def test_nobody_is_let_in_without_a_key(sandbox: Sandbox, path: str, authorization: str | None, msg: str) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = httpx.get(f"{sandbox.base_url}{path}", headers=headers)
    assert (answer.status_code, answer.json()["msg"]) == (401, msg)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_an_unknown_address_and_a_method_that_is_not_possible_are_told(http: httpx.Client) -> None:
    assert told(http.get("/v1/api/nothing"))[:2] == (404, "Not found")
    answer = http.put(f"/v1/api/requests/{NOBODY}", json={})
    assert told(answer)[:2] == (405, "Method not allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "PATCH", "DELETE"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]"])
def test_a_body_that_is_no_json_object_is_refused(http: httpx.Client, body: bytes) -> None:
    answer = http.post("/v1/api/loops", content=body, headers={"Content-Type": "application/json"})
    status, msg, data = told(answer)
    assert (status, msg, data["field"]) == (400, "Invalid request body", "")


def test_a_body_that_is_too_large_is_refused(http: httpx.Client) -> None:
    answer = http.post("/v1/api/loops", content=b" " * (MAX_BODY + 1), headers={"Content-Type": "application/json"})
    assert told(answer)[:2] == (413, "Request body too large")


def test_a_spent_budget_is_told_as_documented_and_so_is_what_is_left_before() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    with (
        Sandbox(["hitl_test_key"], rate_limit=(2, 3600.0), clock=lambda: now) as sandbox,
        httpx.Client(base_url=sandbox.base_url, headers=KEY) as http,
    ):
        limits = [http.get("/v1/test").json()["data"]["rate_limit"] for _ in range(2)]
        reset_at = "2026-11-23T13:00:00.000000Z"
        assert limits == [{"limit": 2, "remaining": left, "reset_at": reset_at} for left in (1, 0)]
        answer = http.get("/v1/test")
        assert told(answer) == (
            429,
            "API key request limit exceeded",
            {"usage_count": 2, "usage_limit": 2, "remaining": 0, "reset_at": reset_at},
        )
        assert answer.headers["Retry-After"] == "3600"


def test_a_key_learns_whose_it_is(http: httpx.Client) -> None:
    mine, again, other = (http.get("/v1/test", headers=headers).json()["data"] for headers in (KEY, KEY, OTHER))
    assert mine["user_id"] == again["user_id"] != other["user_id"]
    assert mine["account_status"] == "active"
    assert mine["permissions"] == ["loops:read", "loops:write", "requests:read", "requests:write"]


# Loops


def test_a_loop_is_created_listed_read_changed_and_deleted(http: httpx.Client, made: dict[str, Any]) -> None:
    loop = made["loop"]
    path = f"/v1/api/loops/{loop['id']}"
    status, msg, data = told(http.get("/v1/api/loops"))
    assert (status, msg) == (200, "Loops retrieved successfully")
    assert data["loops"][0] == loop
    assert data["count"] == len(data["loops"])
    assert told(http.get(path)) == (200, "Loop retrieved successfully", {"loop": loop})
    status, msg, data = told(http.put(path, json={"icon": "star"}))
    assert (status, msg, data["loop"]["icon"], data["loop"]["name"]) == (
        200,
        "Loop updated successfully",
        "star",
        "Moderators",
    )
    assert told(http.delete(path)) == (200, "Loop deleted successfully", {"loop_id": loop["id"]})
    assert told(http.get(path)) == (404, "Loop not found", None)


@pytest.mark.parametrize(
    ("body", "msg", "data"),
    [
        ({"icon": "star"}, "Loop name is required", None),
        ({"name": "", "icon": "star"}, "Loop name is required", None),
        ({"name": "A"}, "Loop icon is required", None),
        ({"name": "x" * 101, "icon": "star"}, "Validation failed", "name must be between 1 and 100 characters"),
        ({"name": 7, "icon": "star"}, "Validation failed", "name must be a string, not a number"),
        (
            {"name": "A", "icon": "star", "org_id": "mine"},
            "Validation failed",
            "org_id must be 24 hexadecimal digits",
        ),
    ],
)
def test_a_loop_that_cannot_be_is_refused(http: httpx.Client, body: dict[str, Any], msg: str, data: str | None) -> None:
    assert told(http.post("/v1/api/loops", json=body)) == (400, msg, data)


def test_a_loop_may_belong_to_an_organization(http: httpx.Client) -> None:
    answer = http.post("/v1/api/loops", json={**LOOP, "org_id": NOBODY})
    assert answer.json()["data"]["loop"]["org_id"] == NOBODY


def test_an_update_must_change_something(http: httpx.Client, made: dict[str, Any]) -> None:
    path = f"/v1/api/loops/{made['loop']['id']}"
    assert told(http.put(path, json={})) == (400, "At least one field must be provided for update", None)
    status, msg, data = told(http.put(path, json={"name": ""}))
    assert (status, msg, data) == (400, "Validation failed", "name must be between 1 and 100 characters")


@pytest.mark.parametrize(
    ("method", "path", "msg"),
    [
        ("GET", "/v1/api/loops/mine", "Invalid loop ID format"),
        ("GET", "/v1/api/requests/mine", "Invalid request ID format"),
        ("GET", "/v1/api/requests?loop_id=mine", "Invalid loop ID format"),
    ],
)
def test_an_id_that_is_none_is_told(http: httpx.Client, method: str, path: str, msg: str) -> None:
    assert told(http.request(method, path)) == (400, msg, None)


def test_a_loop_of_somebody_else_is_not_shown(http: httpx.Client, made: dict[str, Any]) -> None:
    path = f"/v1/api/loops/{made['loop']['id']}"
    assert told(http.get(path, headers=OTHER)) == (403, "Access denied to this loop", None)
    assert http.get("/v1/api/loops", headers=OTHER).json()["data"] == {"loops": [], "count": 0}


def test_a_creation_that_is_sent_twice_happens_once(http: httpx.Client) -> None:
    first, again = (http.post("/v1/api/loops", json=LOOP, headers={"Idempotency-Key": "job-42"}) for _ in "ab")
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    other = http.post("/v1/api/loops", json={**LOOP, "name": "Other"}, headers={"Idempotency-Key": "job-42"})
    assert told(other)[0] == 422


def test_the_invitation_leads_to_this_sandbox(sandbox: Sandbox, http: httpx.Client, made: dict[str, Any]) -> None:
    code = made["invite_code"]
    assert made["join_url"] == f"{sandbox.base_url}/join/{code}"
    image = http.get(made["qr_code_url"])
    assert image.headers["Content-Type"] == "image/png"
    assert made["qr_code_base64"] == f"data:image/png;base64,{base64.b64encode(image.content).decode()}"
    assert http.get("/qr/ABC123DEF.png").status_code == 404


# Joining


def test_a_person_joins_on_the_page_of_the_invitation(http: httpx.Client, made: dict[str, Any]) -> None:
    page = httpx.get(made["join_url"])
    assert page.status_code == 200
    assert "Join Moderators" in page.text
    assert "For &lt;b&gt;posts&lt;/b&gt;" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    joined = httpx.post(made["join_url"], data={"email": " ann@example.com ", "name": "Ann"})
    assert "ann@example.com is an active member" in joined.text
    status, msg, data = told(http.get(f"/v1/api/loops/{made['loop']['id']}/members"))
    assert (status, msg, data["member_count"]) == (200, "Loop members retrieved successfully", 2)
    assert (data["members"][1]["email"], data["members"][1]["status"]) == ("ann@example.com", "active")


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ({}, "The e-mail address must be an address, such as ann@example.com."),
        ({"email": "ann"}, "The e-mail address must be an address, such as ann@example.com."),
        ({"email": "ann@example.com", "name": "x" * 101}, "The name may have at most 100 characters, this has 101."),
    ],
)
def test_a_form_that_is_not_filled_in_is_shown_again_with_what_was_typed(
    made: dict[str, Any], sent: dict[str, str], fault: str
) -> None:
    answer = httpx.post(made["join_url"], data=sent)
    assert answer.status_code == 400
    assert fault in answer.text
    assert f'value="{sent.get("email", "")}"' in answer.text


@pytest.mark.parametrize("content", [b"\xff", b"&".join([b"a=1"] * 11), b"email=%ff"])
def test_what_is_no_form_of_the_page_lets_nobody_in(made: dict[str, Any], content: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert httpx.post(made["join_url"], content=content, headers=headers).status_code == 400


def test_a_form_that_is_too_large_is_refused(made: dict[str, Any]) -> None:
    assert httpx.post(made["join_url"], data={"name": "x" * 10_000}).status_code == 413


def test_another_site_cannot_make_somebody_join(made: dict[str, Any]) -> None:
    headers = {"Origin": "https://evil.example"}
    answer = httpx.post(made["join_url"], data={"email": "ann@example.com"}, headers=headers)
    assert answer.status_code == 403
    assert "submitted from another site" in answer.text


def test_an_unknown_invitation_is_told(sandbox: Sandbox) -> None:
    for answer in (
        httpx.get(f"{sandbox.base_url}/join/ABC123DEF"),
        httpx.post(f"{sandbox.base_url}/join/ABC123DEF", data={"email": "ann@example.com"}),
    ):
        assert answer.status_code == 404
        assert "No such invitation" in answer.text


def test_a_member_is_removed(http: httpx.Client, made: dict[str, Any]) -> None:
    httpx.post(made["join_url"], data={"email": "bob@example.com"})
    members = f"/v1/api/loops/{made['loop']['id']}/members"
    creator, bob = (member["user_id"] for member in http.get(members).json()["data"]["members"])
    assert told(http.delete(f"{members}/bob")) == (400, "Invalid user ID format", None)
    assert told(http.delete(f"{members}/{NOBODY}")) == (404, "Member not found in this loop", None)
    assert told(http.delete(f"{members}/{creator}")) == (400, "Loop creator cannot be removed", None)
    assert told(http.delete(f"{members}/{bob}", headers=OTHER)) == (403, "Only loop creator can remove members", None)
    receipt = {"loop_id": made["loop"]["id"], "user_id": bob}
    assert told(http.delete(f"{members}/{bob}")) == (200, "Member removed from loop successfully", receipt)
