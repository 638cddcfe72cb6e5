from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hitl.server.migrations import MIGRATIONS
from hitl.server.primitives.errors import ApiError
from hitl.server.review_server import ReviewServer

ANN, BOB, CAT = "ann@example.com", "bob@example.com", "cat@example.com"
FIELDS = [{"name": "approved", "type": "boolean", "required": True}]


def template(server: ReviewServer, **settings: Any) -> str:
    template_id: str = server.reviews.create_template(
        {"name": "A form", "fields": FIELDS, "settings": settings}
    ).document["id"]
    return template_id


def assigned(server: ReviewServer, template_id: str = "template_123", **body: Any) -> list[str]:
    """Create a review and return its assignees."""
    assignees: list[str] = server.reviews.create_review({"template_id": template_id, "content": {}, **body}).document[
        "assignees"
    ]
    return assignees


def team(server: ReviewServer, *members: str) -> None:
    team_id = server.teams.create_team({"name": "Editors"}).document["id"]
    for member in members:
        server.teams.add_member(team_id, {"email": member})


def test_named_assignees_stay_as_they_are(server: ReviewServer) -> None:
    automatic = template(server, auto_assign=True, assignment_strategy="load_balanced")
    assert assigned(server, automatic, assignees=[BOB, ANN]) == [BOB, ANN]


def test_nobody_is_chosen_unless_that_is_asked_for(server: ReviewServer) -> None:
    assert assigned(server, assignees=[ANN]) == [ANN]
    assert assigned(server) == []
    assert assigned(server, template(server, assignment_strategy="round_robin")) == []
    assert assigned(server, template(server, auto_assign=False)) == []


def test_without_anybody_to_choose_from_a_review_stays_unassigned(server: ReviewServer) -> None:
    review = server.reviews.create_review({"template_id": template(server, auto_assign=True), "content": {}}).document
    assert (review["assignees"], review["status"]) == ([], "created")


def test_everybody_takes_a_turn(server: ReviewServer) -> None:
    automatic = template(server, auto_assign=True)
    assigned(server, assignees=[ANN, BOB])
    server.reviews.update_review("rev_1", {"assignees": [CAT]})
    assert [assigned(server, automatic) for _ in range(4)] == [[ANN], [BOB], [CAT], [ANN]]


def test_a_chosen_reviewer_makes_the_review_assigned_and_says_so(server: ReviewServer) -> None:
    assigned(server, assignees=[ANN])
    server.reviews.create_review({"template_id": template(server, auto_assign=True), "content": {}})
    review = server.reviews.get_review("rev_2")
    assert (review["assignees"], review["status"]) == ([ANN], "assigned")


def test_members_of_teams_are_chosen_before_others(server: ReviewServer) -> None:
    assigned(server, assignees=[ANN])
    team(server, BOB)
    team(server, CAT, BOB)
    automatic = template(server, auto_assign=True)
    assert [assigned(server, automatic) for _ in range(3)] == [[BOB], [CAT], [BOB]]


def test_a_strategy_of_the_review_chooses_even_if_the_template_does_not(server: ReviewServer) -> None:
    team(server, ANN)
    assert assigned(server, assignment_strategy="round_robin") == [ANN]


def test_a_balanced_load_is_that_of_open_reviews(server: ReviewServer) -> None:
    balanced = template(server, auto_assign=True, assignment_strategy="load_balanced")
    assigned(server, assignees=[ANN, BOB])
    assigned(server, assignees=[BOB])
    assert assigned(server, balanced) == [ANN]
    assert assigned(server, balanced) == [BOB]
    server.reviews.cancel_review("rev_2"), server.reviews.cancel_review("rev_4")
    assert [assigned(server, balanced), assigned(server, balanced)] == [[BOB], [ANN]]


def test_as_many_are_chosen_as_must_approve(server: ReviewServer) -> None:
    both = template(server, auto_assign=True, approval_threshold=2.0)
    team(server, ANN, BOB, CAT)
    assert [assigned(server, both), assigned(server, both)] == [[ANN, BOB], [CAT, ANN]]
    assert assigned(server, template(server, auto_assign=True, approval_threshold=9)) == [BOB, CAT, ANN]


def test_turns_survive_a_restart(tmp_path: Path) -> None:
    first = ReviewServer(data=tmp_path / "sandbox.db")
    team(first, ANN, BOB)
    automatic = template(first, auto_assign=True)
    assert assigned(first, automatic) == [ANN]
    first.close()
    second = ReviewServer(data=tmp_path / "sandbox.db")
    assert assigned(second, automatic) == [BOB]
    second.close()


def test_a_repeated_creation_uses_up_no_turn(server: ReviewServer) -> None:
    team(server, ANN, BOB)
    automatic = template(server, auto_assign=True)
    body = {"template_id": automatic, "content": {}}
    server.reviews.create_review(body, idempotency_key="job-42")
    assert server.reviews.create_review(body, idempotency_key="job-42").document["assignees"] == [ANN]
    assert assigned(server, automatic) == [BOB]


# Reassignment


@pytest.mark.parametrize("wanted", [[], [BOB], [BOB, CAT]])
def test_a_template_may_forbid_taking_a_review_from_its_assignees(server: ReviewServer, wanted: list[str]) -> None:
    assigned(server, template(server, allow_reassignment=False), assignees=[ANN, BOB])
    before = server.reviews.get_review("rev_1")
    with pytest.raises(ApiError) as caught:
        server.reviews.update_review("rev_1", {"assignees": wanted})
    assert (caught.value.status, caught.value.code) == (409, "conflict")
    assert f"cannot be taken from {ANN}" in caught.value.message
    assert server.reviews.get_review("rev_1") == before


def test_even_then_a_review_may_be_given_to_more_people(server: ReviewServer) -> None:
    fixed = template(server, allow_reassignment=False)
    assigned(server, fixed)
    assert server.reviews.update_review("rev_1", {"assignees": [ANN]})["status"] == "assigned"
    assert server.reviews.update_review("rev_1", {"assignees": [BOB, ANN]})["assignees"] == [BOB, ANN]
    assert server.reviews.update_review("rev_1", {"priority": "high"})["priority"] == "high"


@pytest.mark.parametrize("settings", [{}, {"allow_reassignment": True}])
def test_reassignment_is_allowed_unless_it_is_forbidden(server: ReviewServer, settings: dict[str, Any]) -> None:
    assigned(server, template(server, **settings), assignees=[ANN])
    assert server.reviews.update_review("rev_1", {"assignees": [BOB]})["assignees"] == [BOB]


def test_the_load_counts_open_reviews_only_and_follows_who_has_them(server: ReviewServer) -> None:
    def load() -> dict[str, int]:
        return dict(server.database.rows("SELECT name, count(*) FROM assignments WHERE is_open GROUP BY name"))

    for assignees in ([ANN, BOB], [ANN], [ANN, ANN]):
        server.reviews.create_review({"template_id": "template_123", "content": {}, "assignees": assignees})
    assert load() == {ANN: 3, BOB: 1}
    server.reviews.complete("rev_1", {"approved": True}, ANN)
    server.reviews.update_review("rev_2", {"assignees": [CAT]})
    server.reviews.start("rev_3", ANN)
    assert load() == {ANN: 1, CAT: 1}
    server.reviews.cancel_review("rev_2")
    assert load() == {ANN: 1}


def test_the_load_of_an_older_file_is_counted_when_it_is_opened(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.db"
    with closing(sqlite3.connect(file)) as older:
        for step in MIGRATIONS[:6]:
            for statement in step:
                older.execute(statement)
        for review_id, status in (("rev_1", "cancelled"), ("rev_2", "assigned"), ("rev_3", "in_progress")):
            older.execute(
                "INSERT INTO reviews (id, template_id, status, created_at, updated_at, document) "
                "VALUES (?, 'template_123', ?, '', '', ?)",
                (review_id, status, json.dumps({"assignees": [ANN, BOB]})),
            )
        older.execute("INSERT INTO counters VALUES ('review', 3)")
        older.execute("PRAGMA user_version = 6")
        older.commit()
    with closing(ReviewServer(data=file)) as server:
        assigned(server, assignees=[CAT])
        counted = server.database.rows("SELECT name, count(*) FROM assignments WHERE is_open GROUP BY name")
        assert counted == [(ANN, 2), (BOB, 2), (CAT, 1)]
        assert assigned(server, assignment_strategy="load_balanced") == [CAT]
