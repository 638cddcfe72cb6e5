"""The events of loops, requests and API keys: account webhooks, and the call to a request's `callback_url`.

Of a key, the vendor names two events, its rate limit is nearly spent or spent, and shows neither, nor says where the
warning begins. Their data are those of its documented 429.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from hitl.server.http.rate_limit import RateLimitEvent, RateLimitWindow
from hitl.server.loops.accounts import account_of
from hitl.server.loops.lifecycle import FINAL
from hitl.server.primitives import Clock, Document, to_wire
from hitl.server.storage import Database, Outbox, StorageError

_REQUEST: Final = (
    *("id", "loop_id", "status", "processing_type", "type", "priority", "request_text"),
    *("response_type", "response_data", "default_response", "response_by", "response_at", "response_time_seconds"),
    *("timeout_at", "created_at"),
)
_CALLBACK: Final = ("loop_id", "status", "response_data", "response_at", "response_time_seconds", "created_at")


class KeyEvents:
    """Records the events of API keys, for the webhooks that subscribe to them."""

    def __init__(self, database: Database, outbox: Outbox, clock: Clock) -> None:
        self._database = database
        self._outbox = outbox
        self._clock = clock

    def record(self, owner: str, event: RateLimitEvent, window: RateLimitWindow) -> None:
        """Record an event of one key."""
        account, now = account_of(owner), self._clock()
        data = {"api_key_id": account.api_key_id, "user_id": account.user_id, **window.usage()}
        payload = {"event": f"api_key.{event}", "timestamp": to_wire(now), "data": data}
        # Best effort: a read must be answered even on a full disk.
        with suppress(StorageError), self._database.transaction():
            self._outbox.emit(f"api_key.{event}", account.api_key_id, payload, at=now)


def record_loop_event(
    outbox: Outbox, event: str, loop: Mapping[str, Any], at: datetime, member: Mapping[str, Any] | None = None
) -> None:
    """Record `loop.{event}`: "created", "updated", "deleted", or "member_joined" or "member_left" with the member."""
    data: Document = {"loop": _loop(loop)} if member is None else {"loop": _loop(loop), "member": dict(member)}
    _emit(outbox, f"loop.{event}", loop["id"], data, at)


def record_request_event(
    outbox: Outbox,
    event: str,
    request: Mapping[str, Any],
    loop: Mapping[str, Any],
    at: datetime,
    previous_status: str | None = None,
) -> None:
    """Record `request.{event}`, and the call to the callback URL of a request that is finished."""
    summary = {name: request[name] for name in _REQUEST} | _asking(request)
    if event == "claimed":
        summary |= {"claimed_by": request["claimed_by"], "claimed_at": request["claimed_at"]}
    if event in {"timeout", "cancelled"}:
        summary["previous_status"] = previous_status
    if event == "cancelled":
        summary["cancelled_at"] = request["cancelled_at"]
    data: Document = {"request": summary, "loop": {"id": loop["id"], "name": loop["name"]}}
    if request["response_by_user"] is not None:
        data["reviewer"] = _responder(request["response_by_user"])
    _emit(outbox, f"request.{event}", request["id"], data, at)
    if request["status"] in FINAL and request["callback_url"] is not None:
        body = callback(request, at)
        outbox.call_back(request["callback_url"], body["event"], request["id"], body, at=at)


def callback(request: Mapping[str, Any], at: datetime) -> Document:
    """Return the body of the call to `callback_url`, as `RequestCallback` in `openapi.yaml`.

    The person is there twice: the documentation reads `response_by`, one of its clients `response_by_user`.
    """
    person = request["response_by_user"]
    return {
        "event": f"request.{request['status']}",
        "request_id": request["id"],
        **{name: request[name] for name in _CALLBACK},
        **_asking(request),
        "response_by": None if person is None else _responder(person),
        "response_by_user": person,
        "timestamp": to_wire(at),
    }


def _asking(request: Mapping[str, Any]) -> Document:
    """Return who asked, on a team's server, and whether the same person answered."""
    return {name: request[name] for name in ("asked_by", "self_approved") if request.get(name)}


def _emit(outbox: Outbox, event: str, subject_id: str, data: Document, at: datetime) -> None:
    outbox.emit(event, subject_id, {"event": event, "timestamp": to_wire(at), "data": data}, at=at)


def _loop(loop: Mapping[str, Any]) -> Document:
    counts = {
        "member_count": loop["member_count"],
        "active_count": loop["member_count"] - loop["pending_count"],
        "pending_count": loop["pending_count"],
    }
    return {"id": loop["id"], "name": loop["name"], "creator_id": loop["creator_id"], **counts}


def _responder(person: Mapping[str, str]) -> Document:
    return {"user_id": person["id"], "name": person["name"], "email": person["email"]}
