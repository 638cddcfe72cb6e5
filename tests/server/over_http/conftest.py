"""A live sandbox that two keys open, and a plain HTTP client that has the first."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from hitl.testing import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(["hitl_test_key", "hitl_test_other"]) as sandbox:
        yield sandbox


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.api_key}"}
    with httpx.Client(base_url=sandbox.base_url, headers=headers, timeout=60) as http:
        yield http
