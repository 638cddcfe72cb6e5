"""Origins: base URLs taken apart."""

from __future__ import annotations

import re
from typing import NamedTuple

from hitl.exceptions import ConfigurationError


class Origin(NamedTuple):
    """A server, as a base URL names it.

    Attributes:
        url: The base URL; messages name the server by it.
        is_secure: True for https.
        host: A name in ASCII, or an IP address without brackets.
        port: Always there.
        authority: The Host header: host and port, without the scheme's default port.
        prefix: The path, quoted, without a trailing slash; "" for most.
        ip: The address to connect to, such as one that was checked before; None to look `host` up.
    """

    url: str
    is_secure: bool
    host: str
    port: int
    authority: str
    prefix: str = ""
    ip: str | None = None

    @classmethod
    def parse(cls, url: str) -> Origin:
        """Return the origin of a URL that was checked to have a scheme, a host, and neither query nor fragment.

        Raises:
            ConfigurationError: if it is unusable all the same; the message does not quote it.
        """
        found = _SIMPLE.fullmatch(url)
        if found is None or "--" in found["host"]:
            return _parsed_by_httpx(url)
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
    r"(:(?P<port>[1-9][0-9]{0,3}))?(?P<path>(/[A-Za-z0-9_~-]+)*)/?",
    re.ASCII,
)


def _parsed_by_httpx(url: str) -> Origin:
    import httpx  # knows IDNA, IPv6 and dots in paths; slow to import

    parts, why = None, ""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        why = str(error)
    if parts is None:  # raised outside of the handler, so that the error has no context that belongs to httpx
        raise ConfigurationError(f"base_url cannot be used: {why}")
    is_secure = parts.scheme == "https"
    return Origin(
        url,
        is_secure,
        parts.raw_host.decode("ascii"),
        parts.port or (443 if is_secure else 80),
        parts.netloc.decode("ascii"),
        parts.raw_path.decode("ascii").rstrip("/"),
    )
