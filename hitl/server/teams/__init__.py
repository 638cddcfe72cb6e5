"""Groups of reviewers: teams and their members. The composition root makes the service and its routes."""

from __future__ import annotations

from hitl.server.teams.routes import team_routes
from hitl.server.teams.service import TeamService

__all__ = ["TeamService", "team_routes"]
