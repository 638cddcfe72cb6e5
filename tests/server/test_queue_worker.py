"""The loop of a queue by itself, over a queue in memory; those of webhooks and messages are tested with their rooms."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from hitl.server.migrations import MIGRATIONS
from hitl.server.primitives import Clock
from hitl.server.queue_worker import Job, QueueWorker
from hitl.server.storage import IN_MEMORY, Database

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Queue(QueueWorker[Job, str]):
    """Jobs with their due times, and what became of them; each attempt waits for `let_go`."""

    jobs = "jobs"
    most_at_target = 2

    def __init__(self, database: Database, clock: Clock, due: dict[Job, datetime]) -> None:
        super().__init__(database, clock)
        self.due = due
        self.started: list[str] = []
        self.ended: list[tuple[str, str]] = []
        self.let_go = asyncio.Event()

    def _maintain(self, now: datetime) -> None:
        pass

    def _next(self) -> Job | None:
        now, full = self._clock(), self._full_targets()
        due = (job for job, at in self.due.items() if at <= now and job.number not in self._under_way)
        return next((job for job in due if job.target not in full), None)

    def _next_due(self, now: datetime) -> datetime | None:
        return min((at for at in self.due.values() if at > now), default=None)

    async def _attempt(self, job: Job, /) -> str:
        self.started.append(job.id)
        await self.let_go.wait()
        if "broken" in job.id:
            raise KeyError(job.id)
        return "done"

    def _failure(self, why: str) -> str:
        return why

    def _record(self, job: Job, outcome: str, now: datetime, /) -> None:
        del self.due[job]
        self.ended.append((job.id, outcome))

    async def work_off(self) -> None:
        """Run until the queue is empty."""
        running = asyncio.create_task(self.run())
        while self.due:  # noqa: ASYNC110 - as in the other tests, what is left is all there is to see
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def database() -> Iterator[Database]:
    with closing(Database(IN_MEMORY, MIGRATIONS)) as database:
        yield database


def test_what_falls_due_during_a_look_is_found_by_the_next_one(database: Database) -> None:
    moments = (NOON + timedelta(seconds=seconds) for seconds in range(1_000_000))  # each look at the clock takes one

    async def work() -> list[tuple[str, str]]:
        due = NOON + timedelta(seconds=2.5)  # after the look for due jobs, and before that at the clock for the rest
        queue = Queue(database, Clock(lambda: next(moments)), {Job(1, "job_1", "target"): due})
        queue.let_go.set()
        await queue.work_off()
        return queue.ended

    # It would wait for 30 seconds, the longest rest.
    assert asyncio.run(asyncio.wait_for(work(), 20)) == [("job_1", "done")]


def test_a_target_that_hangs_does_not_block_the_others(database: Database) -> None:
    jobs = [Job(number, f"job_{number}", "a" if number < 5 else "b") for number in range(1, 7)]

    async def work() -> tuple[list[str], int]:
        queue = Queue(database, Clock(lambda: NOON), dict.fromkeys(jobs, NOON))
        working = asyncio.create_task(queue.work_off())
        while len(queue.started) < 4:  # noqa: ASYNC110 - nothing else tells
            await asyncio.sleep(0)
        started = queue.started.copy()
        queue.let_go.set()
        await working
        return started, len(queue.ended)

    assert asyncio.run(asyncio.wait_for(work(), 60)) == (["job_1", "job_2", "job_5", "job_6"], 6)


def test_a_bug_is_the_outcome_of_its_attempt_alone(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> dict[str, str]:
        jobs = [Job(1, "broken_1", "a"), Job(2, "job_2", "a")]
        queue = Queue(database, Clock(lambda: NOON), dict.fromkeys(jobs, NOON))
        queue.let_go.set()
        await queue.work_off()
        return dict(queue.ended)

    outcomes = asyncio.run(asyncio.wait_for(work(), 60))
    assert outcomes == {"broken_1": "the server failed (KeyError); its log says why", "job_2": "done"}
    assert "the attempt of broken_1 failed" in caplog.text


def test_what_was_under_way_is_attempted_again_by_the_next_run(database: Database) -> None:
    queue = Queue(database, Clock(lambda: NOON), {Job(1, "job_1", "a"): NOON})

    async def be_stopped() -> None:
        running = asyncio.create_task(queue.run())
        while not queue.started:  # noqa: ASYNC110 - nothing else tells
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def work() -> None:
        queue.let_go = asyncio.Event()  # of this event loop
        queue.let_go.set()
        await queue.work_off()

    asyncio.run(asyncio.wait_for(be_stopped(), 60))
    assert queue.ended == []
    asyncio.run(asyncio.wait_for(work(), 60))
    assert (queue.started, queue.ended) == (["job_1", "job_1"], [("job_1", "done")])
