"""NO_PROXY: which servers are reached without the proxy, by the rules of curl and of Go's `httpproxy`.

Entries stand between commas or white space: `*`; a name, which stands for its subdomains, too; `.name` and `*.name`,
which stand for the subdomains only in Go and for both in curl, as here; an address, IPv6 with or without brackets; a
network such as 10.0.0.0/8. Names and addresses may have a port.
"""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from typing import TypeAlias

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_exempt(exceptions: str, host: str, port: int) -> bool:
    """Return whether the value of NO_PROXY names a host, which is in ASCII and without brackets."""
    address, name = _address(host), _name(host)
    return any(_matches(entry, name, address, port) for entry in exceptions.replace(",", " ").split())


def _matches(entry: str, name: str, address: _Address | None, port: int) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        return address is not None and _is_in(address, entry)
    if _address(entry) is None:  # an IPv6 address without brackets has no port
        bare, colon, digits = entry.rpartition(":")
        if colon and digits.isdecimal() and digits.isascii():
            if int(digits) != port:
                return False
            entry = bare
    given = _address(entry)
    if address is not None or given is not None:
        return address == given
    suffix = _name(entry.removeprefix("*").removeprefix("."))
    return bool(suffix) and (name == suffix or name.endswith(f".{suffix}"))


def _is_in(address: _Address, entry: str) -> bool:
    base, _, bits = entry.partition("/")
    with suppress(ValueError):
        return address in ipaddress.ip_network(f"{base.strip('[]')}/{bits}", strict=False)
    return False


def _address(text: str) -> _Address | None:
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        found = ipaddress.ip_address(bare.rstrip(".").partition("%")[0])  # a zone says by which way, not which host
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _name(text: str) -> str:
    bare = text.rstrip(".").lower()
    if bare.isascii():
        return bare
    import httpx  # knows IDNA; slow to import

    try:
        return httpx.URL(f"http://{bare}").raw_host.decode("ascii")
    except httpx.InvalidURL:
        return bare
