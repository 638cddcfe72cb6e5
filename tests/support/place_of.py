"""The place of a trial of benchmarks/approvals: the sandbox of a test, and its ledger."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from benchmarks.approvals.places import Place
from hitl.testing import Sandbox


def place_of(sandbox: Sandbox, address: str, folder: Path) -> closing[Place]:
    """Return the place, which ends what it has started."""
    return closing(Place(sandbox.base_url, sandbox.api_key, address, folder))
