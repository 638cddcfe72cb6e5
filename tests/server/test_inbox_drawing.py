"""Whatever takes long to draw is drawn in a thread: meanwhile the server answers others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from hitl.server.inbox import diffing, inbox_routes, page_renderer, rendering
from hitl.server.review_server import ReviewServer

TEMPLATE = {"id": "code", "name": "Code", "fields": [{"name": "code", "type": "code_display", "language": "sql"}]}


class Held:
    """A function that returns only after the test has allowed it to."""

    def __init__(self, function: Any) -> None:
        self._function = function
        self.began = threading.Event()
        self.may_end = threading.Event()
        self.was_allowed = False

    def __call__(self, *arguments: Any) -> Any:
        self.began.set()
        self.was_allowed = self.may_end.wait(60)
        return self._function(*arguments)


@pytest.fixture
def compiled_anew() -> Iterator[None]:
    """Have the templates compiled with what the test puts in place, and again afterwards."""
    page_renderer._environment.cache_clear()
    yield
    page_renderer._environment.cache_clear()


async def fetch_both(server: ReviewServer, review_id: str, held: Held) -> list[str]:
    """Fetch the page of a review and, while that is drawn, the list of reviews; return which one came when."""
    app = Starlette(
        routes=[
            Mount(
                "/inbox",
                routes=inbox_routes(
                    server.reviews,
                    server.loops,
                    server.deliveries,
                    server.uploads,
                    server.agent_sessions,
                    server.saved_views,
                ),
            )
        ]
    )
    order: list[str] = []

    async def fetch(client: httpx.AsyncClient, path: str) -> None:
        assert (await client.get(path)).status_code == 200
        order.append(path)

    transport = httpx.ASGITransport(app)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(fetch, client, f"/inbox/reviews/{review_id}")
        await anyio.to_thread.run_sync(partial(held.began.wait, 60))
        await fetch(client, "/inbox/")
        held.may_end.set()
    return order


@pytest.mark.parametrize(
    ("module", "name"),
    [(rendering, "draw"), (rendering, "tokens"), (diffing, "_compare"), (page_renderer, "pretty")],
    ids=["Markdown", "colours", "differences", "JSON"],
)
def test_another_request_is_served_while_a_page_is_drawn(
    module: Any, name: str, compiled_anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(getattr(module, name))
    monkeypatch.setattr(module, name, held)
    server = ReviewServer(templates=[TEMPLATE])
    created = server.reviews.create_review({"template_id": "code", "content": {"code": "select 1", "text": "**a**"}})
    review_id = created.document["id"]
    server.reviews.update_review(review_id, {"content": {"code": "select 1", "text": "**b**"}})
    assert anyio.run(fetch_both, server, review_id, held) == ["/inbox/", f"/inbox/reviews/{review_id}"]
    assert held.was_allowed
    server.close()
