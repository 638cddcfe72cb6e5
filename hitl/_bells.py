"""Sleeping until a bell rings, for both drivers; it may be rung from any thread."""

from __future__ import annotations

import math
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress

from hitl._flow import Bell


def doze(seconds: float, bell: Bell) -> None:
    """Sleep, blocking the calling thread, until the bell is rung or that many seconds have passed."""
    woken = threading.Event()
    bell.on_ring(woken.set)
    woken.wait(None if math.isinf(seconds) else min(seconds, threading.TIMEOUT_MAX))


async def doze_async(seconds: float, bell: Bell) -> None:
    """Sleep on the running event loop (asyncio or trio) until the bell is rung or that many seconds have passed."""
    import anyio

    wait, wake, call_soon = _alarm()
    home = threading.get_ident()

    def ring() -> None:
        if threading.get_ident() == home:
            wake()
            return
        with suppress(RuntimeError):  # asyncio's and trio's word for a loop that has ended
            call_soon(wake)

    bell.on_ring(ring)
    if math.isinf(seconds):
        await wait()
        return
    with anyio.move_on_after(seconds):
        await wait()


def _alarm() -> tuple[Callable[[], Awaitable[object]], Callable[[], object], Callable[[Callable[[], object]], object]]:
    """Return what waits, what ends that from the running event loop, and what calls something there from elsewhere."""
    import sniffio

    if sniffio.current_async_library() == "trio":
        import trio

        event = trio.Event()
        return event.wait, event.set, trio.lowlevel.current_trio_token().run_sync_soon
    import asyncio

    # A bare future takes a fraction of an Event's memory, and there may be ten thousand who sleep.
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not future.done():  # rung twice, or cancelled
            future.set_result(None)

    return (lambda: future), wake, loop.call_soon_threadsafe
