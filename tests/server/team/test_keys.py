from __future__ import annotations

import re
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from fake_clock import FakeClock
from server_calls import refusal_of
from team_server import CallAs

from hitl.server.people import Person
from hitl.server.primitives import Actor
from hitl.server.review_server import ReviewServer
from hitl.server.storage import first_broken


def test_a_key_is_shown_once_and_the_file_has_its_digest_only(team: ReviewServer, ann: Person, data: Path) -> None:
    key, text = team.keys.create("billing agent", owner="ANN@example.com")
    assert re.fullmatch(r"hitl_live_[0-9a-f]{48}", text)
    assert key.person_id == ann.id
    assert key.shown == text[:14]
    assert text not in repr(key)
    assert team.keys.caller(f"Bearer {text}") is not None
    team.close()
    secret = text[14:].encode()
    assert all(secret not in file.read_bytes() for file in data.parent.iterdir())


def test_the_look_up_uses_an_index(team: ReviewServer, data: Path) -> None:
    team.keys.create("agent", owner=None)
    team.close()
    with sqlite3.connect(data) as connection:
        plan = connection.execute("EXPLAIN QUERY PLAN SELECT id FROM api_keys WHERE digest = 'x'").fetchall()
    assert "USING" in str(plan)
    assert "SCAN" not in str(plan)


@pytest.mark.parametrize(
    ("authorization", "is_known"),
    [
        ("Bearer {}", True),
        ("bearer  {} ", True),
        ("Basic {}", False),
        ("{}", False),
        ("Bearer", False),
        ("Bearer {}0", False),
        (None, False),
        ("Bearer ", False),
        ("Bearer \udcff", False),
    ],
)
def test_who_has_a_key(team: ReviewServer, authorization: str | None, is_known: bool) -> None:
    key, text = team.keys.create("agent", owner=None)
    caller = team.keys.caller(authorization and authorization.format(text))
    assert (caller is not None) is is_known
    if caller is not None:
        assert caller.actor == Actor("key", key.id, "agent", None)


def test_bad_keys_are_refused_with_what_to_do(team: ReviewServer, ann: Person) -> None:
    create = team.keys.create
    assert refusal_of(create, " ", owner=None).details == {
        "field": "name",
        "issue": "a key needs a name of 1 to 100 characters that says what it is for",
        "errors": [{"field": "name", "issue": "a key needs a name of 1 to 100 characters that says what it is for"}],
    }
    assert "'answer' is no scope" in refusal_of(create, "a", owner=None, scopes=["ask", "answer"]).message
    assert refusal_of(create, "a", owner="bob@example.com").code == "reviewer_not_found"
    assert refusal_of(create, "a", owner=None, expires=timedelta(0)).status == 400
    create("agent", owner=ann.email)
    assert refusal_of(create, "Agent", owner=None).status == 409
    team.keys.revoke("agent")
    create("Agent", owner=None)


def test_a_key_ends_when_it_expires_or_is_revoked(team: ReviewServer, clock: FakeClock) -> None:
    key, text = team.keys.create("agent", owner=None, expires=timedelta(days=90))
    clock.advance(days=90, microseconds=-1)
    assert team.keys.caller(f"Bearer {text}") is not None
    clock.advance(microseconds=1)
    assert team.keys.caller(f"Bearer {text}") is None
    other, other_text = team.keys.create("agent", owner=None)
    assert team.keys.revoke("agent").id == other.id
    assert team.keys.caller(f"Bearer {other_text}") is None
    assert refusal_of(team.keys.revoke, "agent").status == 404
    assert team.keys.revoke(key.id).revoked_at is not None


def test_its_last_use_is_noted_at_most_every_five_minutes(team: ReviewServer, clock: FakeClock) -> None:
    key, text = team.keys.create("agent", owner=None)
    assert key.last_used_at is None
    written = []
    for minutes in (0, 1, 4, 1, 4):
        clock.advance(minutes=minutes)
        before = team.database.rows_written
        team.keys.caller(f"Bearer {text}", "192.0.2.7")
        written.append(team.database.rows_written - before)
    assert written == [1, 0, 1, 0, 1]
    found = team.keys.find(key.id)
    assert (found.last_used_from, found.last_used_at) == ("192.0.2.7", "2026-11-23T12:10:00.000000Z")


def test_what_was_done_is_in_the_audit(team: ReviewServer, ann: Person) -> None:
    by = Actor("person", ann.id, ann.email, ann.id, "admin")
    key, text = team.keys.create("agent", owner=ann.email, scopes=["read"], by=by)
    team.keys.revoke(key.id, by=by)
    team.keys.revoke(key.id, by=by)
    found = [(each.event, each.subject, each.actor_id) for each in team.audit.entries()][1:]
    assert found == [("key.created", key.id, ann.id), ("key.revoked", key.id, ann.id)]
    assert first_broken(team.audit.entries()) is None
    assert text not in str(team.audit.entries())


def test_requests_without_a_valid_key_are_refused_in_both_envelopes(team: ReviewServer, call_as: CallAs) -> None:
    answer = call_as("hitl_live_none").get("/v1/reviews")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "hitl keys create" in answer.json()["error"]["message"]
    assert call_as("hitl_live_none").get("/v1/api/requests").json()["msg"] == "Invalid API key"
    assert call_as(team.api_key).get("/v1/reviews").status_code == 401  # a sandbox's key
