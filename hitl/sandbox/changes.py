"""Waking those who wait for a review, from whichever thread the change comes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager


class Changes:
    """Tells the coroutines that watch a review when it has changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watches: dict[str, set[Watch]] = {}
        self.closed = False

    @contextmanager
    def watch(self, review_id: str) -> Generator[Watch, None, None]:
        """Watch one review, from the running event loop; begin before reading it, so that no change is missed."""
        watch = Watch(asyncio.get_running_loop(), awake=self.closed)
        with self._lock:
            self._watches.setdefault(review_id, set()).add(watch)
        try:
            yield watch
        finally:
            with self._lock:
                self._watches[review_id].discard(watch)
                if not self._watches[review_id]:
                    del self._watches[review_id]

    def announce(self, review_ids: Iterable[str]) -> None:
        """Wake everybody who watches one of these reviews; any thread may call this."""
        with self._lock:
            for review_id in review_ids:
                for watch in self._watches.get(review_id, ()):
                    watch.wake()

    def close(self) -> None:
        """Wake everybody for good, so that a server can stop without waiting for those who wait."""
        self.closed = True
        with self._lock:
            for watches in self._watches.values():
                for watch in watches:
                    watch.wake()


class Watch:
    """One coroutine's view of one review."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, awake: bool) -> None:
        self._loop = loop
        self._event = asyncio.Event()
        if awake:
            self._event.set()

    def wake(self) -> None:
        """Let the coroutine look again."""
        self._loop.call_soon_threadsafe(self._event.set)

    async def change(self, seconds: float) -> None:
        """Return after the next change since the last call, or after so many seconds."""
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return
        self._event.clear()
