"""A server that lies in other ways than about the answer itself: at the creation, in edits, or by turns."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from script import answer, review
from scripted import scripted

from hitl.approval import ApprovalMismatch, ApprovalRejected, Ledger, LedgerError, require_approval
from hitl.exceptions import HITLError

FORM = {
    "id": "template_123",
    "name": "Approve",
    "fields": [{"name": "approved", "type": "boolean", "label": "Run it?", "required": True}],
}
YES = {"status": "completed", "result": {"approved": True}}


class Server:
    """A server whose creations and reads say what a test wants, besides what they must.

    Attributes:
        created: What the answer to a creation says; `read` what those to reads say, one after the other.
    """

    def __init__(self, created: dict[str, Any], *read: dict[str, Any]) -> None:
        self.created = created
        self._read = itertools.chain(read, itertools.repeat(read[-1]))
        self._content: dict[str, Any] = {}

    def __call__(self, call: Any) -> Any:
        request = call.request
        if request.path.startswith("/v1/templates"):
            return answer(200, {"success": True, "data": FORM})
        if request.method == "POST":
            self._content = json.loads(request.body)["content"]
            told = {"success": True, "data": review(**{"content": self._content, **self.created})}
            return answer(201, told, idempotency_key=request.headers["Idempotency-Key"])
        return answer(200, {"success": True, "data": review(**{"content": self._content, **next(self._read)})})


def payments(server: Server, ledger: Ledger, **settings: Any) -> tuple[Callable[..., Any], list[float]]:
    paid: list[float] = []

    @require_approval(scripted(server), ledger=ledger, template_id="template_123", timeout=60, **settings)
    def pay(amount: float) -> float:
        paid.append(amount)
        return amount

    return pay, paid


def test_the_server_of_these_tests_tells_the_truth_unless_it_lies(ledger: Ledger) -> None:
    pay, paid = payments(Server({}, YES), ledger)
    assert pay(5.0) == 5.0
    assert paid == [5.0]


@pytest.mark.parametrize("created", [YES, {**YES, "reviewer": "kim@example.com"}])
@pytest.mark.parametrize("read", [{"status": "rejected"}, {"status": "completed", "result": {"approved": False}}])
def test_a_creation_that_says_it_is_approved_is_not_believed(
    ledger: Ledger, created: dict[str, Any], read: dict[str, Any]
) -> None:
    pay, paid = payments(Server(created, read), ledger)
    with pytest.raises(ApprovalRejected):
        pay(5.0)
    assert paid == []


@pytest.mark.parametrize(
    "edits",
    [
        *([], [5.0], "amount", 5.0, True, {}, {"amount": None}, {"amount": "5.0"}, {"amount": [6.0]}, {"amount": True}),
        *({"amount": 6.0, "to": "me"}, {"Amount": 6.0}, {"amount ": 6.0}, {"action": "other", "amount": 5.0}),
    ],
    ids=repr,
)
def test_edits_that_are_none_run_nothing(ledger: Ledger, edits: Any) -> None:
    pay, paid = payments(Server({}, {**YES, "result": {"approved": True, "arguments": edits}}), ledger)
    with pytest.raises(ApprovalMismatch):
        pay(5.0)
    assert paid == []
    (row,) = ledger.approvals()
    assert row.state == "refused"


def test_an_answer_that_changes_after_it_was_read_changes_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = [{**YES, "result": {"approved": True, "arguments": {"amount": each}}} for each in (6.0, 600.0)]
    pay, paid = payments(Server({}, *read), ledger)

    def full(*_: Any) -> bool:
        raise LedgerError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "consume", full)
        with pytest.raises(LedgerError):
            pay(5.0)
    assert pay(5.0) == 6.0
    assert paid == [6.0]


def test_a_leave_that_nobody_offered_is_none(ledger: Ledger) -> None:
    pay, paid = payments(Server({}, {**YES, "result": {"approved": True, "allowance": "allowance"}}), ledger)
    pay(5.0)
    assert (paid, list(ledger.allowances())) == ([5.0], [])


@pytest.mark.parametrize("reviewer", [None, "", "  ", "\u200b", "-"])
def test_an_approval_by_nobody_is_none_where_the_asker_counts(ledger: Ledger, reviewer: str | None) -> None:
    pay, paid = payments(Server({}, {**YES, "reviewer": reviewer}), ledger, asked_by="ann@example.com")
    with pytest.raises(HITLError):
        pay(5.0)
    assert paid == []


def test_one_review_is_no_answer_to_two_questions(ledger: Ledger) -> None:
    pay, paid = payments(Server({}, YES), ledger)
    pay(5.0)
    for _ in range(3):
        with suppress(HITLError):
            pay(5.0)  # the second question, for which the server names the review of the first
        with suppress(HITLError):
            pay(6.0)
    assert paid == [5.0]
