"""What depends on the event loop: sharing domains, and sleeping until a `Wakeup` is set from any thread."""

from __future__ import annotations

import math
import os
import sys
import threading
import warnings
from collections.abc import Awaitable, Hashable
from contextlib import suppress
from typing import TYPE_CHECKING

from hitl._clock import LONGEST_SLEEP
from hitl._flows.steps import Wakeup
from hitl._timers import move_on_after, runs_on_trio

if TYPE_CHECKING:
    import anyio  # loaded by programs that await


def process_domain() -> Hashable:
    """Return the domain of blocking calls: all threads of this process, but not of the process it was forked from."""
    return os.getpid()


def loop_domain() -> Hashable:
    """Return the domain of awaited calls: the running event loop, in this process."""
    if runs_on_trio():
        import trio

        return os.getpid(), trio.lowlevel.current_trio_token()
    import asyncio

    return os.getpid(), asyncio.get_running_loop()


class BlockingCallWarning(UserWarning):
    """A blocking client is used where an event loop is running, which stands still during its calls."""

    __module__ = "hitl"


class LoopWatch:
    """Warns once, for one client, that its blocking calls stop an event loop."""

    def __init__(self) -> None:
        self._has_warned = False

    def warn_if_blocked(self) -> None:
        """Warn if the calling thread runs an event loop; a notebook runs each cell in one, and is left alone."""
        if self._has_warned or not _is_in_a_loop() or "ipykernel" in sys.modules:
            return
        self._has_warned = True
        warnings.warn(
            "this call of HITLClient blocks the running event loop until it returns: use AsyncHITLClient and await, "
            "or call it in a thread (asyncio.to_thread)",
            BlockingCallWarning,
            stacklevel=4,  # this method, the client's own two, and the caller
        )


def _is_in_a_loop() -> bool:
    # What was not imported runs no loop. Not through sniffio, whose context variable is copied into threads.
    asyncio, trio = sys.modules.get("asyncio"), sys.modules.get("trio")
    if asyncio is not None and asyncio._get_running_loop() is not None:  # noqa: SLF001 - the other one raises
        return _is_in_a_coroutine()
    if trio is not None:
        with suppress(RuntimeError):
            trio.lowlevel.current_trio_token()
            return _is_in_a_coroutine()
    return False


def _is_in_a_coroutine() -> bool:
    # Playwright's blocking API runs a loop in a greenlet beside the program's, which the program may block.
    import inspect

    frame = inspect.currentframe()
    while frame is not None and not frame.f_code.co_flags & inspect.CO_COROUTINE:
        frame = frame.f_back
    return frame is not None


def sleep_until_woken(seconds: float, wakeup: Wakeup) -> None:
    """Block the calling thread."""
    woken = threading.Event()
    wakeup.subscribe(woken.set)
    woken.wait(None if math.isinf(seconds) else min(seconds, LONGEST_SLEEP))


def sleep_until_woken_async(seconds: float, wakeup: Wakeup) -> Awaitable[object]:
    """Return an awaitable that sleeps, on asyncio or trio."""
    # There may be ten thousand sleepers: an unbounded sleep costs one future and two small objects, no coroutine.
    waker = _TrioWaker() if runs_on_trio() else _AsyncioWaker()
    wakeup.subscribe(waker)
    return waker.woken() if math.isinf(seconds) else _for_seconds(seconds, waker)


async def _for_seconds(seconds: float, waker: _AsyncioWaker | _TrioWaker) -> None:
    with move_on_after(seconds):
        await waker.woken()


class AsyncTurn:
    """Gives tasks their turn, one after the other; made anywhere, for one event loop after the other."""

    def __init__(self) -> None:
        self._lock: anyio.Lock | None = None

    def lock(self) -> anyio.Lock:
        """Return the lock to be taken at once with `async with`: one that is held, or a new one for this event loop."""
        import anyio

        if self._lock is None or not self._lock.locked():
            self._lock = anyio.Lock(fast_acquire=True)
        return self._lock


class _AsyncioWaker:
    """Ends a sleep on the event loop on which it was made; may be called from any thread."""

    __slots__ = ("_future",)

    def __init__(self) -> None:
        import asyncio

        self._future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def woken(self) -> Awaitable[None]:
        return self._future

    def __call__(self) -> None:
        import asyncio

        loop = self._future.get_loop()
        with suppress(RuntimeError):  # no loop runs in this thread
            if asyncio.get_running_loop() is loop:
                self._wake()
                return
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        if not self._future.done():  # set twice, or cancelled
            self._future.set_result(None)


class _TrioWaker:
    """The same for trio."""

    __slots__ = ("_event", "_thread", "_token")

    def __init__(self) -> None:
        import trio

        self._event = trio.Event()
        self._thread = threading.get_ident()
        self._token = trio.lowlevel.current_trio_token()

    def woken(self) -> Awaitable[None]:
        return self._event.wait()

    def __call__(self) -> None:
        if threading.get_ident() == self._thread:
            self._event.set()
            return
        with suppress(RuntimeError):  # the loop has ended
            self._token.run_sync_soon(self._event.set)
