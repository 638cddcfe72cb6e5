"""`client.teams`: signatures and docstrings; what the methods do is in `team_flows`.

AsyncTeams is written from this file by codegen/async_client.py (`make generate`).
"""

from __future__ import annotations

from hitl._namespaces import team_flows as flows
from hitl._namespaces.namespace import Namespace
from hitl.models import Team, TeamMember


class Teams(Namespace):
    """Groups of reviewers. The vendor names these three operations and shows none of them."""

    def create(self, name: str, *, idempotency_key: str | None = None) -> Team:
        """Make an empty team, and return it.

        Args:
            name: What people call it.
            idempotency_key: See `create_review`.
        """
        return self._run(flows.create(self._methods, name, idempotency_key))

    def members(self, team_id: str) -> list[TeamMember]:
        """Return the members of a team, also those who have not joined yet."""
        return self._run(flows.members(self._methods, team_id))

    def add_member(
        self, team_id: str, email: str, *, role: str | None = None, idempotency_key: str | None = None
    ) -> TeamMember:
        """Invite a person into a team by e-mail address, and return the member.

        Args:
            team_id: The team.
            email: The person's address.
            role: What the person may do, in the server's words.
            idempotency_key: See `create_review`.

        Raises:
            ConflictError: if the person is in the team already.
        """
        return self._run(flows.add_member(self._methods, team_id, {"email": email, "role": role}, idempotency_key))
