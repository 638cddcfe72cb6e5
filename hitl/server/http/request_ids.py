"""A name for every exchange, in the header `X-Request-Id` of every answer and in the log."""

from __future__ import annotations

import secrets
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from hitl.server.http.response_headers import with_headers

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
