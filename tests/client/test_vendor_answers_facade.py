"""The answers that the vendor's pages print, read by the methods that people call."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from script import answer
from scripted import scripted

from hitl import HITLClient, Request, SingleSelect
from hitl.models import Turn

LOOP, REQUEST, USER = "65f1234567890abcdef12345", "65f1234567890abcdef12348", "65f1234567890abcdef12347"
ANSWERS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "vendor-answers.json").read_text("utf-8")
)
SESSION, TURN = "663f80000000000000000001", "663f90000000000000000001"
GIF = b"GIF89a" + bytes(32)

ASKED: dict[str, Any] = {
    "response": SingleSelect(["a", "b"]),
    "default": "a",
    "timeout": 3600,
    "priority": "high",
}

Call = Callable[[HITLClient], Any]
Reading = tuple[Call, Callable[[Any], Any]]
"""The call of a method, and what it must return of the answer's `data`."""


def _of(member: str, *names: str) -> Callable[[Any], list[Any]]:
    return lambda data: [data[member].get(name) for name in names]


def _loop(call: Callable[[HITLClient], Any]) -> Reading:
    names = ("id", "name", "icon")
    return lambda client: [getattr(call(client), name) for name in names], _of("loop", *names)


def _cancelled(client: HITLClient) -> str:
    return client.requests.cancel(REQUEST).status


READINGS: Mapping[str, Reading] = {
    "create_review": (lambda c: c.create_review("template_123", {}, assignees=["a@b.test"]).id, lambda d: d["id"]),
    "get_review": (lambda c: c.get_review("rev_123").status, lambda d: d["status"]),
    "test_api_key": (lambda c: c.account().email, lambda d: d["email"]),
    "create_loop": _loop(lambda c: c.loops.create("Content Moderation")),
    "get_loop": _loop(lambda c: c.loops.get(LOOP)),
    "update_loop": _loop(lambda c: c.loops.update(LOOP, name="Content Moderation")),
    "list_loops": (lambda c: [loop.id for loop in c.loops.list()], lambda d: [each["id"] for each in d["loops"]]),
    "delete_loop": (lambda c: c.loops.delete(LOOP), lambda _: None),
    "list_loop_members": (
        lambda c: [member.email for member in c.loops.members(LOOP)],
        lambda d: [each["email"] for each in d["members"]],
    ),
    "remove_loop_member": (lambda c: c.loops.remove_member(LOOP, USER), lambda _: None),
    "create_request": (
        lambda c: c.requests.create(LOOP, "May it?", **ASKED).id,
        lambda d: d["request_id"],
    ),
    "get_request": (
        lambda c: (c.requests.get(REQUEST).to_json()["status"], c.requests.get(REQUEST).response_data),
        lambda d: (d["request"]["status"], d["request"].get("response_data")),
    ),
    "list_requests": (lambda c: [each.id for each in c.requests.list()], lambda d: [each["id"] for each in d["requests"]]),
    "cancel_request": (_cancelled, lambda _: "cancelled"),
    "add_request_feedback": (lambda c: c.requests.add_feedback(REQUEST, rating=5), lambda _: None),
    "upload_image": (lambda c: c.uploads.image(GIF).url, lambda d: d["url"]),
    "upload_document": (lambda c: c.uploads.document(b"a,b\n", name="a.csv").url, lambda d: d["url"]),
    "trigger_workflow": (lambda c: c.workflows.trigger("wf_abc123", {}).id, lambda d: d["execution_id"]),
    "trigger_workflow_webhook": (
        lambda c: c.workflows.trigger_webhook("hook_123", {}).id,
        lambda d: d["execution_id"],
    ),
    "create_session": (lambda c: c.sessions.create(context={"branch": "preview"}).status, lambda d: d["session"]["status"]),
    "create_turn": (lambda c: c.sessions.propose(SESSION, "git_push").proposed_args, lambda d: d["turn"]["proposed_args"]),
    "wait_for_turn": (lambda c: c.sessions.wait(Turn(TURN, SESSION)).human_decision, lambda d: d["turn"]["human_decision"]),
}  # fmt: skip
OTHERS = {"list_loop_requests"}  # read below

PRINTED = [each for each in ANSWERS if each["status"] < 300 and each["operation"] in READINGS]


@pytest.mark.parametrize("printed", PRINTED, ids=lambda each: f"{each['operation']}: {each['from']}")
def test_a_printed_answer_is_read_by_its_method(printed: dict[str, Any]) -> None:
    call, expected = READINGS[printed["operation"]]
    responses = [answer(printed["status"], printed["body"])]
    if printed["operation"] == "cancel_request":  # its receipt says too little, so the request is read
        shown = next(each for each in ANSWERS if each["operation"] == "get_request")["body"]
        shown = {**shown, "data": {"request": {**shown["data"]["request"], "status": "cancelled"}}}
        responses.append(answer(200, shown))
    data = printed["body"].get("data", printed["body"])
    assert call(scripted(*responses, max_retries=0)) == expected(data)


def test_the_list_of_a_loop_holds_requests() -> None:
    (listed,) = (each for each in ANSWERS if each["operation"] == "list_loop_requests")
    assert [Request.from_json(each).id for each in listed["body"]["data"]["requests"]] == [REQUEST]


def test_no_printed_answer_is_left_out() -> None:
    successes = [each for each in ANSWERS if each["status"] < 300]
    assert {each["operation"] for each in successes} == READINGS.keys() | OTHERS
    assert len(PRINTED) + 1 >= 41
