"""Groups of reviewers: teams and their members. The composition root makes the service and its routes."""

from __future__ import annotations

from starlette.routing import Route

from hitl.server.http import calling, creating, resource
from hitl.server.teams.service import TeamService

__all__ = ["TeamService", "team_routes"]


def team_routes(service: TeamService) -> list[Route]:
    """Return the API's routes for teams."""
    return [
        resource("/v1/teams", POST=creating(service.create_team)),
        resource("/v1/teams/{team_id}/members", GET=calling(service.members), POST=creating(service.add_member)),
    ]
