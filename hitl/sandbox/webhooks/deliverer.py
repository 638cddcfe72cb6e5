"""The worker that carries deliveries out, beside the API and never in its way."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from concurrent.futures import CancelledError
from contextlib import suppress
from datetime import datetime
from typing import Final

from hitl.sandbox.clock import Clock
from hitl.sandbox.outbox import Outbox
from hitl.sandbox.webhooks.sender import Outcome, Sender
from hitl.sandbox.webhooks.worklist import Outgoing, Worklist

_log = logging.getLogger("hitl.sandbox")

_MOST: Final = 16
"""Attempts that may be under way at a time."""

_MOST_IN_ONE_LANE: Final = 4
"""Attempts that may be under way to one receiver, so that one that hangs leaves room for the others."""

_PATIENCE: Final = 5.0
"""Seconds for which moving the clock waits for receivers. It ends if one hangs, or cannot answer because it lives in
the very thread that moves the clock; the delivery then goes on by itself."""


class Deliverer:
    """Attempts what is due, several deliveries at a time, those about one subject in their order.

    Its state is in the database: an attempt that was under way when the process died is made again, and a delivery is
    finished only when that is written down. So each arrives at least once.
    """

    def __init__(self, outbox: Outbox, clock: Clock, sender: Sender) -> None:
        self._outbox = outbox
        self._clock = clock
        self._sender = sender
        self._worklist = Worklist(outbox.database)
        self._under_way: dict[int, Outgoing] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._awake = asyncio.Event()
        self._quiet = asyncio.Event()

    async def run(self) -> None:
        """Work until cancelled; what is under way then is attempted again by the next sandbox with the same data."""
        self._loop = asyncio.get_running_loop()
        stop_listening = self._outbox.on_change(self.wake)
        leave_clock = self._clock.on_advance(self.settle, due=self._next_stop)
        try:
            while True:
                self._awake.clear()
                self._start_what_is_due()
                if not self._tasks:
                    self._quiet.set()
                await self._rest()
        finally:
            stop_listening()
            leave_clock()
            self._loop = None
            await self._stop()

    def wake(self) -> None:
        """Look again soon; any thread may call this."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop was closed between the two lines, when the sandbox ends
                loop.call_soon_threadsafe(self._awake.set)

    def settle(self) -> None:
        """Return when everything that is due has been attempted, unless called from the event loop's own thread."""
        loop = self._loop
        if loop is None or loop is _running_loop():
            self.wake()
            return
        # Cancelled when the sandbox ends in the meantime.
        with suppress(TimeoutError, CancelledError):
            asyncio.run_coroutine_threadsafe(self._become_quiet(), loop).result(_PATIENCE)

    async def _become_quiet(self) -> None:
        self._quiet.clear()
        self._awake.set()
        await self._quiet.wait()

    async def _rest(self) -> None:
        """Wait until something is due by the clock, or somebody says that there is more to do."""
        due = self._next_due()
        seconds = None if due is None else max(0.001, (due - self._clock()).total_seconds())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._awake.wait(), seconds)

    def _start_what_is_due(self) -> None:
        while len(self._under_way) < _MOST:
            outgoing = self._worklist.next(self._clock(), under_way=self._under_way, full=self._full_lanes())
            if outgoing is None:
                return
            self._under_way[outgoing.number] = outgoing
            task = asyncio.create_task(self._attempt(outgoing))
            self._tasks.add(task)
            task.add_done_callback(self._finish)

    async def _attempt(self, outgoing: Outgoing) -> None:
        began = self._clock()
        try:
            outcome = await self._sender.send(outgoing.message)
        except Exception as error:  # a fault of ours must not stop the worker, nor be tried again without a pause
            _log.exception("delivery %s failed", outgoing.message.delivery_id)
            outcome = Outcome(error=f"the sandbox failed ({type(error).__name__}); its log tells why")
        self._worklist.record(outgoing, outcome, began=began, ended=self._clock())
        # Only now: what could not be written down, because the disk is full, is not sent again and again.
        del self._under_way[outgoing.number]

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._awake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("an attempt could not be written down; it is made again after a restart", exc_info=error)

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._sender.close()
        self._quiet.set()

    def _full_lanes(self) -> list[str]:
        lanes = Counter(outgoing.lane for outgoing in self._under_way.values())
        return [lane for lane, attempts in lanes.items() if attempts >= _MOST_IN_ONE_LANE]

    def _next_stop(self) -> datetime | None:
        """Return where a clock that is moved is to stop; what is under way must end first, since it decides that."""
        self.settle()
        return self._next_due()

    def _next_due(self) -> datetime | None:
        return self._worklist.next_due(self._clock())


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
