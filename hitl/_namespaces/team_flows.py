"""What `client.teams` does, as flows."""

from __future__ import annotations

from functools import partial
from typing import Any

from hitl_api.api.teams import add_team_member, create_team, list_team_members
from hitl_api.models.team_create import TeamCreate
from hitl_api.models.team_member_add import TeamMemberAdd
from hitl_api.types import UNSET

from hitl._api import arguments
from hitl._flows import Flow
from hitl._methods import Methods
from hitl._namespaces.namespace import fetched
from hitl._records import Team, TeamMember, record

_MEMBER = {"email": arguments.address, "role": arguments.text}
_member = partial(record, TeamMember)


def create(methods: Methods, name: str, idempotency_key: str | None) -> Flow[Team]:
    body = TeamCreate(name=arguments.text("name", name))
    return fetched(methods, partial(record, Team), create_team, body=body, idempotency_key=idempotency_key or UNSET)


def members(methods: Methods, team_id: str) -> Flow[list[TeamMember]]:
    return fetched(methods, lambda data: list(map(_member, data)), list_team_members, team_id)


def add_member(methods: Methods, team_id: str, given: dict[str, Any], idempotency_key: str | None) -> Flow[TeamMember]:
    body = TeamMemberAdd.from_dict(arguments.required("teams.add_member", _MEMBER, given, "email"))
    return fetched(methods, _member, add_team_member, team_id, body=body, idempotency_key=idempotency_key or UNSET)
