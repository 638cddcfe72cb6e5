"""Teams of reviewers, through both clients."""

from __future__ import annotations

import pytest

from hitl import HITLClient
from hitl.exceptions import ConfigurationError, ConflictError, NotFoundError
from hitl.models import Team, TeamMember


def test_a_team_has_the_members_that_were_added(client: HITLClient) -> None:
    team = client.teams.create("Editors")
    assert (type(team), team.name, client.teams.members(team.id)) == (Team, "Editors", [])
    ann = client.teams.add_member(team.id, "ann@example.com", role="lead")
    assert (type(ann), ann.email, ann.role, ann.status) == (TeamMember, "ann@example.com", "lead", "active")
    assert client.teams.members(team.id) == [ann]
    with pytest.raises(ConflictError):
        client.teams.add_member(team.id, "Ann@example.com")
    with pytest.raises(NotFoundError):
        client.teams.members("team_none")


def test_what_is_repeated_with_its_key_is_made_once(client: HITLClient) -> None:
    teams = [client.teams.create("Editors", idempotency_key="team-1") for _ in range(2)]
    assert teams[0].id == teams[1].id
    added = [client.teams.add_member(teams[0].id, "ann@example.com", idempotency_key="ann-1") for _ in range(2)]
    assert client.teams.members(teams[0].id) == added[:1]


def test_arguments_are_checked_before_anything_is_sent() -> None:
    teams = HITLClient("key", base_url="http://127.0.0.1:1").teams
    for act, words in (
        (lambda: teams.create(" "), "name must be a text that is not empty"),
        (lambda: teams.add_member("team_1", "Ann"), "email must be an address, such as you@company.com"),
        (lambda: teams.add_member("a/b", "ann@example.com"), "must be an id"),
        (lambda: teams.members(""), "must be an id"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            act()
