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
    """Tell whether a host name or address, in any of its spellings, is this machine.

    Among the spellings: `localhost.`, `127.1`, `0x7f000001`, `2130706433`, `[::ffff:127.0.0.1]`; also 0.0.0.0 and ::,
    which connect to this machine.
    """
    name = host.lower().strip("[]").rstrip(".")
    if name in _NAMES or name.endswith(".localhost"):  # RFC 6761, 6.3
        return True
    import ipaddress  # loaded where the environment names a proxy

    address = _address(name)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address is not None and (address.is_loopback or address.is_unspecified)


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    import ipaddress

    try:
        if ":" in name:
            return ipaddress.IPv6Address(name.partition("%")[0])
        return ipaddress.IPv4Address(socket.inet_aton(name))  # takes every spelling that the resolver takes
    except (ValueError, OSError):
        return None
