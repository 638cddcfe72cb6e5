"""A hostile server with its two reviews, and each client of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from cases import Connect, awaited, blocking, prepare

from hitl.testing import HostileServer


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        prepare(server)
        yield server


@pytest.fixture(scope="module")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal("asyncio") as portal:
        yield portal


@pytest.fixture(params=["blocking", "asyncio"], scope="module")
def connect(request: pytest.FixtureRequest, portal: BlockingPortal) -> Connect:
    """Connect the blocking client, or the asynchronous one as if it were blocking."""
    return blocking if request.param == "blocking" else partial(awaited, portal)
