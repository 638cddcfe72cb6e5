"""Transactions, each at one moment, and waking the coroutines that wait for a change, whichever thread makes it."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from hitl.server.primitives import Clock
from hitl.server.storage.database import Database


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop of this thread, if one runs."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class ChangeNotifier:
    """Wakes the coroutines that watch a review, or all of them, when it changes, and calls listeners."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watches: defaultdict[str | None, set[Watch]] = defaultdict(set)
        self._waiting = 0
        self._listeners: list[Callable[[Sequence[str]], object]] = []
        self._watch_listeners: list[Callable[[], object]] = []
        self.closed = False

    @property
    def is_watched(self) -> bool:
        """Whether a request waits for a review, or for any review of a list."""
        return self._waiting > 0

    def on_change(self, listener: Callable[[Sequence[str]], object]) -> None:
        """Call `listener` with the ids of changed reviews after each commit, in the thread that made the change."""
        self._listeners.append(listener)

    def on_watch(self, listener: Callable[[], object]) -> None:
        """Call `listener`, in the server's event loop, whenever a request begins to wait."""
        self._watch_listeners.append(listener)

    @contextmanager
    def watch(self, review_id: str | None, *, is_request: bool = True) -> Generator[Watch, None, None]:
        """Watch one review, or with None every one; begin before reading, so that no change is missed.

        A watch that is not a request's does not count for `is_watched` and `on_watch`.
        """
        watch = Watch(asyncio.get_running_loop(), awake=self.closed)
        with self._lock:
            self._watches[review_id].add(watch)
            self._waiting += is_request
        for listener in self._watch_listeners if is_request else ():
            listener()
        try:
            yield watch
        finally:
            with self._lock:
                self._waiting -= is_request
                self._watches[review_id].discard(watch)
                if not self._watches[review_id]:
                    del self._watches[review_id]

    def publish(self, review_ids: Iterable[str]) -> None:
        """Wake whatever watches one of these reviews; any thread may call this."""
        changed = list(review_ids)
        with self._lock:
            for review_id in (*changed, None) if changed else ():
                for watch in self._watches.get(review_id, ()):
                    watch.wake()
        # Not under the lock: a listener may change a review itself.
        for listener in self._listeners if changed else ():
            listener(changed)

    def close(self) -> None:
        """Wake all watchers for good, so that a server can stop without waiting for long polls."""
        self.closed = True
        with self._lock:
            for watch in chain.from_iterable(self._watches.values()):
                watch.wake()


class Watch:
    """One coroutine's view of one review."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, awake: bool) -> None:
        self._loop = loop
        self._event = asyncio.Event()
        if awake:
            self._event.set()

    def wake(self) -> None:
        """Make `change` return; any thread may call this."""
        if running_loop() is self._loop:  # the other way writes to a socket each time
            self._event.set()
        else:
            self._loop.call_soon_threadsafe(self._event.set)

    async def change(self, seconds: float) -> None:
        """Return after the next change since the last call, or after `seconds`."""
        # Not wait_for: before Python 3.12 it may lose a cancellation that comes at the time of the event.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
                self._event.clear()


@dataclass(slots=True)
class Work:
    """A transaction under way: its moment, and the ids of what it changes."""

    now: datetime
    changed: list[str] = field(default_factory=list[str])


def _maybe(_now: datetime) -> bool:
    return True


class UnitOfWork:
    """Runs the transactions of the services over one database, one at a time."""

    def __init__(self, database: Database, clock: Clock, changes: ChangeNotifier) -> None:
        self._database = database
        self.clock = clock
        self.changes = changes
        self._changed_in_group: list[str] | None = None

    @contextmanager
    def group(self) -> Generator[Callable[[], int], None, None]:
        """Make one transaction of those in the block, and publish what changed after its commit.

        It yields a function that returns a number, which grows with each row that is written.
        """
        with self._database.lock:
            self._changed_in_group = changed = list[str]()
            try:
                with self._database.transaction():
                    yield lambda: self._database.rows_written
            finally:
                self._changed_in_group = None
            self.changes.publish(changed)

    @contextmanager
    def begin(
        self, settle: Callable[[Work], None], is_due: Callable[[datetime], bool] = _maybe
    ) -> Generator[Work, None, None]:
        """Let `settle` carry out what has fallen due, run the block, and publish what changed.

        `is_due` tells whether anything can have fallen due by a moment.
        """
        with self._database.lock:
            work = Work(self.clock())
            if is_due(work.now):
                with self._database.transaction():
                    settle(work)
            # What was due is committed separately: the block may be refused, and time has passed all the same.
            try:
                with self._database.transaction():
                    yield work
            finally:
                self._publish(work.changed)

    def _publish(self, changed: Sequence[str]) -> None:
        if self._changed_in_group is None:
            self.changes.publish(changed)
        else:
            self._changed_in_group.extend(changed)
