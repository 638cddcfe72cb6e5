"""The messages of an AG-UI thread after a run, put together from its events."""

# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import define, field

from hitl.integrations import needs


def messages_after(messages: Iterable[Any], events: Iterable[Any]) -> list[Any]:
    """Return the messages of a thread after a run: its last snapshot of them, or what its events add to them.

    Args:
        messages: The messages that the run was given.
        events: Its events; texts, tool calls and their results become messages.
    """
    thread = _Thread()
    thread.restart(messages)
    for event in events:
        thread.take(event)
    return list(thread.found.values())


@define
class _Thread:
    """Messages and tool calls by their ids; an event in chunks without an id goes on with the one before."""

    found: dict[str, Any] = field(factory=dict[str, Any])
    calls: dict[str, Any] = field(factory=dict[str, Any])
    text_id: str = ""
    call_id: str = ""

    def restart(self, messages: Iterable[Any]) -> None:
        self.found = {each.id: each.model_copy(deep=True) for each in messages}
        self.calls = {call.id: call for each in self.found.values() for call in getattr(each, "tool_calls", None) or ()}

    def take(self, event: Any) -> None:
        match event.type:
            case "MESSAGES_SNAPSHOT":
                self.restart(event.messages)
            case "TEXT_MESSAGE_START" | "TEXT_MESSAGE_CONTENT" | "TEXT_MESSAGE_CHUNK":
                self._add_text(event)
            case "TOOL_CALL_START" | "TOOL_CALL_ARGS" | "TOOL_CALL_CHUNK":
                self._add_call(event)
            case "TOOL_CALL_RESULT":
                self._add_result(event)
            case _:
                pass

    def _add_text(self, event: Any) -> None:
        self.text_id = event.message_id or self.text_id
        message = self._message(self.text_id, getattr(event, "role", None) or "assistant")
        if delta := getattr(event, "delta", None):
            message.content = (message.content or "") + delta

    def _add_call(self, event: Any) -> None:
        with needs("AG-UI", "ag-ui"):
            from ag_ui.core import FunctionCall, ToolCall

        self.call_id = event.tool_call_id or self.call_id
        if self.call_id not in self.calls:
            call = ToolCall(
                id=self.call_id, type="function", function=FunctionCall(name=event.tool_call_name, arguments="")
            )
            message = self._message(event.parent_message_id or self.call_id, "assistant")
            message.tool_calls = [*(message.tool_calls or ()), call]
            self.calls[self.call_id] = message.tool_calls[-1]
        self.calls[self.call_id].function.arguments += getattr(event, "delta", None) or ""

    def _add_result(self, event: Any) -> None:
        with needs("AG-UI", "ag-ui"):
            from ag_ui.core import ToolMessage

        self.found[event.message_id] = ToolMessage(
            id=event.message_id, role="tool", content=event.content, tool_call_id=event.tool_call_id
        )

    def _message(self, message_id: str, role: str) -> Any:
        with needs("AG-UI", "ag-ui"):
            from ag_ui.core import AssistantMessage, DeveloperMessage, SystemMessage, UserMessage

        if message_id not in self.found:
            if role == "assistant":
                self.found[message_id] = AssistantMessage(id=message_id, role="assistant")
            else:
                kinds = {"user": UserMessage, "system": SystemMessage, "developer": DeveloperMessage}
                self.found[message_id] = kinds[role](id=message_id, role=role, content="")
        return self.found[message_id]
