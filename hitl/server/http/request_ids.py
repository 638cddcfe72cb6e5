"""A name for every exchange, in the header `X-Request-Id` of every answer and in the log."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER: Final = "X-Request-Id"

_SCOPE_KEY: Final = "hitl.request_id"


def new_request_id() -> str:
    """Return `req_` and 16 hexadecimal digits."""
    return f"req_{secrets.token_hex(8)}"


def request_id(scope: Scope) -> str:
    """Return the id of an exchange, made at the first call."""
    name: str = scope.setdefault(_SCOPE_KEY, new_request_id())
    return name


class RequestIds:
    """ASGI middleware around everything, so that every answer has its id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and add the header to its answer."""
        headers = {HEADER: request_id(scope)}
        await self._app(scope, receive, with_headers(send, lambda: headers))


def with_headers(send: Send, headers: Callable[[], Mapping[str, str]]) -> Send:
    """Return a `send` that adds headers, which are computed when the answer begins."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers())
        await send(message)

    return send_with_headers
