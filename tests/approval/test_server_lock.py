"""The server as a second lock: an approval is used once, also by programs that do not share a ledger."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from hitl.approval import ApprovalConsumed, ApprovalMismatch, SQLiteLedger, require_approval
from hitl.exceptions import HITLError, ServerError
from hitl.testing import Sandbox

RUN = {"claim": "c-1", "call": "d-1"}


@pytest.fixture(autouse=True)
def approving(sandbox: Sandbox) -> None:
    sandbox.reviewer.on().approve()


def refund(sandbox: Sandbox, ledger: Path, ran: list[str]) -> str | HITLError:
    """Call a gated function in a scope, with a client and a ledger of its own; return its result, or its error."""

    def refund(order: str) -> str:
        ran.append(order)
        return f"paid {order}"

    with sandbox.client(max_retries=0) as client, client.idempotency_scope("order-7"):
        try:
            return require_approval(client, ledger=SQLiteLedger(ledger))(refund)("o-7")
        except HITLError as error:
            return error


# --- the gate --------------------------------------------------------------------------------------------------------


def test_an_approval_that_another_ledger_has_used_is_not_used_again(sandbox: Sandbox, tmp_path: Path) -> None:
    ran: list[str] = []
    assert refund(sandbox, tmp_path / "lost.db", ran) == "paid o-7"
    for _ in range(2):
        assert isinstance(refund(sandbox, tmp_path / "new.db", ran), ApprovalConsumed)
    assert refund(sandbox, tmp_path / "lost.db", ran) == "paid o-7"  # the result that this ledger has kept
    assert ran == ["o-7"]
    (row,) = SQLiteLedger(tmp_path / "new.db").approvals()
    assert (row.state, row.outcome and row.outcome.note) == ("failed", "did not begin")


def test_of_many_ledgers_one_runs(sandbox: Sandbox, tmp_path: Path) -> None:
    ran: list[str] = []
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda number: refund(sandbox, tmp_path / f"{number}.db", ran), range(4)))
    assert (found.count("paid o-7"), ran) == (1, ["o-7"])
    assert sum(isinstance(each, ApprovalConsumed) for each in found) == 3


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_coroutine_functions_are_locked_alike(sandbox: Sandbox, tmp_path: Path, backend: str) -> None:
    ran: list[str] = []

    async def call(ledger: str) -> None:
        async def refund(order: str) -> None:
            ran.append(order)

        async with sandbox.async_client() as client:
            with client.idempotency_scope("order-7"):
                await require_approval(client, ledger=SQLiteLedger(tmp_path / ledger))(refund)("o-7")

    async def main() -> None:
        await call("one.db")
        with pytest.raises(ApprovalConsumed):
            await call("other.db")

    anyio.run(main, backend=backend)
    assert ran == ["o-7"]


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_without_the_operation_leaves_it_to_the_ledger(sandbox: Sandbox, tmp_path: Path, status: int) -> None:
    sandbox.faults.next(status, method="PUT", code="no_such_operation")
    sandbox.faults.next(500, method="PUT")  # it is not tried again
    gated = require_approval(sandbox.client(), ledger=SQLiteLedger(tmp_path / "approvals.db"))(lambda order: order)
    assert (gated("o-7"), gated("o-8")) == ("o-7", "o-8")


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (500, None, ServerError),
        (404, "review_not_found", HITLError),
        (409, "not_approved", ApprovalMismatch),
        (409, "already_consumed", ApprovalConsumed),
    ],
)
def test_whatever_else_the_server_says_nothing_runs(
    sandbox: Sandbox, tmp_path: Path, status: int, code: str | None, error: type[HITLError]
) -> None:
    ran: list[str] = []
    sandbox.faults.next(status, method="PUT", code=code)
    assert isinstance(refund(sandbox, tmp_path / "approvals.db", ran), error)
    (row,) = SQLiteLedger(tmp_path / "approvals.db").approvals()
    assert (ran, row.state, row.outcome and row.outcome.note) == ([], "failed", "did not begin")


# --- the operation ---------------------------------------------------------------------------------------------------


def consume(sandbox: Sandbox, review_id: str, body: Any) -> tuple[int, str | None]:
    """Return the status and the code of the answer."""
    headers = {"Authorization": f"Bearer {sandbox.api_key}"}
    told = httpx.put(f"{sandbox.base_url}/v1/reviews/{review_id}/consumption", json=body, headers=headers)
    return told.status_code, told.json().get("error", {}).get("code")


def test_the_same_run_may_take_it_again_and_no_other(sandbox: Sandbox) -> None:
    client = sandbox.client()
    review = client.create_review("content_review", {"text": "A draft"})
    assert consume(sandbox, review.id, RUN) == consume(sandbox, review.id, RUN) == (200, None)
    for other in ({**RUN, "claim": "c-2"}, {**RUN, "call": "d-2"}):
        assert consume(sandbox, review.id, other) == (409, "already_consumed")
    before = client.wait_for_review(review.id)
    assert client.get_review(review.id) == before  # it is no change of the review


def test_a_request_of_another_form_and_an_unknown_review_are_refused(sandbox: Sandbox) -> None:
    review = sandbox.client().create_review("content_review", {"text": "A draft"})
    for body in ({}, {"claim": "c-1"}, {**RUN, "claim": ""}, {**RUN, "claim": 7}, {**RUN, "more": 1}, []):
        assert consume(sandbox, review.id, body) == (400, "validation_error")
    assert consume(sandbox, "rev_0", RUN) == (404, "review_not_found")


def test_neither_a_no_nor_an_open_question_can_be_taken() -> None:
    with Sandbox() as sandbox:
        sandbox.reviewer.on(content={"text": "open"}).never()
        sandbox.reviewer.on(content={"text": "no"}).reject(feedback="No")
        for text in ("open", "no"):
            review = sandbox.client().create_review("content_review", {"text": text})
            assert consume(sandbox, review.id, RUN) == (409, "not_approved")
