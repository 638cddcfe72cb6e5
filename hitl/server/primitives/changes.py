"""Waking those who wait for a review, from whichever thread the change comes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager


class ChangeNotifier:
    """Tells the coroutines that watch a review when it has changed, and listeners about every review that has."""

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
        """Whether somebody waits for a review, or for any of a list, at this moment."""
        return bool(self._watches) or self._held_lists > 0

    def on_change(self, listener: Callable[[Sequence[str]], object]) -> None:
        """Call with the ids of the reviews of each change, once it is committed, in the thread that made it."""
        self._listeners.append(listener)

    def on_watch(self, listener: Callable[[], object]) -> None:
        """Call, in the server's event loop, whenever somebody begins to watch a review."""
        self._watch_listeners.append(listener)

    @contextmanager
    def watch(self, review_id: str) -> Generator[Watch, None, None]:
        """Watch one review, from the running event loop; begin before reading it, so that no change is missed."""
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
        """Watch every review, for somebody who waits until one of a list changes; see `is_watched`."""
        with self.watch_all() as watch:
            self._held_lists += 1
            for listener in self._watch_listeners:
                listener()
            try:
                yield watch
            finally:
                self._held_lists -= 1

    def announce(self, review_ids: Iterable[str]) -> None:
        """Wake everybody who watches one of these reviews; any thread may call this."""
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
        """Wake everybody for good, so that a server can stop without waiting for those who wait."""
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
        """Let the coroutine look again."""
        self._loop.call_soon_threadsafe(self._event.set)

    async def change(self, seconds: float) -> None:
        """Return after the next change since the last call, or after so many seconds."""
        try:
            # Not wait_for: before Python 3.12 it may lose a cancellation that comes at the moment of the event.
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return
        self._event.clear()
