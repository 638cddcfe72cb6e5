"""Who calls the API, its rate limit, and the headers that every answer has.

A sandbox accepts the keys that it was started with, of which `ApiKeys` keeps digests; a team's server has `keys.Keys`.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from hitl.server.http.open_exchanges import EndedError, OpenExchanges
from hitl.server.http.proxies import peer_of
from hitl.server.http.rate_limit import RateLimiter
from hitl.server.http.responses import SCOPE_KEY, ErrorResponse, RequestContext, request_id, with_headers
from hitl.server.primitives import ACTOR, Actor, ApiError, Clock, SetupError
from hitl.server.storage import StorageError


def new_api_key() -> str:
    """Return a fresh key in the vendor's form for tests: `hitl_test_` and 48 hexadecimal digits."""
    return f"hitl_test_{secrets.token_hex(24)}"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a valid key.

    Attributes:
        owner: A digest of the key, by which its rate limit, idempotency keys and account are told from others'.
        actor: The key of a team's server; None in a sandbox, whose keys have no names.
        scopes: What the key may do, in the words of `keys.scopes`; empty in a sandbox, where it may do everything.
        seconds_left: Until the key expires; None if it does not.
    """

    owner: str
    actor: Actor | None = None
    scopes: frozenset[str] = frozenset()
    seconds_left: float | None = None


class Callers(Protocol):
    """Knows the valid keys."""

    refusal: str
    """What a caller without a valid key is told to do."""

    def caller(self, authorization: str | None, address: str = "") -> Caller | None:
        """Return who sends an Authorization header from an address; None without a valid key."""
        ...


Scoped: TypeAlias = Callable[[Request, Caller], "str | None"]
"""Refuses what a caller may not do with an ApiError, or returns the id of the only key whose reviews he may see."""


def token_of(authorization: str | None) -> str | None:
    """Return the token of an Authorization header; None if it has none, or another scheme."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


class ApiKeys:
    """The accepted keys of a sandbox."""

    refusal = "the API key is missing or not one of this sandbox's; send Authorization: Bearer and the key it printed"

    def __init__(self, keys: Iterable[str]) -> None:
        """Accept these keys; SetupError if one could not be sent in a header."""
        self._digests = [_digest(_checked(key)) for key in keys]

    def caller(self, authorization: str | None, address: str = "") -> Caller | None:  # noqa: ARG002 - as of a team's
        """Return who has the key in an Authorization header, or None; every key is compared, in constant time."""
        token = token_of(authorization)
        digest = _digest(token or "")
        known = [hmac.compare_digest(digest, each) for each in self._digests]
        return Caller(digest) if token is not None and any(known) else None


def _checked(key: str) -> str:
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise SetupError("an API key is one or more visible ASCII characters without spaces; choose another one")
    return key


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


_log = logging.getLogger("hitl.server")

_HELD = ("GET", "HEAD")
"""The methods whose answers may be held back, or last."""


class ApiGuardMiddleware:
    """ASGI middleware: authentication, the rate limit, request ids, and an envelope for unexpected errors."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        keys: Callers,
        rate_limiter: RateLimiter,
        clock: Clock,
        error_response: ErrorResponse,
        scoped: Scoped | None = None,
        exchanges: OpenExchanges | None = None,
    ) -> None:
        """Guard `app`; a team's server also has scopes, and ends the exchanges of a key that is revoked."""
        self._app = app
        self._keys = keys
        self._scoped = scoped
        self._exchanges = exchanges
        self._rate_limiter = rate_limiter
        self._clock = clock
        self._error_response = error_response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        request = Request(scope, receive)
        try:
            address = peer_of(scope).address
            caller = self._keys.caller(request.headers.get("Authorization"), address)
        except StorageError as error:  # the keys cannot be read
            scope[SCOPE_KEY] = RequestContext(self._clock, request_id=request_id(scope))
            await self._error_response(request, error.api_error())(scope, receive, send)
            return
        owner = "" if caller is None else caller.owner
        # Callers without a valid key share one window, which makes guessing keys slow.
        window = self._rate_limiter.of(owner)
        context = RequestContext(self._clock, owner, window, request_id(scope))
        scope[SCOPE_KEY] = context
        reply = with_headers(send, lambda: window.headers(self._clock.ahead.total_seconds()))
        try:
            window.spend(self._clock().timestamp())
            await self._answer(caller, context, scope, receive, reply)
        except EndedError:
            await self._error_response(request, _unauthorized(self._keys.refusal))(scope, receive, reply)
        except ApiError as error:
            await self._error_response(request, error)(scope, receive, reply)
        except StorageError as error:
            _log.error("%s: %s (%s)", context.request_id, error, error.__cause__)
            await self._error_response(request, error.api_error())(scope, receive, reply)
        except ClientDisconnect:
            _log.debug("%s: the client went away before its request was complete", context.request_id)
        except Exception:
            _log.exception("%s: %s %s failed", context.request_id, request.method, request.url.path)
            await self._error_response(request, _internal_error(context.request_id))(scope, receive, reply)

    async def _answer(
        self, caller: Caller | None, context: RequestContext, scope: Scope, receive: Receive, reply: Send
    ) -> None:
        if caller is None:
            raise _unauthorized(self._keys.refusal)
        actor = caller.actor
        if actor is not None:
            scope[ACTOR] = actor
            only_of = None if self._scoped is None else self._scoped(Request(scope), caller)
            scope[SCOPE_KEY] = replace(context, only_of=only_of)
        if actor is None or self._exchanges is None or scope["method"] not in _HELD:
            await self._app(scope, receive, reply)
            return
        await self._exchanges.run(actor.id, self._app, scope, receive, reply, seconds=caller.seconds_left)


def _unauthorized(refusal: str) -> ApiError:
    return ApiError(401, "unauthorized", refusal, headers={"WWW-Authenticate": "Bearer"})


def _internal_error(request_id: str) -> ApiError:
    return ApiError(500, "internal_error", f"the sandbox failed; its log says why under {request_id}")
