"""The stream that keeps open pages up to date, and the one reader behind all of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from fake_clock import NOON

from hitl.server.inbox import broadcaster
from hitl.server.inbox.broadcaster import Broadcaster, State
from hitl.server.inbox.live import Live
from hitl.server.inbox.page_handlers import PageHandlers
from hitl.server.inbox.page_renderer import PageRenderer
from hitl.server.inbox.presence import Presence
from hitl.server.review_server import ReviewServer

BODY = {"template_id": "template_123", "content": {"text": "A draft"}}
COUNTS: State = ("counts", "")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the pauses that spare the machine."""
    monkeypatch.setattr(broadcaster, "FRAME", 0)
    monkeypatch.setattr(broadcaster, "STATES", 0)


@pytest.fixture
def live(server: ReviewServer) -> Live:
    return Live(
        PageHandlers(server.reviews, server.loops, PageRenderer(), server.saved_views, 0, Presence(server.clock), None)
    )


def events(text: str) -> list[tuple[str, Any]]:
    """Return the events of some frames as their names and data."""
    found: list[tuple[str, Any]] = []
    for block in filter(None, text.split("\n\n")):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "event" in lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


async def told(stream: AsyncGenerator[str, None], count: int) -> list[tuple[str, Any]]:
    """Return the next events, and end the stream."""
    found: list[tuple[str, Any]] = []
    async for text in stream:
        found += events(text)
        if len(found) >= count:
            break
    await stream.aclose()
    return found


def test_steps_that_happened_before_are_told_first(server: ReviewServer, live: Live) -> None:
    server.reviews.create_review(BODY)
    after = server.reviews.last_step()
    review_id = server.reviews.create_review(BODY).document["id"]
    server.reviews.reject(review_id, {}, "lee@example.com")
    (created, rejected) = asyncio.run(told(live.stream(after, []), 2))
    assert (created[1]["event"], created[1]["review_id"], created[1]["status"]) == ("created", review_id, None)
    assert rejected[1]["label"] == "Rejected"
    assert rejected[1]["actor"] == "lee@example.com"


def test_a_step_is_told_when_it_happens(server: ReviewServer, live: Live) -> None:
    async def watched() -> list[tuple[str, Any]]:
        stream = live.stream(0, [COUNTS])
        first = events(await anext(stream))
        await asyncio.to_thread(server.reviews.create_review, BODY)
        return [*first, *await told(stream, 2)]

    (counts, step, again) = asyncio.run(watched())
    assert counts == ("counts", {"open_count": 0, "mine_count": 0, "request_count": 0})
    assert step[1]["event"] == "created"
    assert again[1]["open_count"] == 1


def test_a_review_expires_for_those_who_watch(server: ReviewServer, live: Live) -> None:
    server.reviews.create_review({**BODY, "due_date": (NOON + timedelta(hours=1)).isoformat()})
    after = server.reviews.last_step()
    server.clock.advance("2h")
    ((_, step),) = asyncio.run(told(live.stream(after, []), 1))
    assert (step["event"], step["label"]) == ("expired", "Expired")


def test_the_stream_ends_when_the_server_stops(server: ReviewServer, live: Live) -> None:
    server.changes.close()
    assert asyncio.run(told(live.stream(0, []), 1)) == []


def test_a_hundred_pages_are_read_for_once(server: ReviewServer) -> None:
    asked: list[set[State]] = []

    def states(wanted: Iterable[State]) -> Mapping[State, Any]:
        asked.append(set(wanted))
        return {state: len(asked) for state in asked[-1]}

    async def watched() -> list[list[tuple[str, Any]]]:
        shared = Broadcaster(server.reviews, lambda step: step, states, lambda: 10)
        pages = [shared.open(0, [("counts", name)]) for name in ["ann", "bo"] * 50]
        opened = [page.__enter__() for page in pages]
        frames = [events(await page.frame()) for page in opened]
        for page in pages:
            page.__exit__(None, None, None)
        return frames

    frames = asyncio.run(watched())
    assert asked == [{("counts", "ann"), ("counts", "bo")}]
    assert frames == [[("counts", 1)]] * 100


def test_a_page_that_was_away_for_too_long_reloads(server: ReviewServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcaster, "MOST_STEPS", 2)
    for _ in range(5):
        server.reviews.create_review(BODY)

    async def watched(after: int) -> list[tuple[str, Any]]:
        with Broadcaster(server.reviews, lambda step: {}, lambda _: {}, lambda: 10).open(after, []) as page:
            return events(await page.frame())

    assert asyncio.run(watched(0)) == [("reload", {})]
    assert asyncio.run(watched(3)) == [("step", {}), ("step", {})]


def test_a_page_that_takes_nothing_is_not_buffered_for_ever(server: ReviewServer) -> None:
    async def watched() -> list[tuple[str, Any]]:
        with Broadcaster(server.reviews, lambda step: {}, lambda _: {}, lambda: 10).open(0, []) as page:
            for _ in range(broadcaster.MOST_FRAMES + 1):
                page.offer(broadcaster.event("step", {}))
            assert len(page.frames) == 1
            return events(await page.frame())

    assert asyncio.run(watched()) == [("reload", {})]


def test_a_page_that_comes_later_is_told_how_things_stand(server: ReviewServer, live: Live) -> None:
    async def watched() -> list[tuple[str, Any]]:
        first = live.stream(0, [COUNTS])
        await anext(first)
        second = await told(live.stream(0, [("counts", "kim")]), 1)
        await first.aclose()
        return second

    assert [name for name, _ in asyncio.run(watched())] == ["counts"]


def test_open_pages_end_as_soon_as_the_server_stops(server: ReviewServer, live: Live) -> None:
    async def watched() -> list[str]:
        stream = live.stream(0, [COUNTS])
        await anext(stream)
        server.changes.close()
        return [frame async for frame in stream]

    assert all(not events(frame) for frame in asyncio.run(watched()))


def test_a_state_that_changes_again_at_once_is_told_a_moment_later(
    server: ReviewServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcaster, "STATES", 0.05)
    values = iter(range(100))

    async def watched() -> list[tuple[str, Any]]:
        def states(wanted: Iterable[State]) -> Mapping[State, Any]:
            return {state: next(values) for state in wanted}

        with Broadcaster(server.reviews, lambda step: {}, states, lambda: 10).open(0, [COUNTS]) as page:
            found = events(await page.frame())
            await asyncio.to_thread(server.reviews.create_review, BODY)
            while len(found) < 3:
                found += events(await page.frame())
        return found

    assert asyncio.run(watched()) == [("counts", 0), ("step", {}), ("counts", 1)]
