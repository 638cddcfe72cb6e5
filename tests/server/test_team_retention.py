"""Contents are gone some time after the end, from every place where they were; who decided what stays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fake_clock import FakeClock
from receiver import Receiver
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from hitl.models import Request, Review
from hitl.server.http.server import BackgroundServer
from hitl.server.inbox import inbox_routes
from hitl.server.loops.accounts import account_of
from hitl.server.operations import Retention
from hitl.server.primitives import Clock
from hitl.server.review_server import ReviewServer
from hitl.server.reviews.list_query import ReviewQuery
from hitl.server.storage import first_broken
from hitl.server.team_settings import TeamSettings
from hitl.server.uploads.kinds import DOCUMENTS
from hitl.server.uploads.multipart import SentFile

WORD = "tergiversation"
"""Stands in everything that somebody wrote."""

ANN = {"email": "ann@example.com", "name": "Ann"}
OWNER = account_of("a digest")
REVIEW: dict[str, Any] = {
    "template_id": "template_123",
    "content": {"text": f"A draft with {WORD}", "more": f"{WORD} " * 2000},
    "metadata": {"run": f"run {WORD}"},
    "assignees": ["ann@example.com"],
}
REQUEST: dict[str, Any] = {
    "processing_type": "deferred",
    "type": "markdown",
    "priority": "high",
    "request_text": f"May we publish {WORD}?",
    "context": {"post": WORD},
    "response_type": "text",
    "response_config": {"max_length": 500},
    "default_response": f"no {WORD}",
    "platform": "api",
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "team.db"


@contextmanager
def team(data: Path, keep: timedelta | None = timedelta(days=90)) -> Iterator[ReviewServer]:
    with ReviewServer(data=data, clock=Clock(FakeClock()), team=TeamSettings(keep=keep)) as site:
        yield site


def answered_review(site: ReviewServer, **body: Any) -> str:
    review_id = str(site.reviews.create_review({**REVIEW, **body}).document["id"])
    site.reviews.complete(review_id, {"approved": True, "feedback": f"Fine, {WORD}"}, "ann@example.com")
    return review_id


def request(site: ReviewServer, **body: Any) -> str:
    loop = site.loops.create_loop(OWNER, {"name": "Moderators", "icon": "star"}).document["loop"]
    return str(site.loops.create_request(OWNER, loop["id"], {**REQUEST, **body}).document["request_id"])


def copies(data: Path) -> dict[str, int]:
    """Count the word in each file, once the server is gone."""
    counted = {each.name: each.read_bytes().count(WORD.encode()) for each in data.parent.iterdir() if each.is_file()}
    return {name: count for name, count in counted.items() if count}


def test_contents_are_kept_for_as_long_as_was_said(data: Path):
    with team(data) as site:
        review_id = answered_review(site)
        site.clock.advance("90d")
        assert site.reviews.get_review(review_id)["content"] == REVIEW["content"]
        site.clock.advance("1d")  # a night
        assert site.reviews.get_review(review_id)["content"] == {}


def test_without_an_end_nothing_is_erased(data: Path):
    with team(data, keep=None) as site:
        review_id = answered_review(site)
        site.clock.advance("1000d")
        assert site.reviews.get_review(review_id)["content"] == REVIEW["content"]


def test_the_time_counts_from_the_end_and_not_from_the_beginning(data: Path):
    with team(data) as site:
        waiting = str(site.reviews.create_review(REVIEW).document["id"])
        site.clock.advance("100d")
        assert site.reviews.get_review(waiting)["content"] == REVIEW["content"]
        site.reviews.complete(waiting, {"approved": False}, "ann@example.com")
        site.clock.advance("89d")
        assert site.reviews.get_review(waiting)["content"] == REVIEW["content"]
        site.clock.advance("3d")
        assert site.reviews.get_review(waiting)["content"] == {}


def test_who_decided_what_and_when_stays(data: Path):
    with team(data) as site:
        review_id = answered_review(site)
        before, history = site.reviews.get_review(review_id), site.reviews.history(review_id)
        site.clock.advance("92d")
        after = site.reviews.get_review(review_id)
        assert site.reviews.history(review_id) == history
        assert site.reviews.list_reviews(ReviewQuery(status="completed", assignee="ann@example.com")).total == 1
    changed = {"content": {}, "metadata": {}, "result": {"approved": True}, "erased": True}
    assert after == {**before, **changed}
    read = Review.from_json(after)
    assert (read.erased, read.verdict, read.reviewer) == (True, "approved", "ann@example.com")
    assert Review.from_json(before).erased is False


@pytest.mark.parametrize(
    ("result", "verdict"),
    [({"approved": True}, "approved"), ({"approved": False}, "rejected"), ({"approved": "yes"}, "answered")],
)
def test_the_verdict_stays_what_it_was(result: dict[str, Any], verdict: str):
    from hitl.server.reviews.lifecycle import erased

    review = {
        "id": "rev_1",
        "template_id": "t",
        "status": "completed",
        "created_at": "2026-01-01T00:00:00Z",
        "content": {},
        "metadata": {},
        "result": {"approval": True, **result},
    }
    assert Review.from_json(erased(review)).verdict == Review.from_json(review).verdict
    only = {**review, "result": result}
    assert Review.from_json(erased(only)).verdict == verdict


def everything(site: ReviewServer, receiver: Receiver) -> list[str]:
    """Let the word be everywhere; return the ids of what holds it."""
    site.outbox.call_back(receiver.url, "review.completed", "rev_1", {"text": WORD}, at=site.clock())
    upload = site.uploads.add(DOCUMENTS, SentFile("a.txt", f"{WORD} in a file".encode()))
    made = site.reviews.create_review(
        {**REVIEW, "content": {**REVIEW["content"], "file": upload.path}}, idempotency_key="k", owner="me"
    )
    review_id = str(made.document["id"])
    site.reviews.update_review(review_id, {"content": {"text": f"Changed {WORD}"}})
    hold = {"seconds": 60.0, "batch": "b", "form": {"note": WORD}}
    site.reviews.hold(review_id, "completed", {"approved": True, "feedback": WORD}, "bob@example.com", **hold)
    site.reviews.undo("b")
    site.reviews.complete(review_id, {"approved": True, "feedback": f"Fine, {WORD}"}, "ann@example.com")
    site.reviews.list_reviews(ReviewQuery(search=WORD))
    while site.reviews.index_texts(behind=0):
        pass
    request_id = request(site, callback_url=receiver.url)
    site.loops.respond(request_id, f"Yes, {WORD}", ANN)
    site.loops.add_feedback(OWNER, request_id, {"feedback": {"rating": 5, "comment": WORD}})
    session = site.agent_sessions.create(OWNER, {}).document
    turn = {"action_type": "git_push", "agent_prompt": f"push {WORD}", "proposed_args": {"branch": WORD}}
    proposed = site.agent_sessions.propose(OWNER, session["id"], turn).document
    decision = {"decision": "approve", "comment": WORD}
    site.agent_sessions.decide(OWNER, session["id"], proposed["id"], decision)
    return [review_id, request_id]


def test_nothing_is_left_in_the_file_or_beside_it(data: Path, receiver: Receiver):
    with team(data) as site:
        everything(site, receiver)
        site.clock.advance("1m")
    assert copies(data)["team.db"] > 10
    with team(data) as site:
        site.clock.advance("92d")
        assert site.reviews.list_reviews(ReviewQuery(search=WORD)).total == 0
    assert copies(data) == {}


def test_what_is_not_due_is_left_whole(data: Path, receiver: Receiver):
    with team(data) as site:
        answered_review(site)
        site.clock.advance("60d")
        review_id, request_id = everything(site, receiver)
        before = site.reviews.get_review(review_id), site.loops.get_request(request_id, OWNER)
        site.clock.advance("40d")
        assert (site.reviews.get_review(review_id), site.loops.get_request(request_id, OWNER)) == before
        assert site.reviews.get_review("rev_1")["erased"] is True
        assert site.uploads.at(before[0]["content"]["file"]) is not None
        assert site.reviews.list_reviews(ReviewQuery(search=WORD)).total == 1


def test_a_file_that_another_review_needs_is_kept(data: Path):
    with team(data) as site:
        upload = site.uploads.add(DOCUMENTS, SentFile("a.txt", b"text"))
        unused = site.uploads.add(DOCUMENTS, SentFile("b.txt", b"text"))
        answered_review(site, content={"file": upload.path})
        waiting = str(site.reviews.create_review({**REVIEW, "content": {"file": upload.path}}).document["id"])
        site.clock.advance("92d")
        assert site.uploads.at(upload.path) is not None
        assert site.uploads.at(unused.path) is None
        site.reviews.cancel_review(waiting)
        site.clock.advance("92d")
        assert site.uploads.at(upload.path) is None


@pytest.mark.parametrize(
    ("asked", "given", "answer"),
    [
        ({"response_type": "boolean", "response_config": {}, "default_response": False}, True, True),
        ({}, f"Yes, {WORD}", None),
        (
            {"response_type": "editable_text", "response_config": {"draft_text": WORD, "max_length": 500}},
            f"More {WORD}",
            None,
        ),
    ],
)
def test_of_a_request_a_yes_or_no_stays(data: Path, asked: dict[str, Any], given: Any, answer: Any):
    with team(data) as site:
        request_id = request(site, **asked)
        site.loops.respond(request_id, given, ANN)
        site.clock.advance("92d")
        after = site.loops.get_request(request_id, OWNER)
        read = Request.from_json(after)
    assert (read.erased, read.text, read.answer, read.by) == (True, "", answer, "ann@example.com")
    assert WORD not in json.dumps(after)


def test_many_are_erased_in_several_steps(data: Path):
    with team(data) as site:
        for _ in range(50):
            site.reviews.cancel_review(str(site.reviews.create_review(REVIEW).document["id"]))
        site.clock.advance("92d")
        assert all(each["erased"] for each in site.reviews.list_reviews().items)


def test_the_audit_holds_digests_of_what_went_and_still_verifies(data: Path):
    import hashlib

    with team(data) as site:
        answered_review(site)
        site.clock.advance("92d")
        (entry,) = (each for each in site.audit.entries() if each.event == "review.erased")
        assert first_broken(site.audit.entries()) is None
    text = json.dumps(REVIEW["content"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert (entry.event, entry.subject) == ("review.erased", "rev_1")
    assert entry.detail["sha256"]["content"] == hashlib.sha256(text.encode()).hexdigest()


def test_events_can_be_read_again_without_their_contents(data: Path):
    with team(data) as site:
        answered_review(site)
        request_id = request(site)
        site.loops.respond(request_id, f"Yes, {WORD}", ANN)
        before = site.outbox.events_after(0, 100)
        site.clock.advance("92d")
        after = site.outbox.events_after(0, 100)
    assert [(each.number, each.event, each.subject_id) for each in after] == [
        (each.number, each.event, each.subject_id) for each in before
    ]
    assert WORD not in json.dumps([each.payload for each in after])
    completed = next(each.payload for each in after if each.event == "review.completed")
    assert completed["review"]["status"] == "completed"
    assert completed["review"]["result"] == {"approved": True}
    ended = next(each.payload for each in after if each.event == "request.completed")
    assert ended["data"]["reviewer"]["email"] == "ann@example.com"
    assert ended["erased"] is True


@pytest.mark.parametrize("is_copied", [False, True])  # in whole, as versions did that stored each review twice
@pytest.mark.parametrize("is_changed", [False, True])
def test_a_creation_that_is_repeated_returns_what_is_left(data: Path, is_changed: bool, is_copied: bool):
    body = {**REVIEW, "metadata": {"run": WORD}}
    with team(data) as site:
        made = site.reviews.create_review(body, idempotency_key="k", owner="me").document
        if is_copied:
            site.database.execute("UPDATE creations SET made = ?", (json.dumps(made),))
        if is_changed:
            site.reviews.update_review(made["id"], {"priority": "high"})
        site.reviews.cancel_review(made["id"])
        site.clock.advance("92d")
        again = site.reviews.create_review(body, idempotency_key="k", owner="me")
    assert (again.replayed, again.document) == (True, {**made, "content": {}, "metadata": {}, "erased": True})
    assert copies(data) == {}


def page_of(site: ReviewServer, path: str) -> str:
    routes = inbox_routes(
        site.reviews, site.loops, site.deliveries, site.uploads, site.agent_sessions, site.saved_views
    )
    app = Starlette(routes=[Mount("/inbox", routes=routes)])
    with TestClient(app, base_url="http://127.0.0.1:4010") as browser:
        answer = browser.get(f"/inbox{path}")
    assert answer.status_code == 200
    return answer.text


def test_the_pages_say_that_the_contents_are_gone(data: Path):
    with team(data) as site:
        review_id = answered_review(site)
        request_ids = [
            request(site),
            request(site, response_type="editable_text", response_config={"draft_text": WORD, "max_length": 500}),
        ]
        for each in request_ids:
            site.loops.respond(each, f"Yes, {WORD}", ANN)
        assert "The contents were erased" not in page_of(site, f"/reviews/{review_id}")
        site.clock.advance("92d")
        for path in (f"/reviews/{review_id}", *(f"/requests/{each}" for each in request_ids)):
            page = page_of(site, path)
            assert "The contents were erased" in page
            assert re.search("ann@example.com|Ann", page)
        assert WORD not in page_of(site, "/?view=done") + page_of(site, "/requests") + page_of(site, "/deliveries")


def test_the_room_of_what_was_erased_is_given_back(data: Path):
    with team(data) as site:
        for _ in range(30):
            answered_review(site, content={"text": "x" * 100_000})
    large = data.stat().st_size
    with team(data) as site:
        site.clock.advance("92d")
    assert large > 3_000_000
    assert data.stat().st_size < large / 3


def test_a_running_server_erases_by_itself(data: Path):
    clock = FakeClock()
    with ReviewServer(data=data, clock=clock, team=TeamSettings()) as site:
        answered_review(site)
    clock.advance(days=92)
    with ReviewServer(data=data, clock=clock, team=TeamSettings(keep=timedelta(days=90))) as site:
        background = BackgroundServer(site.server())
        background.start()
        while "erased" not in site.reviews.get_review("rev_1"):
            pass
        assert httpx.get(f"{site.url}/readyz").json()["failing"] == []
        background.stop()


@pytest.mark.anyio
async def test_between_two_steps_others_get_their_turn_and_after_a_failure_it_goes_on(data: Path):
    clock = FakeClock()
    with ReviewServer(data=data, clock=clock, team=TeamSettings()) as site:
        for _ in range(45):
            answered_review(site)
        clock.advance(days=92)
        pauses: list[float] = []

        class EnoughError(Exception):
            pass

        async def pause(seconds: float) -> None:
            pauses.append(seconds)
            if seconds > 1:
                raise EnoughError if len(pauses) > 1 else RuntimeError

        retention = Retention(site.database, site.reviews, site.audit, site.clock, timedelta(days=90), pause)
        with pytest.raises(EnoughError):
            await retention.run()
        assert all(each["erased"] for each in site.reviews.list_reviews(ReviewQuery(limit=None)).items)
        assert sum(each < 1 for each in pauses) >= 2
