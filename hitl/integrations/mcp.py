"""Ask people by the Model Context Protocol, from both of its sides.

`ask_server` gives a language model tools that ask people; the command `hitl mcp` runs it. `elicitation_callback` is for
programs that call the tools of other servers: what a server asks its user is put to a reviewer.
"""

# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias, Unpack
from uuid import uuid4

from hitl._json import is_object
from hitl.exceptions import AnswerError, HITLError
from hitl.integrations import needs
from hitl.integrations._mcp_server import ask_server
from hitl.integrations.asks import Answer, Ask, Question, ReviewOptions, answers_async, facts_of, key_of

if TYPE_CHECKING:
    from hitl import AsyncHITLClient

__all__ = ["ask_server", "elicitation_callback", "to_asks", "to_resume"]

Callback: TypeAlias = Callable[[Any, Any], Awaitable[Any]]

_URI: Final = r"^[A-Za-z][A-Za-z0-9+.\-]*:\S+$"
_AGREE: Final[Mapping[str, Any]] = {"type": "boolean", "title": "Agree?"}


def elicitation_callback(
    client: AsyncHITLClient, *, run: str | None = None, timeout: float | None = None, **options: Unpack[ReviewOptions]
) -> Callback:
    """Return what answers a server's questions, for `mcp.Client(..., elicitation_callback=...)`.

    An error, such as an answer that does not fit or a `timeout` that has passed, ends the call of the tool: `call_tool`
    raises `MCPError`, and the server learns of no answer.

    Args:
        client: The client.
        run: The run of the program that the questions belong to. If it is started again and makes the same calls in
            the same order, people are not asked again; by default every callback has a run of its own.
        timeout: Seconds to wait for one answer; None waits until the review itself ends.
        options: Whom to ask.
    """
    with needs("MCP", "mcp"):
        from mcp.types import INTERNAL_ERROR, ErrorData

    run = run or uuid4().hex
    asked: Counter[str] = Counter()

    async def callback(context: Any, params: Any) -> Any:
        server = getattr(context.session.server_info, "name", None) or "unknown"
        question = f"{server}\n{params.model_dump_json(exclude={'meta'})}"
        asked[question] += 1
        try:
            (ask,) = to_asks(params, server=server, run=run, repeat=asked[question] - 1)
            found = await answers_async(client, [ask], timeout=timeout, **options)
            return to_resume(params, found[ask.id])
        except HITLError as error:
            return ErrorData(code=INTERNAL_ERROR, message=str(error))

    return callback


def to_asks(params: Any, *, server: str, run: str, repeat: int = 0) -> list[Ask]:
    """Return the question of an elicitation's parameters, the `repeat`-th in this run that reads the same."""
    url = getattr(params, "url", None)
    schema = None if url else params.requested_schema
    key = key_of("mcp", run, server, params.message, url or json.dumps(schema, sort_keys=True), repeat)
    return [
        Question(
            id=key,
            key=key,
            question=params.message,
            schema=_form(schema) if schema and schema.get("properties") else _AGREE,
            context={"server": server, "url": url} if url else {"server": server},
            metadata=facts_of("mcp", run=run, server=server, kind="elicitation"),
        )
    ]


def to_resume(params: Any, answer: Answer) -> Any:
    """Return the server's `ElicitResult`: accept, decline if a person refused, cancel if nobody answered.

    Raises:
        AnswerError: the answer does not fit what the server asked for.
    """
    from mcp.types import ElicitResult

    if answer.refusal is not None:
        return ElicitResult(action="decline" if answer.refusal.kind == "rejected" else "cancel")
    schema = getattr(params, "requested_schema", None)
    if not (schema and schema.get("properties")):  # only a yes was asked for
        accepted = ElicitResult(action="accept", content=None if schema is None else {})
        return accepted if answer.value is True else ElicitResult(action="decline")
    _require_fit(schema, answer)
    return ElicitResult(action="accept", content=answer.value)


def _require_fit(schema: Mapping[str, Any], answer: Answer) -> None:
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # MCP needs it, too

    for error in Draft202012Validator(schema).iter_errors(answer.value):
        path = ".".join(map(str, error.absolute_path))
        raise AnswerError(f"the answer to {path!r} does not fit: {error.message:.200}", path=path, review=answer.review)


def _form(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema as a form can ask for it; `_require_fit` checks what the form cannot."""
    return {**schema, "properties": {name: _property(name, part) for name, part in schema["properties"].items()}}


def _property(name: str, part: Any) -> Any:
    if not is_object(part):
        return part
    found = {key: value for key, value in part.items() if key not in ("minItems", "maxItems", "enumNames")}
    if "enumNames" in part:  # up to protocol 2025-06-18
        pairs = zip(found.pop("enum", ()), part["enumNames"], strict=False)
        found["oneOf"] = [{"const": value, "title": title} for value, title in pairs]
    if is_object(items := part.get("items")) and "anyOf" in items:
        found["items"] = {"oneOf": items["anyOf"]}
    if found.get("format") == "uri":
        del found["format"]
        found["pattern"] = _URI
    if part.get("description"):
        found["title"] = f"{part.get('title') or name}: {part['description']}"
    return found
