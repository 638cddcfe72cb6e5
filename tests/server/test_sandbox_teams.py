from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from hitl.server.migrations import MIGRATIONS
from hitl.server.primitives.errors import ApiError
from hitl.server.storage.database import IN_MEMORY, Database
from hitl.server.teams import TeamService


@pytest.fixture
def teams() -> Iterator[TeamService]:
    with closing(Database(IN_MEMORY, MIGRATIONS)) as database:
        yield TeamService(database, lambda: datetime(2026, 11, 23, 12, tzinfo=UTC))


def test_a_team_has_a_name_and_nobody_in_it_yet(teams: TeamService) -> None:
    assert teams.create_team({"name": "Editors"}).document == {
        "id": "team_1",
        "name": "Editors",
        "created_at": "2026-11-23T12:00:00.000000Z",
        "updated_at": "2026-11-23T12:00:00.000000Z",
    }
    assert teams.members("team_1") == []


def test_a_member_belongs_to_the_team_at_once(teams: TeamService) -> None:
    teams.create_team({"name": "Editors"})
    added = teams.add_member("team_1", {"email": "ann@example.com", "role": "lead"}).document
    assert added == {
        "user_id": "usr_1",
        "email": "ann@example.com",
        "role": "lead",
        "status": "active",
        "joined_at": "2026-11-23T12:00:00.000000Z",
    }
    teams.add_member("team_1", {"email": "bob@example.com"})
    assert [member["email"] for member in teams.members("team_1")] == ["ann@example.com", "bob@example.com"]


def test_nobody_is_in_a_team_twice_but_may_be_in_two(teams: TeamService) -> None:
    for name in ("Editors", "Lawyers"):
        teams.create_team({"name": name})
    teams.add_member("team_1", {"email": "ann@example.com"})
    with pytest.raises(ApiError, match="already") as caught:
        teams.add_member("team_1", {"email": "Ann@Example.com"})
    assert caught.value.status == 409
    teams.add_member("team_2", {"email": "ann@example.com"})


def test_a_key_for_one_team_does_not_add_to_another(teams: TeamService) -> None:
    for name in ("Editors", "Lawyers"):
        teams.create_team({"name": name})
    teams.add_member("team_1", {"email": "ann@example.com"}, idempotency_key="a")
    with pytest.raises(ApiError) as caught:
        teams.add_member("team_2", {"email": "ann@example.com"}, idempotency_key="a")
    assert caught.value.code == "idempotency_key_reused"


@pytest.mark.parametrize("email", ["", "ann", "ann@", "@example.com", "a b@example.com", "a@b@c", 7, None])
def test_a_member_needs_an_address(teams: TeamService, email: object) -> None:
    teams.create_team({"name": "Editors"})
    with pytest.raises(ApiError) as caught:
        teams.add_member("team_1", {"email": email})
    assert caught.value.details is not None
    assert caught.value.details["field"] == "email"


def test_a_team_that_nobody_made_is_not_found(teams: TeamService) -> None:
    with pytest.raises(ApiError) as caught:
        teams.members("team_9")
    assert (caught.value.status, caught.value.code) == (404, "team_not_found")
    with pytest.raises(ApiError):
        teams.add_member("team_9", {"email": "ann@example.com"})
