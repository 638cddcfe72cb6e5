"""Files in which a review was a document beside its columns: what they hold is told as before, and goes on."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hitl.server.migrations import MIGRATIONS
from hitl.server.primitives import ApiError
from hitl.server.review_server import ReviewServer
from hitl.server.reviews import ReviewQuery
from hitl.server.storage import Database

EARLIER = MIGRATIONS[
    : next(number for number, step in enumerate(MIGRATIONS) if any("review_rows" in sql for sql in step))
]
AT, LATER = "2026-11-23T12:00:00.000000Z", "2026-11-23T13:00:00.123456Z"
ANN = "ann@example.com"
BODY: dict[str, Any] = {"template_id": "template_123", "content": {"text": "A draft"}}
NEW: dict[str, Any] = {
    "id": "",
    **BODY,
    "metadata": {},
    "verdict_field": None,
    "assignees": [],
    "priority": "medium",
    "due_date": None,
    "assignment_strategy": None,
    "status": "created",
    "result": None,
    "reviewer": None,
    "created_at": AT,
    "updated_at": AT,
    "completed_at": None,
    "version": 1,
}
ANSWER = {"result": {"approved": True, "note": "\ud800 é \"'"}, "reviewer": "José \" O'Hara", "completed_at": LATER}
REVIEWS: list[dict[str, Any]] = [
    NEW,
    {**NEW, "content": {"n": 1.50, "big": 2**70, "deep": [[{}], None, True], '\ud800 "': "é\u2028\\"}},
    {**NEW, "metadata": {"agent": 'billing "1"', "ü": ""}, "assignees": [ANN, "Bob"], "status": "assigned"},
    {**NEW, "verdict_field": 'it\'s "ok" \ud800', "priority": "high", "assignment_strategy": "round_robin"},
    {
        **NEW,
        "due_date": "2999-01-01T00:00:00.000000Z",
        "asked_by": {"key_id": "key_1", "key_name": "é", "claimed": None},
    },
    {**NEW, "status": "in_progress", "updated_at": LATER, "version": 2},
    {**NEW, **ANSWER, "status": "completed", "updated_at": LATER, "version": 3, "self_approved": True},
    {**NEW, "content": {}, "status": "cancelled", "updated_at": LATER, "version": 2, "erased": True},
]


def digest_of(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(["review", body], sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def earlier_file(path: Path, gap: int = 0) -> list[dict[str, Any]]:
    """Write reviews as the version before did, each under a key of its own; `gap` is how far numbers are from ids."""
    reviews = [{**review, "id": f"rev_{number}"} for number, review in enumerate(REVIEWS, 1)]
    with closing(Database(path, EARLIER)) as database, database.transaction():
        step = 0
        for number, review in enumerate(reviews, 1):
            for version in range(1, review["version"] + 1):
                step += 1
                event, at = ("created", AT) if version == 1 else (review["status"], LATER)
                database.execute(
                    "INSERT INTO history (number, review_id, version, event, actor, at) VALUES (?, ?, ?, ?, ?, ?)",
                    (step, review["id"], version, event, None if version == 1 else ANN, at),
                )
            database.execute(
                "INSERT INTO reviews (number, id, template_id, status, priority, created_at, updated_at, expires_at, "
                "deadline, document, asked_by, step) VALUES (?, ?, 'template_123', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(number + gap, review["id"], review["status"], review["priority"], AT, review["updated_at"]),
                    *(review["due_date"], review["due_date"] or "~", json.dumps(review)),
                    *((review.get("asked_by") or {}).get("key_id"), step),
                ),
            )
            for name in review["assignees"]:
                sql = "INSERT INTO assignments (is_open, name, number) VALUES (1, ?, ?)"
                database.execute(sql, (name.lower(), number + gap))
            for entry in review["metadata"].items():
                sql = "INSERT INTO review_metadata (review_id, entry) VALUES (?, ?)"
                database.execute(sql, (review["id"], json.dumps(entry)))
            database.execute(
                "INSERT INTO events (event, subject_id, payload, at) VALUES ('review.created', ?, ?, ?)",
                (
                    review["id"],
                    json.dumps("created") if number % 2 else json.dumps({"review": {"status": "created"}}),
                    AT,
                ),
            )
            first = {"id": review["id"], "assignees": review["assignees"], "priority": "low"}
            database.execute(
                "INSERT INTO creations (owner, key, fingerprint, document) VALUES ('me', ?, ?, ?)",
                (f"key-{number}", bytes.fromhex(digest_of(BODY)), json.dumps(first)),
            )
        database.execute("INSERT INTO events (event, subject_id, payload, at) VALUES ('loop.new', 'req_1', '{}', '')")
        database.execute("INSERT INTO counters VALUES ('review', ?)", (len(reviews),))
    return reviews


@pytest.fixture(params=[0, 7])
def earlier(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, list[dict[str, Any]]]:
    return tmp_path / "data.db", earlier_file(tmp_path / "data.db", request.param)


def test_each_review_is_what_it_was(earlier: tuple[Path, list[dict[str, Any]]]) -> None:
    path, reviews = earlier
    with ReviewServer(data=path) as server:
        assert [server.reviews.get_review(review["id"]) for review in reviews] == reviews
        assert server.reviews.list_reviews(ReviewQuery(oldest_first=True)).items == reviews
        made = server.reviews.create_review(BODY).document
        assert made["id"] == f"rev_{len(reviews) + 1}"
        assert server.reviews.list_reviews(ReviewQuery(limit=1)).items == [made]


def test_what_happened_is_told_in_the_same_order(earlier: tuple[Path, list[dict[str, Any]]]) -> None:
    path, reviews = earlier
    with ReviewServer(data=path) as server:
        steps = server.reviews.steps_after(0)
        assert [step["number"] for step in steps] == list(range(1, sum(review["version"] for review in reviews) + 1))
        assert [(step["review_id"], step["version"]) for step in steps] == [
            (review["id"], version) for review in reviews for version in range(1, review["version"] + 1)
        ]
        before = server.reviews.last_step()
        server.reviews.cancel_review("rev_1")
        assert [step["event"] for step in server.reviews.history("rev_1")] == ["created", "cancelled"]
        changed = server.reviews.list_reviews(ReviewQuery(changes_after=before))
        assert ([review["id"] for review in changed.items], changed.step) == (["rev_1"], before + 1)


def test_events_are_told_with_their_words_and_times(earlier: tuple[Path, list[dict[str, Any]]]) -> None:
    path, reviews = earlier
    with ReviewServer(data=path) as server:
        *told, last = server.outbox.events_after(0, 100)
        assert [(event.event, event.subject_id, event.at) for event in told] == [
            ("review.created", review["id"], AT) for review in reviews
        ]
        assert {event.payload["review"]["status"] for event in told} == {"created"}
        assert (last.event, last.subject_id, last.payload) == ("loop.new", "req_1", {})
        assert server.outbox.count(["review.created"], since=AT) == len(reviews)
        assert server.outbox.count(["review.created"], since=LATER) == 0


@pytest.mark.parametrize("template_id", ["rev_1x", "rev_01", "rev_", "rev_1"])
def test_an_event_stays_one_of_its_template_though_that_is_named_as_reviews_are(
    tmp_path: Path, template_id: str
) -> None:
    with closing(Database(tmp_path / "data.db", EARLIER)) as database:
        sql = "INSERT INTO events (event, subject_id, payload, at) VALUES ('template.updated', ?, '{}', ?)"
        database.execute(sql, (template_id, AT))
    with ReviewServer(data=tmp_path / "data.db") as server:
        (told,) = server.outbox.events_after(0, 100)
        assert (told.event, told.subject_id, told.payload) == ("template.updated", template_id, {})


def test_a_repeated_creation_is_known(earlier: tuple[Path, list[dict[str, Any]]]) -> None:
    path, reviews = earlier
    with ReviewServer(data=path) as server:
        for number, review in enumerate(reviews, 1):
            again = server.reviews.create_review(BODY, idempotency_key=f"key-{number}", owner="me")
            assert (again.replayed, again.document["id"]) == (True, review["id"])
            assert (again.document["version"], again.document["content"]) == (1, review["content"])
            changed = review["version"] > 1  # of others, nothing can differ from what they are
            assert again.document["priority"] == ("low" if changed else review["priority"])
        with pytest.raises(ApiError, match="used before with another request"):
            server.reviews.create_review({**BODY, "priority": "low"}, idempotency_key="key-1", owner="me")
        assert not server.reviews.create_review(BODY, idempotency_key="key-1", owner="another").replayed


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (ReviewQuery(assignee=ANN), ["rev_3"]),
        (ReviewQuery(metadata={"agent": 'billing "1"', "ü": ""}), ["rev_3"]),
        (ReviewQuery(asker='billing "1"'), ["rev_3"]),
        (ReviewQuery(asker="é"), ["rev_5"]),
        (ReviewQuery(asked_by="key_1"), ["rev_5"]),
        (ReviewQuery(due_after=AT), ["rev_5"]),
        (ReviewQuery(reviewer="JOSÉ \" O'Hara"), ["rev_7"]),
        (ReviewQuery(updated_after=AT), ["rev_6", "rev_7", "rev_8"]),
        (ReviewQuery(ids=["rev_2", "rev_02", "rev_x", "tpl_1"]), ["rev_2"]),
    ],
)
def test_lists_find_what_they_found(
    earlier: tuple[Path, list[dict[str, Any]]], query: ReviewQuery, found: list[str]
) -> None:
    with ReviewServer(data=earlier[0]) as server:
        listed = server.reviews.list_reviews(query).items
    assert sorted(review["id"] for review in listed) == found
