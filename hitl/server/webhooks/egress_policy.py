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
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from hitl._engine import Origin
from hitl.server.http.host_check import in_url
from hitl.server.primitives import Fault, SetupError, invalid
from hitl.server.primitives.validation import uri

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]

_RESOLVE_SECONDS: Final = 5.0
_PORTS: Final = {"http": 80, "https": 443}
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")  # all that is assigned to hosts of the Internet (RFC 4291, 2.4)
_NEVER: Final = tuple(
    ipaddress.ip_network(net)
    for net in (
        # Addresses of the IPv4 world in an IPv6 coat, which `is_global` takes for public: NAT64 (RFC 6052, RFC 8215),
        # 6to4 (RFC 3056) and Teredo (RFC 4380); and the relays of 6to4, on the other side (RFC 7526).
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "192.88.99.0/24",
        "2001::/32",
        "3fff::/20",  # for documentation (RFC 9637), which Python 3.11 does not know yet
        "fec0::/10",  # site-local, which nobody is to use any more (RFC 3879)
        # Where clouds keep credentials, beside 169.254.169.254: Alibaba, Azure, Oracle, Amazon, Google.
        "100.100.100.200/32",
        "168.63.129.16/32",
        "192.0.0.192/32",
        "fd00:ec2::254/128",
        "fd20:ce::254/128",
    )
)


class ForbiddenTargetError(Exception):
    """The URL is not allowed; the message says why and what to do."""


class UnknownHostError(Exception):
    """The host does not resolve at present."""


async def resolve(host: str, port: int) -> list[str]:
    """Return all addresses of a host name."""
    loop = asyncio.get_running_loop()
    # With the dot it is still this machine (RFC 6761, section 6.3), which not every resolver knows.
    name = "localhost" if host == "localhost." else host
    try:
        async with asyncio.timeout(_RESOLVE_SECONDS):
            found = await loop.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise UnknownHostError(f"the name {host!r} cannot be resolved; is it spelt right?") from error
    return [str(entry[4][0]) for entry in found]


class Targets:
    """The addresses that one server may send to."""

    def __init__(self, *, allow_remote: bool = False, networks: Iterable[str] = (), resolve: Resolve = resolve) -> None:
        """Allow this machine only, or also public addresses (`allow_remote`) and private `networks`.

        Networks such as "192.168.1.0/24" never include link-local addresses or others where clouds keep credentials.
        """
        self._allow_remote = allow_remote
        self._networks = [_network(each) for each in networks]
        self._resolve = resolve

    async def admit(self, place: str, url: str) -> None:
        """Refuse a URL, found at `place` of a body, that nothing could be delivered to."""
        try:
            await self.locate(url)
        except ForbiddenTargetError as error:
            raise invalid(str(error), place) from error
        except UnknownHostError as error:
            # On the network a name may come to be known later; on this machine it would have to be known already.
            if not (self._allow_remote or self._networks):
                raise invalid(str(error), place) from error

    async def locate(self, url: str) -> tuple[Origin, str]:
        """Return where to connect to, a checked address, and the path; ForbiddenTargetError or UnknownHostError."""
        for fault in web_address("url", url):
            raise ForbiddenTargetError(fault.issue)
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or _PORTS[parts.scheme]
        addresses = [ipaddress.ip_address(each) for each in await self._resolve(host, port)]
        self._require_all(host, addresses)
        query = f"?{parts.query}" if parts.query else ""
        authority = in_url(host) if parts.port is None else f"{in_url(host)}:{parts.port}"
        # No part of the URL is parsed a second time by other rules: the host is an address by now.
        ip = str(_bare(addresses[0]))
        origin = Origin(authority, parts.scheme == "https", host.rstrip("."), port, authority, ip=ip)
        return origin, f"{parts.path or '/'}{query}"

    def _require_all(self, host: str, addresses: Iterable[IpAddress]) -> None:
        for address in map(_bare, addresses):
            if address.is_loopback:
                continue
            if _is_odd(address):
                raise ForbiddenTargetError(f"{host} is at {address}, which is not an address of an ordinary host")
            if any(address in network for network in self._networks):
                continue
            if not _is_public(address):
                raise ForbiddenTargetError(
                    f"{host} is at {address}, which is not a public address; start the sandbox with "
                    "--allow-webhook-net and its network to allow it"
                )
            if not self._allow_remote:
                raise ForbiddenTargetError(
                    f"{host} is not on this machine ({address}); use a loopback address such as http://localhost:8000, "
                    "or start the sandbox with --allow-remote-webhooks"
                )


def web_address(place: str, value: object) -> Iterator[Fault]:
    """Accept an absolute http or https URL without user name."""
    if faults := list(uri(place, value)):
        yield from faults
    elif not _is_web(str(value)):
        yield Fault(place, "must be an http or https URL, such as http://localhost:8000/webhook")
    elif "@" in urlsplit(str(value)).netloc:
        yield Fault(place, "must not hold a user name or password; put a secret into the path, or check the signature")


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0 and "%" not in parts.netloc
    except ValueError:  # a port that is no number from 0 to 65535, brackets that hold no IPv6 address
        return False


def _bare(address: IpAddress) -> IpAddress:
    """Return the IPv4 address inside an IPv6 one, which is where the connection would go."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _is_odd(address: IpAddress) -> bool:
    """Return whether an address is never allowed, whatever the settings."""
    listed = any(address in network for network in _NEVER)
    return listed or address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved


def _is_public(address: IpAddress) -> bool:
    return address.is_global and (address.version == 4 or address in _UNICAST)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise SetupError(f"a network for webhooks is written as 192.168.1.0/24 ({error})") from error
