"""The review server and a browser of its inbox; a module says by fixtures of its own what time and templates it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from hitl.server.inbox import inbox_routes
from hitl.server.primitives.clock import Now
from hitl.server.primitives.timestamps import utc_now
from hitl.server.review_server import ReviewServer


@pytest.fixture
def clock() -> Now:
    return utc_now


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
    app = Starlette(routes=[Mount("/inbox", routes=inbox_routes(server.reviews, server.loops, server.deliveries))])
    with TestClient(app, base_url="http://127.0.0.1:4010", follow_redirects=False) as client:
        yield client


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # the backend of the server itself
