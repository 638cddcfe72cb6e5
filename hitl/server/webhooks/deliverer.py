"""The background worker that makes the deliveries, and maintains them: when the clock was set back, and when old."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Literal

from hitl.server.primitives import Clock, to_wire
from hitl.server.sealing import SealedError, Sealer
from hitl.server.storage import Database, Outbox, StorageError, running_loop
from hitl.server.webhooks.delivery_store import DeliveryStore, Outgoing
from hitl.server.webhooks.sender import Message, Outcome, Sender
from hitl.server.webhooks.subscription_store import secret_place

PAUSES: Final = (
    timedelta(seconds=15),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
    timedelta(hours=24),
)
"""The vendor's documented pauses after each failed attempt, from the first on; the eighth attempt is the last."""

_TRANSIENT: Final = frozenset({408, 429})  # the only transient errors among the 4xx


def classify(status_code: int | None, *, refused: bool) -> Literal["delivered", "retry", "failed"]:
    """Return what follows from an attempt; without an answer `status_code` is None."""
    if refused:
        return "failed"
    if status_code is None:
        return "retry"
    if 200 <= status_code < 300:
        return "delivered"
    if 400 <= status_code < 500 and status_code not in _TRANSIENT:
        return "failed"
    # A redirect is not followed, since its target was not checked; it counts as an error.
    return "retry"


def next_attempt(tries: int, now: datetime) -> datetime | None:
    """Return when to try again after so many failed attempts; None if the last has been made."""
    return now + PAUSES[tries - 1] if tries <= len(PAUSES) else None


def consequence(
    tries: int, status_code: int | None, now: datetime, *, refused: bool
) -> tuple[Literal["delivered", "pending", "failed"], datetime | None]:
    """Return the status of a delivery after this many attempts, and when the next one is due."""
    meaning = classify(status_code, refused=refused)
    if meaning != "retry":
        return meaning, None
    due_at = next_attempt(tries, now)
    return ("failed" if due_at is None else "pending"), due_at


KEPT_DAYS: Final = 90
"""Days after which a finished delivery leaves the log, with its attempts."""

_INTERVAL: Final = timedelta(hours=1)
_BATCH: Final = 500  # rows, so that a long log blocks nothing


class Retention:
    """Maintains the deliveries of one database; the deliverer calls it whenever it reads what is due."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._store = DeliveryStore(database)
        self._seen: datetime | None = None
        self._next: datetime | None = None

    def run(self, now: datetime) -> None:
        """Do what is necessary at this time.

        At the first call and whenever the clock was set back, no delivery may wait longer than its schedule says: the
        sandbox that wrote the rows may have had another time.
        """
        if self._seen is None or now < self._seen:
            with self._database.transaction():
                self._store.bring_forward(now, (timedelta(0), *PAUSES))
            self._next = now
        self._seen = now
        if self._next is None or now >= self._next:
            with self._database.transaction():
                deleted = self._store.delete_finished(now - timedelta(days=KEPT_DAYS), _BATCH)
            self._next = now + _INTERVAL if deleted < _BATCH else now


_log = logging.getLogger("hitl.server")

_MOST: Final = 16
"""Maximum number of concurrent attempts."""

_MOST_IN_ONE_LANE: Final = 4
"""Maximum number of concurrent attempts to one receiver, so that one that hangs does not block the others."""

_LONGEST: Final = 30.0
"""Maximum seconds between two checks, because the clock of the machine may be set forward in between."""

_AFTER_ERROR: Final = 5.0

_PATIENCE: Final = 5.0
"""Seconds for which moving the clock waits for receivers; one may hang, or live in the very thread that moves the
clock. The delivery then continues in the background."""


class Deliverer:
    """Attempts what is due, several deliveries at a time, those about one subject in their order.

    Its state is in the database: an attempt that was under way when the process died is made again, and a delivery is
    finished only when that is recorded. So each arrives at least once.
    """

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        clock: Clock,
        sender: Sender,
        *,
        sealer: Sealer | None = None,
        pause: float = _AFTER_ERROR,
    ) -> None:
        """Prepare to deliver; `sealer` opens the secrets, and a failed write is tried again after `pause` seconds."""
        self._sealer = sealer or Sealer()
        self._database = database
        self._pause = pause
        self._outbox = outbox
        self._clock = clock
        self._sender = sender
        self._store = DeliveryStore(database)
        self._retention = Retention(database)
        self._under_way: dict[int, Outgoing] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._awake = asyncio.Event()
        self._quiet = asyncio.Event()

    async def run(self) -> None:
        """Work until cancelled; the next sandbox with the same data repeats the attempts under way."""
        self._loop = asyncio.get_running_loop()
        stop_listening = self._outbox.on_delivery(self.wake)
        leave_clock = self._clock.on_advance(self.settle, due=self._next_stop)
        try:
            while True:
                try:
                    await self._work()
                except StorageError as error:
                    _log.error("the deliveries cannot be read (%s); this is tried again in %g s", error, self._pause)
                    await asyncio.sleep(self._pause)
        finally:
            stop_listening()
            leave_clock()
            self._loop = None
            await self._stop()

    def wake(self) -> None:
        """Check soon for due deliveries; any thread may call this."""
        loop = self._loop
        if loop is not None and loop is running_loop():
            self._awake.set()
        elif loop is not None:
            with suppress(RuntimeError):  # the loop was closed between the lines, when the sandbox ends
                loop.call_soon_threadsafe(self._awake.set)

    def settle(self) -> None:
        """Return when everything due has been attempted, unless called from the event loop's own thread."""
        loop = self._loop
        if loop is None or loop is running_loop():
            self.wake()
            return
        # Cancelled when the sandbox ends in the meantime.
        with suppress(TimeoutError, CancelledError):
            asyncio.run_coroutine_threadsafe(self._become_quiet(), loop).result(_PATIENCE)

    async def _become_quiet(self) -> None:
        self._quiet.clear()
        self._awake.set()
        await self._quiet.wait()

    async def _work(self) -> None:
        """Start what is due, and wait until there may be more."""
        self._awake.clear()
        self._retention.run(self._clock())
        self._start_what_is_due()
        if not self._tasks:
            self._quiet.set()
        await self._rest()

    async def _rest(self) -> None:
        """Wait until something is due by the clock, or `wake`."""
        due = self._next_due()
        left = _LONGEST if due is None else (due - self._clock()).total_seconds()
        # Not wait_for: before Python 3.12 it may lose a cancellation that comes at the moment of the event.
        with suppress(TimeoutError):
            async with asyncio.timeout(min(_LONGEST, max(0.001, left))):
                await self._awake.wait()

    def _start_what_is_due(self) -> None:
        while len(self._under_way) < _MOST:
            outgoing = self._store.next(self._clock(), under_way=self._under_way, full=self._full_lanes())
            if outgoing is None:
                return
            self._under_way[outgoing.number] = outgoing
            task = asyncio.create_task(self._attempt(outgoing))
            self._tasks.add(task)
            task.add_done_callback(self._finish)

    async def _attempt(self, outgoing: Outgoing) -> None:
        began = self._clock()
        try:
            outcome = await self._sender.send(self._opened(outgoing))
        except SealedError as error:  # tried again, since somebody may enter the secret anew
            outcome = Outcome(error=f"the secret is {error}")
        except Exception as error:  # a bug must not stop the worker, nor be retried without a pause
            _log.exception("delivery %s failed", outgoing.message.delivery_id)
            outcome = Outcome(error=f"the sandbox failed ({type(error).__name__}); its log says why")
        ended = self._clock()
        # An attempt that cannot be recorded, because the disk is full, stays under way, so that it is not repeated.
        while not self._is_recorded(outgoing, outcome, began, ended):  # noqa: ASYNC110 - there is no event for free disk space
            await asyncio.sleep(self._pause)
        del self._under_way[outgoing.number]

    def _opened(self, outgoing: Outgoing) -> Message:
        """Return a message with the secret that signs it; the lane of a subscription's delivery is its id."""
        secret = outgoing.message.secret
        if secret is None:
            return outgoing.message
        return replace(outgoing.message, secret=self._sealer.open(secret, secret_place(outgoing.lane)))

    def _is_recorded(self, outgoing: Outgoing, outcome: Outcome, began: datetime, ended: datetime) -> bool:
        try:
            status, due_at = consequence(outgoing.tries + 1, outcome.status_code, ended, refused=outcome.refused)
            due = None if due_at is None else to_wire(due_at)
            with self._database.transaction():
                self._store.record(outgoing, outcome, began=began, status=status, due_at=due)
        except StorageError as error:
            _log.error("an attempt could not be recorded (%s); this is tried again in %g s", error, self._pause)
            return False
        return True

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._awake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("an attempt could not be recorded; it is made again after a restart", exc_info=error)

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._quiet.set()

    def _full_lanes(self) -> list[str]:
        lanes = Counter(outgoing.lane for outgoing in self._under_way.values())
        return [lane for lane, attempts in lanes.items() if attempts >= _MOST_IN_ONE_LANE]

    def _next_stop(self) -> datetime | None:
        """Return where an advancing clock must stop; attempts under way must end first, since they decide that."""
        self.settle()
        return self._next_due()

    def _next_due(self) -> datetime | None:
        return self._store.next_due(self._clock())
