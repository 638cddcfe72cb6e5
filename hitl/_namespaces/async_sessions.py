"""`client.sessions` of AsyncHITLClient: written by codegen/async_client.py from sessions.py, do not edit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, TypeAlias

from hitl._namespaces import session_flows as flows
from hitl._namespaces.namespace import AsyncNamespace
from hitl.models import Session, Turn

_Sessions: TypeAlias = list[Session]  # within the class, `list` is its method
_Turns: TypeAlias = list[Turn]


class AsyncSessions(AsyncNamespace):
    """Runs of a coding agent, whose actions people decide on one by one; an action and its decision are a turn.

    It fails closed: only a turn whose `verdict` is "approved" allows its action. To modify or escalate it, a word that
    is not known, a wait that times out and a server that cannot be reached do not.
    """

    async def create(
        self,
        agent_type: str = "claude",
        *,
        loop_id: str | None = None,
        context: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Session:
        """Start a session for one run of an agent.

        Args:
            agent_type: claude or codex.
            loop_id: The loop whose members are asked; the server makes one for the session if it is not given.
            context: What it is about, for the reviewers: any of repo, branch, commit and task.
            idempotency_key: See `create_review`.
        """
        given = {"agent_type": agent_type, "loop_id": loop_id, "context": context}
        return await self._run(flows.create(self._methods, given, idempotency_key))

    async def list(
        self, *, status: str | None = None, agent_type: str | None = None, limit: int | None = None
    ) -> _Sessions:
        """Return your sessions, the newest first; they are read a hundred at a time.

        Args:
            status: Only those that are active, paused, completed or abandoned.
            agent_type: Only those of claude or codex.
            limit: How many at most; all if it is not given.
        """
        return await self._run(flows.all_of(self._methods, {"status": status, "agent_type": agent_type}, limit))

    async def get(self, session_id: str) -> Session:
        """Return a session, or raise NotFoundError if none has this id."""
        return await self._run(flows.get(self._methods, session_id))

    async def update(
        self, session_id: str, *, context: Mapping[str, str] | None = None, reviewer_id: str | None = None
    ) -> Session:
        """Change a session, and return it; what is not given stays.

        Args:
            session_id: Which session.
            context: What it is about, in place of all that was said before.
            reviewer_id: The person who is to answer; empty for nobody in particular.
        """
        return await self._run(
            flows.update(self._methods, session_id, {"context": context, "reviewer_id": reviewer_id})
        )

    async def pause(self, session_id: str) -> Session:
        """Let an active session take no new turns; ConflictError if it is not active."""
        return await self._run(flows.pause(self._methods, session_id))

    async def resume(self, session_id: str) -> Session:
        """Let a paused session take turns again; ConflictError if it is not paused."""
        return await self._run(flows.resume(self._methods, session_id))

    async def complete(self, session_id: str) -> Session:
        """End a session for good. May be repeated; ConflictError if it was abandoned."""
        return await self._run(flows.complete(self._methods, session_id))

    async def propose(
        self,
        session: str | Session,
        action_type: str,
        *,
        tool: str | None = None,
        args: Mapping[str, Any] | None = None,
        prompt: str | None = None,
        idempotency_key: str | None = None,
    ) -> Turn:
        """Ask the members of the session's loop about an action, and return the turn, still without a decision.

        Args:
            session: The session, or its id; ConflictError if it is not active.
            action_type: file_write, file_delete, command_exec, git_commit, git_push, dependency_install, migration_run
                or bypass.
            tool: The tool that the agent wants to call, such as Bash.
            args: The arguments of the call, as people are to judge them.
            prompt: The action in words.
            idempotency_key: See `create_review`.
        """
        given = {"action_type": action_type, "agent_prompt": prompt, "proposed_tool": tool, "proposed_args": args}
        return await self._run(flows.propose(self._methods, session, given, idempotency_key))

    async def turns(self, session: str | Session) -> _Turns:
        """Return the turns of a session."""
        return await self._run(flows.turns(self._methods, session))

    async def get_turn(self, session: str | Session, turn_id: str) -> Turn:
        """Return one turn, or raise NotFoundError if the session has none with this id."""
        return await self._run(flows.get_turn(self._methods, session, turn_id))

    async def wait(self, turn: Turn, *, timeout: float | timedelta | None = None) -> Turn:
        """Wait until a person has decided on a turn, and return it; look at its `verdict` before you act.

        The server holds each read until there is a decision: up to 55 seconds, and up to 300 where requests are scarce.
        Errors that may pass, such as a lost connection, are waited out as long as the time lasts.

        Args:
            turn: The turn, as `propose` or `get_turn` returned it.
            timeout: Seconds until WaitTimeoutError, which is no decision; the turn can be waited for again. None waits
                for ever.
        """
        return await self._run(flows.wait(self._methods, turn, timeout))

    async def decide(self, turn: Turn, decision: str, *, comment: str | None = None) -> Turn:
        """Decide on a turn in place of its reviewers; ConflictError if it is decided already.

        Args:
            turn: Which turn.
            decision: approve, modify, reject or escalate.
            comment: A remark for the agent.
        """
        return await self._run(flows.decide(self._methods, turn, {"decision": decision, "comment": comment}))

    async def record_outcome(
        self,
        turn: Turn,
        *,
        success: bool,
        exit_code: int | None = None,
        stdout: str | None = None,
        stderr: str | None = None,
        extra: Mapping[str, Any] | None = None,
        files_modified: Iterable[str] | None = None,
    ) -> Turn:
        """Record what came of a turn, for its reviewers to see.

        Args:
            turn: Which turn.
            success: Whether it went well.
            exit_code: The exit status of a command.
            stdout, stderr: What it printed; of a longer text only the last 4,000 characters are sent.
            extra: What else the tool answered.
            files_modified: The paths of the files that it changed.
        """
        action = {"success": success, "exit_code": exit_code, "stdout": stdout, "stderr": stderr, "extra": extra}
        return await self._run(flows.record_outcome(self._methods, turn, action, files_modified))
