"""Loopback hosts, which are never reached through a proxy."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ipaddress


# The second and those after it stand in the hosts files of widespread systems.
_NAMES = frozenset(
    {"localhost", "localhost.localdomain", "localhost6", "localhost6.localdomain6", "ip6-localhost", "ip6-loopback"}
)


def is_loopback(host: str) -> bool:
    """Return whether a host name or address, in any of its spellings, is a loopback address of this machine.

    Among the spellings: `localhost.`, `127.1`, `0x7f000001`, `2130706433`, `[::ffff:127.0.0.1]`.
    """
    name = _name(host)
    if name in _NAMES or name.endswith(".localhost"):  # RFC 6761, 6.3
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
