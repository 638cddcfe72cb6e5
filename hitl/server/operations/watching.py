"""ASGI middleware around a team's server: `/readyz` and `/metrics` for this machine, counting, and the log."""

from __future__ import annotations

import ipaddress
import time
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hitl.server.http.request_facts import RequestFacts, watched
from hitl.server.operations.exposition import CONTENT_TYPE
from hitl.server.operations.health import Health
from hitl.server.operations.log import FACTS, REQUESTS
from hitl.server.operations.metrics import Metrics
from hitl.server.operations.probe import Probes

_FORWARDED: Final = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via")
_LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "[::1]", "::1")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_STREAM: Final = "text/event-stream"


class Watching:
    """Passes requests on, and notes how they were answered."""

    def __init__(self, app: ASGIApp, health: Health, metrics: Metrics | None, probes: Probes) -> None:
        """Answer `/metrics` if there are any, and count for them."""
        self._app = app
        self._probes = probes
        self._health = health
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what operators ask, or pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = self._probes.answer(scope)
        if answer is None and scope["path"] in ("/readyz", "/metrics") and is_direct(scope):
            answer = await self._answer(scope["path"])
        if answer is not None:
            await answer(scope, receive, send)
            return
        exchange = _Exchange(scope, send, self._metrics)
        try:
            await self._app(scope, receive, exchange.send)
        finally:
            exchange.end()

    async def _answer(self, path: str) -> Response | None:
        if path == "/readyz":
            return await readiness(self._health)
        if self._metrics is None:
            return None
        return Response(await self._metrics.text(), headers={"Content-Type": CONTENT_TYPE})


async def readiness(health: Health) -> Response:
    """Return 200, or 503 with the names of what fails."""
    failing = await health.failing()
    body = {"status": "failing" if failing else "ok", "failing": failing}
    return JSONResponse(body, 503 if failing else 200, {"Cache-Control": "no-store"})


def is_direct(scope: Scope) -> bool:
    """Return whether a program of this machine asks without a proxy in between, by a name of this machine."""
    headers = Headers(scope=scope)
    if any(name in headers for name in _FORWARDED):
        return False
    host = headers.get("Host", "").lower()
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return name in _LOCAL_NAMES and _is_this_machine(scope)


def _is_this_machine(scope: Scope) -> bool:
    client: tuple[str, int] | None = scope.get("client")
    if client is None:
        return True  # a Unix socket
    try:
        return ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False


class _Exchange:
    """One request, from its beginning to the end of its answer."""

    def __init__(self, scope: Scope, send: Send, metrics: Metrics | None) -> None:
        self._scope = scope
        self._send = send
        self._metrics = metrics
        self._facts: RequestFacts = watched(scope)
        self._client: tuple[str, int] | None = scope.get("client")
        self._began = time.perf_counter()
        self._status = 0  # of an answer that never came
        self._held = "poll" if "wait=" in Headers(scope=scope).get("Prefer", "") else ""
        self._hold(1)

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            if Headers(raw=message.get("headers", [])).get("Content-Type", "").startswith(_STREAM):
                self._hold(-1)
                self._held = "stream"
                self._hold(1)
        await self._send(message)

    def end(self) -> None:
        """Count the request, and log it."""
        seconds = time.perf_counter() - self._began
        self._hold(-1)
        method = self._scope["method"] if self._scope["method"] in _METHODS else "other"
        route = self._facts.route or "none"
        if self._metrics is not None:
            self._metrics.requests.add(route, method, str(self._status))
            self._metrics.request_seconds.observe(seconds, route)
        REQUESTS.info("request", extra={FACTS: self._line(method, route, seconds)})

    def _line(self, method: str, route: str, seconds: float) -> dict[str, object]:
        actor = self._facts.actor
        return {
            "request_id": self._facts.request_id,
            "route": route,
            "method": method,
            "status": self._status,
            "ms": round(seconds * 1000, 1),
            "address": "" if self._client is None else self._client[0],
            "actor_kind": "" if actor is None else actor.kind,
            "actor_id": "" if actor is None or actor.kind == "key" else actor.id,
            "key_id": "" if actor is None or actor.kind != "key" else actor.id,
            "review_id": self._facts.review_id,
            "delivery_id": self._facts.delivery_id,
        }

    def _hold(self, by: int) -> None:
        if self._metrics is not None and self._held:
            self._metrics.held.add(self._held, by=by)
