"""A net below the ending of streams: whatever a stream sends, now and then its session is looked at again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.types import Message, Send

from hitl.server.http import in_worker

LOOK_AGAIN: Final = 15.0
"""Seconds; streams send something at least as often."""


def watched(send: Send, look_again: Callable[[], None], every: float = LOOK_AGAIN) -> Send:
    """Return a `send` that calls a function in a worker before the first piece after every so many seconds."""
    due = asyncio.get_running_loop().time() + every

    async def send_and_look(message: Message) -> None:
        nonlocal due
        now = asyncio.get_running_loop().time()
        if now >= due:
            due = now + every
            await in_worker(look_again)
        await send(message)

    return send_and_look
