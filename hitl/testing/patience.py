"""Ending the waits that nobody will ever end, so that a test fails and does not hang."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hitl.server.http.requests import wait_seconds
from hitl.server.loops.accounts import OBJECT_ID
from hitl.server.primitives.errors import ApiError
from hitl.server.reviews.service import ReviewService
from hitl.testing.script import Script
from hitl.testing.threads import may_act, positions

CODE: Final = "nobody_answers"

_STATUS: Final = 424  # Failed Dependency (RFC 4918, 11.4): a client does not repeat it, and it means nothing else here

_IF_ALL_WAIT: Final = 1.0
"""Seconds without any change after which nobody will answer, if the whole test only waits."""

_IN_ANY_CASE: Final = 20.0
"""The same, if a thread or task might still act, because it computes or sleeps."""

_LONG: Final = 20
"""Seconds of a held read from which on the wait behind it is taken to have no timeout of its own."""

_GAP: Final = 10.0
"""Seconds between two reads of a review after which it is not polled, but read again."""

_LOOK: Final = 0.25
"""Seconds between two looks at who might act."""

_LIST: Final = "/v1/reviews"
_REQUESTS: Final = "/v1/api/requests"


@dataclass(eq=False, slots=True)
class _Held:
    """A read that is held open for long, and is ended by cancelling its task; `review_id` is None for a list.

    As elsewhere in this module, what is said of reviews is true of requests to loops, too.
    """

    path: str
    task: asyncio.Task[object]
    began: float
    verdict: str | None = None
    is_answered: bool = False

    @property
    def review_id(self) -> str | None:
        return _id_in(self.path)


@dataclass(slots=True)
class _Polled:
    """A review that is read again and again, in seconds of the event loop."""

    first: float
    last: float
    count: int = 0


class Patience:
    """Gives up what is waited for in vain.

    If the server refused a scripted answer, waits for its review end at once. Other waits end when nothing has happened
    for a while: no change, no new rule, no request but reads, no move of the clock; and if nothing is due soon.

    Attributes:
        given_up: Descriptions of the reviews that were waited for in vain, by id.
        is_endless: True if somebody may answer at any time, in the inbox.
    """

    def __init__(self, service: ReviewService, script: Script) -> None:
        """Begin to take note of what happens; threads that exist already may be those of a test runner."""
        self.given_up: dict[str, str] = {}
        self.is_endless = False
        self._clock = service.clock
        self._script = script
        self._threads = positions()
        self._held: set[_Held] = set()
        self._read_singly: set[str] = set()  # given up in a list, so the reads of these are refused
        self._polled: dict[str, _Polled] = {}
        self._timer: asyncio.Handle | None = None
        self._has_happened = True
        self._happened_at = self._acted_at = 0.0
        self._seen: datetime | None = None
        service.changes.on_change(self.happens)
        service.clock.on_advance(self.happens)
        script.on_rule = self.happens

    def happens(self, review_ids: Sequence[str] = ()) -> None:  # noqa: ARG002 - the signature of a listener
        """Take note that something has happened; any thread may call this."""
        self._has_happened = True

    def report(self) -> str:
        """Return what was waited for in vain, with the reasons; empty if there was nothing."""
        if not self.given_up:
            return ""
        title = f"waited for what nobody will answer: {len(self.given_up)}"
        advice = (
            "Add rules with reviewer.on(...) or reviewer.on_request(...), let time pass with "
            "hitl_sandbox.fast_forward(), or wait with a timeout."
        )
        return "\n".join([title, *self.given_up.values(), advice])

    async def hold(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a read that may take long, and refuse it with ApiError when there is no hope."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 - the server runs each request in one
        held = _Held(scope["path"], task, loop.time())

        async def answer(message: Message) -> None:
            held.is_answered = True
            await send(message)

        self._held.add(held)
        if self._timer is None:
            self._timer = loop.call_soon(self._look)
        try:
            await app(scope, receive, answer)
        except asyncio.CancelledError:
            if held.verdict is None:
                raise
            task.uncancel()
            raise self._refusal(held.verdict) from None
        finally:
            self._held.discard(held)

    def poll(self, review_ids: Collection[str]) -> set[str]:
        """Take note of a read that does not wait for long, and return which of these reviews are given up."""
        now = asyncio.get_running_loop().time()
        self._note(now)
        for review_id in review_ids:
            polled = self._polled.get(review_id)
            if polled is None or now - polled.last > _GAP:
                polled = self._polled[review_id] = _Polled(now, now)
            polled.last, polled.count = now, polled.count + 1
            if polled.count > 2 and now - polled.first >= _IN_ANY_CASE and not self._is_due_soon():
                self._read_singly |= self._give_up({review_id})
        given_up = self._read_singly.intersection(review_ids)
        return given_up & self._script.open_reviews().keys() if given_up else given_up

    def poll_requests(self) -> set[str]:
        """Take note of a list of requests, which shows all, and return which of those are given up."""
        open_requests = (each for each in self._script.open_reviews() if OBJECT_ID.fullmatch(each))
        return self.poll(set(open_requests))

    def refuse(self, review_id: str) -> None:
        """Refuse the read of a review that was given up: ApiError."""
        raise self._refusal(_verdict(self.given_up[review_id]))

    def _look(self) -> None:
        self._timer = None
        if not self._held or self.is_endless:
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(_LOOK, self._look)
        now = loop.time()
        self._note(now)
        if may_act(self._threads):
            self._acted_at = now
        refused = set(self._script.refused)
        if refused:
            refused &= self._script.open_reviews().keys()
        self._end([each for each in self._held if each.review_id in refused], refused)
        if refused - self._read_singly:
            self._end([each for each in self._held if each.path == _LIST], refused)
        in_vain = [each for each in self._held if self._is_in_vain(each, now)]
        if in_vain and not self._is_due_soon():
            ids = {each.review_id for each in in_vain if each.review_id is not None}
            self._end(in_vain, ids if all(each.path != _LIST for each in in_vain) else None)

    def _note(self, now: float) -> None:
        if self._has_happened:
            self._has_happened = False
            self._happened_at = self._acted_at = now
            self._polled.clear()

    def _is_in_vain(self, held: _Held, now: float) -> bool:
        all_wait = now - max(held.began, self._acted_at) >= _IF_ALL_WAIT
        return all_wait or now - max(held.began, self._happened_at) >= _IN_ANY_CASE

    def _is_due_soon(self) -> bool:
        """Return whether the mere passing of time will bring something about."""
        now, due = self._clock(), self._clock.next_due()
        is_running, self._seen = now != self._seen, now
        return due is not None and is_running and due - now <= timedelta(seconds=_IN_ANY_CASE)

    def _end(self, reads: Collection[_Held], review_ids: Collection[str] | None) -> None:
        """Refuse reads, because these reviews, or with None all open ones, will not be answered."""
        reads = [each for each in reads if not each.is_answered and each.verdict is None]
        given_up = self._give_up(review_ids) if reads else set[str]()
        for held in reads:
            if held.path == _LIST:
                self._read_singly |= given_up
            if held.review_id is None or held.review_id in given_up:  # else it has just been answered
                first = held.review_id or min(given_up, default="")
                reason = self.given_up.get(first, f"{held.path}\nrules are for reviews and requests only")
                held.verdict = _verdict(reason)
                held.task.cancel()

    def _give_up(self, review_ids: Collection[str] | None) -> set[str]:
        found = self._script.open_reviews().items()
        given_up = {review_id: reason for review_id, reason in found if review_ids is None or review_id in review_ids}
        self.given_up |= given_up
        return set(given_up)

    def _refusal(self, verdict: str) -> ApiError:
        return ApiError(_STATUS, CODE, verdict, {"explanation": self.report()})


def _id_in(path: str) -> str | None:
    """Return the id of the review or request that is read at a path, as the sandbox writes it."""
    for place in (_LIST, _REQUESTS):
        if path.startswith(f"{place}/"):
            found = path.removeprefix(f"{place}/")
            return found.lower() if place == _REQUESTS else found
    return None


def _verdict(description: str) -> str:
    headline, *reasons = (line.strip() for line in description.splitlines())
    return f"nobody will answer {headline.split()[0]}: {'; '.join(reasons)}"


class PatienceMiddleware:
    """ASGI middleware in front of the API, which refuses to wait for what `patience` has given up."""

    def __init__(self, app: ASGIApp, *, patience: Callable[[], Patience]) -> None:
        self._app = app
        self._patience = patience()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or raise ApiError."""
        request, patience = Request(scope), self._patience
        if request.method != "GET":
            patience.happens()
        elif (wait_seconds(request) or 0) >= _LONG:
            await patience.hold(self._app, scope, receive, send)
            return
        elif not patience.is_endless:
            scope = self._poll(request, scope)
        await self._app(scope, receive, send)

    def _poll(self, request: Request, scope: Scope) -> Scope:
        path: str = scope["path"]
        if (review_id := _id_in(path)) is not None:
            if self._patience.poll({review_id}):
                self._patience.refuse(review_id)
        elif path == _LIST and "ids" in request.query_params:
            ids = request.query_params["ids"].split(",")
            if given_up := self._patience.poll(set(ids)):
                # A client that misses some in a list reads them one by one.
                left = ",".join(each for each in ids if each not in given_up) or "none"
                query = [(name, left if name == "ids" else value) for name, value in parse_qsl(request.url.query)]
                return {**scope, "query_string": urlencode(query).encode()}
        elif path == _REQUESTS and (given_up := self._patience.poll_requests()):
            self._patience.refuse(min(given_up))  # a client that cannot list reads them one by one
        return scope
