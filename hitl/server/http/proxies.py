"""Who is at the other end of a connection: a proxy that the operator has named, or somebody else.

Only a named proxy is believed, and only about the address of its client and the scheme that this one used. `Forwarded`
and `X-Forwarded-Host` are never read.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from starlette.datastructures import Headers
from starlette.types import Scope

from hitl.server.primitives import SetupError

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

PEER: Final = "hitl.peer"
"""Where the ASGI scope holds the Peer."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who sent a request."""

    address: str
    """The client's, as far as it is known: to be shown and to count by, never to grant anything."""

    is_proxy: bool = False
    """Whether the connection comes from a named proxy."""

    is_socket: bool = False
    """Whether it came over a Unix socket, which only a proxy can open."""

    is_direct: bool = False
    """Whether a program of this machine calls by itself: from a loopback address, through no proxy that says so."""


class TrustedProxies:
    """The networks whose proxies are believed; over a Unix socket whoever can open it is."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        """Trust networks such as "127.0.0.1" or "10.0.0.0/8"; SetupError for what is none."""
        self._networks = [_network(each) for each in networks]

    def __bool__(self) -> bool:
        return bool(self._networks)

    def peer(self, scope: Scope) -> Peer:
        """Return who sent a request."""
        client: tuple[str, int] | None = scope.get("client")
        address = _address(client[0]) if client else None
        is_proxy = client is None or self._has(address)
        forwarded = Headers(scope=scope).getlist("X-Forwarded-For")
        nearest = "" if client is None else str(address or client[0])
        shown = self._walk(forwarded, nearest) if is_proxy else nearest
        is_direct = address is not None and address.is_loopback and not forwarded
        return Peer(shown, is_proxy, client is None, is_direct)

    def _walk(self, forwarded: Iterable[str], nearest: str) -> str:
        """Return the client: from the right, where the nearest proxy writes, past named proxies.

        What stands further left was written by somebody who is not believed.
        """
        for each in reversed(",".join(forwarded).split(",")):
            address = _address(each.strip())
            if address is None:
                break
            nearest = str(address)
            if not self._has(address):
                break
        return nearest

    def _has(self, address: _Address | None) -> bool:
        return address is not None and any(address in each for each in self._networks)


def peer_of(scope: Mapping[str, Any]) -> Peer:
    """Return who sent a request."""
    peer: Peer | None = scope.get(PEER)
    if peer is not None:
        return peer
    client = scope.get("client")
    return Peer(client[0] if client else "")


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text.strip())
    except ValueError as error:
        raise SetupError(
            f"the trusted proxy {text!r} is neither an address nor a network ({error}); give one such as 127.0.0.1 or "
            "10.0.0.0/8"
        ) from None


def _address(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
