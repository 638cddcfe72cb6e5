from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hitl.server.primitives.errors import ApiError
from hitl.server.reviews.service import ReviewService
from hitl.server.teams.service import Roster

ANN, BOB, CAT = "ann@example.com", "bob@example.com", "cat@example.com"
FIELDS = [{"name": "approved", "type": "boolean", "required": True}]


def now() -> datetime:
    return datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def desk() -> Iterator[ReviewService]:
    desk = ReviewService(clock=now)
    yield desk
    desk.close()


def template(desk: ReviewService, **settings: Any) -> str:
    template_id: str = desk.create_template({"name": "A form", "fields": FIELDS, "settings": settings}).document["id"]
    return template_id


def assigned(desk: ReviewService, template_id: str = "template_123", **body: Any) -> list[str]:
    """Create a review and return its assignees."""
    assignees: list[str] = desk.create_review({"template_id": template_id, "content": {}, **body}).document["assignees"]
    return assignees


def team(desk: ReviewService, *members: str) -> None:
    roster = Roster(desk.database, now)
    team_id = roster.create_team({"name": "Editors"}).document["id"]
    for member in members:
        roster.add_member(team_id, {"email": member})


def test_named_assignees_stay_as_they_are(desk: ReviewService) -> None:
    automatic = template(desk, auto_assign=True, assignment_strategy="load_balanced")
    assert assigned(desk, automatic, assignees=[BOB, ANN]) == [BOB, ANN]


def test_nobody_is_chosen_unless_that_is_asked_for(desk: ReviewService) -> None:
    assert assigned(desk, assignees=[ANN]) == [ANN]
    assert assigned(desk) == []
    assert assigned(desk, template(desk, assignment_strategy="round_robin")) == []
    assert assigned(desk, template(desk, auto_assign=False)) == []


def test_without_anybody_to_choose_from_a_review_stays_unassigned(desk: ReviewService) -> None:
    review = desk.create_review({"template_id": template(desk, auto_assign=True), "content": {}}).document
    assert (review["assignees"], review["status"]) == ([], "created")


def test_everybody_takes_a_turn(desk: ReviewService) -> None:
    automatic = template(desk, auto_assign=True)
    assigned(desk, assignees=[ANN, BOB])
    desk.update_review("rev_1", {"assignees": [CAT]})
    assert [assigned(desk, automatic) for _ in range(4)] == [[ANN], [BOB], [CAT], [ANN]]


def test_a_chosen_reviewer_makes_the_review_assigned_and_says_so(desk: ReviewService) -> None:
    assigned(desk, assignees=[ANN])
    desk.create_review({"template_id": template(desk, auto_assign=True), "content": {}})
    review = desk.get_review("rev_2")
    assert (review["assignees"], review["status"]) == ([ANN], "assigned")


def test_members_of_teams_are_chosen_before_others(desk: ReviewService) -> None:
    assigned(desk, assignees=[ANN])
    team(desk, BOB)
    team(desk, CAT, BOB)
    automatic = template(desk, auto_assign=True)
    assert [assigned(desk, automatic) for _ in range(3)] == [[BOB], [CAT], [BOB]]


def test_a_strategy_takes_nobody_away_who_was_named(desk: ReviewService) -> None:
    assert assigned(desk, assignees=[ANN, BOB], assignment_strategy="round_robin") == [ANN, BOB]


def test_a_strategy_of_the_review_chooses_even_if_the_template_does_not(desk: ReviewService) -> None:
    team(desk, ANN)
    assert assigned(desk, assignment_strategy="round_robin") == [ANN]


def test_a_balanced_load_is_that_of_open_reviews(desk: ReviewService) -> None:
    balanced = template(desk, auto_assign=True, assignment_strategy="load_balanced")
    assigned(desk, assignees=[ANN, BOB])
    assigned(desk, assignees=[BOB])
    assert assigned(desk, balanced) == [ANN]
    assert assigned(desk, balanced) == [BOB]
    desk.cancel_review("rev_2"), desk.cancel_review("rev_4")
    assert [assigned(desk, balanced), assigned(desk, balanced)] == [[BOB], [ANN]]


def test_as_many_are_chosen_as_must_approve(desk: ReviewService) -> None:
    both = template(desk, auto_assign=True, approval_threshold=2.0)
    team(desk, ANN, BOB, CAT)
    assert [assigned(desk, both), assigned(desk, both)] == [[ANN, BOB], [CAT, ANN]]
    assert assigned(desk, template(desk, auto_assign=True, approval_threshold=9)) == [BOB, CAT, ANN]


def test_turns_survive_a_restart(tmp_path: Path) -> None:
    first = ReviewService(tmp_path / "sandbox.db", clock=now)
    team(first, ANN, BOB)
    automatic = template(first, auto_assign=True)
    assert assigned(first, automatic) == [ANN]
    first.close()
    second = ReviewService(tmp_path / "sandbox.db", clock=now)
    assert assigned(second, automatic) == [BOB]
    second.close()


def test_a_repeated_creation_uses_up_no_turn(desk: ReviewService) -> None:
    team(desk, ANN, BOB)
    automatic = template(desk, auto_assign=True)
    body = {"template_id": automatic, "content": {}}
    desk.create_review(body, idempotency_key="job-42")
    assert desk.create_review(body, idempotency_key="job-42").document["assignees"] == [ANN]
    assert assigned(desk, automatic) == [BOB]


# Reassignment


@pytest.mark.parametrize("wanted", [[], [BOB], [BOB, CAT]])
def test_a_template_may_forbid_taking_a_review_from_its_assignees(desk: ReviewService, wanted: list[str]) -> None:
    assigned(desk, template(desk, allow_reassignment=False), assignees=[ANN, BOB])
    before = desk.get_review("rev_1")
    with pytest.raises(ApiError) as caught:
        desk.update_review("rev_1", {"assignees": wanted})
    assert (caught.value.status, caught.value.code) == (409, "conflict")
    assert f"cannot be taken from {ANN}" in caught.value.message
    assert desk.get_review("rev_1") == before


def test_even_then_a_review_may_be_given_to_more_people(desk: ReviewService) -> None:
    fixed = template(desk, allow_reassignment=False)
    assigned(desk, fixed)
    assert desk.update_review("rev_1", {"assignees": [ANN]})["status"] == "assigned"
    assert desk.update_review("rev_1", {"assignees": [BOB, ANN]})["assignees"] == [BOB, ANN]
    assert desk.update_review("rev_1", {"priority": "high"})["priority"] == "high"


@pytest.mark.parametrize("settings", [{}, {"allow_reassignment": True}])
def test_reassignment_is_allowed_unless_it_is_forbidden(desk: ReviewService, settings: dict[str, Any]) -> None:
    assigned(desk, template(desk, **settings), assignees=[ANN])
    assert desk.update_review("rev_1", {"assignees": [BOB]})["assignees"] == [BOB]


def test_the_load_counts_open_reviews_only_and_follows_who_has_them(desk: ReviewService) -> None:
    def load() -> dict[str, int]:
        return dict(desk.database.rows("SELECT name, count(*) FROM open_assignments GROUP BY name"))

    for assignees in ([ANN, BOB], [ANN], [ANN, ANN]):
        desk.create_review({"template_id": "template_123", "content": {}, "assignees": assignees})
    assert load() == {ANN: 3, BOB: 1}
    desk.complete("rev_1", {"approved": True}, ANN)
    desk.update_review("rev_2", {"assignees": [CAT]})
    desk.start("rev_3", ANN)
    assert load() == {ANN: 1, CAT: 1}
    desk.cancel_review("rev_2")
    assert load() == {ANN: 1}


def test_the_load_of_an_older_file_is_counted_when_it_is_opened(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.db"
    with closing(ReviewService(file)) as desk:
        for _ in range(3):
            assigned(desk, assignees=[ANN, BOB])
        desk.cancel_review("rev_1")
    with closing(sqlite3.connect(file)) as older:
        older.execute("DROP TABLE open_assignments")
        older.execute("PRAGMA user_version = 6")
    with closing(ReviewService(file)) as desk:
        assigned(desk, assignees=[CAT])
        counted = desk.database.rows("SELECT name, count(*) FROM open_assignments GROUP BY name")
        assert counted == [(ANN, 2), (BOB, 2), (CAT, 1)]
        assert assigned(desk, assignment_strategy="load_balanced") == [CAT]
