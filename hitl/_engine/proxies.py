"""Which proxy the environment names for a server, by the rules that curl, httpx and Python's own library share."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hitl._engine.url import address
from hitl.exceptions import ConfigurationError

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


def proxy_for(base_url: str) -> str | None:
    """Return the address of the proxy for a server, with its credentials if it has some; None to go there directly.

    Read from HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY in either case, or the system's settings where there are
    such. A server on this machine is never reached through a proxy.

    Raises:
        ConfigurationError: if it is not one of plain HTTP; its address is not shown.
    """
    server = urlsplit(base_url)
    if not _may_name_one():
        return None
    _, host, port, *_ = address(base_url)  # as it will be connected to: a name may have other dots than full stops
    if is_loopback(host) or is_unspecified(host):
        return None
    from urllib.request import getproxies, proxy_bypass  # loads much, and few need it

    proxies = getproxies()
    proxy = proxies.get(server.scheme) or proxies.get("all") or ""
    if not proxy.strip() or proxy_bypass(f"{host}:{port}"):
        return None
    found = proxy.strip() if "://" in proxy else f"http://{proxy.strip()}"
    if not _is_usable(found):
        del proxies, proxy, found  # a traceback that shows local variables would show the password
        raise ConfigurationError(
            f"the proxy that the environment names for {server.scheme}:// (HTTP_PROXY, HTTPS_PROXY or ALL_PROXY) "
            "cannot be used: it must look like http://host:port. For another kind, pass "
            "transport=httpx.HTTPTransport(proxy=...)"
        )
    return found


def _may_name_one() -> bool:
    has_system_settings = sys.platform in ("darwin", "win32")
    return has_system_settings or any(name.lower().endswith("_proxy") for name in os.environ)


def _is_usable(proxy: str) -> bool:
    try:
        parts = urlsplit(proxy)
        port = parts.port
    except ValueError:
        return False
    is_plain = proxy.isascii() and proxy.isprintable() and " " not in proxy
    return is_plain and parts.scheme == "http" and bool(parts.hostname) and port != 0
