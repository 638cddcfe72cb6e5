"""The loop of a queue that is kept in the database: start what is due, record what became of it, wait for more.

An attempt that was under way when the process died is made again, and a job is finished only when that is recorded. So
each is done at least once.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import Counter
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

from hitl.server.primitives import Clock
from hitl.server.storage import Database, StorageError, running_loop

AFTER_ERROR: Final = 5.0
"""Seconds after which a failed read or write is tried again."""

_MOST: Final = 16
"""Maximum number of concurrent attempts."""

_LONGEST: Final = 30.0
"""Maximum seconds between two looks, because the clock of the machine may be set forward in between."""

_SHORTEST: Final = 0.001  # never spin, whatever the server's clock does

_PATIENCE: Final = 5.0
"""Seconds for which moving the clock waits for receivers; one may hang, or live in the very thread that moves the
clock. The attempt then continues in the background."""

_log = logging.getLogger("hitl.server")


@dataclass(frozen=True, slots=True)
class Job:
    """A due row of a queue."""

    number: int
    id: str
    """Its name in the log."""

    target: str
    """Where it goes to; a target takes a few jobs at a time, so that one that hangs does not block the others."""


JobT = TypeVar("JobT", bound=Job)
OutcomeT = TypeVar("OutcomeT")


class QueueWorker(ABC, Generic[JobT, OutcomeT]):
    """Attempts the due jobs of one queue, several at a time; a subclass knows its rows, and what an outcome means."""

    jobs: str
    """What the log calls the jobs, such as "deliveries"."""

    most_at_target: int
    """Maximum number of concurrent attempts at one target."""

    def __init__(self, database: Database, clock: Clock, *, pause: float = AFTER_ERROR) -> None:
        """Prepare to work; a failed read or write is tried again after `pause` seconds."""
        self._database = database
        self._clock = clock
        self._pause = pause
        self._under_way: dict[int, JobT] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._awake = asyncio.Event()
        self._quiet = asyncio.Event()

    # What a queue is

    @abstractmethod
    def _maintain(self, now: datetime) -> None:
        """Do what is necessary from time to time; called before each look for due jobs."""

    @abstractmethod
    def _next(self) -> JobT | None:
        """Return what has been due longest, not under way, nor for a full target; None if there is no such job."""

    @abstractmethod
    def _next_due(self, now: datetime) -> datetime | None:
        """Return when, after now, there may be another job to attempt; None if nothing is planned."""

    @abstractmethod
    async def _attempt(self, job: JobT, /) -> OutcomeT:
        """Make one attempt."""

    @abstractmethod
    def _failure(self, why: str) -> OutcomeT:
        """Return the outcome of an attempt that is made again, because a bug prevented it."""

    @abstractmethod
    def _record(self, job: JobT, outcome: OutcomeT, now: datetime, /) -> None:
        """Write what became of an attempt, and when the next one is due; called in a transaction."""

    def _full_targets(self) -> set[str]:
        attempts = Counter(job.target for job in self._under_way.values())
        return {target for target, count in attempts.items() if count >= self.most_at_target}

    # The loop

    async def run(self) -> None:
        """Work until cancelled; the next server with the same data repeats the attempts under way."""
        self._loop = asyncio.get_running_loop()
        # Those of an earlier run belong to its loop, and what was under way then is attempted again.
        self._awake, self._quiet = asyncio.Event(), asyncio.Event()
        self._under_way.clear()
        leave_clock = self._clock.on_advance(self.settle, due=self._next_stop)
        try:
            while True:
                try:
                    await self._work()
                except StorageError as error:
                    _log.error("the %s cannot be read (%s); this is tried again in %g s", self.jobs, error, self._pause)
                    await asyncio.sleep(self._pause)
        finally:
            leave_clock()
            self._loop = None
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._quiet.set()

    def wake(self) -> None:
        """Look soon for due jobs; any thread may call this, also inside a transaction."""
        loop = self._loop
        if loop is not None and loop is running_loop():
            self._awake.set()
        elif loop is not None:
            with suppress(RuntimeError):  # the loop was closed between the lines, when the server ends
                loop.call_soon_threadsafe(self._awake.set)

    def settle(self, patience: float = _PATIENCE) -> None:
        """Return when everything due has been attempted, or after `patience` seconds.

        Called from the event loop's own thread, it only wakes the worker.
        """
        loop = self._loop
        if loop is None or loop is running_loop():
            self.wake()
            return
        # Cancelled when the server ends in the meantime.
        with suppress(TimeoutError, CancelledError):
            asyncio.run_coroutine_threadsafe(self._become_quiet(), loop).result(patience)

    async def _become_quiet(self) -> None:
        self._quiet.clear()
        self._awake.set()
        await self._quiet.wait()

    async def _work(self) -> None:
        """Start what is due, and wait until there may be more."""
        self._awake.clear()
        self._maintain(self._clock())
        looked_at = self._start_what_is_due()
        if not self._tasks:
            self._quiet.set()
        due = self._next_due(looked_at)
        left = _LONGEST if due is None else (due - self._clock()).total_seconds()
        # Not wait_for: before Python 3.12 it may lose a cancellation that comes at the moment of the event.
        with suppress(TimeoutError):
            async with asyncio.timeout(min(_LONGEST, max(_SHORTEST, left))):
                await self._awake.wait()

    def _start_what_is_due(self) -> datetime:
        """Return the time of the last look: what has become due since then is not started."""
        while True:
            looked_at = self._clock()
            if len(self._under_way) >= _MOST or (job := self._next()) is None:
                return looked_at
            self._under_way[job.number] = job
            task = asyncio.create_task(self._carry_out(job))
            self._tasks.add(task)
            task.add_done_callback(self._finish)

    async def _carry_out(self, job: JobT) -> None:
        try:
            outcome = await self._attempt(job)
        except Exception as error:  # a bug must not stop the worker, nor be retried without a pause
            _log.exception("the attempt of %s failed", job.id)
            outcome = self._failure(f"the server failed ({type(error).__name__}); its log says why")
        ended = self._clock()
        # An attempt that cannot be recorded, because the disk is full, stays under way, so that it is not repeated.
        while job.number in self._under_way:
            try:
                with self._database.transaction():
                    self._record(job, outcome, ended)
                del self._under_way[job.number]
            except StorageError as error:
                _log.error("an attempt could not be recorded (%s); this is tried again in %g s", error, self._pause)
                await asyncio.sleep(self._pause)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._awake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("an attempt could not be recorded; it is made again after a restart", exc_info=error)

    def _next_stop(self) -> datetime | None:
        """Return where an advancing clock must stop; attempts under way must end first, since they decide that."""
        self.settle()
        return self._next_due(self._clock())
