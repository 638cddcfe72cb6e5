"""The MCP server whose tools ask people; see `hitl.integrations.mcp`."""

# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, Unpack
from uuid import uuid4

from attrs import frozen

from hitl._json import Object, is_object
from hitl._verdict import is_same
from hitl.exceptions import ConfigurationError, HITLError, InvalidRequestError, WaitTimeoutError
from hitl.integrations import needs
from hitl.integrations.asks import Ask, Question, ReviewOptions, ToolCall, answer_of, facts_of, key_of, put_async

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

    from hitl import AsyncHITLClient
    from hitl.models import Review

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_WAIT: Final = 20.0  # seconds of one call; hosts end calls after a minute, some earlier
_PIECE: Final = 500  # characters that a value of metadata may have
_INSTRUCTIONS: Final = (
    "Asks people who may need minutes or days. ask_human and request_approval return at once with a review_id; call "
    "check_answer with it, after other work, until final is true. No answer is not a yes: without decision approve, "
    "do not do what you asked approval for."
)
_KEY_REUSED: Final = "this key is that of another question; use a new key for a new question"
_OPEN: Final = "Nobody has answered yet. Do not ask again; call check_answer with this review_id later."


def ask_server(client: AsyncHITLClient, *, run: str | None = None, **options: Unpack[ReviewOptions]) -> MCPServer:
    """Return an MCP server with the tools ask_human, request_approval and check_answer, none of which waits for long.

    Args:
        client: The client; its owner closes it.
        run: The run of the agent that the keys of questions belong to. A server that is started again for the same run
            finds its questions; by default every server has a run of its own.
        options: Whom to ask.
    """
    with needs("MCP", "mcp"):
        from mcp.server.mcpserver import MCPServer
        from mcp.types import ToolAnnotations

    tools = _Tools(client, run or uuid4().hex, options)
    server = MCPServer("hitl", title="Human in the loop", instructions=_INSTRUCTIONS, log_level="WARNING")
    asks = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True)
    server.add_tool(_telling(tools.ask_human), annotations=asks)
    server.add_tool(_telling(tools.request_approval), annotations=asks)
    server.add_tool(_telling(tools.check_answer), annotations=ToolAnnotations(read_only_hint=True))
    return server


@frozen
class _Tools:
    """What a model can call; the docstrings are what it reads."""

    client: AsyncHITLClient
    run: str
    options: ReviewOptions

    async def ask_human(
        self,
        question: str,
        key: str,
        choices: list[str] | None = None,
        answer_schema: dict[str, Any] | None = None,
        context: str | None = None,
        due_date: str | None = None,
    ) -> dict[str, Any]:
        """Ask a person a question. Returns at once with a review_id; read the answer with check_answer.

        The answer is a text, one of choices, or what answer_schema says: a JSON Schema such as {"type": "boolean"}, or
        an object of such properties. key is your name for this question, such as "address-of-order-17": a call with the
        same key asks nobody twice. context is what the person has to know. due_date, such as 2027-01-20T18:00:00Z, is
        when the question expires.
        """
        if choices and answer_schema:
            raise ConfigurationError("give choices or answer_schema, not both")
        schema = {"enum": choices} if choices else answer_schema
        facts = facts_of("mcp", run=self.run, kind="question", **_pieces(schema))
        key = key_of("mcp", self.run, key)
        ask = Question(id=key, key=key, question=question, schema=schema, context=context, metadata=facts)
        return await self._put(ask, due_date)

    async def request_approval(
        self, action: str, arguments: dict[str, Any], key: str, description: str = "", due_date: str | None = None
    ) -> dict[str, Any]:
        """Ask a person whether you may do something. Returns at once with a review_id; decide with check_answer.

        action is what you would do, such as the name of a tool, with exactly these arguments; the person may change
        them. description says why. key is your name for this request: a call with the same key asks nobody twice.
        due_date, such as 2027-01-20T18:00:00Z, is when the request expires.
        """
        facts = facts_of("mcp", run=self.run, kind="approval")
        key = key_of("mcp", self.run, key)
        call = ToolCall(id=key, key=key, tool=action, arguments=arguments, description=description, metadata=facts)
        return await self._put(call, due_date)

    async def check_answer(self, review_id: str, wait_seconds: float = 0) -> dict[str, Any]:
        """Say where a question stands, after waiting at most wait_seconds (up to 20) for its answer.

        Once final is true, decision is one of: approve (do it, with these arguments), edit (do it with these arguments
        instead), reject (do not do it), respond (answer holds the answer). message says it in words.
        """
        if wait_seconds > 0:
            with suppress(WaitTimeoutError):
                async for review in self.client.as_completed([review_id], timeout=min(wait_seconds, LONGEST_WAIT)):
                    return _state(review)
        return _state(await self.client.get_review(review_id))

    async def _put(self, ask: Ask, due_date: str | None) -> dict[str, Any]:
        options = self.options.copy()
        if due_date:
            options["due_date"] = due_date
        try:
            review = await put_async(self.client, ask, **options)
        except InvalidRequestError as error:
            if error.code != "idempotency_key_reused":
                raise
            raise ConfigurationError(_KEY_REUSED) from error
        if not _is_same(ask, _ask_of(review)):
            raise ConfigurationError(_KEY_REUSED)
        return _state(review)


def _telling(tool: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Let the model read our errors; MCP keeps the texts of all others from it."""
    from mcp.server.mcpserver.exceptions import ToolError

    @wraps(tool)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await tool(*args, **kwargs)
        except HITLError as error:
            raise ToolError(str(error)) from error

    return call


def _state(review: Review) -> dict[str, Any]:
    ask = _ask_of(review)
    known: Object = {"review_id": review.id, "url": review.url, "status": review.status, "final": review.is_final}
    if not review.is_final:
        return {**known, "message": _OPEN}
    answer = answer_of(ask, review)
    found = {**known, "decision": answer.decision, "reviewer": review.reviewer, "message": answer.told}
    if answer.decision == "respond":
        found["answer"] = answer.value
    elif isinstance(ask, ToolCall) and answer.arguments is not None:
        found |= {"action": ask.tool, "arguments": answer.arguments}
    return found


def _ask_of(review: Review) -> Ask:
    """Return what was asked, as the review has it: the server may have been started again since."""
    content, facts = review.content, review.metadata
    kind = facts.get("kind") if facts.get("framework") == "mcp" else None
    if kind == "question":
        schema = json.loads("".join(facts[name] for name in sorted(facts) if name.startswith("schema")) or "null")
        return Question(id=review.id, key=review.id, question=str(content.get("question")), schema=schema)
    if kind == "approval" and is_object(content.get("arguments")):
        return ToolCall(
            id=review.id,
            key=review.id,
            tool=str(content.get("action")),
            arguments=content["arguments"],
            description=str(content.get("description", "")),
        )
    raise ConfigurationError(f"review {review.id} was not asked with ask_human or request_approval")


def _is_same(asked: Ask, found: Ask) -> bool:
    if isinstance(asked, ToolCall):
        return isinstance(found, ToolCall) and is_same(dict(asked.content), dict(found.content))
    return isinstance(found, Question) and (found.question, found.schema) == (asked.question, asked.schema)


def _pieces(schema: Mapping[str, Any] | None) -> dict[str, str]:
    """Return a schema as metadata, which is up to 20 short texts."""
    text = json.dumps(schema) if schema else ""
    if len(text) > 15 * _PIECE:
        raise ConfigurationError(f"answer_schema or choices may have at most {15 * _PIECE} characters of JSON")
    return {f"schema{place:05}": text[place : place + _PIECE] for place in range(0, len(text), _PIECE)}
