"""Sleeping until a bell rings, for both drivers; it may be rung from any thread."""

from __future__ import annotations

import math
import threading
from collections.abc import Awaitable
from contextlib import suppress

import sniffio

from hitl._flows.steps import Wakeup


def sleep_until_woken(seconds: float, bell: Wakeup) -> None:
    """Sleep, blocking the calling thread, until the bell is rung or that many seconds have passed."""
    woken = threading.Event()
    bell.on_ring(woken.set)
    woken.wait(None if math.isinf(seconds) else min(seconds, threading.TIMEOUT_MAX))


def sleep_until_woken_async(seconds: float, bell: Wakeup) -> Awaitable[object]:
    """Return what sleeps on the running event loop (asyncio or trio) until the bell is rung or the time has passed."""
    # Ten thousand may sleep: who sleeps for ever is a bare future with two small objects, and no coroutine more.
    alarm = _AsyncioWaker() if sniffio.current_async_library() == "asyncio" else _TrioWaker()
    bell.on_ring(alarm)
    return alarm.heard() if math.isinf(seconds) else _for_seconds(seconds, alarm)


async def _for_seconds(seconds: float, alarm: _AsyncioWaker | _TrioWaker) -> None:
    import anyio

    with anyio.move_on_after(seconds):
        await alarm.heard()


class _AsyncioWaker:
    """Ends a sleep on the event loop on which it was made; called from any thread."""

    __slots__ = ("_future",)

    def __init__(self) -> None:
        import asyncio

        self._future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def heard(self) -> Awaitable[None]:
        return self._future

    def __call__(self) -> None:
        import asyncio

        loop = self._future.get_loop()
        with suppress(RuntimeError):  # no loop runs here
            if asyncio.get_running_loop() is loop:
                self._wake()
                return
        with suppress(RuntimeError):  # it has ended
            loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        if not self._future.done():  # rung twice, or cancelled
            self._future.set_result(None)


class _TrioWaker:
    """The same for trio."""

    __slots__ = ("_event", "_home", "_token")

    def __init__(self) -> None:
        import trio

        self._event = trio.Event()
        self._home = threading.get_ident()
        self._token = trio.lowlevel.current_trio_token()

    def heard(self) -> Awaitable[None]:
        return self._event.wait()

    def __call__(self) -> None:
        if threading.get_ident() == self._home:
            self._event.set()
            return
        with suppress(RuntimeError):  # it has ended
            self._token.run_sync_soon(self._event.set)
