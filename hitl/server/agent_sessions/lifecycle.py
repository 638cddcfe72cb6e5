"""The states of a session and of a turn, as pure functions from one document to the next.

    active ◀──pause, resume──▶ paused
      └──────────┬───────────────┘
                 ├─ complete ──────────▶ completed
                 └─ 24 idle hours ─────▶ abandoned ── 30 days ──▶ deleted

A turn is decided once, by the answer to its request or through the API.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from hitl._json import as_object
from hitl.server.agent_sessions.schemas import DECISIONS
from hitl.server.primitives import Document, conflict, from_wire, to_wire

OPEN: Final = ("active", "paused")

IDLE: Final = timedelta(hours=24)
"""How long nothing may happen in a session before it is abandoned."""

KEPT: Final = timedelta(days=30)
"""How long an abandoned session is kept."""

DESTRUCTIVE: Final = ("file_delete", "command_exec", "git_push", "migration_run", "bypass")
"""The actions whose requests have the priority "high"; the documentation does not name them."""

_LONGEST_EXCERPT: Final = 4096  # characters of an output: the documentation says about 4 KB
_LONGEST_TEXT: Final = 2000  # characters of a request
_LONGEST_NAME: Final = 100  # characters of a loop's name


def new_session(session_id: str, body: Mapping[str, Any], loop_id: str, now: datetime) -> Document:
    """Return the session of a checked body."""
    return {
        "id": session_id,
        "agent_type": agent_of(body),
        "status": "active",
        "loop_id": loop_id,
        "context": body.get("context", {}),
        "turn_count": 0,
        "reviewer_id": None,
        "created_at": to_wire(now),
        "updated_at": to_wire(now),
    }


def agent_of(body: Mapping[str, Any]) -> str:
    """Return the agent that a checked body names, or else the documented one."""
    return str(body.get("agent_type", "claude"))


def loop_of(body: Mapping[str, Any]) -> Document:
    """Return the body that makes the loop of a session without one."""
    repo = body.get("context", {}).get("repo")
    name = f"{agent_of(body)} — {repo}" if repo else agent_of(body)
    return {"name": name[:_LONGEST_NAME], "icon": "terminal"}


def updated(session: Document, body: Mapping[str, Any], now: datetime) -> Document:
    """Return an open session with the members of a checked body; an empty `reviewer_id` clears it."""
    if session["status"] not in OPEN:
        raise conflict(f"session {session['id']} is {session['status']} and cannot be changed")
    changes = {**body, "reviewer_id": body.get("reviewer_id", session["reviewer_id"]) or None}
    return touched({**session, **changes}, now)


def moved(session: Document, before: str, after: str, now: datetime) -> Document:
    """Return the session in another state; refuse with 409 one that is not in the state before it."""
    if session["status"] != before:
        raise conflict(
            f"session {session['id']} is {session['status']}; only a session that is {before} can be {after}"
        )
    return touched({**session, "status": after}, now)


def completed(session: Document, now: datetime) -> Document:
    """Return the session completed; one that was completed before stays as it is."""
    if session["status"] == "completed":
        return session
    if session["status"] not in OPEN:
        raise conflict(f"session {session['id']} is {session['status']} and cannot be completed")
    return touched({**session, "status": "completed"}, now)


def abandoned(session: Document, at: datetime) -> Document:
    """Return the session as it is when nobody has used it for too long."""
    return touched({**session, "status": "abandoned"}, at)


def touched(session: Document, now: datetime) -> Document:
    """Return a session in which something has just happened."""
    return {**session, "updated_at": to_wire(now)}


def due_at(session: Mapping[str, Any]) -> datetime | None:
    """Return when an idle session is abandoned, or an abandoned one deleted."""
    changed_at = from_wire(session["updated_at"])
    if session["status"] in OPEN:
        return changed_at + IDLE
    return changed_at + KEPT if session["status"] == "abandoned" else None


def new_turn(turn_id: str, number: int, body: Mapping[str, Any], session: Mapping[str, Any], now: datetime) -> Document:
    """Return the turn of a checked body, still without its request."""
    return {
        "id": turn_id,
        "session_id": session["id"],
        "turn_number": number,
        "request_id": None,
        "action_type": body["action_type"],
        **{name: body.get(name) for name in ("agent_prompt", "proposed_tool", "proposed_args")},
        **dict.fromkeys(("human_decision", "human_comment", "action_taken", "files_modified")),
        "created_at": to_wire(now),
    }


def request_of(turn: Mapping[str, Any], session: Mapping[str, Any]) -> Document:
    """Return the body of the request that asks about a turn; nobody's silence approves it."""
    named = ("action_type", "proposed_tool", "proposed_args")
    place = {name: session["context"].get(name) for name in ("repo", "branch", "commit")}
    about = {"session_id": session["id"], "turn_id": turn["id"], **{name: turn[name] for name in named}, **place}
    return {
        "processing_type": "deferred",
        "type": "markdown",
        "priority": "high" if turn["action_type"] in DESTRUCTIVE else "medium",
        "request_text": _question(turn, session),
        "response_type": "single_select",
        "response_config": {
            "options": [{"value": each, "label": each.capitalize()} for each in DECISIONS],
            "required": True,
        },
        "default_response": "reject",
        "platform": "api",
        "context": {name: value for name, value in about.items() if value is not None},
    }


def _question(turn: Mapping[str, Any], session: Mapping[str, Any]) -> str:
    said = str(turn["agent_prompt"] or "").strip()
    what = f"{turn['action_type']} with {turn['proposed_tool']}" if turn["proposed_tool"] else turn["action_type"]
    text = said or f"{session['agent_type']} asks for {what}"
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"


def decided(turn: Document, decision: str, comment: str | None) -> Document:
    """Return the turn with a decision; refuse with 409 a second one."""
    if turn["human_decision"] is not None:
        raise conflict(f"turn {turn['id']} is already decided: {turn['human_decision']}")
    return {**turn, "human_decision": decision, "human_comment": comment}


def decision_of(request: Mapping[str, Any]) -> str | None:
    """Return the decision that an answered request holds."""
    decision = as_object(request["response_data"]).get("selected_value")
    return decision if request["status"] == "completed" and decision in DECISIONS else None


def done(turn: Document, body: Mapping[str, Any]) -> Document:
    """Return the turn with what came of it; refuse with 409 one that nobody has decided."""
    if turn["human_decision"] is None:
        raise conflict(f"turn {turn['id']} is not decided yet, so nothing can have come of it")
    action = {**body["action"]}
    for name in ("stdout", "stderr"):
        if isinstance(action.get(name), str):
            action[name] = action[name][:_LONGEST_EXCERPT]
    return {**turn, "action_taken": action, "files_modified": body.get("files_modified", [])}


def erased(turn: Document) -> Document:
    """Return a decided turn without what was proposed, said and done."""
    gone = ("agent_prompt", "proposed_args", "human_comment", "action_taken", "files_modified")
    return {**turn, **dict.fromkeys(gone), "erased": True}


def resolution(turn: Mapping[str, Any], at: datetime) -> Document:
    """Return the body of the event `turn.resolved`, whose time has milliseconds, as the documentation shows it."""
    time = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"event": "turn.resolved", "timestamp": time, "session_id": turn["session_id"], "turn": dict(turn)}
