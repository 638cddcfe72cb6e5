"""The server of the simulation: what HITL.sh documents, which is lists by date, the newest first, and a rate limit."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import frozen

from hitl._engine import Response
from hitl._flows import ApiCall

PAGE = 100
TEMPLATE = "template_123"


@frozen
class RateLimit:
    """Requests that a key may make in each window; `limit` is None for as many as it likes, `window` is in seconds."""

    name: str
    limit: int | None
    window: float = 3600.0


class Vendor:
    """A review server in virtual time.

    Attributes:
        ends: When each review ends, by id, in seconds since the epoch.
        asked: Requests, refused or not, by what they were for and by hour since the epoch.
        refused: Those of them that were answered 429.
    """

    def __init__(self, rate_limit: RateLimit) -> None:
        self.ends: dict[str, float] = {}
        self.asked: Counter[tuple[str, int]] = Counter()
        self.refused: Counter[tuple[str, int]] = Counter()
        self._rate_limit = rate_limit
        self._window = -1.0
        self._used = 0
        self._ids: list[str] = []  # in the order of creation
        self._created: list[float] = []
        self._documents: dict[str, tuple[str, str]] = {}  # while it is open, and when it has ended

    def add(self, now: float) -> str:
        """Create a review that nobody will end unless `ends` is told when, and return its id."""
        review_id = f"rev_{len(self._ids)}"
        self._ids.append(review_id)
        self._created.append(now)
        self.ends[review_id] = math.inf
        self._documents[review_id] = (_document(review_id, now, "created"), _document(review_id, now, "completed"))
        return review_id

    def read(self, review_id: str, now: float, headers: Mapping[str, str] | None = None) -> Response:
        """Return the answer that has one review, as it is now."""
        return _answer(200, headers or {}, self._document(review_id, now))

    def __call__(self, call: ApiCall[Any], now: float) -> Response:
        """Answer a request."""
        headers, wait = self.spend("create" if call.operation == "create_review" else "look", now)
        if wait is not None:
            return Response(
                429, headers, b'{"success":false,"error":{"code":"rate_limit_exceeded","message":"Later."}}'
            )
        if call.operation == "create_review":
            return _answer(201, headers, self._document(self.add(now), now))
        if call.operation == "list_reviews":
            return self._list(call.request.query, now, headers)
        return self.read(call.request.path.rpartition("/")[2], now, headers)

    def spend(self, purpose: str, now: float) -> tuple[dict[str, str], float | None]:
        """Count a request; return the headers of its answer and, if it is refused, after how many seconds to return."""
        hour = int(now // 3600)
        self.asked[purpose, hour] += 1
        if self._rate_limit.limit is None:
            return {}, None
        window = now // self._rate_limit.window * self._rate_limit.window
        if window != self._window:
            self._window, self._used = window, 0
        self._used += 1
        reset = int(window + self._rate_limit.window)
        headers = {
            "x-ratelimit-limit": str(self._rate_limit.limit),
            "x-ratelimit-remaining": str(max(0, self._rate_limit.limit - self._used)),
            "x-ratelimit-reset": str(reset),
        }
        if self._used <= self._rate_limit.limit:
            return headers, None
        self.refused[purpose, hour] += 1
        wait = math.ceil(reset - now)
        headers["retry-after"] = str(wait)
        return headers, wait

    @property
    def is_unlimited(self) -> bool:
        """True if nobody is ever refused."""
        return self._rate_limit.limit is None

    def left(self, now: float) -> tuple[int, float]:
        """Return how many requests are left in this window, and the seconds to its end."""
        limit, length = self._rate_limit.limit or 0, self._rate_limit.window
        window = now // length * length
        return limit - (self._used if window == self._window else 0), window + length - now

    def created_lately(self, now: float) -> int:
        """Return how many reviews were created in the last hour."""
        return len(self._created) - bisect_right(self._created, now - 3600.0)

    def _document(self, review_id: str, now: float) -> str:
        return self._documents[review_id][self.ends[review_id] <= now]

    def _list(self, query: Mapping[str, Any], now: float, headers: dict[str, str]) -> Response:
        after = query.get("created_after")
        oldest = 0 if after is None else bisect_right(self._created, datetime.fromisoformat(after).timestamp())
        offset = int(query.get("offset", 0))
        total = len(self._ids) - oldest
        last = len(self._ids) - offset
        page = self._ids[max(oldest, last - PAGE) : last][::-1]
        follows = offset + len(page) if offset + len(page) < total else None
        pagination = {"limit": PAGE, "offset": offset, "total": total, "next_offset": follows}
        documents = ",".join([self._document(each, now) for each in page])
        return _answer(200, headers, f"[{documents}]", {"pagination": pagination})


def _answer(status: int, headers: Mapping[str, str], data: str, meta: Mapping[str, Any] | None = None) -> Response:
    more = "" if meta is None else f',"meta":{json.dumps(meta)}'
    return Response(status, headers, f'{{"success":true,"data":{data}{more}}}'.encode())


def _document(review_id: str, created: float, status: str) -> str:
    created_at = datetime.fromtimestamp(created, UTC).isoformat()
    review = {"id": review_id, "template_id": TEMPLATE, "content": {}, "status": status, "created_at": created_at}
    return json.dumps(review)
