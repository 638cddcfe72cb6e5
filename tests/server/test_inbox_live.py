"""The stream that keeps open pages up to date."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from typing import Any

import pytest
from fake_clock import NOON

from hitl.server.inbox.live import Live
from hitl.server.inbox.page_renderer import PageRenderer
from hitl.server.review_server import ReviewServer

BODY = {"template_id": "template_123", "content": {"text": "A draft"}}


@pytest.fixture
def live(server: ReviewServer) -> Live:
    return Live(server.reviews, server.loops, PageRenderer())


async def told(stream: AsyncGenerator[str, None], count: int) -> list[tuple[str, Any]]:
    """Return the next events as their names and data, and end the stream."""
    found: list[tuple[str, Any]] = []
    async for text in stream:
        lines = dict(line.split(": ", 1) for line in text.strip().splitlines() if not line.startswith(":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
        if len(found) == count:
            break
    await stream.aclose()
    return found


def test_steps_that_happened_before_are_told_first(server: ReviewServer, live: Live) -> None:
    server.reviews.create_review(BODY)
    after = server.reviews.last_step()
    review_id = server.reviews.create_review(BODY).document["id"]
    server.reviews.reject(review_id, {}, "lee@example.com")
    (created, rejected) = asyncio.run(told(live.stream(after, {}), 2))
    assert (created[1]["event"], created[1]["review_id"], created[1]["status"]) == ("created", review_id, None)
    assert rejected[1]["label"] == "Rejected"
    assert rejected[1]["actor"] == "lee@example.com"


def test_a_step_is_told_when_it_happens(server: ReviewServer, live: Live) -> None:
    async def watched() -> list[str]:
        stream = live.stream(0, {"state": lambda: 1})
        first = await anext(stream)
        await asyncio.to_thread(server.reviews.create_review, BODY)
        rest = [await anext(stream), await anext(stream)]
        await stream.aclose()
        return [first, *rest]

    state, _, step = asyncio.run(watched())
    assert state.startswith("event: state")
    assert '"event": "created"' in step


def test_a_review_expires_for_those_who_watch(server: ReviewServer, live: Live) -> None:
    server.reviews.create_review({**BODY, "due_date": (NOON + timedelta(hours=1)).isoformat()})
    after = server.reviews.last_step()
    server.clock.advance("2h")
    ((_, step),) = asyncio.run(told(live.stream(after, {}), 1))
    assert (step["event"], step["label"]) == ("expired", "Expired")


def test_a_state_is_told_once_and_when_it_changes(server: ReviewServer, live: Live) -> None:
    values = iter([1, 1, 2, 3])
    states: dict[str, Callable[[], Any]] = {"count": lambda: next(values)}

    async def watched() -> list[tuple[str, Any]]:
        stream = live.stream(0, states)
        found: list[tuple[str, Any]] = []
        async for text in stream:
            if text.startswith("event: count"):
                found.append(("count", json.loads(text.split("data: ")[1])))
            if len(found) == 2:
                break
            await asyncio.to_thread(server.reviews.create_review, BODY)
        await stream.aclose()
        return found

    assert asyncio.run(watched()) == [("count", 1), ("count", 2)]


def test_the_stream_ends_when_the_server_stops(server: ReviewServer, live: Live) -> None:
    server.changes.close()
    assert asyncio.run(told(live.stream(0, {}), 1)) == []
