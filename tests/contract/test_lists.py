"""Lists of reviews and templates, with filters and over many pages, through both clients."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from both_clients import Clock
from requests_fit import AsyncCheckedTransport, Recorder

from hitl import AsyncHITLClient, HITLClient, Review
from hitl.testing import Sandbox

ASKED: dict[str, Any] = {"template_id": "template_123", "content": {"text": "A draft"}}


def numbered(count: int) -> Iterator[dict[str, Any]]:
    return ({"template_id": "template_123", "content": {"number": number}} for number in range(count))


def test_reviews_are_listed_the_newest_first(client: HITLClient, clock: Clock) -> None:
    older = client.create_review(**ASKED)
    clock.advance(seconds=1)
    newer = client.create_review(**ASKED)
    assert list(client.list_reviews()) == [newer, older]


def test_a_list_of_many_pages_has_every_review_once(client: HITLClient, sandbox: Sandbox, recorder: Recorder) -> None:
    created = sandbox.client().create_reviews(numbered(103))  # whose requests are not checked, which takes longer
    listed = client.list_reviews()
    assert sorted(review.content["number"] for review in listed) == list(range(103))
    assert {review.id for review in listed} == {review.id for review in created}
    assert recorder.operations.count("list_reviews") == 2


def test_a_page_has_as_many_reviews_as_was_asked_for(client: HITLClient, recorder: Recorder) -> None:
    client.create_reviews(numbered(7))
    assert len(client.list_reviews(page_size=3)) == 7
    assert recorder.operations.count("list_reviews") == 3


def test_filters_by_what_a_review_is_made_of(client: HITLClient) -> None:
    plain = client.create_review(**ASKED)
    urgent = client.create_review(**ASKED, priority="high")
    assigned = client.create_review(**ASKED, assignees=["ann@example.com", "bob@example.com"])
    of_code = client.create_review("code_review", {"code": "pass"}, assignees=["ann@example.com"], priority="high")
    assert set(client.list_reviews(priority="high")) == {urgent, of_code}
    assert set(client.list_reviews(assignee="ann@example.com")) == {assigned, of_code}
    assert set(client.list_reviews(template_id="code_review")) == {of_code}
    assert set(client.list_reviews(template_id="template_123", assignee="bob@example.com")) == {assigned}
    assert set(client.list_reviews(status="created")) == {plain, urgent}


def test_filters_by_status(client: HITLClient, sandbox: Sandbox, clock: Clock) -> None:
    reviewer = sandbox.reviewer
    steps: dict[str, Callable[[Review], Any]] = {
        "created": lambda review: None,
        "completed": lambda review: reviewer.complete(review, {"approved": True}),
        "rejected": reviewer.reject,
        "cancelled": lambda review: client.cancel_review(review.id),
        "in_progress": reviewer.start,
    }
    for status, step in steps.items():
        step(client.create_review("template_123", {"becomes": status}))
    client.create_review("template_123", {"becomes": "assigned"}, assignees=["ann@example.com"])
    client.create_review("template_123", {"becomes": "expired"}, due_date=clock.now + timedelta(minutes=1))
    clock.advance(minutes=1)
    for status in (*steps, "assigned", "expired"):
        assert [review.content["becomes"] for review in client.list_reviews(status=status)] == [status]


def test_filters_by_time(client: HITLClient, clock: Clock) -> None:
    first = client.create_review(**ASKED)
    clock.advance(minutes=1)
    noon = clock.now
    clock.advance(minutes=1)
    second = client.create_review(**ASKED)
    assert list(client.list_reviews(created_after=noon)) == [second]
    assert list(client.list_reviews(created_before=noon.isoformat())) == [first]
    clock.advance(minutes=1)
    changed = client.update_review(first.id, priority="high")
    assert list(client.list_reviews(updated_after=second.created_at)) == [changed]


def test_all_templates_are_listed_over_many_pages(client: HITLClient, recorder: Recorder) -> None:
    form = [{"name": "approved", "type": "boolean"}]
    created = {client.create_template(f"Form {number}", form).id for number in range(4)}
    listed = {template.id for template in client.list_templates(page_size=4)}
    assert created | {"template_123", "content_review"} <= listed
    assert recorder.operations.count("list_templates") == 3


def test_pages_are_fetched_while_a_list_is_walked_asynchronously(sandbox: Sandbox) -> None:
    recorder = Recorder()

    async def walk_a_part() -> list[int]:
        async with sandbox.async_client(transport=AsyncCheckedTransport(recorder)) as client:
            await client.create_reviews(numbered(5))
            return [await first_number(client)]

    async def first_number(client: AsyncHITLClient) -> int:
        async for review in client.list_reviews(page_size=2):
            number: int = review.content["number"]
            return number
        raise AssertionError("the list is empty")

    assert asyncio.run(walk_a_part())[0] in range(5)
    assert recorder.operations.count("list_reviews") == 1
