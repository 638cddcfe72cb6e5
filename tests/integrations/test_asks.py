"""The neutral form of agent frameworks: what is put to people, and how their answers are read; over a real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from attrs import evolve

from hitl import AsyncHITLClient, HITLClient, Review
from hitl.approval import ApprovalMismatch, ApprovalNotGiven, ApprovalRejected
from hitl.exceptions import AnswerError, ConfigurationError, InvalidRequestError, WaitTimeoutError
from hitl.integrations.asks import Answer, Ask, Question, ToolCall, answer_of, answers, answers_async, key_of, put
from hitl.testing import Sandbox

REFUND = ToolCall(
    id="call-1", key="k:1", tool="refund", arguments={"order": "A1", "amount": 50.0}, description="Pay back"
)
DELETE = ToolCall(id="call-2", key="k:2", tool="delete_account", arguments={"user": "ann"})
COLOUR = Question(
    id="q-1",
    key="k:3",
    question="Which colour?",
    schema={"type": "object", "properties": {"colour": {"enum": ["red", "blue"]}}, "required": ["colour"]},
)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as fresh:
        yield fresh


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[HITLClient]:
    with sandbox.client() as connected:
        yield connected


def asked(sandbox: Sandbox, asks: list[Ask], kind: str, **options: Any) -> dict[str, Answer]:
    if kind == "blocking":
        with sandbox.client() as client:
            return answers(client, asks, **options)

    async def ask() -> dict[str, Answer]:
        async with AsyncHITLClient(api_key=sandbox.api_key, base_url=sandbox.base_url) as client:
            return await answers_async(client, asks, **options)

    return anyio.run(ask, backend=kind)


@pytest.mark.parametrize("kind", ["blocking", "asyncio", "trio"])
def test_all_questions_are_put_at_once_and_answered_by_id(sandbox: Sandbox, kind: str) -> None:
    people = sandbox.reviewer
    people.on(content={"action": "refund"}).edit(arguments={"order": "A1", "amount": 20.0})
    people.on(content={"action": "delete_account"}).reject(feedback="She is a customer.")
    people.on(content={"question": "Which colour?"}).complete({"colour": "blue"})

    found = asked(sandbox, [REFUND, DELETE, COLOUR], kind, assignees=["ann@example.com"])

    assert {name: answer.decision for name, answer in found.items()} == {
        "call-1": "edit",
        "call-2": "reject",
        "q-1": "respond",
    }
    assert found["call-1"].arguments == {"order": "A1", "amount": 20.0}
    assert '{"order": "A1", "amount": 20.0}' in found["call-1"].told
    assert "She is a customer." in found["call-2"].told
    assert "delete_account" in found["call-2"].told
    assert found["call-2"].refusal is not None
    assert found["call-2"].arguments is None
    assert found["q-1"].value == {"colour": "blue"} == json.loads(found["q-1"].told)


def test_an_approval_runs_the_call_as_it_was_asked(client: HITLClient, sandbox: Sandbox) -> None:
    sandbox.reviewer.on(content={"action": "refund"}).approve()
    found = answers(client, [REFUND])["call-1"]
    assert (found.decision, found.may_run, found.arguments) == ("approve", True, REFUND.arguments)


def test_a_restart_asks_nobody_twice(sandbox: Sandbox) -> None:
    with sandbox.client() as client, pytest.raises(WaitTimeoutError):
        answers(client, [REFUND, COLOUR], timeout=0.05)
    with sandbox.client() as client:
        for review in client.list_reviews():
            sandbox.reviewer.complete(review, {"approved": True, "colour": "red"})
        found = answers(client, [REFUND, COLOUR])
        assert len(client.list_reviews()) == 2
    assert [found["call-1"].decision, found["q-1"].value] == ["approve", {"colour": "red"}]


@pytest.mark.parametrize("ask", [REFUND, COLOUR])
def test_a_restart_finds_its_question_also_with_another_due_date(client: HITLClient, ask: Ask) -> None:
    moment = datetime(2099, 1, 1, tzinfo=UTC)
    first = put(client, ask, due_date=moment)
    assert put(client, ask, due_date=moment + timedelta(hours=1)).id == first.id


def test_another_question_under_the_same_key_is_an_error(client: HITLClient, sandbox: Sandbox) -> None:
    sandbox.reviewer.complete(put(client, REFUND), {"approved": True})
    put(client, COLOUR)
    with pytest.raises(ApprovalMismatch):
        answers(client, [evolve(REFUND, arguments={"order": "A1", "amount": 500.0})])
    with pytest.raises(InvalidRequestError):
        answers(client, [evolve(COLOUR, question="Which size?")])


@pytest.mark.parametrize("approved", [True, False])
def test_an_answer_in_place_of_the_tool_never_runs_it(client: HITLClient, sandbox: Sandbox, *, approved: bool) -> None:
    sandbox.reviewer.on(content={"action": "refund"}).complete({"approved": approved, "response": "Paid already."})
    found = answers(client, [REFUND])["call-1"]
    assert (found.decision, found.value, found.told, found.may_run) == (
        "respond",
        "Paid already.",
        "Paid already.",
        False,
    )


def test_what_the_framework_cannot_take_back_is_not_offered(client: HITLClient, sandbox: Sandbox) -> None:
    plain = evolve(REFUND, allowed=frozenset({"approve", "reject"}))
    template = client.get_template(put(client, plain).template_id)
    assert [each["name"] for each in template.fields] == ["action", "description", "arguments", "approved", "feedback"]
    assert not any(each.get("editable") for each in template.fields)


def test_a_tool_that_only_people_answer_is_not_asked_about_as_if_it_could_run(
    client: HITLClient, sandbox: Sandbox
) -> None:
    ask = evolve(REFUND, allowed=frozenset({"respond"}))
    fields = {each["name"]: each for each in client.get_template(put(client, ask).template_id).fields}
    assert "approved" not in fields
    assert fields["response"]["required"]
    found = answer_of(ask, ended(ask, sandbox, client, {"response": "By post."}))
    assert (found.decision, found.told) == ("respond", "By post.")


def ended(ask: Ask, sandbox: Sandbox, client: HITLClient, result: dict[str, Any]) -> Review:
    return sandbox.reviewer.complete(put(client, ask), result)


def test_edited_arguments_that_do_not_fit_are_an_error_and_nothing_is_answered(
    client: HITLClient, sandbox: Sandbox
) -> None:
    def check(arguments: Any) -> None:
        if not isinstance(arguments["amount"], float):
            raise TypeError("amount must be a number")

    sandbox.reviewer.on(content={"action": "refund"}).edit(arguments={"order": "A1", "amount": "all"})
    sandbox.reviewer.on(content={"action": "delete_account"}).approve()
    with pytest.raises(AnswerError, match="amount must be a number") as caught:
        answers(client, [evolve(REFUND, check=check), DELETE])
    assert caught.value.review is not None
    assert caught.value.path == "arguments"


def test_a_review_about_something_else_is_no_approval(client: HITLClient, sandbox: Sandbox) -> None:
    review = ended(REFUND, sandbox, client, {"approved": True})
    for other in (evolve(REFUND, tool="delete_account"), evolve(REFUND, arguments={"order": "A1", "amount": 500.0})):
        with pytest.raises(ApprovalMismatch):
            answer_of(other, review)


@pytest.mark.parametrize(
    "result", [{}, {"approved": "true"}, {"approved": None}, {"approved": 1}, {"approved": [True]}]
)
def test_whatever_is_unclear_is_a_rejection(client: HITLClient, sandbox: Sandbox, result: dict[str, Any]) -> None:
    review = evolve(ended(REFUND, sandbox, client, {"approved": True}), result=result)
    found = answer_of(REFUND, review)
    assert (found.decision, found.arguments) == ("reject", None)
    assert "not clearly a yes" in found.told
    assert found.refusal is not None
    assert found.refusal.kind == found.error.kind == "unclear"
    assert isinstance(found.error, ApprovalNotGiven)


def test_leave_is_not_given_where_only_an_edit_would_be(client: HITLClient, sandbox: Sandbox) -> None:
    ask = evolve(REFUND, allowed=frozenset({"edit"}))
    as_it_is = answer_of(ask, ended(ask, sandbox, client, {"approved": True}))
    assert (as_it_is.decision, as_it_is.error.kind) == ("reject", "unclear")
    less = evolve(ask, key="k:4")
    edited = answer_of(less, ended(less, sandbox, client, {"approved": True, "arguments": {"order": "A1"}}))
    assert (edited.decision, edited.arguments) == ("edit", {"order": "A1"})


def test_a_rejection_is_an_error_where_nobody_can_be_told(client: HITLClient, sandbox: Sandbox) -> None:
    review = sandbox.reviewer.reject(put(client, COLOUR), {"feedback": "None of them."})
    error = answer_of(COLOUR, review).error
    assert isinstance(error, ApprovalRejected)
    assert (error.feedback, error.review, error.key) == ("None of them.", review, COLOUR.key)


@pytest.mark.parametrize("status", ["cancelled", "expired"])
@pytest.mark.parametrize("ask", [REFUND, COLOUR])
def test_a_question_that_nobody_answered_is_a_rejection(
    client: HITLClient, sandbox: Sandbox, ask: Ask, status: str
) -> None:
    review = evolve(put(client, ask), status=status)
    found = answer_of(ask, review)
    assert found.decision == "reject"
    assert {"cancelled": "was cancelled", "expired": "expired"}[status] in found.told


def test_an_open_review_is_no_answer(client: HITLClient) -> None:
    review = put(client, COLOUR)
    with pytest.raises(ConfigurationError):
        answer_of(COLOUR, review)
    with pytest.raises(ConfigurationError):
        answer_of(REFUND, evolve(put(client, REFUND), status="in_progress"))


@pytest.mark.parametrize("change", [{"key": "k:9"}, {"id": "call-9"}])
def test_two_questions_of_one_name_are_refused_before_anybody_is_asked(
    client: HITLClient, sandbox: Sandbox, change: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError, match="the same"):
        answers(client, [REFUND, evolve(REFUND, **change)])
    assert len(client.list_reviews()) == 0


def test_keys_are_the_same_for_the_same_pause_only() -> None:
    assert key_of("langgraph", "thread-1", "i2", 0) == "langgraph:thread-1:i2:0"
    others = [("a", "b:c"), ("a:b", "c"), ("a%3Ab", "c"), ("ä", "b"), ("a" * 300, "b"), ("a" * 300, "c"), ("a b", "c")]
    keys = [key_of("langgraph", *parts) for parts in others]
    assert len(set(keys)) == len(others)
    assert all(len(key) <= 255 and key.isascii() and " " not in key for key in keys)
    assert keys == [key_of("langgraph", *parts) for parts in others]
