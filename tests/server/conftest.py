"""The review server, a browser of its inbox, and a live sandbox; a module may replace the clock and the templates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import httpx
import pytest
from fake_clock import FakeClock
from receiver import Receiver, receiving
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from hitl.server.inbox import inbox_routes
from hitl.server.primitives.clock import Now
from hitl.server.review_server import ReviewServer
from hitl.testing import Sandbox


@pytest.fixture
def clock() -> Now:
    return FakeClock()


@pytest.fixture
def templates() -> Iterable[dict[str, Any]]:
    return ()


@pytest.fixture
def server(clock: Now, templates: Iterable[dict[str, Any]]) -> Iterator[ReviewServer]:
    with ReviewServer(clock=clock, templates=templates) as server:
        yield server


@pytest.fixture
def browser(server: ReviewServer) -> Iterator[TestClient]:
    """A browser with the inbox open, past its session middleware."""
    routes = inbox_routes(
        server.reviews, server.loops, server.deliveries, server.uploads, server.agent_sessions, server.saved_views
    )
    app = Starlette(routes=[Mount("/inbox", routes=routes)])
    with TestClient(app, base_url="http://127.0.0.1:4010", follow_redirects=False) as client:
        yield client


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(["hitl_test_key", "hitl_test_other"]) as sandbox:
        yield sandbox


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """Call the sandbox as the owner of its first key."""
    headers = {"Authorization": f"Bearer {sandbox.api_key}"}
    with httpx.Client(base_url=sandbox.base_url, headers=headers, timeout=60) as http:
        yield http


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # the backend of the server itself
