"""The background worker that sends what is planned and due.

Its state is in the database: a message is sent only when that is recorded, so that each arrives at least once, whenever
the process dies. The row and the review are read again before a message leaves.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from hitl.server.notifications.channel_store import ChannelStore
from hitl.server.notifications.letters import DroppedError, Letters
from hitl.server.notifications.message_store import MessageStore
from hitl.server.notifications.model import Letter, Limits, Outcome, Planned, Sender
from hitl.server.notifications.planner import Planner
from hitl.server.notifications.rates import Rates
from hitl.server.primitives import Clock, from_wire, to_wire
from hitl.server.storage import Database, StorageError, running_loop

PAUSES: Final = (
    timedelta(seconds=15),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
"""The pauses after failed attempts; the last one again and again, until the message's time has passed."""

FAILURES: Final = 3
"""Attempts in a row after whose failure a channel is failing, and only tried now and then."""

PROBE: Final = timedelta(minutes=10)
"""Between two attempts at a failing channel."""

KEPT_DAYS: Final = 90
"""Days for which the log keeps messages that ended."""

_MOST: Final = 16  # attempts at a time
_MOST_IN_CHANNEL: Final = 2
_LONGEST: Final = 30.0
_AFTER_ERROR: Final = 5.0
_PATIENCE: Final = 5.0
_MAINTENANCE: Final = timedelta(minutes=10)

_log = logging.getLogger("hitl.server")


class Worker:
    """Attempts what is due, several messages at a time, those of one reader about one review in their order."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        planner: Planner,
        letters: Letters,
        make_sender: Callable[[], Sender],
        limits: Limits | None,
        *,
        pause: float = _AFTER_ERROR,
    ) -> None:
        """Prepare to send by what `make_sender` returns, once it runs; `pause` is in seconds, after a failed write."""
        self._database = database
        self._clock = clock
        self._planner = planner
        self._letters = letters
        self._make_sender = make_sender
        self._limits = limits
        self._pause = pause
        self._messages = MessageStore(database)
        self._channels = ChannelStore(database)
        self._rates = Rates(limits)
        self._under_way: dict[int, Planned] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._maintained: datetime | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._awake = asyncio.Event()
        self._quiet = asyncio.Event()

    async def run(self) -> None:
        """Work until cancelled; the next server with the same data repeats the attempts under way."""
        self._loop = asyncio.get_running_loop()
        self._awake, self._quiet = asyncio.Event(), asyncio.Event()  # those of an earlier run belong to its loop
        leave_clock = self._clock.on_advance(self.settle, due=self._next_stop)
        sender = self._make_sender()
        try:
            while True:
                try:
                    await self._work(sender)
                except StorageError as error:
                    _log.error("the messages cannot be read (%s); this is tried again in %g s", error, self._pause)
                    await asyncio.sleep(self._pause)
        finally:
            leave_clock()
            self._loop = None
            await self._stop(sender)

    def wake(self) -> None:
        """Check soon for due messages; any thread may call this, also inside a transaction."""
        loop = self._loop
        if loop is not None and loop is running_loop():
            self._awake.set()
        elif loop is not None:
            with suppress(RuntimeError):  # the loop was closed between the lines, when the server ends
                loop.call_soon_threadsafe(self._awake.set)

    def plan_digests(self) -> None:
        """Plan the digests of new rules."""
        with self._database.transaction():
            self._planner.plan_digests(self._clock())
        self.wake()

    def settle(self, patience: float = _PATIENCE) -> None:
        """Return when everything due has been attempted, unless called from the event loop's own thread.

        It waits for `patience` seconds at most: a receiver may hang. The attempt then goes on in the background.
        """
        loop = self._loop
        if loop is None or loop is running_loop():
            self.wake()
            return
        with suppress(TimeoutError, CancelledError):
            asyncio.run_coroutine_threadsafe(self._become_quiet(), loop).result(patience)

    async def _become_quiet(self) -> None:
        self._quiet.clear()
        self._awake.set()
        await self._quiet.wait()

    async def _work(self, sender: Sender) -> None:
        self._awake.clear()
        self._maintain(self._clock())
        self._start_what_is_due(sender)
        if not self._tasks:
            self._quiet.set()
        due = self._next_due()
        left = _LONGEST if due is None else (due - self._clock()).total_seconds()
        # Not wait_for: before Python 3.12 it may lose a cancellation that comes at the moment of the event.
        with suppress(TimeoutError):
            async with asyncio.timeout(min(_LONGEST, max(0.001, left))):
                await self._awake.wait()

    def _maintain(self, now: datetime) -> None:
        if self._maintained is not None and self._maintained <= now < self._maintained + _MAINTENANCE:
            return
        self._maintained = now
        with self._database.transaction():
            self._messages.give_up(to_wire(now))
            self._messages.delete_ended(to_wire(now - timedelta(days=KEPT_DAYS)))
            self._planner.plan_digests(now)

    def _start_what_is_due(self, sender: Sender) -> None:
        while len(self._under_way) < _MOST:
            now = self._clock()
            with self._database.lock:
                row = self._messages.next(
                    to_wire(now),
                    under_way=self._under_way,
                    channels=self._full_channels(now),
                    lanes=self._rates.busy(now),
                )
                if row is None:
                    return
                # As one transaction, with the review and the row as they are now.
                letter = self._opened(row, now)
            if letter is not None:
                self._rates.take(row.lane, now)
                self._under_way[row.number] = row
                task = asyncio.create_task(self._attempt(sender, row, letter))
                self._tasks.add(task)
                task.add_done_callback(self._finish)

    def _opened(self, row: Planned, now: datetime) -> Letter | None:
        """Return the letter of a due message; None if there is none to send."""
        self._letters.carry_out_what_is_due()
        if self._messages.get(row.number) is None:  # that has ended its review
            return None
        try:
            with self._database.transaction():
                if not row.lane:
                    self._planner.expand(row, self._letters.review_of(row), now)
                    return None
                return self._letters.compose(row)
        except DroppedError as why:
            state, reason = "dropped", str(why)
        except StorageError:
            raise
        except Exception as error:  # a message that cannot be made must not stop the others
            _log.exception("message %s cannot be made", row.id)
            state, reason = "failed", f"it could not be made ({type(error).__name__}); the server's log says why"
        with self._database.transaction():
            self._messages.end(row.number, state, to_wire(now), reason)
        return None

    async def _attempt(self, sender: Sender, row: Planned, letter: Letter) -> None:
        try:
            outcome = await sender.send(letter)
        except Exception as error:  # a bug must not stop the worker, nor be retried without a pause
            _log.exception("message %s failed", row.id)
            outcome = Outcome("retry", f"the server failed ({type(error).__name__}); its log says why")
        # An attempt that cannot be recorded, because the disk is full, stays under way, so that it is not repeated.
        while not self._is_recorded(row, outcome):  # noqa: ASYNC110 - there is no event for free disk space
            await asyncio.sleep(self._pause)
        del self._under_way[row.number]

    def _is_recorded(self, row: Planned, outcome: Outcome) -> bool:
        now = self._clock()
        try:
            with self._database.transaction():
                self._record_message(row, outcome, now)
                self._record_channel(row, outcome, now)
        except StorageError as error:
            _log.error("an attempt could not be recorded (%s); this is tried again in %g s", error, self._pause)
            return False
        return True

    def _record_message(self, row: Planned, outcome: Outcome, now: datetime) -> None:
        again = now + PAUSES[min(row.tries, len(PAUSES) - 1)]
        if outcome.result == "retry" and again < from_wire(row.ends_at):
            self._messages.retry(row.number, to_wire(again), outcome.error)
            return
        state = "sent" if outcome.result == "sent" else "failed"
        self._messages.end(row.number, state, to_wire(now), outcome.error or None)
        if state == "failed":
            _log.warning("message %s was not sent: %s", row.id, outcome.error)

    def _record_channel(self, row: Planned, outcome: Outcome, now: datetime) -> None:
        if outcome.result != "sent":
            self._channels.failed(row.channel_id, outcome.error, most=FAILURES, probe_at=to_wire(now + PROBE))
            return
        channel = self._channels.get(row.channel_id)
        self._channels.succeeded(row.channel_id, to_wire(now))
        if channel is not None and channel.state == "failing" and self._limits is not None:
            # What has waited meanwhile arrives as one message where it is much.
            for each in self._messages.crowded(row.channel_id, to_wire(now), self._limits.burst):
                self._planner.digest(each, now, now)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._awake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("an attempt could not be recorded; it is made again after a restart", exc_info=error)

    async def _stop(self, sender: Sender) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await sender.close()
        self._quiet.set()

    def _full_channels(self, now: datetime) -> list[str]:
        attempts = Counter(row.channel_id for row in self._under_way.values())
        full = {channel_id for channel_id, count in attempts.items() if count >= _MOST_IN_CHANNEL}
        for channel in self._channels.failing():
            waits = channel.probe_at is not None and from_wire(channel.probe_at) > now
            if waits or channel.id in attempts:
                full.add(channel.id)
        return list(full)

    def _next_stop(self) -> datetime | None:
        """Return where an advancing clock must stop; attempts under way must end first, since they decide that."""
        self.settle()
        return self._next_due()

    def _next_due(self) -> datetime | None:
        now = self._clock()
        with self._database.lock:
            due_at = self._messages.next_due(to_wire(now))
            probes = [from_wire(each.probe_at) for each in self._channels.failing() if each.probe_at is not None]
        times = [*probes, *([] if due_at is None else [from_wire(due_at)])]
        if free := self._rates.next_free(now):
            times.append(free)
        return min((each for each in times if each > now), default=None)
