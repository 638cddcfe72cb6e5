"""The fourth driver: many flows at once in virtual time, before a server that counts what it is asked."""

from __future__ import annotations

import heapq
import itertools
import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from hitl._calls import Backoff, Exchange
from hitl._engine import Response, TransportResult
from hitl._flows import ApiCall, Clock, Flow, Sleep
from hitl._waiting import WaitRegistry

EPOCH = 1_800_000_000.0  # the world begins at this second of the epoch, on the hour


def wire(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


def wait_registry(clock: Clock, exchange: Exchange | None = None) -> WaitRegistry:
    """Return the waits of a client that lives by this clock; all of them share their requests."""
    return WaitRegistry(exchange or Exchange(Backoff(3, 1.0)), clock, lambda: "here", 30.0)


class World:
    """Carries flows out on a clock that jumps from one event to the next."""

    def __init__(self, server: Callable[[ApiCall[Any], float], TransportResult], *, latency: float = 0.05) -> None:
        self.now = EPOCH
        self.clock = Clock(lambda: self.now, lambda: self.now)
        self._server = server
        self._latency = latency
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def at(self, moment: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), do))

    def start(self, flow: Flow[Any], done: Callable[[Any], None] = lambda _result: None) -> Flow[Any]:
        """Carry the flow out; `done` is called with its result or with the exception that it raised."""
        self._step(flow, None, done)
        return flow

    def run(self, until: float = math.inf) -> None:
        while self._events and self._events[0][0] <= until:
            self.now, _, do = heapq.heappop(self._events)
            do()

    def _step(self, flow: Flow[Any], value: Any, done: Callable[[Any], None]) -> None:
        if flow.gi_frame is None:  # cancelled in the meantime
            return
        try:
            wanted = flow.send(value)
        except StopIteration as stop:
            done(stop.value)
            return
        except Exception as error:
            done(error)
            return
        if isinstance(wanted, ApiCall):
            arrived = self.now + self._latency / 2
            self.at(arrived, lambda: self._serve(flow, wanted, done))
            return
        assert isinstance(wanted, Sleep)
        is_awake = False

        def wake() -> None:
            nonlocal is_awake
            if not is_awake:
                is_awake = True
                self._step(flow, None, done)

        if wanted.wakeup is not None:
            wanted.wakeup.subscribe(lambda: self.at(self.now, wake))
        if not math.isinf(wanted.seconds):
            self.at(self.now + wanted.seconds, wake)

    def _serve(self, flow: Flow[Any], call: ApiCall[Any], done: Callable[[Any], None]) -> None:
        outcome = self._server(call, self.now)
        self.at(self.now + self._latency / 2, lambda: self._step(flow, outcome, done))


class Vendor:
    """A review server in virtual time: a rate limit in fixed windows, and lists that begin with the newest.

    Attributes:
        ids: Whether it knows the filter `ids`; one that does not ignores it, as the vendor's may.
        lists: Whether it has lists at all.
        polls, refused: What it was asked, and what it refused, by the method of the request.
    """

    def __init__(
        self, limit: int | None = 100, window: float = 3600.0, *, ids: bool = False, lists: bool = True, page: int = 100
    ) -> None:
        self.limit, self.window, self.ids, self.lists, self.page = limit, window, ids, lists, page
        self.created: dict[str, float] = {}
        self.ends: dict[str, tuple[float, str]] = {}
        self.asked: list[tuple[float, str]] = []
        self.refused: list[tuple[float, str]] = []
        self._window, self._used = -1.0, 0

    def add(self, review_id: str, now: float, after: float, status: str = "completed") -> None:
        """Put a review there, which ends so many seconds later."""
        self.created[review_id] = now
        self.ends[review_id] = (now + after, status)

    def __call__(self, call: ApiCall[Any], now: float) -> TransportResult:
        self.asked.append((now, call.operation))
        headers = self._spend(now)
        if "retry-after" in headers:
            self.refused.append((now, call.operation))
            return self._answer(429, {"success": False, "error": {"code": "rate_limit", "message": "No."}}, headers)
        path = call.request.path
        if call.operation == "create_review":
            review_id = f"rev_{len(self.created) + 1}"
            self.add(review_id, now, math.inf)
            return self._answer(201, {"success": True, "data": self._review(review_id, now)}, headers)
        if path == "/v1/reviews":
            return self._list(call.request.query, now, headers)
        review_id = unquote(path.rpartition("/")[2])
        if review_id not in self.created:
            error = {"success": False, "error": {"code": "review_not_found", "message": "None."}}
            return self._answer(404, error, headers)
        return self._answer(200, {"success": True, "data": self._review(review_id, now)}, headers)

    def _list(self, query: Any, now: float, headers: dict[str, str]) -> TransportResult:
        if not self.lists:
            return self._answer(405, {"success": False, "error": {"code": "no", "message": "No."}}, headers)
        wanted = reversed(self.created)
        if self.ids and "ids" in query:
            named = set(query["ids"].split(","))
            wanted = (each for each in wanted if each in named)
        if "created_after" in query:
            after = datetime.fromisoformat(query["created_after"]).timestamp()
            wanted = (each for each in wanted if self.created[each] > after)
        offset = int(query.get("offset", 0))
        found = list(wanted)
        page = found[offset : offset + self.page]
        follows = offset + len(page) if offset + len(page) < len(found) else None
        pagination = {"limit": self.page, "offset": offset, "total": len(found), "next_offset": follows}
        data = [self._review(each, now) for each in page]
        return self._answer(200, {"success": True, "data": data, "meta": {"pagination": pagination}}, headers)

    def _spend(self, now: float) -> dict[str, str]:
        if self.limit is None:
            return {}
        window = now // self.window * self.window
        if window != self._window:
            self._window, self._used = window, 0
        reset = int(window + self.window)
        self._used += 1
        left = max(0, self.limit - self._used)
        headers = {"x-ratelimit-limit": str(self.limit), "x-ratelimit-remaining": str(left)}
        headers["x-ratelimit-reset"] = str(reset)
        if self._used > self.limit:
            headers["retry-after"] = str(math.ceil(reset - now))
        return headers

    def _review(self, review_id: str, now: float) -> dict[str, Any]:
        ends, status = self.ends[review_id]
        created = datetime.fromtimestamp(self.created[review_id], UTC)
        return {
            "id": review_id,
            "template_id": "template_123",
            "content": {},
            "status": status if ends <= now else "created",
            "created_at": (created + timedelta()).isoformat(),
        }

    def _answer(self, status: int, body: Any, headers: dict[str, str]) -> Response:
        return Response(status, headers, json.dumps(body).encode())
