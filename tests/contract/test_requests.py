"""Requests to loops, through both clients, against a live sandbox."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from both_clients import Clock
from requests_fit import Recorder

from hitl import HITLClient, MultiSelect, Rating, Request, SingleSelect, read_answer
from hitl.exceptions import (
    BatchError,
    InvalidRequestError,
    NotFoundError,
    RequestCancelledError,
    RequestNotFoundError,
    WaitTimeoutError,
)
from hitl.testing import Sandbox


@pytest.fixture
def loop_id(client: HITLClient) -> str:
    return client.loops.create("Moderators").id


def test_the_program_of_the_documentation(client: HITLClient, sandbox: Sandbox) -> None:
    loop = client.loops.create(name="Moderators")
    request = client.requests.create(
        loop.id, "May this picture be shown?", response=SingleSelect(["yes", "no"]), timeout=3600, default="no"
    )
    sandbox.reviewer.respond(request.id, "yes", reviewer="ann@example.com")
    done = client.requests.wait(request.id)
    client.requests.add_feedback(done.id, rating=5, comment="Quick, thanks.")
    assert (done.answer, done.timed_out, done.by, done.verdict) == ("yes", False, "ann@example.com", "answered")


def test_a_wait_is_held_open_and_ends_with_the_timeout(
    client: HITLClient, clock: Clock, loop_id: str, recorder: Recorder
) -> None:
    request = client.requests.create(loop_id, "Is it?", timeout=60, default=True)
    clock.advance(seconds=61)
    done = client.requests.wait(request)
    assert (done.answer, done.timed_out, done.verdict) == (True, True, "expired")
    assert recorder.exchanges[-1].request.headers["Prefer"] == "wait=25"


def test_a_wait_that_timed_out_can_be_gone_on_with(client: HITLClient, sandbox: Sandbox, loop_id: str) -> None:
    request = client.requests.create(loop_id, "Is it?")
    with pytest.raises(WaitTimeoutError, match=r"still pending after 0\.01 s; call again") as caught:
        client.requests.wait(request.id, timeout=0.01)
    assert caught.value.pending == [request.id]
    sandbox.reviewer.respond(request.id, True)
    assert client.requests.wait(request.id).verdict == "approved"


def test_many_are_made_waited_for_and_come_as_they_end(client: HITLClient, sandbox: Sandbox, loop_id: str) -> None:
    made = client.requests.create_many(loop_id, [{"text": f"Number {number}?"} for number in range(5)])
    assert [each.text for each in made] == [f"Number {number}?" for number in range(5)]
    for request in reversed(made):
        sandbox.reviewer.respond(request, request.text.startswith("Number 3"))
    assert [each.answer for each in client.requests.wait_many(made)] == [False, False, False, True, False]
    found = {each.id for each in client.requests.as_completed([each.id for each in made])}
    assert found == {each.id for each in made}


def test_a_batch_that_is_run_again_makes_nothing_twice(client: HITLClient, loop_id: str) -> None:
    items: list[Any] = [{"text": "One?"}, {"text": "Two?", "returns": int, "default": 0}]
    first, again = (client.requests.create_many(loop_id, items, batch_key="import-1") for _ in range(2))
    assert [each.id for each in first] == [each.id for each in again]
    assert len(client.requests.list()) == 2


def test_a_batch_tells_what_failed(client: HITLClient, loop_id: str) -> None:
    found = client.requests.create_many("0" * 24, [{"text": "One?"}], on_error="return")
    assert isinstance(found[0], NotFoundError)
    with pytest.raises(BatchError, match=r"requests\.create_many: 1 of 1 items failed"):
        client.requests.create_many("0" * 24, [{"text": "One?"}])


def test_a_key_or_a_scope_makes_one_request(client: HITLClient, loop_id: str) -> None:
    first, again = (client.requests.create(loop_id, "Is it?", idempotency_key="question-7") for _ in range(2))
    assert first.id == again.id
    made: set[str] = set()
    for _ in range(2):
        with client.idempotency_scope("job-1"):
            made.add(client.requests.create(loop_id, "Is it?").id)
    assert len(made) == 1
    assert made != {first.id}


def test_lists_are_narrowed_and_walked(client: HITLClient, sandbox: Sandbox, loop_id: str) -> None:
    made = client.requests.create_many(loop_id, [{"text": "Is it?", "priority": "high"}] * 3)
    other = client.requests.create(client.loops.create("Others").id, "Is it?")
    sandbox.reviewer.respond(made[0].id, True)

    def ids(**filters: Any) -> set[str]:
        return {each.id for each in client.requests.list(page_size=2, **filters)}

    assert ids() == {other.id, *(each.id for each in made)}
    assert ids(loop_id=loop_id) == ids(priority="high") == {each.id for each in made}
    assert ids(status="completed", priority="high") == {made[0].id}


def test_an_open_request_is_changed_and_cancelled(client: HITLClient, sandbox: Sandbox, loop_id: str) -> None:
    request = client.requests.create(loop_id, "Is it?")
    changed = client.requests.update(
        request.id, text="How good is it?", response=Rating(1, 5), default=1, timeout=120, priority="critical"
    )
    assert (changed.text, changed.response_type, changed.priority) == ("How good is it?", "rating", "critical")
    assert (changed.processing_type, changed.default_response) == ("time-sensitive", 1)
    assert client.requests.update(request.id, default=2).default_response == 2
    assert client.requests.cancel(request.id).status == "cancelled"
    assert client.requests.cancel(request.id).status == "cancelled"
    with pytest.raises(RequestCancelledError):
        client.requests.wait(request.id)
    answered = client.requests.create(loop_id, "Is it?")
    sandbox.reviewer.respond(answered.id, True)
    with pytest.raises(InvalidRequestError, match="cannot be cancelled"):
        client.requests.cancel(answered.id)


@pytest.mark.parametrize(
    ("asked", "response_data", "answer"),
    [
        ({}, True, True),
        ({"returns": Literal["a", "b"], "default": "a"}, "b", "b"),
        ({"returns": int, "default": 0}, 4, 4),
        ({"returns": float, "default": 0.0}, 4.25, 4.25),
        ({"returns": str}, "So", "So"),
        ({"response": MultiSelect(["a", "b"], at_least=1)}, ["b"], ["b"]),
        ({"response": Rating(1, 5, labels={5: "Good"}), "default": 1}, 5, 5),
    ],
)
def test_each_kind_of_answer_comes_back(
    client: HITLClient, sandbox: Sandbox, loop_id: str, asked: dict[str, Any], response_data: Any, answer: Any
) -> None:
    request = client.requests.create(loop_id, "What is it?", **asked)
    sandbox.reviewer.respond(request.id, response_data)
    done = client.requests.wait(request.id)
    assert (done.answer, type(done.answer)) == (answer, type(answer))
    assert "returns" not in asked or read_answer(done, asked["returns"]) == answer
    assert done == client.requests.get(request.id) == Request.from_json(done.to_json())


def test_what_does_not_exist_is_said(client: HITLClient, loop_id: str) -> None:
    for act in (client.requests.get, client.requests.cancel, client.requests.wait):
        with pytest.raises(RequestNotFoundError, match="Request not found"):
            act("0" * 24)
    with pytest.raises(NotFoundError, match="Loop not found"):
        client.requests.create("0" * 24, "Is it?")


def test_feedback_is_given_once_and_after_the_answer(client: HITLClient, sandbox: Sandbox, loop_id: str) -> None:
    request = client.requests.create(loop_id, "Is it?")
    with pytest.raises(InvalidRequestError, match="completed requests"):
        client.requests.add_feedback(request.id, rating=5)
    sandbox.reviewer.respond(request.id, True)
    client.requests.add_feedback(request.id, rating=4, tags=["quick"], would_recommend=True, category="positive")
    with pytest.raises(InvalidRequestError, match="already been added"):
        client.requests.add_feedback(request.id, rating=5)
