"""Where deliveries may go: decided by the addresses that a name stands for, and kept to when connecting.

A URL comes from whoever has an API key, and the request is made from here, so it must not reach what only this machine
can reach (SSRF). The address is checked after resolution, because `127.1`, `2130706433` and `localhost` are the same,
and the connection goes to the very address that was checked, because a name may stand for another one a moment later.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

from hitl.sandbox.checks import uri
from hitl.sandbox.hosts import in_url
from hitl.sandbox.refusals import Fault, invalid

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]

_RESOLVE_SECONDS: Final = 5.0
_PORTS: Final = {"http": 80, "https": 443}
# Addresses of the IPv4 world in an IPv6 coat, which `is_global` takes for public: NAT64 (RFC 6052, RFC 8215) and
# 6to4 (RFC 3056).
_COATS: Final = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"))


class ForbiddenTargetError(Exception):
    """Nothing may be sent to this URL; the message says why and what to do."""


class UnknownHostError(Exception):
    """The name of the host stands for no address at present."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL whose host is known and may be sent to.

    Attributes:
        url: The URL with the checked address in the place of the host's name.
        host: The `Host` header: the host as the original URL has it.
        server_name: The name that the receiver's TLS certificate must be for.
    """

    url: str
    host: str
    server_name: str


async def resolve(host: str, port: int) -> list[str]:
    """Return every address that a host's name stands for."""
    loop = asyncio.get_running_loop()
    try:
        found = await asyncio.wait_for(loop.getaddrinfo(host, port, type=socket.SOCK_STREAM), _RESOLVE_SECONDS)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise UnknownHostError(f"the name {host!r} cannot be resolved; is it spelt right?") from error
    return [str(entry[4][0]) for entry in found]


class Targets:
    """The rule of one sandbox."""

    def __init__(self, *, allow_remote: bool = False, resolve: Resolve = resolve) -> None:
        """Allow this machine only, or others, too.

        Args:
            allow_remote: Allow public and private networks; never link-local addresses, where clouds keep credentials.
            resolve: Returns the addresses of a host.
        """
        self._allow_remote = allow_remote
        self._resolve = resolve

    async def admit(self, place: str, url: str) -> None:
        """Refuse a URL, found at `place` of a body, that nothing could be delivered to."""
        try:
            await self.locate(url)
        except ForbiddenTargetError as error:
            raise invalid(str(error), place) from error
        except UnknownHostError as error:
            # On the network a name may come to be known later; on this machine it would have to be known already.
            if not self._allow_remote:
                raise invalid(str(error), place) from error

    async def locate(self, url: str) -> Target:
        """Return where to connect to.

        Raises:
            ForbiddenTargetError: One of the addresses may not be sent to, or it is no web address at all.
            UnknownHostError: There is no address at present.
        """
        for fault in web_address("url", url):
            raise ForbiddenTargetError(fault.issue)
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or _PORTS[parts.scheme]
        addresses = [ipaddress.ip_address(each) for each in await self._resolve(host, port)]
        self._require_all(host, addresses)
        query = f"?{parts.query}" if parts.query else ""
        # No part of the text is parsed a second time by other rules: the host is an address by now.
        located = f"{parts.scheme}://{in_url(str(addresses[0]))}:{port}{parts.path or '/'}{query}"
        return Target(located, _host_header(parts), host)

    def _require_all(self, host: str, addresses: Iterable[Address]) -> None:
        for address in map(_bare, addresses):
            if address.is_loopback:
                continue
            if not self._allow_remote:
                raise ForbiddenTargetError(
                    f"{host} is not on this machine ({address}); use a loopback address such as http://localhost:8000, "
                    "or start the sandbox with --allow-remote-webhooks"
                )
            if not _is_ordinary(address):
                raise ForbiddenTargetError(f"{host} is at {address}, which is not an address of an ordinary host")


def web_address(place: str, value: object) -> Iterator[Fault]:
    """Accept an absolute http or https URL without a user's name in it."""
    faults = list(uri(place, value))
    if faults or not isinstance(value, str):
        yield from faults
        return
    try:
        parts = urlsplit(value)
        complete = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number from 0 to 65535, brackets that hold no IPv6 address
        complete = False
        parts = SplitResult("", "", "", "", "")
    if not complete:
        yield Fault(place, "must be an http or https URL, such as http://localhost:8000/webhook")
    elif "@" in parts.netloc:
        yield Fault(place, "must not hold a user name or password; put a secret into the path, or check the signature")


def _bare(address: Address) -> Address:
    """Return the IPv4 address inside an IPv6 one, which is where the connection would go."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _is_ordinary(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and any(address in coat for coat in _COATS):
        return False
    odd = address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved
    return not odd and (address.is_global or address.is_private)


def _host_header(parts: SplitResult) -> str:
    host = in_url(parts.hostname or "")
    return host if parts.port is None else f"{host}:{parts.port}"
