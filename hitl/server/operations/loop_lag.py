"""How long the event loop was late: what everybody has waited for in addition."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

_PAUSE: Final = 0.25  # seconds between two looks
_LOOKS: Final = 60  # that count: those of the last 15 seconds


class LoopLag:
    """Looks again and again; `run` works for as long as the server does."""

    def __init__(self) -> None:
        self._late: deque[float] = deque(maxlen=_LOOKS)

    @property
    def seconds(self) -> float:
        """The longest delay of the last 15 seconds."""
        return max(self._late, default=0.0)

    async def run(self) -> None:
        """Work until cancelled."""
        now = asyncio.get_running_loop().time
        while True:
            expected = now() + _PAUSE
            await asyncio.sleep(_PAUSE)
            self._late.append(max(0.0, now() - expected))
