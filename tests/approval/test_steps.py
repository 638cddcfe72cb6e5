"""Interruptions of the gate: at each line, and at random moments, nothing runs twice and nothing is forgotten."""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import anyio
import pytest
from own_thread import in_own_thread

import hitl.approval
from hitl import HITLClient
from hitl.approval import OutcomeUnknown, SQLiteLedger, require_approval
from hitl.testing import Sandbox

ROOM = str(Path(hitl.approval.__file__).parent)


class Interrupted(KeyboardInterrupt):
    pass


class Tracer:
    """Raises at the n-th line that is executed in the room, as a Ctrl-C would."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(ROOM):
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                raise Interrupted
        return self


@in_own_thread
def test_a_ctrl_c_at_any_line_never_runs_anything_twice(sandbox: Sandbox, client: HITLClient, tmp_path: Path) -> None:
    sandbox.reviewer.on().approve()
    ran: list[int] = []
    is_interrupted, line = True, 0
    while is_interrupted:
        line += 11
        ledger = SQLiteLedger(tmp_path / f"{line}.db")

        @require_approval(client, ledger=ledger)
        def pay(number: int) -> None:
            ran.append(number)

        sys.settrace(Tracer(line))
        try:
            pay(line)
            is_interrupted = False
        except Interrupted:
            pass
        finally:
            sys.settrace(None)
        states, times = [each.state for each in ledger.approvals()], ran.count(line)
        assert times <= 1
        if states in (["asked"], ["answered"]):
            assert times == 0
        if states in (["consumed"], ["unknown"]):
            with pytest.raises(OutcomeUnknown):
                pay(line)
            assert ran.count(line) == times
    assert (states, times) == (["finished"], 1)
    assert line > 200


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancellation_at_any_moment_leaves_nothing_in_doubt_that_did_not_begin(
    sandbox: Sandbox, tmp_path: Path, backend: str
) -> None:
    sandbox.reviewer.on().approve()
    ledger = SQLiteLedger(tmp_path / "approvals.db")
    ran: list[int] = []

    async def main() -> None:
        async with sandbox.async_client() as client:

            @require_approval(client, ledger=ledger)
            async def pay(number: int) -> None:
                ran.append(number)

            await pay(-1)  # connected, and the form is known
            for number in range(40):
                with anyio.move_on_after(number / 1000):
                    await pay(number)

    anyio.run(main, backend=backend)
    assert len(ran) == len(set(ran))
    for row in ledger.approvals():
        number = row.arguments["number"]
        assert row.state not in ("consumed", "unknown")
        assert (row.state == "finished") == (number in ran)


def test_a_task_that_is_cancelled_waits_for_its_transaction(sandbox: Sandbox, tmp_path: Path) -> None:
    async def main() -> None:
        begun, release = threading.Event(), threading.Event()

        class Slow(SQLiteLedger):
            def consume(self, *arguments: Any) -> bool:
                begun.set()
                release.wait(30)
                return super().consume(*arguments)

        ledger = Slow(tmp_path / "approvals.db")
        sandbox.reviewer.on().approve()
        async with sandbox.async_client() as client:

            @require_approval(client, ledger=ledger)
            async def pay() -> None:
                pytest.fail("ran")

            task = asyncio.ensure_future(pay())
            await asyncio.to_thread(begun.wait, 30)
            task.cancel()
            task.cancel()
            asyncio.get_running_loop().call_later(0.05, release.set)
            with pytest.raises(asyncio.CancelledError):
                await task
        (row,) = ledger.approvals()
        assert (row.state, row.outcome and row.outcome.note) == ("failed", "did not begin")

    anyio.run(main)
