"""What a team's server is told beyond the settings of a sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamSettings:
    """The settings of `hitl server`; a sandbox has none of them."""

    public_url: str | None = None
    """The address by which browsers and programs reach it; None for this machine only."""

    metrics: bool = False
    """Whether programs of this machine may read `/metrics`."""

    keep: timedelta | None = None
    """For how long contents are kept after the end of a review or request; None for ever."""
