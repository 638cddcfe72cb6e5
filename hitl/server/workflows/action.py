"""What the built-in workflow asks a person, and what its action node sends afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from hitl._json import is_object
from hitl.server.primitives import Document, to_wire

_LONGEST_QUESTION: Final = 2000
_SHORTEST_TIMEOUT, _LONGEST_TIMEOUT = 60, 86_400

# What the vendor's n8n node adds to a payload for the review node, and not for people.
_SETTINGS: Final = ("processing_type", "timeout_seconds", "platform", "platform_version", "request_text", "hitl")


def question(workflow_id: str, payload: Mapping[str, Any]) -> Document:
    """Return the body of the request of an execution: yes or no, and no if nobody answers in time.

    `request_text` and `timeout_seconds` of the payload are used where they can be; whatever else it holds is the
    context.
    """
    text, seconds = payload.get("request_text"), payload.get("timeout_seconds")
    has_text = isinstance(text, str) and 0 < len(text) <= _LONGEST_QUESTION
    has_seconds = type(seconds) is int and _SHORTEST_TIMEOUT <= seconds <= _LONGEST_TIMEOUT
    context = {name: value for name, value in payload.items() if name not in _SETTINGS}
    return {
        "processing_type": "time-sensitive",
        "timeout_seconds": seconds if has_seconds else _LONGEST_TIMEOUT,
        "type": "markdown",
        "priority": "medium",
        "request_text": text if has_text else f"May the workflow {workflow_id} go on?",
        "response_type": "boolean",
        "response_config": {"true_label": "Approve", "false_label": "Reject"},
        "default_response": False,
        "platform": "api",
        **({"context": context} if context else {}),
    }


def action_body(
    execution_id: str, workflow_id: str, payload: Mapping[str, Any], request: Mapping[str, Any], at: datetime
) -> Document:
    """Return the body of the action node's call, for a request that a person answered or that timed out.

    `hitl.correlation` is what an action node makes of `{{trigger.hitl.correlation}}`.
    """
    hitl = payload.get("hitl")
    echoed = {"correlation": hitl["correlation"]} if is_object(hitl) and "correlation" in hitl else {}
    timed_out = request["status"] == "timeout"
    return {
        "hitl": echoed,
        "workflow_id": workflow_id,
        "execution_id": execution_id,
        "request_id": request["id"],
        "status": request["status"],
        "response_data": request["default_response"] if timed_out else request["response_data"],
        "timed_out": timed_out,
        "response_by": request["response_by_user"],
        "trigger": {name: value for name, value in payload.items() if name != "hitl"},
        "timestamp": to_wire(at),
    }
