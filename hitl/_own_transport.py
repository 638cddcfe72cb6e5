"""The carriers over connections of our own, blocking and awaiting.

Loaded with the first exchange, since TLS and the parser take as long to load as all that a client needs before.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from hitl._config import Settings
from hitl._engine import EngineClient, RequestCodec, TransportFailure, TransportResult, drive, drive_async
from hitl._flows import ApiCall
from hitl._secret import Secret

# anyio is loaded by programs that await.
if TYPE_CHECKING:
    import anyio

MOST_AT_ONCE = 100
"""Exchanges that one asynchronous client has under way on one event loop; more of them wait for their turn."""


class EngineTransport:
    """Blocking exchanges, each over a connection that no other one is using."""

    def __init__(self, settings: Settings, proxy: Secret | None) -> None:
        self._wires = EngineClient(RequestCodec(settings), proxy)
        self.interrupt = self._wires.pool.interrupt
        self.close = self._wires.pool.close

    def send(self, call: ApiCall[Any], deadline: float) -> TransportResult:
        """Make one exchange until then."""
        flow = self._wires.fetch(call.request, deadline, is_repeatable=call.is_repeatable, fresh=call.fresh)
        return drive(flow, deadline)

    def lent(self) -> dict[str, Any]:
        """Return the arguments of an httpx client for the generated package."""
        from hitl._engine import PoolTransport

        return {"transport": PoolTransport(self._wires)}


class AsyncEngineTransport:
    """Awaitable exchanges; see `EngineTransport`."""

    def __init__(self, settings: Settings, proxy: Secret | None) -> None:
        self._wires = EngineClient(RequestCodec(settings), proxy)
        self.abandon = self._wires.pool.close
        from anyio.lowlevel import RunVar

        self._turns: RunVar[anyio.Semaphore | None] = RunVar("hitl_turns", None)

    async def send(self, call: ApiCall[Any], deadline: float) -> TransportResult:
        """Make one exchange until then, as soon as there is a turn for it."""
        import anyio

        turns = self._turns_of_this_loop()
        try:
            turns.acquire_nowait()
        except anyio.WouldBlock:
            with anyio.move_on_after(deadline - time.monotonic()) as waiting:
                await turns.acquire()
            if waiting.cancelled_caught:
                told = f"{MOST_AT_ONCE} other exchanges of this client did not end in time; start fewer at once"
                return TransportFailure(told, "no", "timeout")
        try:
            flow = self._wires.fetch(call.request, deadline, is_repeatable=call.is_repeatable, fresh=call.fresh)
            return await drive_async(flow, deadline)
        finally:
            turns.release()

    async def aclose(self) -> None:
        """Close all connections."""
        self._wires.pool.close()

    def lent(self) -> dict[str, Any]:
        """Return the arguments of an httpx client for the generated package."""
        from hitl._engine import PoolTransport

        return {"transport": PoolTransport(self._wires)}

    def _turns_of_this_loop(self) -> anyio.Semaphore:
        turns = self._turns.get()
        if turns is None:
            import anyio

            turns = anyio.Semaphore(MOST_AT_ONCE, fast_acquire=True)
            self._turns.set(turns)
        return turns
