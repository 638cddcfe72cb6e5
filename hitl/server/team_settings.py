"""What a team's server is told beyond the settings of a sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hitl.server.asking import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamSettings:
    """The settings of `hitl server`; a sandbox has none of them."""

    public_url: str | None = None
    """The address by which browsers and programs reach it; None for this machine only."""

    secrets_key_file: str | Path | None = None
    """Where the keys are under which secrets are sealed; None for the usual places (`sealing.find_keys`)."""

    self_approval: Policy = "refuse"
    """What becomes of a person's answer to what he asks himself, or his key asks: "refuse", "warn" or "allow"."""
