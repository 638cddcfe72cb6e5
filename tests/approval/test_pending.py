"""Questions that outlive the process that asked them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from hitl import HITLClient
from hitl.approval import (
    ApprovalConsumed,
    ApprovalMismatch,
    Ledger,
    SQLiteLedger,
    require_approval,
    resume,
    submit,
)
from hitl.exceptions import ConfigurationError
from hitl.testing import Sandbox


def test_a_question_is_asked_now_and_answered_later(sandbox: Sandbox, client: HITLClient, ledger: Ledger) -> None:
    @require_approval(client, ledger=ledger)
    def refund(order: str) -> str:
        return f"paid {order}"

    sandbox.reviewer.on().never()
    pending, again = submit(refund, "o-7"), submit(refund, order="o-7")
    assert (pending.key, pending.review_id) == (again.key, again.review_id)
    (review,) = sandbox.reviewer.pending()
    sandbox.reviewer.complete(review, {"approved": True})
    assert pending.result() == "paid o-7"
    with pytest.raises(ApprovalConsumed):
        again.result()


def test_in_a_scope_the_question_and_its_result_count_once(
    sandbox: Sandbox, client: HITLClient, ledger: Ledger
) -> None:
    @require_approval(client, ledger=ledger)
    def refund(order: str) -> str:
        return f"paid {order}"

    sandbox.reviewer.on().approve()
    with client.idempotency_scope("order-7"):
        assert submit(refund, "o-7").result() == "paid o-7"
    sandbox.reviewer.asked(times=1)


def test_a_token_carries_the_wait_elsewhere(sandbox: Sandbox, client: HITLClient, file_ledger: SQLiteLedger) -> None:
    def refund(order: str) -> str:
        return f"paid {order}"

    sandbox.reviewer.on().approve()
    token = submit(require_approval(client, ledger=file_ledger)(refund), "o-7").token()
    with sandbox.client() as another:
        gated = require_approval(another, ledger=SQLiteLedger(file_ledger.path))(refund)
        with pytest.raises(ApprovalMismatch):
            resume(token, gated, "o-8")
        assert resume(token, gated, "o-7").result() == "paid o-7"
        with pytest.raises(ApprovalConsumed):
            resume(token, gated, "o-7").result()
        for wrong in ("", "abc", token[:-8], "e30"):
            with pytest.raises(ConfigurationError):
                resume(wrong, gated, "o-7")
    elsewhere = require_approval(client, ledger=SQLiteLedger(file_ledger.path.with_name("other.db")))(refund)
    with pytest.raises(ApprovalMismatch, match="knows no approval"):
        resume(token, elsewhere, "o-7")


def test_coroutine_functions_are_submitted_alike(sandbox: Sandbox, ledger: Ledger) -> None:
    async def main() -> None:
        sandbox.reviewer.on().approve()
        async with sandbox.async_client() as client:

            @require_approval(client, ledger=ledger)
            async def refund(order: str) -> str:
                return f"paid {order}"

            pending = await submit(refund, "o-7")
            assert await (await resume(pending.token(), refund, "o-7")).result() == "paid o-7"

    anyio.run(main)


def test_only_gated_functions_are_submitted() -> None:
    with pytest.raises(TypeError, match="not gated"):
        submit(len, "o-7")


AGENT = """
import os, sys
from hitl import HITLClient
from hitl.approval import require_approval
client = HITLClient()

@require_approval(client)
def pay(number: int) -> int:
    with open(sys.argv[1], "a") as file:
        file.write(f"{number}\\n")
    return number

with client.idempotency_scope("run-1"):
    for number in range(int(sys.argv[2])):
        pay(number)
print("done")
"""


def test_a_program_that_is_killed_again_and_again_asks_and_runs_each_once(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.reviewer.on().approve()
    program, ran = tmp_path / "agent.py", tmp_path / "ran"
    program.write_text(AGENT)
    ran.touch()
    settings = {
        "HITL_API_KEY": sandbox.api_key,
        "HITL_BASE_URL": sandbox.base_url,
        "HITL_LEDGER": str(tmp_path / "approvals.db"),
    }
    command = [sys.executable, str(program), str(ran), "12"]
    for lines in range(1, 12, 3):  # killed each time when it has got some further
        process = subprocess.Popen(command, env=settings, stdout=subprocess.PIPE)
        while process.poll() is None and len(ran.read_text().split()) < lines:
            pass
        process.kill()
        process.communicate()
    ledger = SQLiteLedger(tmp_path / "approvals.db")
    from hitl.approval.ledger import Outcome

    for row in ledger.approvals(states=["consumed"]):  # what was killed in between, a person looks at
        ledger.settle(row.key, None, "finished", Outcome(None, is_kept=True, by="kim"))
    done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "done\n"
    lines_ = ran.read_text().split()
    assert len(lines_) == len(set(lines_))
    assert len(sandbox.reviewer.asked()) == 12
