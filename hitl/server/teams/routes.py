"""The API's routes for teams."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hitl.server.http.requests import body_of, idempotency_key
from hitl.server.http.responses import exchange_of, success
from hitl.server.reviews.routes import created_answer, resource
from hitl.server.reviews.service import ReviewService
from hitl.server.teams.service import Roster


def team_routes(desk: ReviewService) -> list[Route]:
    """Return the routes."""
    teams = _Teams(Roster(desk.database, desk.clock))
    return [
        resource("/v1/teams", POST=teams.create),
        resource("/v1/teams/{team_id}/members", GET=teams.members, POST=teams.add_member),
    ]


class _Teams:
    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    async def create(self, request: Request) -> Response:
        key, owner = idempotency_key(request), exchange_of(request).owner
        body = await body_of(request)
        return created_answer(request, self._roster.create_team(body, idempotency_key=key, owner=owner))

    async def members(self, request: Request) -> Response:
        return success(request, self._roster.members(request.path_params["team_id"]))

    async def add_member(self, request: Request) -> Response:
        key, owner = idempotency_key(request), exchange_of(request).owner
        team_id, body = request.path_params["team_id"], await body_of(request)
        return created_answer(request, self._roster.add_member(team_id, body, idempotency_key=key, owner=owner))
