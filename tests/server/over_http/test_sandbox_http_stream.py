"""`GET /v1/events` of a live sandbox."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from hitl.server.http.long_poll import LongPollSlots
from hitl.server.review_server import ReviewServer
from hitl.server.reviews.event_stream import EventStream
from hitl.testing import Sandbox

KEY = {"Authorization": "Bearer hitl_test_key"}


def create(http: httpx.Client, text: str = "A draft") -> str:
    answer = http.post("/v1/reviews", json={"template_id": "template_123", "content": {"text": text}})
    return str(answer.json()["data"]["id"])


def events_in(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Read events as a browser would: fields until an empty line, comments left out."""
    fields: dict[str, Any] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if not line and fields:
            yield {**fields, "data": json.loads(fields["data"])}
            fields = {}
        elif line and name:
            fields[name] = value


def read(http: httpx.Client, count: int, **given: Any) -> list[dict[str, Any]]:
    with http.stream("GET", "/v1/events", **given) as answer:
        events = events_in(answer.iter_lines())
        return [next(events) for _ in range(count)]


def test_the_stream_tells_what_happened_and_what_happens(http: httpx.Client, sandbox: Sandbox) -> None:
    first = create(http)
    with http.stream("GET", "/v1/events", params={"after": 0}) as answer:
        assert answer.headers["Content-Type"].partition(";")[0] == "text/event-stream"
        assert answer.headers["X-Request-Id"].startswith("req_")
        events = events_in(answer.iter_lines())
        created = next(events)
        assert (created["event"], created["data"]["event"]) == ("review.created", "review.created")
        sandbox.reviewer.complete(first, {"approved": True})
        completed = next(events)
    assert completed["event"] == "review.completed"
    assert first in json.dumps(completed["data"])
    assert int(completed["id"]) > int(created["id"])


def test_a_reader_that_lost_the_connection_goes_on_where_it_was(http: httpx.Client) -> None:
    for text in ("one", "two", "three"):
        create(http, text)
    first, second, third = read(http, 3, params={"after": 0})
    assert read(http, 2, params={"after": first["id"]}) == [second, third]
    # A browser repeats the address of its first request, and adds the header.
    assert read(http, 1, params={"after": 0}, headers={"Last-Event-ID": second["id"]}) == [third]


def test_without_a_position_only_what_comes_is_told(http: httpx.Client) -> None:
    create(http, "before")
    with http.stream("GET", "/v1/events") as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith(":")
        after = create(http, "after")
        assert after in json.dumps(next(events_in(lines))["data"])


def test_many_events_are_told_in_order_and_none_twice(http: httpx.Client) -> None:
    for number in range(120):
        create(http, str(number))
    numbers = [int(event["id"]) for event in read(http, 120, params={"after": 0})]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("given", ["x", "-1", "1.5", "", "٣", "9" * 40])
def test_a_position_that_is_no_number_is_refused(http: httpx.Client, given: str) -> None:
    answer = http.get("/v1/events", params={"after": given})
    assert (answer.status_code, answer.json()["error"]["details"]["field"]) == (400, "after")


def test_a_position_in_the_header_must_be_a_number_too(http: httpx.Client) -> None:
    answer = http.get("/v1/events", headers={"Last-Event-ID": "rev_1"})
    assert (answer.status_code, answer.json()["error"]["details"]["field"]) == (400, "Last-Event-ID")


def test_the_stream_needs_a_key(sandbox: Sandbox) -> None:
    assert httpx.get(f"{sandbox.base_url}/v1/events").status_code == 401


def test_a_head_request_is_answered_without_a_stream(http: httpx.Client) -> None:
    answer = http.head("/v1/events")
    assert (answer.status_code, answer.content) == (200, b"")


def test_the_stream_ends_when_the_sandbox_stops(sandbox: Sandbox, http: httpx.Client) -> None:
    with http.stream("GET", "/v1/events") as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith(":")
        closing = threading.Thread(target=sandbox.close)
        closing.start()
        assert [line for line in lines if line and not line.startswith(":")] == ["retry: 1000"]
        closing.join()


@pytest.mark.anyio
async def test_a_silent_stream_says_that_it_is_still_there() -> None:
    server = ReviewServer()
    told = EventStream(server.changes, server.outbox, LongPollSlots(1), heartbeat=0.001)._events_after(None)
    assert [await anext(told) for _ in range(3)] == [": the stream begins\n\n", *[": still here\n\n"] * 2]
    await told.aclose()  # type: ignore[attr-defined]
    server.close()
