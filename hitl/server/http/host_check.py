"""The host names that a sandbox answers to, against DNS rebinding."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from hitl._engine import is_loopback

_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_PORT = re.compile(r":\d{1,5}$", re.ASCII)


def in_url(host: str) -> str:
    """Return a host as a URL writes it, with brackets around an IPv6 address."""
    return f"[{host}]" if ":" in host else host


def host_name(host: str) -> str:
    """Return the name in the value of a Host header, in small letters and without the port."""
    return _PORT.sub("", host.lower())


class HostGuard:
    """ASGI middleware that answers only to the server's own names.

    Against DNS rebinding: a page can point its own domain at 127.0.0.1 and then read from here as if from its own
    origin, but its requests still have that domain in their Host header.
    """

    def __init__(self, app: ASGIApp, *, host: str, names: Iterable[str] = ()) -> None:
        """Guard an application that listens on `host`, and may be called by `names`, too."""
        self._app = app
        self._names = {name.lower() for name in (*_NAMES, in_url(host), *names)}
        self._is_remote = not is_loopback(host)
        if self._is_remote:
            self._names.add(socket.gethostname().lower())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here with 400."""
        if scope["type"] != "http" or self._is_ours(Headers(scope=scope).getlist("Host")):
            await self._app(scope, receive, send)
            return
        names = ", ".join(sorted(self._names))
        answer = PlainTextResponse(f"This sandbox is reached as {names} only; the Host header says otherwise.\n", 400)
        await answer(scope, receive, send)

    def _is_ours(self, hosts: list[str]) -> bool:
        if len(hosts) != 1:
            return False
        name = host_name(hosts[0])
        # To rebind a name, an attacker needs a name; the addresses of this machine are many and change.
        return name in self._names or (self._is_remote and _is_address(name))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
