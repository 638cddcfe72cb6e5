"""Workflows that ask people, and a worker for them: `python temporal_worker.py TARGET QUEUE` runs it until it is killed.

It is a module of its own because Temporal's sandbox imports it again for each workflow.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from hitl import AsyncHITLClient
from hitl.integrations.asks import Answer, Question, ToolCall
from hitl.integrations.temporal import WorkflowOptions, activities, answers, ask, decide

SHORT = timedelta(seconds=5)


@activity.defn
async def refund(order: str, amount: float) -> str:
    """Write into the file that LEDGER names, in one piece."""
    await asyncio.to_thread(_write, Path(os.environ["LEDGER"]), f"{order} {amount:g}\n")
    return f"refunded {amount:g}"


def _write(file: Path, line: str) -> None:
    with file.open("a") as ledger:
        ledger.write(line)


async def paid_back(answer: Answer) -> str:
    if answer.decision not in {"approve", "edit"} or answer.arguments is None:
        return answer.told
    paid: str = await workflow.execute_activity(
        refund, args=[answer.arguments["order"], answer.arguments["amount"]], start_to_close_timeout=SHORT
    )
    return paid


def positive(arguments: Mapping[str, Any]) -> None:
    if arguments["amount"] <= 0:
        raise ValueError("amount must be positive")


@workflow.defn
class Refund:
    """Pays back what a person allows."""

    @workflow.run
    async def run(self, order: str, amount: float, options: dict[str, Any]) -> str:
        how: WorkflowOptions = {"activity_timeout": SHORT, **options}  # type: ignore[typeddict-item]
        return await paid_back(await decide("refund", {"order": order, "amount": amount}, check=positive, **how))


@workflow.defn
class Both:
    """Asks about two calls and a question at once."""

    @workflow.run
    async def run(self) -> dict[str, str]:
        key = workflow.info().workflow_id
        calls = [
            ToolCall(id=order, key=f"{key}:{order}", tool="refund", arguments={"order": order, "amount": 50.0})
            for order in ("A1", "B2")
        ]
        found = await answers([*calls, Question(id="why", key=f"{key}:why", question="Why?")])
        return {"A1": await paid_back(found["A1"]), "B2": await paid_back(found["B2"]), "why": found["why"].value}


@dataclass
class Party:
    """Whom to expect."""

    guests: int
    vegetarian: bool = False


@workflow.defn
class Dinner:
    """Asks one question after the other."""

    @workflow.run
    async def run(self) -> list[Any]:
        going = await ask("Shall we go?", timeout=3600)
        party = await ask("Who comes?", returns=Party, context={"place": "Luigi's"})
        return [going, isinstance(party, Party), party.guests + 1, await ask("Where?", returns=str)]


@asynccontextmanager
async def working(temporal: Client, queue: str, hitl: AsyncHITLClient) -> AsyncGenerator[Worker]:
    restrictions = SandboxRestrictions.default.with_passthrough_modules("hitl")
    async with Worker(
        temporal,
        task_queue=queue,
        workflows=[Refund, Both, Dinner],
        activities=[*activities(hitl), refund],
        build_id="test",  # the default is a digest of all code, which takes seconds
        workflow_runner=SandboxedWorkflowRunner(restrictions=restrictions),
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),  # a killed worker delays nothing for long
    ) as worker:
        yield worker


async def _work(target: str, queue: str) -> None:
    async with AsyncHITLClient() as hitl, working(await Client.connect(target), queue, hitl):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_work(*sys.argv[1:]))
