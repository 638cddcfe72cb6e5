"""What a server behind a public URL believes of a request, and what every answer of it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hitl._engine import is_loopback
from hitl.server.http.host_check import host_name
from hitl.server.http.proxies import PEER, Peer, TrustedProxies
from hitl.server.http.public_url import PUBLIC_ADDRESS, PublicUrl
from hitl.server.http.requests import LONGEST_WAIT, is_api
from hitl.server.primitives import ApiError

PROXIED_WAIT: Final = 50
"""The longest `Prefer: wait` behind a proxy, in seconds: nginx gives up after 60 of silence by default."""

_HSTS: Final = "max-age=15552000"  # half a year, and this host only
_FOR_OPERATORS: Final = frozenset({"/healthz", "/readyz", "/metrics"})

Refuse: TypeAlias = Callable[[Scope, ApiError], Response]
"""Puts a refusal into the envelope of the API that was called."""


@dataclass(frozen=True, slots=True)
class Front:
    """How requests come to a server."""

    public_url: PublicUrl | None
    proxies: TrustedProxies
    is_only_for_proxies: bool = False
    """Whether others than the named proxies are not answered: the way to here is in clear."""
    has_hsts: bool = False


class PublicUrlGuard:
    """ASGI middleware around a team's server: its public URL decides what there is, not what a client claims."""

    def __init__(self, app: ASGIApp, front: Front, refuse: Refuse) -> None:
        self._app = app
        self._front = front
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        peer = self._front.proxies.peer(scope)
        inner = {**scope, PEER: peer, LONGEST_WAIT: PROXIED_WAIT}
        url = self._front.public_url
        if url is None or _is_an_operators(scope, peer):
            await self._app(inner, receive, self._completing(send))
            return
        inner |= {"scheme": url.scheme, "root_path": url.prefix, PUBLIC_ADDRESS: str(url)}
        answer = self._refusal(inner, peer, url)
        await (answer or self._app)(inner, receive, self._completing(send))

    def _refusal(self, scope: Scope, peer: Peer, url: PublicUrl) -> Response | None:
        """Return the answer to a request that did not come the right way."""
        headers = Headers(scope=scope)
        if self._front.is_only_for_proxies and not peer.is_proxy:
            return self._error(scope, 403, "insufficient_permissions", f"this server is reached at {url} only")
        hosts = headers.getlist("Host")
        if len(hosts) != 1 or not url.is_named_by(hosts[0]):
            return self._error(scope, 421, "misdirected_request", _wrong_host(hosts, url))
        path = str(scope["path"])
        if not f"{path}/".startswith(f"{url.prefix}/"):
            return PlainTextResponse(f"There is nothing here; this server is at {url}.\n", 404)
        if url.is_secure and peer.is_proxy and _proto(headers) == "http":
            if is_api(scope):
                why = "the request came to the proxy over http, in clear: use https, and replace the key that was sent"
                return self._error(scope, 400, "https_only", why)
            return RedirectResponse(_secure(scope, url), 308)
        if path == url.prefix:  # not for an empty one, since every path has a slash
            return RedirectResponse(f"{url.prefix}/", 308)
        return None

    def _error(self, scope: Scope, status: int, code: str, message: str) -> Response:
        if is_api(scope):
            return self._refuse(scope, ApiError(status, code, message))
        return PlainTextResponse(f"{message[:1].upper()}{message[1:]}.\n", status)

    def _completing(self, send: Send) -> Send:
        """Return a `send` that adds what every answer says."""

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("Content-Type", "").startswith("text/event-stream"):
                    headers["X-Accel-Buffering"] = "no"  # nginx would keep the events until its buffer is full
                if self._front.has_hsts:
                    headers["Strict-Transport-Security"] = _HSTS
            await send(message)

        return complete


def _is_an_operators(scope: Scope, peer: Peer) -> bool:
    """Return whether a program of this machine asks how the server is; not a page that points a name at it."""
    hosts = Headers(scope=scope).getlist("Host")
    is_here = peer.is_direct and len(hosts) == 1 and is_loopback(host_name(hosts[0]))
    return is_here and scope["path"] in _FOR_OPERATORS


def _proto(headers: Headers) -> str:
    return ",".join(headers.getlist("X-Forwarded-Proto")).rpartition(",")[2].strip().lower()


def _secure(scope: Scope, url: PublicUrl) -> str:
    # As it was sent, so that nothing in it is read twice; `raw_path` is optional in ASGI.
    raw = scope.get("raw_path") or str(scope["path"]).encode()
    query = b"?" + scope["query_string"] if scope.get("query_string") else b""
    return f"{url.origin}{(raw + query).decode('latin-1')}"


def _wrong_host(hosts: list[str], url: PublicUrl) -> str:
    said = "no Host header" if not hosts else "several Host headers" if len(hosts) > 1 else f"Host: {hosts[0][:100]}"
    return (
        f"this server is {url} and the request says {said}; the proxy must pass the name on: in nginx "
        f"`proxy_set_header Host $http_host;`, in Caddy `header_up Host {url.netloc}`"
    )
