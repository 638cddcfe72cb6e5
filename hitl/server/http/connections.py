"""Connections: how many there may be, and how long one may be silent before its first request."""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from hitl.server.http.long_poll import Limits, no_room

_PATIENCE_WITHOUT_ROOM: Final = 1.0  # seconds; each of them holds one of the files that the process may open


def limited(limits: Limits) -> type[asyncio.Protocol]:
    """Return the protocol class for uvicorn."""

    class Connection(_Connection):
        _limits = limits

    return Connection


class _Connection(H11Protocol):
    """A connection that enforces the limits.

    The base class is private to uvicorn, hence `uvicorn<1` in pyproject.toml; nothing public counts connections:
    uvicorn's own `limit_concurrency` answers without Retry-After, and ignores clients that connect and send nothing.
    """

    _limits: Limits

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection, if only to refuse its requests."""
        super().connection_made(transport)
        patience = self._limits.head_seconds
        if len(self.connections) > self._limits.connections:
            # It is heard, because a connection that is closed at once looks like a fault of the network.
            self.app = no_room
            patience = min(patience, _PATIENCE_WITHOUT_ROOM)
        self._patience = self.loop.call_later(patience, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Release a connection."""
        if self._patience is not None:
            self._patience.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        # uvicorn declares a request there from the beginning, and begins with None.
        if cast("object | None", self.cycle) is None:
            self.transport.close()
