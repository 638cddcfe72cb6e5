"""The API's keys, of which it keeps only digests, its rate limit, and the headers that every answer has."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import Iterable

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from hitl.server.http.rate_limit import RateLimiter
from hitl.server.http.responses import SCOPE_KEY, ErrorResponse, RequestContext, request_id, with_headers
from hitl.server.primitives import ApiError, Clock, SetupError
from hitl.server.storage import StorageError


def new_api_key() -> str:
    """Return a fresh key in the vendor's form for tests: `hitl_test_` and 48 hexadecimal digits."""
    return f"hitl_test_{secrets.token_hex(24)}"


class ApiKeys:
    """The accepted keys."""

    def __init__(self, keys: Iterable[str]) -> None:
        """Accept these keys; SetupError if one could not be sent in a header."""
        self._digests = [_digest(_checked(key)) for key in keys]

    def owner(self, authorization: str | None) -> str | None:
        """Return the digest of the key in an Authorization header, or None; every key is compared, in constant time."""
        scheme, _, token = (authorization or "").partition(" ")
        digest = _digest(token.strip())
        known = [hmac.compare_digest(digest, each) for each in self._digests]
        return digest if scheme.lower() == "bearer" and any(known) else None


def _checked(key: str) -> str:
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise SetupError("an API key is one or more visible ASCII characters without spaces; choose another one")
    return key


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


_log = logging.getLogger("hitl.server")


class ApiGuardMiddleware:
    """ASGI middleware: authentication, the rate limit, request ids, and an envelope for unexpected errors."""

    def __init__(
        self, app: ASGIApp, *, keys: ApiKeys, rate_limiter: RateLimiter, clock: Clock, error_response: ErrorResponse
    ) -> None:
        self._app = app
        self._keys = keys
        self._rate_limiter = rate_limiter
        self._clock = clock
        self._error_response = error_response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        request = Request(scope, receive)
        owner = self._keys.owner(request.headers.get("Authorization"))
        # Callers without a valid key share one window, which makes guessing keys slow.
        window = self._rate_limiter.of(owner or "")
        context = RequestContext(self._clock, owner or "", window, request_id(scope))
        scope[SCOPE_KEY] = context
        reply = with_headers(send, lambda: window.headers(self._clock.ahead.total_seconds()))
        try:
            window.spend(self._clock().timestamp())
            _require(owner)
            await self._app(scope, receive, reply)
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


def _require(owner: str | None) -> None:
    if owner is None:
        raise ApiError(
            401,
            "unauthorized",
            "the API key is missing or not one of this sandbox's; send Authorization: Bearer and the key it printed",
            headers={"WWW-Authenticate": "Bearer"},
        )


def _internal_error(request_id: str) -> ApiError:
    return ApiError(500, "internal_error", f"the sandbox failed; its log says why under {request_id}")
