from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from team_server import CallAs, MakeServer

from hitl.server.migrations import MIGRATIONS
from hitl.server.people import Person
from hitl.server.review_server import ReviewServer

BODY = {"template_id": "tpl_ok", "content": {"text": "please"}}


@pytest.mark.parametrize(
    ("metadata", "claimed"),
    [
        ({}, None),
        ({"on_behalf_of": "bob@example.com"}, "bob@example.com"),
        ({"on_behalf_of": "  bob@example.com "}, "bob@example.com"),
        ({"on_behalf_of": ""}, None),
    ],
)
def test_a_review_says_who_asked(
    team: ReviewServer, ann: Person, call_as: CallAs, metadata: dict[str, Any], claimed: str | None
) -> None:
    key, text = team.keys.create("billing agent", owner=ann.email)
    made = call_as(text).post("/v1/reviews", json={**BODY, "metadata": metadata}).json()["data"]
    assert made["asked_by"] == {"key_id": key.id, "key_name": "billing agent", "person_id": ann.id, "claimed": claimed}
    assert call_as(text).get(f"/v1/reviews/{made['id']}").json()["data"]["asked_by"] == made["asked_by"]
    (event,) = team.outbox.events_after(0, 10)
    assert event.payload["review"]["asked_by"] == made["asked_by"]


def test_nobody_can_send_who_asked(team: ReviewServer, call_as: CallAs) -> None:
    _, text = team.keys.create("agent", owner=None)
    forged = {"key_id": "key_1", "key_name": "boss", "person_id": None, "claimed": None}
    made = call_as(text).post("/v1/reviews", json={**BODY, "asked_by": forged})
    assert made.status_code == 400
    review = call_as(text).post("/v1/reviews", json=BODY).json()["data"]
    changed = call_as(text).patch(f"/v1/reviews/{review['id']}", json={"asked_by": forged, "priority": "high"})
    assert changed.status_code == 400


def test_it_stays_as_it_was_through_changes_and_repetition(team: ReviewServer, call_as: CallAs) -> None:
    _, text = team.keys.create("agent", owner=None)
    api = call_as(text)
    once = {"Idempotency-Key": "k"}
    made = api.post("/v1/reviews", json=BODY, headers=once).json()["data"]
    api.patch(f"/v1/reviews/{made['id']}", json={"priority": "high"})
    again = api.post("/v1/reviews", json=BODY, headers=once)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json()["data"] == made
    team.keys.revoke("agent")
    assert team.reviews.get_review(made["id"])["asked_by"] == made["asked_by"]


def test_two_keys_may_use_the_same_idempotency_key(team: ReviewServer, call_as: CallAs) -> None:
    made = [
        call_as(team.keys.create(name, owner=None)[1])
        .post("/v1/reviews", json=BODY, headers={"Idempotency-Key": "k"})
        .json()["data"]["asked_by"]["key_name"]
        for name in ("one", "other")
    ]
    assert made == ["one", "other"]


def test_a_file_of_an_earlier_form_is_migrated(make_server: MakeServer, data: Path) -> None:
    with sqlite3.connect(data) as connection:
        connection.create_function("name_key", 1, str.casefold, deterministic=True)
        for step in MIGRATIONS[:15]:
            for statement in step:
                connection.execute(statement)
        connection.execute("PRAGMA user_version = 15")
    data.chmod(0o600)
    server = make_server()
    review = server.reviews.create_review(BODY).document
    assert "asked_by" not in review
    assert server.reviews.asker_of(review["id"]) is None
    assert server.reviews.complete(review["id"], {"approved": True}, "ann@example.com")["status"] == "completed"
    assert server.keys.all() == []
