"""`client.loops` of AsyncHITLClient: written by codegen/async_client.py from loops.py, do not edit."""

from __future__ import annotations

from typing import TypeAlias

from hitl._namespaces import loop_flows as flows
from hitl._namespaces.namespace import AsyncNamespace
from hitl.models import Loop, LoopMember

_Loops: TypeAlias = list[Loop]  # within the class, `list` is its method
_Members: TypeAlias = list[LoopMember]


class AsyncLoops(AsyncNamespace):
    """Groups of people who answer requests.

    HITL.sh is replacing them by workflows: new invitations do not work there any more, and the rest does for a
    transition period whose end nobody has named.
    """

    async def create(
        self,
        name: str,
        *,
        icon: str = "users",
        description: str | None = None,
        idempotency_key: str | None = None,
    ) -> Loop:
        """Make a loop, and return it with its `join_url`. Its first member is the owner of the API key.

        Args:
            name: What people call it, up to 100 characters.
            icon: The name of an icon, such as "shield-check", or an emoji.
            description: What it is for, up to 500 characters.
            idempotency_key: See `create_review`.
        """
        given = {"name": name, "icon": icon, "description": description}
        return await self._run(flows.create(self._methods, given, idempotency_key))

    async def list(self) -> _Loops:
        """Return all loops that the API key may see."""
        return await self._run(flows.all_of(self._methods))

    async def get(self, loop_id: str) -> Loop:
        """Return a loop with its members, or raise NotFoundError if no loop has this id."""
        return await self._run(flows.get(self._methods, loop_id))

    async def update(
        self, loop_id: str, *, name: str | None = None, icon: str | None = None, description: str | None = None
    ) -> Loop:
        """Change a loop, and return it; what is not given stays."""
        given = {"name": name, "icon": icon, "description": description}
        return await self._run(flows.update(self._methods, loop_id, given))

    async def delete(self, loop_id: str) -> None:
        """Delete a loop with its requests and their answers, or raise NotFoundError if no loop has this id."""
        return await self._run(flows.delete(self._methods, loop_id))

    async def members(self, loop_id: str) -> _Members:
        """Return the members of a loop, also those who are invited and have not joined yet."""
        return await self._run(flows.members(self._methods, loop_id))

    async def remove_member(self, loop_id: str, user_id: str) -> None:
        """Take a person out of a loop, or raise NotFoundError if the person is not in it."""
        return await self._run(flows.remove_member(self._methods, loop_id, user_id))
