"""The built-in workflow: what a trigger asks, and what the action node sends when a person has answered, or nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_clock import FakeClock
from server_calls import refusal_of

from hitl.server.loops.accounts import account_of
from hitl.server.primitives import SetupError
from hitl.server.review_server import ReviewServer

OWNER = account_of("owner")
URL = "http://127.0.0.1:9/action"
ANN = {"email": "ann@example.com"}


@pytest.fixture
def server(clock: FakeClock) -> Iterator[ReviewServer]:
    with ReviewServer(clock=clock, workflows={"refund": URL, "quiet": None, "unfinished": "draft"}) as server:
        yield server


def start(server: ReviewServer, workflow: str = "refund", key: str | None = None, **payload: Any) -> dict[str, Any]:
    return server.workflows.trigger(OWNER, workflow, payload, idempotency_key=key).document


def calls(server: ReviewServer) -> list[dict[str, Any]]:
    return [each["payload"] for each in server.deliveries.page().items if each["event"] == "workflow.action"]


def test_a_person_is_asked_about_the_payload(server: ReviewServer) -> None:
    started = start(server, amount=129, hitl={"correlation": "c"}, platform="n8n", timeout_seconds=3600)
    assert started["execution_id"].startswith("exec_")
    request = server.loops.get_request(started["request_id"])
    assert request["context"] == {"amount": 129}
    assert (request["request_text"], request["response_type"]) == ("May the workflow refund go on?", "boolean")
    assert request["default_response"] is False
    assert calls(server) == []


def test_the_question_is_that_of_the_payload(server: ReviewServer) -> None:
    started = start(server, request_text="Refund order 7?")
    request = server.loops.get_request(started["request_id"])
    assert (request["request_text"], request["context"]) == ("Refund order 7?", None)


@pytest.mark.parametrize(("text", "seconds"), [(7, "soon"), ("", 59), ("x" * 2001, True), (None, 86_401)])
def test_no_payload_is_refused_for_what_it_holds(server: ReviewServer, text: Any, seconds: Any) -> None:
    started = start(server, request_text=text, timeout_seconds=seconds)
    assert server.loops.get_request(started["request_id"])["request_text"] == "May the workflow refund go on?"


def test_an_answer_leaves_as_one_call_with_what_was_echoed(server: ReviewServer) -> None:
    started = start(server, amount=129, hitl={"correlation": "c", "more": 1})
    server.loops.respond(started["request_id"], True, ANN)
    (call,) = calls(server)
    assert call == {
        "hitl": {"correlation": "c"},
        "workflow_id": "refund",
        "execution_id": started["execution_id"],
        "request_id": started["request_id"],
        "status": "completed",
        "response_data": {"boolean": True, "boolean_label": "Approve"},
        "timed_out": False,
        "response_by": {"id": call["response_by"]["id"], "name": "ann", "email": "ann@example.com"},
        "trigger": {"amount": 129},
        "timestamp": call["timestamp"],
    }
    (delivery,) = server.deliveries.page().items
    assert (delivery["url"], delivery["status"]) == (URL, "pending")


def test_without_an_answer_in_time_the_default_leaves(server: ReviewServer, clock: FakeClock) -> None:
    start(server, timeout_seconds=60)
    server.clock.advance(timedelta(seconds=61))
    (call,) = calls(server)
    assert (call["status"], call["timed_out"], call["response_data"], call["hitl"]) == ("timeout", True, False, {})


def test_a_cancelled_request_ends_the_execution_without_a_call(server: ReviewServer) -> None:
    server.loops.cancel_request(OWNER, start(server)["request_id"])
    assert calls(server) == []


def test_a_workflow_without_an_action_node_calls_nobody(server: ReviewServer) -> None:
    server.loops.respond(start(server, "quiet")["request_id"], True, ANN)
    assert calls(server) == []


def test_a_request_of_no_workflow_calls_nobody(server: ReviewServer) -> None:
    loop_id = server.loops.get_request(start(server)["request_id"])["loop_id"]
    body = {**json.loads(QUESTION), "platform": "api"}
    receipt = server.loops.create_request(OWNER, loop_id, body).document
    server.loops.respond(receipt["request_id"], True, ANN)
    assert calls(server) == []


QUESTION = """{"processing_type": "deferred", "type": "markdown", "priority": "low", "request_text": "Well?",
    "response_type": "boolean", "response_config": {"true_label": "Yes", "false_label": "No"},
    "default_response": false}"""


def test_what_is_not_there_is_not_found_and_a_draft_ignores_triggers(server: ReviewServer) -> None:
    missing = refusal_of(start, server, "nothing")
    assert (missing.status, missing.message.partition(":")[0]) == (404, "Workflow not found")
    draft = refusal_of(start, server, "unfinished")
    assert (draft.status, draft.message.partition(":")[0]) == (400, "Workflow is not active")
    assert server.loops.list_requests().total == 0
    assert server.loops.list_loops(OWNER) == []


def test_a_trigger_that_is_repeated_with_its_key_starts_once(server: ReviewServer) -> None:
    first, second = (start(server, key="k", amount=1) for _ in range(2))
    assert first == second
    assert server.loops.list_requests().total == 1
    assert refusal_of(start, server, key="k", amount=2).code == "idempotency_key_reused"
    assert refusal_of(start, server, "quiet", key="k", amount=1).code == "idempotency_key_reused"
    assert start(server, amount=1) != first


def test_the_requests_of_a_workflow_share_a_loop_also_after_it_was_deleted(server: ReviewServer) -> None:
    requests = [start(server)["request_id"] for _ in range(2)]
    (loop,) = server.loops.list_loops(OWNER)
    assert loop["name"] == "Workflow refund"
    for each in requests:
        server.loops.respond(each, True, ANN)
    server.loops.delete_loop(OWNER, loop["id"])
    assert start(server)["request_id"] not in requests


def test_an_execution_survives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.db"
    with ReviewServer(data=file, workflows={"refund": URL}) as server:
        started = start(server, amount=129)
    with ReviewServer(data=file) as server:  # started without its workflows
        server.loops.respond(started["request_id"], False, ANN)
        (call,) = calls(server)
        assert call["trigger"] == {"amount": 129}


@pytest.mark.parametrize(
    ("workflow_id", "target", "words"),
    [
        ("a/b", URL, "the id of a workflow"),
        ("..", URL, "the id of a workflow"),
        ("", None, "the id of a workflow"),
        ("a", "ftp://example.com", "the address of workflow a must be an http or https URL"),
        ("a", "localhost", "the address of workflow a must be"),
        ("a", "http://u:p@localhost/", "the address of workflow a must not hold a user name"),
    ],
)
def test_a_workflow_needs_an_id_and_an_address(workflow_id: str, target: str | None, words: str) -> None:
    with pytest.raises(SetupError, match=words):
        ReviewServer(workflows={workflow_id: target})
