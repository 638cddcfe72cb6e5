"""The honest half of the hostile server: reviews in memory, as much of the API as it takes to test a client."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeAlias, cast

from hitl.testing.hostile.messages import Reply, Request

Document: TypeAlias = dict[str, Any]

_FINAL = frozenset({"completed", "rejected", "expired", "cancelled"})


class Reviews:
    """Creates, reads, changes and cancels; safe to use from any thread.

    Attributes:
        by_id: The reviews as the API shows them, by id, in the order of their creation.
    """

    def __init__(self, *, honours_keys: bool, shows_keys: bool) -> None:
        """Begin with none; see HostileServer for what the arguments mean."""
        self.by_id: dict[str, Document] = {}
        self._honours_keys = honours_keys
        self._shows_keys = shows_keys
        self._created: dict[str, str] = {}
        self._numbers = count(1)
        self._lock = threading.Lock()

    def decide(self, review_id: str, status: str = "completed", **result: Any) -> None:
        """Answer a review as a person would; `result` has the fields of the answer."""
        with self._lock:
            now = _now()
            self.by_id[review_id] |= {"status": status, "result": result, "completed_at": now, "updated_at": now}

    def answer(self, request: Request) -> Reply:
        """Do what a request asks, and return the reply."""
        parts = request.path.strip("/").split("/")
        with self._lock:
            match request.method, parts:
                case "POST", ["v1", "reviews"]:
                    return self._create(request)
                case "GET", ["v1", "reviews"]:
                    return self._list()
                case _, ["v1", "reviews", review_id] if review_id in self.by_id:
                    return self._one(request, self.by_id[review_id])
                case _, ["v1", "reviews", review_id]:
                    return _refusal(404, "review_not_found", f"there is no review {review_id!r}")
                case _:
                    return _refusal(404, "not_found", f"there is nothing at {request.path}")

    def _create(self, request: Request) -> Reply:
        body = _object(request.body)
        if not isinstance(body.get("template_id"), str) or not isinstance(body.get("content"), dict):
            return _refusal(422, "validation_error", "template_id and content are needed")
        key = request.idempotency_key if self._honours_keys else None
        if key is not None and key in self._created:
            made = self.by_id[self._created[key]]
            return self._told(_envelope(made, 201), key, is_replayed=True)
        review_id = f"rev_{next(self._numbers)}"
        now = _now()
        state: Document = {"status": "created", "result": None, "created_at": now, "updated_at": now}
        self.by_id[review_id] = {"id": review_id, "assignees": [], **body, **state}
        if key is not None:
            self._created[key] = review_id
        return self._told(_envelope(self.by_id[review_id], 201), key, is_replayed=False)

    def _told(self, reply: Reply, key: str | None, *, is_replayed: bool) -> Reply:
        if key is None or not self._shows_keys:
            return reply
        reply = reply.with_header("Idempotency-Key", key)
        return reply.with_header("Idempotent-Replayed", "true") if is_replayed else reply

    def _list(self) -> Reply:
        pagination = {"limit": 100, "offset": 0, "total": len(self.by_id), "has_more": False, "next_offset": None}
        return Reply.of({"success": True, "data": list(self.by_id.values()), "meta": {"pagination": pagination}})

    def _one(self, request: Request, review: Document) -> Reply:
        match request.method:
            case "GET":
                return _envelope(review)
            case "PATCH" | "DELETE" if review["status"] in _FINAL and review["status"] != "cancelled":
                return _refusal(409, "conflict", f"review {review['id']} is already {review['status']}")
            case "PATCH":
                changes = _object(request.body)
                review |= {**changes, "content": {**review["content"], **changes.get("content", {})}}
                return _envelope(review)
            case "DELETE":
                review["status"] = "cancelled"
                return _envelope(review)
            case _:
                return _refusal(405, "method_not_allowed", f"{request.method} is not possible here")


def _envelope(data: Any, status: int = 200) -> Reply:
    return Reply.of({"success": True, "data": data}, status)


def _refusal(status: int, code: str, message: str) -> Reply:
    return Reply.of({"success": False, "error": {"code": code, "message": message, "details": None}}, status)


def _object(body: bytes) -> Document:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return cast("Document", value) if isinstance(value, dict) else {}


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
