"""The connections of one client, from a plain request to a plain answer, as a flow."""

from __future__ import annotations

import base64
from urllib.parse import unquote, urlsplit

from hitl._engine.codec import RequestCodec
from hitl._engine.connection import IOSteps, Route
from hitl._engine.messages import Request, TransportFailure, TransportResult
from hitl._engine.pool import LONGEST_IDLE, Pool
from hitl._engine.tls import context
from hitl._secret import Secret

# Seconds after which a connection is not used for what cannot be repeated. Many servers close after 5 seconds of
# silence, and a request that crosses the closing leaves its sender in doubt.
LONGEST_IDLE_FOR_ONCE = 4.0


class EngineClient:
    """Makes exchanges with one server.

    Attributes:
        requests: How they are written.
        pool: The connections.
    """

    def __init__(self, requests: RequestCodec, proxy: Secret | None) -> None:
        self.requests = requests
        self._is_forwarded = proxy is not None and not self.requests.is_secure
        self.pool = Pool(_route(self.requests, proxy), self.requests.name)

    def fetch(
        self, request: Request, deadline: float, *, is_repeatable: bool, fresh: bool = False
    ) -> IOSteps[TransportResult]:
        """Make one exchange.

        Args:
            request: What to send.
            deadline: For the whole exchange, on the monotonic clock.
            is_repeatable: True if sending it twice does no more than sending it once.
            fresh: True to use a connection that has carried nothing yet.
        """
        fetched = yield from self.pool.fetch(
            request.method,
            self.requests.wire(request, absolute=self._is_forwarded),
            deadline,
            fresh=fresh,
            longest_idle=LONGEST_IDLE if is_repeatable else LONGEST_IDLE_FOR_ONCE,
        )
        if isinstance(fetched, TransportFailure):
            return fetched
        return self.requests.answer(
            fetched.status_code, fetched.headers, fetched.body, fetched.fault, is_framed=fetched.is_framed
        )


def _route(requests: RequestCodec, proxy: Secret | None) -> Route:
    tls = context if requests.is_secure else None
    if proxy is None:
        return Route(requests.host, requests.port, tls)
    parts = urlsplit(proxy.reveal())
    login = None
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        login = Secret(base64.b64encode(pair.encode()).decode("ascii"))
    return Route(requests.host, requests.port, tls, (parts.hostname or "", parts.port or 80), login)
