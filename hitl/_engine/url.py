"""Where a server is: its address taken apart."""

from __future__ import annotations

import re
from typing import NamedTuple

from hitl.exceptions import ConfigurationError


class Address(NamedTuple):
    """An HTTP address in the form that goes over the wire.

    Attributes:
        is_secure: True for https.
        host: A name in ASCII, or an IP address without brackets.
        port: Always there.
        authority: The Host header: host and port, without the port that goes without saying.
        prefix: The path, quoted, without a slash at its end; "" for most.
    """

    is_secure: bool
    host: str
    port: int
    authority: str
    prefix: str


# Nearly all are written like this, and need nothing to be quoted, encoded or normalised.
_PLAIN = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*)"
    r"(:(?P<port>[1-9][0-9]{0,3}))?(?P<path>(/[A-Za-z0-9_~-]+)*)/?",
    re.ASCII,
)


def address(url: str) -> Address:
    """Return the parts of an address that was checked to have a scheme, a host, and neither query nor fragment.

    Raises:
        ConfigurationError: if it cannot be used all the same; it is not quoted.
    """
    found = _PLAIN.fullmatch(url)
    if found is None or "--" in found["host"]:
        return _by_httpx(url)
    is_secure = found["scheme"] == "https"
    usual = 443 if is_secure else 80
    port = int(found["port"] or usual)
    host = found["host"]
    return Address(is_secure, host, port, host if port == usual else f"{host}:{port}", found["path"])


def _by_httpx(url: str) -> Address:
    import httpx  # knows about names in other scripts, IPv6 and dots in paths; takes long to load

    parts, why = None, ""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        why = str(error)
    if parts is None:  # outside of the handler, so that nothing of httpx hangs on to the error
        raise ConfigurationError(f"base_url cannot be used: {why}")
    is_secure = parts.scheme == "https"
    return Address(
        is_secure,
        parts.raw_host.decode("ascii"),
        parts.port or (443 if is_secure else 80),
        parts.netloc.decode("ascii"),
        parts.raw_path.decode("ascii").rstrip("/"),
    )
