"""A review is stored once, and still a repeated creation is answered as the first, and each event told as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from fake_clock import FakeClock
from hypothesis import given
from hypothesis import strategies as st

from hitl.server.primitives import ApiError
from hitl.server.review_server import ReviewServer

ANN, BOB = "ann@example.com", "bob@example.com"
BODIES: list[dict[str, Any]] = [
    {"content": {"text": "A draft"}},
    {"content": {"text": "x" * 20_000, "n": 1.5}, "assignees": [ANN]},
    {"content": {}, "assignees": [ANN, BOB], "priority": "high", "due_date": "2027-01-20T18:00:00+01:00"},
    {"content": {"t": "\ud800 ü"}, "metadata": {"run": "ü"}, "assignment_strategy": "round_robin"},
]
Act = Callable[[ReviewServer, str], object]
ACTS: list[Act] = [
    lambda server, review_id: server.reviews.update_review(review_id, {"content": {"text": "Another"}}),
    lambda server, review_id: server.reviews.update_review(review_id, {"content": {"more": 1}, "priority": "low"}),
    lambda server, review_id: server.reviews.update_review(review_id, {"assignees": [BOB]}),
    lambda server, review_id: server.reviews.update_review(review_id, {"assignees": []}),
    lambda server, review_id: server.reviews.update_review(review_id, {"due_date": "2026-12-01T00:00:00Z"}),
    lambda server, review_id: server.reviews.start(review_id, "Ann"),
    lambda server, review_id: server.reviews.complete(review_id, {"approved": True, "feedback": "é"}, "Ann"),
    lambda server, review_id: server.reviews.reject(review_id, None, "Bob"),
    lambda server, review_id: server.reviews.cancel_review(review_id),
]


def subscribe(server: ReviewServer) -> None:
    server.database.execute(
        "INSERT INTO subscriptions (id, url, events, secret, enabled, created_at, updated_at) VALUES "
        "('wh_1', 'http://127.0.0.1:9/', ?, 'whsec_', 1, '', '')",
        (json.dumps([f"review.{name}" for name in ("created", "assigned", "started", "completed", "cancelled")]),),
    )


@given(
    st.lists(st.sampled_from(BODIES), min_size=1, max_size=4),
    st.lists(st.tuples(st.sampled_from(ACTS), st.integers(1, 4))),
)
def test_whatever_happens_to_reviews(bodies: list[dict[str, Any]], acts: list[tuple[Act, int]]) -> None:
    clock = FakeClock()
    with ReviewServer(clock=clock) as server:
        subscribe(server)

        def create(number: int) -> tuple[dict[str, Any], bool]:
            body = {"template_id": "template_123", **bodies[number]}
            made = server.reviews.create_review(body, idempotency_key=f"key-{number}", owner="me")
            return made.document, made.replayed

        first = [create(number)[0] for number in range(len(bodies))]
        for act, number in acts:
            clock.advance(seconds=1)
            with suppress(ApiError):
                assert act(server, f"rev_{number}") == server.reviews.get_review(f"rev_{number}")
        assert [create(number) for number in range(len(bodies))] == [(review, True) for review in first]
        delivered = server.database.rows(
            "SELECT event, subject_id, payload, created_at FROM deliveries ORDER BY number"
        )
        told = server.outbox.events_after(0, 100)
        assert [(each.event, each.subject_id, json.dumps(each.payload), each.at) for each in told] == [
            (event, subject_id, json.dumps(json.loads(payload)), at) for event, subject_id, payload, at in delivered
        ]


def test_an_older_file_goes_on_answering_with_the_document_that_it_kept(server: ReviewServer) -> None:
    body = {"template_id": "template_123", "content": {"text": "A draft"}}
    made = server.reviews.create_review(body, idempotency_key="k", owner="me").document
    server.database.execute(
        "UPDATE creations SET made = ?, fingerprint = lower(hex(fingerprint)) || 'beef'", (json.dumps(made),)
    )
    server.database.execute("UPDATE events SET payload = ?", ('{"event": "review.created"}',))
    server.reviews.cancel_review(made["id"])
    again = server.reviews.create_review(body, idempotency_key="k", owner="me")
    assert (again.document, again.replayed) == (made, True)
    with pytest.raises(ApiError, match="used before with another request"):
        server.reviews.create_review({**body, "priority": "low"}, idempotency_key="k", owner="me")
    assert server.outbox.events_after(0, 1)[0].payload == {"event": "review.created"}


def test_the_content_is_stored_once(server: ReviewServer) -> None:
    body = {"template_id": "template_123", "content": {"text": "A draft"}, "assignees": [ANN]}
    server.reviews.create_review(body, idempotency_key="k", owner="me")
    tables = [name for (name,) in server.database.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    holding = [
        table
        for table in tables
        if any("A draft" in str(row) for row in server.database.rows(f"SELECT * FROM {table}"))
    ]
    assert holding == ["reviews"]
