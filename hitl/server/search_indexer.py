"""The background worker that keeps the index of a searched file in step with its reviews."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from hitl.server.http import in_worker
from hitl.server.storage import ChangeNotifier

_log = logging.getLogger("hitl.server")

_BETWEEN_LOOKS: Final = 1.0  # seconds
_BETWEEN_PARTS: Final = 0.005  # seconds, in which others use the database
_AFTER_ERROR: Final = 30.0


class SearchIndexer:
    """Calls `index`, which returns whether there is more to do, for as long as the server runs."""

    def __init__(
        self,
        changes: ChangeNotifier,
        index: Callable[[], bool],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._changes = changes
        self._index = index
        self._pause = pause

    async def run(self) -> None:
        """Work until cancelled, or until the server closes."""
        while not self._changes.closed:
            await self._look()

    async def _look(self) -> None:
        """Index some reviews, and sleep until the next look."""
        seconds = _BETWEEN_LOOKS
        try:
            if await in_worker(self._index):
                seconds = _BETWEEN_PARTS
        except Exception:  # such as a full disk: searches find the same without an index
            _log.exception("the index for searches could not be written; it is tried again")
            seconds = _AFTER_ERROR
        await self._pause(seconds)
