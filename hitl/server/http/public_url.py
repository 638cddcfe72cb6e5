"""The address by which browsers and programs reach a server: the only source of scheme, host, port and prefix."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from hitl._engine import is_loopback
from hitl.server.http.host_check import in_url
from hitl.server.primitives import SetupError

PUBLIC_ADDRESS: Final = "hitl.public_address"
"""Where the ASGI scope holds the text of the public URL; nowhere in a sandbox, which is reached in many ways."""

_PORTS: Final = {"http": 80, "https": 443}
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|[0-9a-f:.]{2,45}")
_PREFIX: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """A public URL in its parts; as a text it has no slash at its end."""

    scheme: str
    """`http` or `https`."""

    host: str
    """In small letters, an IPv6 address in brackets."""

    port: int

    prefix: str
    """The path under which everything is, such as "/reviews"; empty for the whole host."""

    @classmethod
    def parse(cls, text: str) -> PublicUrl:
        """Return the parts of an address such as "https://reviews.example.com"; SetupError for what is none."""
        try:
            parts = urlsplit(text.strip())
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError as error:
            raise _refused(text, f"{error}".lower()) from None
        prefix = parts.path.rstrip("/")
        if parts.scheme not in _PORTS:
            raise _refused(text, "it begins with neither https:// nor http://")
        if parts.username is not None or parts.query or parts.fragment or "@" in parts.netloc:
            raise _refused(text, "it holds more than a scheme, a host, a port and a path")
        if not _NAME.fullmatch(host) or port == 0:
            raise _refused(text, "its host is no name or address in ASCII")
        if not _PREFIX.fullmatch(prefix) or {".", ".."} & set(prefix.split("/")):
            raise _refused(text, "its path is not made of plain names, such as /reviews")
        return cls(parts.scheme, in_url(host), port or _PORTS[parts.scheme], prefix)

    @property
    def origin(self) -> str:
        """Scheme, host and port, as browsers write an origin."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def netloc(self) -> str:
        """The host and, unless it is the scheme's own, the port."""
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def is_secure(self) -> bool:
        """Whether everything is encrypted on its way to it."""
        return self.scheme == "https"

    @property
    def is_local(self) -> bool:
        """Whether it names the machine itself."""
        return is_loopback(self.host)

    def is_named_by(self, host: str) -> bool:
        """Return whether the value of a Host header is this host and port."""
        return host.lower() in {self.netloc, f"{self.host}:{self.port}"}

    def __str__(self) -> str:
        return f"{self.origin}{self.prefix}"


def public_address(scope: Mapping[str, Any]) -> str | None:
    """Return the public URL, without a slash at its end; None where the server has none."""
    address: str | None = scope.get(PUBLIC_ADDRESS)
    return address


def _refused(text: str, why: str) -> SetupError:
    return SetupError(
        f"the public URL {text[:200]!r} cannot be used: {why}; give the address that people open, such as "
        "--public-url https://reviews.example.com"
    )
