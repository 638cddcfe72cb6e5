"""The states of a request, as pure functions from one document to the next.

    pending ──claim──▶ claimed ──┬─▶ completed
       ▲ ◀──claim ends────┘      ├─▶ timeout
       └─────────────────────────┴─▶ cancelled

A person may answer without a claim. An answer, the timeout and a cancellation each end a request for good. On timeout
`response_data` stays null: the default answer then counts, and the caller applies it, as callbacks are documented.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from hitl.server.asking import asked_by
from hitl.server.loops.accounts import Account
from hitl.server.loops.envelope import LoopApiError
from hitl.server.loops.schemas import SHOWN
from hitl.server.primitives import ApiError, Document, conflict, digest, from_wire, to_wire

_ANSWER: Final = (
    *("response_by", "response_by_user", "response_at", "response_data", "response_time_seconds"),
    *("claimed_by", "claimed_at"),
)
OPEN: Final = ("pending", "claimed")
FINAL: Final = ("completed", "timeout", "cancelled")

DEFERRED_SECONDS: Final = 30 * 24 * 3600
"""The timeout of a deferred request that names none."""

CLAIM_SECONDS: Final = 15 * 60
"""How long a claim excludes others; the documentation says that it ends, but not when."""


def new_request(
    request_id: str,
    body: Mapping[str, Any],
    *,
    config: Mapping[str, Any],
    account: Account,
    loop_id: str,
    members: Sequence[Document],
    now: datetime,
) -> Document:
    """Return the request of a checked body, a RequestCreate of `openapi.yaml`; `config` is in its stored form."""
    seconds = body.get("timeout_seconds", DEFERRED_SECONDS)
    asker = asked_by(account.actor, body.get("context"))
    optional = ("context", "platform_version", "callback_url", *SHOWN)
    return {
        "id": request_id,
        "loop_id": loop_id,
        "creator_id": account.user_id,
        "api_key_id": account.api_key_id,
        **{name: body[name] for name in ("processing_type", "type", "priority", "request_text", "platform")},
        **{name: body.get(name) for name in optional},
        **({"tags": body["tags"]} if "tags" in body else {}),
        "response_type": body["response_type"],
        "response_config": config,
        "default_response": body["default_response"],
        "timeout_at": to_wire(now + timedelta(seconds=seconds)),
        "broadcasted_to": [_recipient(member) for member in members],
        "broadcasted_at": to_wire(now),
        "status": "pending",
        **dict.fromkeys(_ANSWER),
        "created_at": to_wire(now),
        "updated_at": to_wire(now),
        **({} if asker is None else {"asked_by": asker}),
    }


def claimed(request: Document, person: Mapping[str, str], now: datetime) -> Document:
    """Return the request claimed by a person (`{id, name, email}`); the same person may claim again for more time."""
    require_open(request, "claimed")
    _require_free(request, person, now)
    claim = {"claimed_by": person["id"], "claimed_at": to_wire(now)}
    return {**request, "status": "claimed", **claim, "updated_at": to_wire(now)}


def released(request: Document, at: datetime) -> Document:
    """Return a claimed request with its claim removed."""
    return {**request, "status": "pending", "claimed_by": None, "claimed_at": None, "updated_at": to_wire(at)}


def completed(request: Document, response_data: object, person: Mapping[str, str], now: datetime) -> Document:
    """Return the request with a person's checked answer."""
    require_open(request, "answered")
    _require_free(request, person, now)
    return {
        **request,
        "status": "completed",
        "response_data": response_data,
        "response_by": person["id"],
        "response_by_user": dict(person),
        "response_at": to_wire(now),
        # Never negative, even if the clock was set back.
        "response_time_seconds": max(0.0, round((now - from_wire(request["created_at"])).total_seconds(), 3)),
        "updated_at": to_wire(now),
    }


def updated(request: Document, body: Mapping[str, Any], config: Mapping[str, Any], now: datetime) -> Document:
    """Return an open request with the members of a checked body; new seconds count from now."""
    if request["status"] not in OPEN:
        raise LoopApiError(400, "Request cannot be changed in current state", f"it is {request['status']}")
    seconds = body.get("timeout_seconds")
    asked = {name: value for name, value in body.items() if name != "timeout_seconds"}
    end = {} if seconds is None else {"timeout_at": to_wire(now + timedelta(seconds=seconds))}
    return {**request, **asked, "response_config": config, **end, "updated_at": to_wire(now)}


def timed_out(request: Document, at: datetime) -> Document:
    """Return the request as it stood when its time ran out."""
    return {**request, "status": "timeout", "updated_at": to_wire(at)}


def cancelled(request: Document, now: datetime) -> Document:
    """Return the request cancelled."""
    if request["status"] not in OPEN:
        raise LoopApiError(400, "Request cannot be cancelled in current state", f"it is {request['status']}")
    return {**request, "status": "cancelled", "cancelled_at": to_wire(now), "updated_at": to_wire(now)}


def erased(request: Document) -> Document:
    """Return a finished request without what it asked and what was answered, unless that was yes or no."""
    gone = {name: None for name in ("context", *SHOWN) if name in request}
    kept = request["response_type"] == "boolean"
    answers = {} if kept else dict.fromkeys(("response_data", "default_response"))
    config = {name: "" if name == "draft_text" else value for name, value in request["response_config"].items()}
    return {**request, **gone, **answers, "request_text": "", "response_config": config, "erased": True}


def due_at(request: Mapping[str, Any]) -> datetime | None:
    """Return the end of the request's claim or its timeout, whichever is first."""
    if request["status"] not in OPEN:
        return None
    timeout_at = from_wire(request["timeout_at"])
    return min(timeout_at, claim_ends_at(request)) if request["status"] == "claimed" else timeout_at


def claim_ends_at(request: Mapping[str, Any]) -> datetime:
    """Return when others may answer a claimed request again."""
    return from_wire(request["claimed_at"]) + timedelta(seconds=CLAIM_SECONDS)


def require_open(request: Mapping[str, Any], done: str) -> None:
    """Refuse with 409 to do something with a finished request."""
    if request["status"] not in OPEN:
        raise conflict(f"request {request['id']} is already {request['status']} and cannot be {done}")


def shown_digest(request: Mapping[str, Any]) -> str:
    """Return digests of what a person is shown of a request and of what is asked, as `CONTENT.QUESTION`."""
    config = dict(request["response_config"])
    content = [request.get(name) for name in ("type", "request_text", "context", "priority", "timeout_at", *SHOWN)]
    content.append(config.pop("draft_text", None))
    question = [request["response_type"], config, request["default_response"]]
    return f"{digest(content, ordered=True)}.{digest(question)}"


def require_shown(request: Mapping[str, Any], shown: str | None) -> None:
    """Refuse with 409 an answer to a request that was changed since it was shown; None allows any."""
    if shown is not None and shown != shown_digest(request):
        raise ApiError(409, "version_conflict", f"request {request['id']} has changed since it was shown")


def _require_free(request: Mapping[str, Any], person: Mapping[str, str], now: datetime) -> None:
    # A claim from the future was made before the clock was set back; it must not exclude others until then.
    in_force = request["status"] == "claimed" and from_wire(request["claimed_at"]) <= now
    if in_force and request["claimed_by"] != person["id"]:
        ends = to_wire(claim_ends_at(request))
        raise conflict(f"request {request['id']} is claimed by somebody else until {ends}; take another one")


def _recipient(member: Mapping[str, Any]) -> Document:
    # A sandbox sends no mail: its inbox is the notification.
    person = {name: member[name] for name in ("user_id", "email", "role")}
    return {**person, "notification_sent": True, "notification_error": None}
