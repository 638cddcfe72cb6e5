"""The gate in front of the API: who asks, how often, and what is told about it in the headers of every answer."""

from __future__ import annotations

import logging

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hitl.server.http.api_keys import ApiKeys
from hitl.server.http.rate_limit import RateLimiter, RateLimitWindow
from hitl.server.http.request_ids import HEADER, request_id
from hitl.server.http.responses import SCOPE_KEY, Exchange, refused
from hitl.server.primitives.clock import Clock
from hitl.server.primitives.errors import ApiError
from hitl.server.storage.errors import StorageError

_log = logging.getLogger("hitl.server")


class ApiGuardMiddleware:
    """ASGI middleware: authentication, the rate limit, request ids, and an envelope for what nobody foresaw."""

    def __init__(self, app: ASGIApp, *, keys: ApiKeys, budgets: RateLimiter, clock: Clock) -> None:
        self._app = app
        self._keys = keys
        self._budgets = budgets
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        request = Request(scope, receive)
        owner = self._keys.owner(request.headers.get("Authorization"))
        # Those without a valid key share one budget, which makes guessing keys slow.
        budget = self._budgets.of(owner or "")
        exchange = Exchange(self._clock, owner or "", budget, request_id(scope))
        scope[SCOPE_KEY] = exchange
        reply = _ResponseHeaders(send, exchange, budget, self._clock)
        try:
            budget.spend(self._clock().timestamp())
            _require(owner)
            await self._app(scope, receive, reply)
        except ApiError as refusal:
            await refused(request, refusal)(scope, receive, reply)
        except StorageError as error:
            _log.error("%s: %s (%s)", exchange.request_id, error, error.__cause__)
            await refused(request, error.refusal())(scope, receive, reply)
        except ClientDisconnect:
            _log.debug("%s: the client went away before its request was complete", exchange.request_id)
        except Exception:
            _log.exception("%s: %s %s failed", exchange.request_id, request.method, request.url.path)
            await refused(request, _internal_error(exchange.request_id))(scope, receive, reply)


class _ResponseHeaders:
    """The way out, which adds the headers that every answer has."""

    def __init__(self, send: Send, exchange: Exchange, budget: RateLimitWindow, clock: Clock) -> None:
        self._send = send
        self._exchange = exchange
        self._budget = budget
        self._clock = clock

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            spent = self._budget.headers(self._clock.ahead.total_seconds())
            headers = {HEADER: self._exchange.request_id, **spent}
            MutableHeaders(scope=message).update(headers)
        await self._send(message)


def _require(owner: str | None) -> None:
    if owner is None:
        raise ApiError(
            401,
            "unauthorized",
            "the API key is missing or not one of this sandbox's; send Authorization: Bearer and the key it printed",
            headers={"WWW-Authenticate": "Bearer"},
        )


def _internal_error(request_id: str) -> ApiError:
    return ApiError(500, "internal_error", f"the sandbox failed; its log tells why under {request_id}")
