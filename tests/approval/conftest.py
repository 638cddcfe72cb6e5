"""A sandbox, and a ledger for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hitl import HITLClient
from hitl.approval import SQLiteLedger
from hitl.testing import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(rate_limit=(1_000_000, 60.0)) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> HITLClient:
    return sandbox.client()


@pytest.fixture
def ledger(tmp_path: Path) -> SQLiteLedger:
    return SQLiteLedger(tmp_path / "approvals.db")
