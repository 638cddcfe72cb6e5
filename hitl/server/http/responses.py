"""The JSON answers of the API, generation A's envelope `{success, data, error, meta}`, and the id of every exchange.

The id is in the header `X-Request-Id` of every answer and in the log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import getrandbits
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hitl._json import encode
from hitl.server.http.rate_limit import RateLimitWindow
from hitl.server.http.requests import Place
from hitl.server.primitives import ApiError, Page, to_wire

HEADER: Final = "X-Request-Id"

_SCOPE_KEY: Final = "hitl.request_id"


def new_request_id() -> str:
    """Return `req_` and 16 hexadecimal digits."""
    return f"req_{getrandbits(64):016x}"  # a name and no secret


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
    """Return a `send` that sets headers, which are computed when the answer begins."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            added = {name.lower().encode("latin-1"): value.encode("latin-1") for name, value in headers().items()}
            message["headers"] = [each for each in message["headers"] if each[0] not in added] + list(added.items())
        await send(message)

    return send_with_headers


SCOPE_KEY: Final = "hitl.request_context"
"""Where the ASGI scope holds the RequestContext."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What the API guard knows about a request.

    `owner` is a digest of its API key, empty without a valid one; `only_of` is the id of the only key whose reviews may
    be shown, None for all.
    """

    clock: Callable[[], datetime]
    owner: str = ""
    rate_limit: RateLimitWindow | None = None
    request_id: str = field(default_factory=new_request_id)
    only_of: str | None = None


ErrorResponse: TypeAlias = Callable[[Request, ApiError], Response]
"""Puts an error into the envelope of the generation that was called."""


def json_response(envelope: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer with a JSON body: characters unescaped, and nothing that is not JSON, such as NaN."""
    return Response(encode(envelope), status, headers, media_type="application/json")


def success(
    request: Request, data: Any, status: int = 200, *, headers: Mapping[str, str] | None = None, **meta: Any
) -> Response:
    """Return the answer that holds `data`."""
    return json_response({"success": True, "data": data, "meta": {**_meta(request), **meta}}, status, headers)


def page(request: Request, found: Page, place: Place, *, headers: Mapping[str, str] | None = None) -> Response:
    """Return one page of a list, and its position in the whole."""
    position = pagination(found, place)
    return success(request, found.items, headers=headers, pagination={**position, "total": found.total})


def pagination(found: Page, place: Place) -> dict[str, Any]:
    """Return the position of a page in its list; after a cursor, its offset is unknown."""
    has_more = found.cursor is not None
    position = {"limit": place.limit, "has_more": has_more, "next_cursor": found.cursor}
    if place.after is not None:
        return position
    end = place.offset + len(found.items)
    return {**position, "offset": place.offset, "next_offset": end if has_more else None}


def error_response(request: Request, error: ApiError) -> Response:
    """Return an error in generation A's envelope."""
    body = {"code": error.code, "message": error.message, "details": error.details}
    return json_response({"success": False, "error": body, "meta": _meta(request)}, error.status, error.headers)


def context_of(request: Request) -> RequestContext:
    """Return what the API guard knows about a request."""
    context: RequestContext = request.scope[SCOPE_KEY]
    return context


def _meta(request: Request) -> dict[str, Any]:
    context = context_of(request)
    return {"request_id": context.request_id, "timestamp": to_wire(context.clock())}
