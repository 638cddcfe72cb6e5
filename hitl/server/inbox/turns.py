"""The turn of a coding agent behind a request, as its reviewer reads it: what it wants to do, where, and what it did.

Arguments are shown as they are, never drawn as Markdown: they are what will run.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from hitl._json import is_list, is_object
from hitl.server.inbox.documents import Document
from hitl.server.inbox.rendering import MAX_ROWS, Block, Code, Json, Pairs, Text, block, subject

EARLIER: Final = 10
"""Turns before this one that are listed; reviewers look at the last ones."""


def turn_view(session: Document, turns: Sequence[Document]) -> dict[str, Any]:
    """Return what a page shows of the last of these turns, which are those of the session up to it."""
    turn, before = turns[-1], turns[:-1]
    context = session["context"]
    place = ((name, context.get(name)) for name in ("repo", "branch", "commit", "task"))
    return {
        "number": turn["turn_number"],
        "agent": session["agent_type"],
        "session_id": session["id"],
        "session_status": session["status"],
        "place": [(name.capitalize(), Text(str(text))) for name, text in place if text],
        "action": _words(turn["action_type"]),
        "tool": turn["proposed_tool"] or "",
        "arguments": _arguments(turn["proposed_args"] or {}),
        "raw": turn["proposed_args"],
        "prompt": Text(turn["agent_prompt"]) if turn["agent_prompt"] else None,
        "decision": (turn["human_decision"] or "").capitalize(),
        "comment": Text(turn["human_comment"]) if turn["human_comment"] else None,
        "outcome": _outcome(turn),
        "earlier": [_line(each) for each in before[-EARLIER:]],
        "more": max(0, len(before) - EARLIER),
    }


def _words(action: str) -> str:
    return action.replace("_", " ")


def _arguments(args: Document) -> Pairs:
    named = [(name, _value(each)) for name, each in islice(args.items(), MAX_ROWS)]
    return Pairs(named, hidden=len(args) - len(named))


def _value(value: object) -> Block:
    if isinstance(value, str):
        return Code(value) if value.strip() else block(value)
    return Json(value) if is_object(value) or is_list(value) else block(value)


def _outcome(turn: Document) -> dict[str, Any] | None:
    """Return what came of a turn; None if nobody has said."""
    action = turn["action_taken"]
    if action is None:
        return None
    said = (("Output", action.get("stdout")), ("Errors", action.get("stderr")))
    files: list[str] = turn["files_modified"] or []
    return {
        "line": _result(action),
        "texts": [(name, Code(text)) for name, text in said if text],
        "files": [Text(each) for each in files],
        "extra": block(action["extra"]) if action.get("extra") else None,
    }


def _result(action: Document) -> str:
    word = "succeeded" if action["success"] else "failed"
    return word if action.get("exit_code") is None else f"{word}, exit code {action['exit_code']}"


def _line(turn: Document) -> dict[str, Any]:
    """Return an earlier turn in a line."""
    what = subject({"text": turn["agent_prompt"], "args": turn["proposed_args"]}) or turn["proposed_tool"] or ""
    decision = (turn["human_decision"] or "not decided").capitalize()
    action = turn["action_taken"]
    return {
        "number": turn["turn_number"],
        "request_id": turn["request_id"],
        "action": _words(turn["action_type"]),
        "what": what,
        "decision": decision if action is None else f"{decision}, {_result(action)}",
    }
