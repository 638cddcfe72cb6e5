"""What is reachable in which way, and what of it is refused before anything starts."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hitl.server.http.public_url import PublicUrl
from hitl.server.primitives import SetupError

SHORTEST_SECRET: Final = 32  # characters

_HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_DOMAIN: Final = re.compile(r"@[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_SECRET: Final = re.compile(rf"[\x21-\x7e]{{{SHORTEST_SECRET},1000}}")
_HTTPS: Final = 443

# A proxy sends these for other reasons, or a browser does.
_NO_LOGIN: Final = frozenset({"cookie", "host", "authorization", "x-forwarded-for", "x-forwarded-proto", "origin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How a server can be reached."""

    public_url: PublicUrl | None
    listens_on: str
    """An address and port, or the path of a Unix socket; for messages."""

    is_local: bool
    """Whether only this machine can connect."""

    is_socket: bool
    """Whether it listens on a Unix socket."""

    has_proxies: bool
    has_certificate: bool
    auth_header: str | None = None
    auth_header_allow: tuple[str, ...] = ()
    proxy_secret: str | None = None
    hsts: bool | None = None
    allow_insecure: bool = False

    def check(self) -> list[str]:
        """Return warnings; SetupError for what would expose people, keys or cookies, and what to do instead."""
        self._check_header_login()
        if self.public_url is None:
            self._check_private()
            return []
        return [*self._check_scheme(self.public_url), *self._check_way(self.public_url), *_prefix(self.public_url)]

    @property
    def is_only_for_proxies(self) -> bool:
        """Whether others than named proxies must not be answered, since they would be in clear."""
        return not self.is_local and self.has_proxies and not self.has_certificate

    @property
    def has_hsts(self) -> bool:
        """Whether browsers are told to use https only; by default where that binds this server alone."""
        url = self.public_url
        if url is None or not url.is_secure or self.hsts is False:
            return False
        # It holds for every port of the host, and for all paths.
        return bool(self.hsts) or (url.port == _HTTPS and not url.prefix)

    def _check_private(self) -> None:
        if not self.is_local:
            raise SetupError(
                f"other machines can reach {self.listens_on}; say by which address with --public-url "
                "https://reviews.example.com, or listen on 127.0.0.1"
            )
        if self.has_certificate or self.has_proxies:
            raise SetupError(
                "a proxy or a certificate needs the address that people open; give --public-url "
                "https://reviews.example.com"
            )

    def _check_scheme(self, url: PublicUrl) -> list[str]:
        if url.is_secure:
            return []
        if self.has_certificate:
            raise SetupError(
                f"with --certfile the server speaks https only, and the public URL is {url}; make it https"
            )
        if self.hsts:
            raise SetupError(f"--hsts on needs https, and the public URL is {url}; make it https, or leave --hsts out")
        if url.is_local and self.is_local:
            return []
        if not self.allow_insecure:
            raise SetupError(
                f"over {url} keys, cookies and answers would cross the network in clear; put a proxy with TLS in front "
                f"and give --public-url https://{url.host}, or accept it with --allow-insecure-public-url"
            )
        return [f"{url} is not encrypted: whoever is on the way reads keys, cookies and answers, and can change them"]

    def _check_way(self, url: PublicUrl) -> list[str]:
        if self.is_socket and self.has_certificate:
            raise SetupError("a Unix socket needs no certificate: the proxy in front has it; leave --certfile out")
        if not url.is_secure or self.has_certificate or self.is_socket:
            return []
        if self.has_proxies:
            return [] if self.is_local else [self._in_clear(url)]
        if self.is_local:
            raise SetupError(
                f"{url} must come through a proxy to {self.listens_on}; name it with --trusted-proxy 127.0.0.1, or use "
                "--socket or --certfile"
            )
        raise SetupError(
            f"{self.listens_on} would answer in clear what belongs to {url}; give --certfile and --keyfile, or name "
            "the proxy in front with --trusted-proxy and its address"
        )

    def _in_clear(self, url: PublicUrl) -> str:
        return (
            f"the way from the proxy to {self.listens_on} is in clear: whoever is on it reads and changes what people "
            f"do at {url}. Only the named proxies are answered; --certfile encrypts it"
        )

    def _check_header_login(self) -> None:
        if self.auth_header is None:
            if self.auth_header_allow:
                raise SetupError("--auth-header-allow lets in people whom --auth-header names; give that, too")
            return
        if not _HEADER.fullmatch(self.auth_header) or self.auth_header.lower() in _NO_LOGIN:
            why = f"{self.auth_header[:100]!r} is no header that names a person"
            raise SetupError(f"--auth-header: {why}; give one such as X-Forwarded-Email")
        for each in self.auth_header_allow:
            if not _DOMAIN.fullmatch(each.lower()):
                why = f"{each[:100]!r} is no domain of addresses"
                raise SetupError(f"--auth-header-allow: {why}; give one such as @example.com")
        if self.public_url is None:
            raise SetupError("--auth-header needs a proxy, and a proxy needs --public-url; give that, too")
        if self.is_socket:
            return
        if not self.has_proxies:
            raise SetupError(
                "--auth-header believes a proxy, and none is named; give --trusted-proxy 127.0.0.1, or --socket"
            )
        if self.proxy_secret is None:
            raise SetupError(
                "every program on the machine can send --auth-header to a port; give --proxy-secret-file FILE and let "
                "the proxy add what is in it as X-Hitl-Proxy-Secret, or listen on --socket"
            )


def read_secret(file: str) -> str:
    """Return the secret that a proxy adds to requests; SetupError for one that others can read, or guess."""
    path = Path(file)
    try:
        mode, text = path.stat().st_mode, path.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise SetupError(f"the proxy's secret cannot be read from {file}: {why}; name a file that holds it") from None
    if os.name == "posix" and mode & 0o007:
        raise SetupError(f"everybody on this machine can read {file}; take that right away: chmod 640 {file}")
    if not _SECRET.fullmatch(text):
        raise SetupError(
            f"{file} must hold {SHORTEST_SECRET} or more visible ASCII characters on one line; make some with "
            f"openssl rand -hex 32 > {file}"
        )
    return text


def _prefix(url: PublicUrl) -> list[str]:
    if not url.prefix:
        return []
    return [
        f"other applications of {url.origin} can read these pages with the cookie of a reviewer who opens them; give "
        "the server a host name of its own"
    ]
