"""What arrives of a request that came by the public address: for `hitl server check`, which asks there for a nonce.

Whoever has no nonce, which the command gets over its own socket, learns nothing. The answer is a stream: what was seen
of the request, then silence, then its end, by which the command tells whether a proxy holds streams back or cuts them.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse
from starlette.types import Scope

_LIFE: Final = 120.0  # seconds in which a nonce is good
_LONGEST_SILENCE: Final = 60.0
_PLACE: Final = "/probe/"


class Probes:
    """The nonces of one server."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, float]] = {}

    def begin(self, silence: float) -> str:
        """Return a nonce; the stream that is asked for with it is silent for some seconds."""
        now = time.monotonic()
        self._known = {nonce: known for nonce, known in self._known.items() if known[0] > now}
        nonce = secrets.token_urlsafe(24)
        self._known[nonce] = (now + _LIFE, min(silence, _LONGEST_SILENCE))
        return nonce

    def answer(self, scope: Scope) -> Response | None:
        """Return the answer to a request for a nonce, which is good once; None for every other request."""
        _, found, nonce = str(scope["path"]).rpartition(_PLACE)
        known = self._known.pop(nonce, None) if found else None
        if known is None or known[0] < time.monotonic():
            return None
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_events(_seen(scope), known[1]), media_type="text/event-stream", headers=headers)


def _seen(scope: Scope) -> dict[str, Any]:
    headers = Headers(scope=scope)
    return {
        "path": scope["path"],
        "scheme": scope["scheme"],
        "hosts": headers.getlist("Host"),
        "proto": headers.getlist("X-Forwarded-Proto"),
        "forwarded_for": headers.getlist("X-Forwarded-For"),
    }


async def _events(seen: dict[str, Any], silence: float) -> AsyncIterator[str]:
    yield f"event: seen\ndata: {json.dumps(seen)}\n\n"
    await asyncio.sleep(silence)
    yield "event: end\ndata: {}\n\n"
