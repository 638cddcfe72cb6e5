"""Waking the coroutines that wait for a change, whichever thread makes it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager


class ChangeNotifier:
    """Wakes the coroutines that watch a review when it changes, and calls listeners for every change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watches: dict[str, set[Watch]] = {}
        self._overviews: set[Watch] = set()
        self._held_lists = 0
        self._listeners: list[Callable[[Sequence[str]], object]] = []
        self._watch_listeners: list[Callable[[], object]] = []
        self.closed = False

    @property
    def is_watched(self) -> bool:
        """Whether a coroutine is waiting for a review, or for any review of a list."""
        return bool(self._watches) or self._held_lists > 0

    def on_change(self, listener: Callable[[Sequence[str]], object]) -> None:
        """Call `listener` with the ids of changed reviews after each commit, in the thread that made the change."""
        self._listeners.append(listener)

    def on_watch(self, listener: Callable[[], object]) -> None:
        """Call `listener`, in the server's event loop, whenever a coroutine begins to watch."""
        self._watch_listeners.append(listener)

    @contextmanager
    def watch(self, review_id: str) -> Generator[Watch, None, None]:
        """Watch one review from the running event loop; begin before reading it, so that no change is missed."""
        watch = Watch(asyncio.get_running_loop(), awake=self.closed)
        with self._lock:
            self._watches.setdefault(review_id, set()).add(watch)
        for listener in self._watch_listeners:
            listener()
        try:
            yield watch
        finally:
            with self._lock:
                self._watches[review_id].discard(watch)
                if not self._watches[review_id]:
                    del self._watches[review_id]

    @contextmanager
    def watch_all(self) -> Generator[Watch, None, None]:
        """Watch every review, as `watch` does one."""
        watch = Watch(asyncio.get_running_loop(), awake=self.closed)
        with self._lock:
            self._overviews.add(watch)
        try:
            yield watch
        finally:
            with self._lock:
                self._overviews.discard(watch)

    @contextmanager
    def watch_list(self) -> Generator[Watch, None, None]:
        """Watch every review on behalf of a request that waits for a list; counts for `is_watched`."""
        with self.watch_all() as watch:
            self._held_lists += 1
            for listener in self._watch_listeners:
                listener()
            try:
                yield watch
            finally:
                self._held_lists -= 1

    def publish(self, review_ids: Iterable[str]) -> None:
        """Wake whatever watches one of these reviews; any thread may call this."""
        changed = list(review_ids)
        with self._lock:
            for review_id in changed:
                for watch in self._watches.get(review_id, ()):
                    watch.wake()
            for watch in self._overviews if changed else ():
                watch.wake()
        # Not under the lock: a listener may change a review itself.
        for listener in self._listeners if changed else ():
            listener(changed)

    def close(self) -> None:
        """Wake all watchers for good, so that a server can stop without waiting for long polls."""
        self.closed = True
        with self._lock:
            for watches in (*self._watches.values(), self._overviews):
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
        """Make `change` return; any thread may call this."""
        self._loop.call_soon_threadsafe(self._event.set)

    async def change(self, seconds: float) -> None:
        """Return after the next change since the last call, or after `seconds`."""
        try:
            # Not wait_for: before Python 3.12 it may lose a cancellation that comes at the moment of the event.
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return
        self._event.clear()
