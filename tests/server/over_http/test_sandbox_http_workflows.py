"""Triggers over plain HTTP, as the vendor's n8n node makes them, and the call of the action node."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from receiver import Receiver, receiving

from hitl import _json
from hitl.testing import Sandbox


@pytest.fixture
def sandbox(receiver: Receiver) -> Iterator[Sandbox]:
    workflows = {"refund": receiver.url, "unfinished": "draft"}
    with Sandbox(["hitl_test_key", "hitl_test_other"], workflows=workflows) as sandbox:
        yield sandbox


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def test_the_n8n_node_triggers_polls_and_the_action_node_calls(
    http: httpx.Client, sandbox: Sandbox, receiver: Receiver
) -> None:
    settings = {"processing_type": "time-sensitive", "timeout_seconds": 3600, "platform": "n8n"}
    payload = {"order": 7, **settings, "hitl": {"correlation": "abc"}}
    answer = http.post("/v1/workflows/webhook/refund", json=payload)
    assert (answer.status_code, answer.json()["error"], answer.json()["msg"]) == (201, False, "Workflow triggered")
    request_id = answer.json()["data"]["request_id"]
    read = f"/v1/api/requests/{request_id}"
    assert http.get(read).json()["data"]["request"]["status"] == "pending"
    sandbox.reviewer.respond(request_id, True)
    assert http.get(read).json()["data"]["request"]["response_data"]["boolean"] is True
    assert receiver.arrived.wait(60)
    body = _json.decode(receiver.bodies()[0])
    assert body["hitl"] == {"correlation": "abc"}
    assert body["execution_id"] == answer.json()["data"]["execution_id"]
    assert "webhook-signature" not in {name.lower() for name in receiver.received[0].headers}


def test_both_addresses_start_the_same(http: httpx.Client) -> None:
    key = {"Idempotency-Key": "k"}
    by_id = http.post("/v1/workflows/refund/trigger", json={"order": 7}, headers=key)
    by_webhook = http.post("/v1/workflows/webhook/refund", json={"order": 7}, headers=key)
    assert by_id.json()["data"] == by_webhook.json()["data"]
    assert by_webhook.headers["Idempotent-Replayed"] == "true"
    assert by_webhook.headers["Idempotency-Key"] == "k"


@pytest.mark.parametrize("path", ["/v1/workflows/{}/trigger", "/v1/workflows/webhook/{}"])
def test_refusals_are_in_the_envelope_of_generation_b(http: httpx.Client, path: str) -> None:
    for name, status in (("nothing", 404), ("unfinished", 400)):
        answer = http.post(path.format(name), json={})
        assert (answer.status_code, answer.json()["error"]) == (status, True)
        assert isinstance(answer.json()["msg"], str)
    assert http.post(path.format("refund"), json=[]).json()["error"] is True
    assert http.post(path.format("refund"), content=b"{}").status_code == 400
    assert http.get(path.format("refund")).status_code == 405
    assert http.post(path.format("refund"), json={}, headers={"Authorization": ""}).json()["error"] is True


def test_an_execution_belongs_to_the_key_that_started_it(http: httpx.Client) -> None:
    request_id = http.post("/v1/workflows/refund/trigger", json={}).json()["data"]["request_id"]
    other = {"Authorization": "Bearer hitl_test_other"}
    assert http.get(f"/v1/api/requests/{request_id}", headers=other).status_code == 403
