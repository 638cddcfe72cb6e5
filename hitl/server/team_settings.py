"""What a team's server is told beyond the settings of a sandbox."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

from hitl.server.asking import Policy
from hitl.server.http.exposure import Exposure
from hitl.server.http.listeners import AnyListener
from hitl.server.http.proxies import TrustedProxies
from hitl.server.http.public_url import PublicUrl
from hitl.server.http.public_url_guard import Front
from hitl.server.primitives import SetupError, about

_SHORTEST_KEPT: Final = timedelta(days=1)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")  # RFC 3986, section 3.1


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamSettings:
    """The settings of `hitl server`; a sandbox has none of them."""

    public_url: str | None = None
    """The address by which browsers and programs reach it; None for this machine only."""

    trusted_proxies: tuple[str, ...] = ()
    """The networks of the proxies that are believed, such as "127.0.0.1"."""

    proxy_secret: str | None = field(default=None, repr=False)
    """What the proxy adds to requests, so that nobody else can name a person in `auth_header`."""

    auth_header: str | None = None
    """The header in which an authenticating proxy names the person; None where people sign in by links."""

    auth_header_allow: tuple[str, ...] = ()
    """Domains such as "@example.com", whose people become reviewers when they first come."""

    socket: str | None = None
    """The Unix socket to listen on, instead of a port."""

    certificate: tuple[str, str | None] | None = None
    """The files of a certificate and its key, in PEM; None where a proxy has them."""

    hsts: bool | None = None
    """Whether browsers are told to come over https only; None where that binds nothing else."""

    allow_insecure_public_url: bool = False
    """Whether people may reach it over http from other machines."""

    secrets_key_file: str | Path | None = None
    """Where the keys are under which secrets are sealed; None for the usual places (`sealing.find_keys`)."""

    self_approval: Policy = "refuse"
    """What becomes of a person's answer to what he asks himself, or his key asks: "refuse", "warn" or "allow"."""

    metrics: bool = False
    """Whether programs of this machine may read `/metrics`."""

    keep: timedelta | None = None
    """For how long contents are kept after the end of a review or request, at least a day; None for ever."""

    notify_schemes: tuple[str, ...] = ()
    """Schemes of channels that are accepted beside the usual ones, such as "mattermost"."""

    message_links: Literal["code", "plain"] = "code"
    """Whether a link in a message admits its person to the review, with its code, or asks him to sign in."""

    def __post_init__(self) -> None:
        with about("keep"):
            if self.keep is not None and self.keep < _SHORTEST_KEPT:
                raise SetupError(
                    f"contents cannot be kept for {self.keep.total_seconds():g} seconds, which is less than a day; "
                    "write days, such as 90d"
                )
        with about("notify_schemes"):
            for each in self.notify_schemes:
                if not _SCHEME.fullmatch(each):
                    raise SetupError(f"{each!r} is no scheme of a URL; write what is before ://, such as pushbullet")


def front_of(team: TeamSettings | None, listener: AnyListener) -> tuple[Front | None, list[str]]:
    """Return how requests come to a team's server, and warnings about it; SetupError if that would expose it."""
    if team is None:
        return None, []
    with about("public_url"):
        url = None if team.public_url is None else PublicUrl.parse(team.public_url)
    with about("trusted_proxies"):
        proxies = TrustedProxies(team.trusted_proxies)
    exposure = Exposure(
        public_url=url,
        listens_on=listener.where,
        is_local=listener.is_local,
        is_socket=listener.is_socket,
        has_proxies=bool(proxies),
        has_certificate=team.certificate is not None,
        auth_header=team.auth_header,
        auth_header_allow=team.auth_header_allow,
        proxy_secret=team.proxy_secret,
        hsts=team.hsts,
        allow_insecure=team.allow_insecure_public_url,
    )
    warnings = exposure.check()
    front = Front(
        public_url=url,
        proxies=proxies,
        is_only_for_proxies=exposure.is_only_for_proxies,
        has_hsts=exposure.has_hsts,
    )
    return front, warnings
