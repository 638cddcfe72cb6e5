"""Sessions over HTTP: the wait, the documented words, and webhooks."""

from __future__ import annotations

import threading
import time
from typing import Any

import httpx
import pytest
from receiver import Receiver

from hitl.testing import Sandbox
from hitl.webhooks import construct_event

PUSH = {"action_type": "git_push", "proposed_tool": "Bash", "proposed_args": {"command": "git push"}}


@pytest.fixture
def session(http: httpx.Client) -> dict[str, Any]:
    answer = http.post("/v1/api/sessions", json={})
    assert (answer.status_code, answer.json()["msg"]) == (201, "session created")
    found: dict[str, Any] = answer.json()["data"]["session"]
    return found


@pytest.fixture
def turn(http: httpx.Client, session: dict[str, Any]) -> dict[str, Any]:
    answer = http.post(f"/v1/api/sessions/{session['id']}/turns", json=PUSH)
    assert (answer.status_code, answer.json()["msg"]) == (201, "turn created")
    found: dict[str, Any] = answer.json()["data"]["turn"]
    return found


def place(turn: dict[str, Any]) -> str:
    return f"/v1/api/sessions/{turn['session_id']}/turns/{turn['id']}"


def test_a_wait_without_a_decision_is_a_408_that_is_no_error(http: httpx.Client, turn: dict[str, Any]) -> None:
    answer = http.get(f"{place(turn)}/wait", params={"timeout": 0})
    assert answer.status_code == 408
    assert answer.json() == {
        "error": False,
        "msg": "timeout — turn still pending",
        "data": {"turn": turn, "pending": True},
    }


@pytest.mark.parametrize("way", ["answer", "decide"])
def test_a_wait_ends_with_the_decision(sandbox: Sandbox, http: httpx.Client, turn: dict[str, Any], way: str) -> None:
    found: list[httpx.Response] = []
    waiting = threading.Thread(target=lambda: found.append(http.get(f"{place(turn)}/wait", params={"timeout": 50})))
    began = time.monotonic()
    waiting.start()
    if way == "answer":
        sandbox.reviewer.respond(turn["request_id"], "approve")
    else:
        http.put(place(turn), json={"decision": "approve"})
    waiting.join()
    assert time.monotonic() - began < 40
    (answer,) = found
    assert (answer.status_code, answer.json()["msg"]) == (200, "turn resolved")
    assert answer.json()["data"]["turn"]["human_decision"] == "approve"


@pytest.mark.parametrize("timeout", ["301", "-1", "1.5", "soon"])
def test_a_wait_has_bounds(http: httpx.Client, turn: dict[str, Any], timeout: str) -> None:
    answer = http.get(f"{place(turn)}/wait", params={"timeout": timeout})
    assert (answer.status_code, answer.json()["msg"]) == (400, "Validation failed")


def test_refusals_have_the_envelope_of_loops(http: httpx.Client, session: dict[str, Any]) -> None:
    assert http.post(f"/v1/api/sessions/{session['id']}/resume").json().keys() >= {"error", "msg"}
    conflict = http.post(f"/v1/api/sessions/{session['id']}/resume")
    assert (conflict.status_code, conflict.json()["error"]) == (409, True)
    missing = http.get("/v1/api/sessions/nothing")
    assert (missing.status_code, missing.json()["msg"]) == (404, "Session not found")
    unknown = http.get("/v1/api/sessions", params={"state": "active"})
    assert (unknown.status_code, unknown.json()["msg"]) == (400, "Validation failed")


def test_the_sessions_of_another_key_are_not_listed(sandbox: Sandbox, http: httpx.Client, session: Any) -> None:
    assert http.get("/v1/api/sessions").json()["data"] == {"sessions": [session], "count": 1}
    other = {"Authorization": "Bearer hitl_test_other"}
    assert http.get("/v1/api/sessions", headers=other).json()["data"] == {"sessions": [], "count": 0}
    assert http.get(f"/v1/api/sessions/{session['id']}", headers=other).status_code == 403


def test_a_resolved_turn_is_told_to_webhooks(
    sandbox: Sandbox, http: httpx.Client, receiver: Receiver, turn: dict[str, Any]
) -> None:
    made = http.post("/v1/webhooks", json={"url": receiver.url, "events": ["turn.resolved"]})
    secret = made.json()["data"]["secret"]
    sandbox.reviewer.respond(turn["request_id"], "reject")
    assert receiver.arrived.wait(60)
    received = receiver.received[0]
    event = construct_event(received.headers, received.body, secret)
    assert (event.event, event.review) == ("turn.resolved", None)
    assert event.data["session_id"] == turn["session_id"]
    assert event.data["turn"] == {**turn, "human_decision": "reject"}
    assert event.occurred_at is not None
    assert str(event.timestamp).partition(".")[2][3:] == "Z"  # milliseconds, as the documentation shows it
