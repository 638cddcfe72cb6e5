"""Origins, which are base URLs taken apart, and the hosts that are this machine."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, NamedTuple

from hitl.exceptions import ConfigurationError

if TYPE_CHECKING:
    import ipaddress

# The second and those after it stand in the hosts files of widespread systems.
_LOOPBACK_NAMES = frozenset(
    {"localhost", "localhost.localdomain", "localhost6", "localhost6.localdomain6", "ip6-localhost", "ip6-loopback"}
)


class Origin(NamedTuple):
    """A server, as a base URL names it."""

    url: str  # the base URL; messages name the server by it
    is_secure: bool
    host: str  # a name in ASCII, or an IP address without brackets
    port: int
    authority: str  # the Host header: host and port, without the scheme's default port
    prefix: str = ""  # the path, quoted, without a trailing slash
    ip: str | None = None  # the address to connect to, such as one that was checked before; None to look `host` up

    @classmethod
    def parse(cls, url: str, name: str = "base_url") -> Origin:
        """Return the origin of a URL that was checked to have a scheme, a host, and neither query nor fragment.

        Args:
            url: The URL.
            name: What it is called where it comes from.

        Raises:
            ConfigurationError: if it is unusable all the same; the message does not quote it.
        """
        found = _SIMPLE.fullmatch(url)
        if found is None or "--" in found["host"]:
            return _parsed_by_httpx(url, name)
        is_secure = found["scheme"] == "https"
        default = 443 if is_secure else 80
        port, host = int(found["port"] or default), found["host"]
        return cls(url, is_secure, host, port, host if port == default else f"{host}:{port}", found["path"])

    def is_same_origin(self, scheme: str, host: str, port: int | None) -> bool:
        """Return whether an address is on this server (RFC 6454)."""
        is_secure = scheme == "https"
        return (is_secure, host, port or (443 if is_secure else 80)) == (self.is_secure, self.host, self.port)


# Nearly all URLs look like this, with nothing to quote, encode or normalise.
_SIMPLE = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*)"
    r"(:(?P<port>[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}))?(?P<path>(/[A-Za-z0-9_~-]+)*)/?",
    re.ASCII,
)


def _parsed_by_httpx(url: str, name: str) -> Origin:
    import httpx  # knows IDNA, IPv6 and dots in paths; slow to import

    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        fault = ConfigurationError(f"{name} cannot be used: {error}")
    else:
        is_secure = parts.scheme == "https"
        port = parts.port or (443 if is_secure else 80)
        host, authority, path = (each.decode("ascii") for each in (parts.raw_host, parts.netloc, parts.raw_path))
        return Origin(url, is_secure, host, port, authority, path.rstrip("/"))
    raise fault  # outside of the handler, so that it has no context that belongs to httpx


def is_loopback(host: str) -> bool:
    """Return whether a host name or address, in any of its spellings, is a loopback address of this machine.

    Among the spellings: `localhost.`, `127.1`, `0x7f000001`, `2130706433`, `[::ffff:127.0.0.1]`.
    """
    name = _name(host)
    if name in _LOOPBACK_NAMES or name.endswith(".localhost"):  # RFC 6761, 6.3
        return True
    address = _address(name)
    return address is not None and address.is_loopback


def is_unspecified(host: str) -> bool:
    """Return whether an address is 0.0.0.0 or ::, to which a client connects as to this machine.

    A server that listens there is reached from everywhere, so it is not a loopback address.
    """
    address = _address(_name(host))
    return address is not None and address.is_unspecified


def _name(host: str) -> str:
    return host.lower().strip("[]").rstrip(".")


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    import ipaddress  # slow to import, and rarely needed

    try:
        if ":" in name:
            address = ipaddress.IPv6Address(name.partition("%")[0])
            return address.ipv4_mapped or address
        return ipaddress.IPv4Address(socket.inet_aton(name))  # takes every spelling that the resolver takes
    except (ValueError, OSError):
        return None
