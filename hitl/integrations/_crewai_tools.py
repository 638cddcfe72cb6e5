"""A gate before the tools of CrewAI's crews: the hooks, of which no error but HookAborted stops a tool."""

# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Collection, Generator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Unpack

from attrs import define, field

from hitl.exceptions import ConfigurationError
from hitl.integrations import needs
from hitl.integrations.asks import Answer, ReviewOptions, ToolCall, answers, facts_of, key_of, no_check

if TYPE_CHECKING:
    from hitl import HITLClient

_NUMBER: Final = re.compile(r"_\d+$")  # CrewAI calls the second tool of a name refund_2; it is held back as well


@contextmanager
def gated_tools(
    client: HITLClient,
    *,
    run: str,
    tools: Collection[str] | None = None,
    timeout: float | None = None,
    **options: Unpack[ReviewOptions],
) -> Generator[None]:
    """Have a person decide about each call of these tools by any crew of this process, within the block.

    An approved call runs, an edited one with the edited arguments. A call that is refused, that is answered in its
    place, or for which no approval could be had does not run; the model reads why. The thread waits meanwhile.

    Args:
        client: The client.
        run: What the run is called. The n-th call of a tool with the same arguments in a run is asked about once, also
            if the run is started again.
        tools: The names of the tools; None for all. "refund" is also a `refund_2`, as CrewAI calls another one.
        timeout: Seconds to wait for each call; None waits until the review itself ends.
        options: Whom to ask.
    """
    with needs("CrewAI", "crewai"):
        import crewai.hooks as hooks
        from crewai.hooks.dispatch import HookAborted  # here, since a failing import in a hook would let the tool run
        from crewai.utilities.string_utils import sanitize_tool_name
    names = None if tools is None else {sanitize_tool_name(each) for each in tools}
    gate = _Gate(run, names, HookAborted, lambda call: answers(client, [call], timeout=timeout, **options)[call.id])
    hooks.register_before_tool_call_hook(gate.before)
    hooks.register_after_tool_call_hook(gate.after)
    try:
        yield
    finally:
        hooks.unregister_before_tool_call_hook(gate.before)
        hooks.unregister_after_tool_call_hook(gate.after)


@define(eq=False)
class _Gate:
    """The hooks around a tool; threads share it."""

    run: str
    names: AbstractSet[str] | None
    abort: Callable[..., Exception]
    decide: Callable[[ToolCall], Answer]
    _calls: Counter[str] = field(factory=Counter[str])
    _told: dict[int, str] = field(factory=dict[int, str])  # by the id() of the arguments that both hooks get
    _lock: threading.Lock = field(factory=threading.Lock)

    def before(self, context: Any) -> None:
        """Return if the tool may run with its arguments, which may have been edited; raise HookAborted otherwise."""
        self._told.pop(id(context.tool_input), None)  # of an earlier call whose arguments are gone
        if self.names is not None and not self.names & {context.tool_name, _NUMBER.sub("", context.tool_name)}:
            return
        try:
            answer = self.decide(self._call(context))
            self._apply(answer, context.tool_input)
        except Exception as error:
            self._told[id(context.tool_input)] = (
                f"`{context.tool_name}` was not run: no approval could be had ({error})."
            )
            raise self.abort(reason=f"no approval could be had: {error}") from error
        if answer.decision not in {"approve", "edit"}:
            self._told[id(context.tool_input)] = answer.told
            raise self.abort(reason=answer.told)

    def after(self, context: Any) -> str | None:
        """Return what the model reads in place of the result of a call that did not run."""
        return self._told.pop(id(context.tool_input), None)

    def _call(self, context: Any) -> ToolCall:
        text = json.dumps([context.tool_name, context.tool_input], sort_keys=True)
        with self._lock:
            self._calls[text] += 1
            number = self._calls[text]
        schema = getattr(context.tool, "args_schema", None)
        return ToolCall(
            id=context.tool_name,
            key=key_of("crewai", self.run, text, number),
            tool=context.tool_name,
            arguments=json.loads(json.dumps(context.tool_input)),
            description=str(getattr(context.tool, "description", "")),
            check=no_check if schema is None else schema.model_validate,
            metadata=facts_of("crewai", run=self.run),
        )

    def _apply(self, answer: Answer, arguments: dict[str, Any]) -> None:
        if answer.decision != "edit":
            return
        if not arguments:  # CrewAI passes a copy of these to the hook
            raise ConfigurationError("the arguments of a call without any cannot be edited")
        arguments.clear()
        arguments.update(answer.arguments or {})
