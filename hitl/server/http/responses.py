"""The envelope that every answer of the API comes in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from hitl.server.http.json_response import json_response
from hitl.server.http.rate_limit import RateLimitWindow
from hitl.server.http.request_ids import new_request_id
from hitl.server.loops import envelope
from hitl.server.primitives.errors import ApiError
from hitl.server.primitives.timestamps import to_wire
from hitl.server.reviews.store import Page

SCOPE_KEY: Final = "hitl.exchange"
"""Where the ASGI scope holds the Exchange."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer.

    Attributes:
        clock: Returns the present moment.
        owner: Who asks: a digest of the API key, empty if there is no valid one.
        budget: What the caller has left of its rate limit.
        request_id: The name of the exchange, for logs and for questions about it.
    """

    clock: Callable[[], datetime]
    owner: str = ""
    budget: RateLimitWindow | None = None
    request_id: str = field(default_factory=new_request_id)


def success(
    request: Request, data: Any, status: int = 200, *, headers: Mapping[str, str] | None = None, **meta: Any
) -> Response:
    """Return the answer that holds `data`."""
    return json_response({"success": True, "data": data, "meta": {**_meta(request), **meta}}, status, headers)


def page(
    request: Request, found: Page, limit: int, offset: int, *, headers: Mapping[str, str] | None = None
) -> Response:
    """Return one page of a list, with where it stands in the whole."""
    reached = offset + len(found.items)
    has_more = bool(found.items) and reached < found.total
    pagination = {
        "limit": limit,
        "offset": offset,
        "total": found.total,
        "has_more": has_more,
        "next_offset": reached if has_more else None,
    }
    return success(request, found.items, headers=headers, pagination=pagination)


def refused(request: Request, refusal: ApiError) -> Response:
    """Return the answer that says no, in the envelope of the generation that was asked."""
    if envelope.is_used_at(request.scope["path"]):
        return envelope.refused(request, refusal)
    error = {"code": refusal.code, "message": refusal.message, "details": refusal.details}
    return json_response({"success": False, "error": error, "meta": _meta(request)}, refusal.status, refusal.headers)


def exchange_of(request: Request) -> Exchange:
    """Return what the gate noted down about a request."""
    exchange: Exchange = request.scope[SCOPE_KEY]
    return exchange


def _meta(request: Request) -> dict[str, Any]:
    exchange = exchange_of(request)
    return {"request_id": exchange.request_id, "timestamp": to_wire(exchange.clock())}
