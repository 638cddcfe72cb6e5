"""What a team's server is told beyond the settings of a sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamSettings:
    """The settings of `hitl server`; a sandbox has none of them."""

    public_url: str | None = None
    """The address by which browsers and programs reach it; None for this machine only."""

    notify_schemes: tuple[str, ...] = ()
    """Schemes of channels that are accepted beside the usual ones, such as "mattermost"."""

    message_links: Literal["code", "plain"] = "code"
    """Whether a link in a message admits its person to the review, with its code, or asks him to sign in."""
