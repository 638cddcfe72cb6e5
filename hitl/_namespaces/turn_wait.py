"""Waiting for the decision on a turn: a read that the server holds, again and again until somebody has decided.

It shares the rate limit with the waits for reviews, but no poller: each turn has a read of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from attrs import define, field
from hitl_api.api.sessions import wait_for_turn

from hitl._api import endpoint_call
from hitl._api.responses import decode, json_of, refuse_another
from hitl._engine import Response
from hitl._flows import Flow, Sleep
from hitl._json import is_object
from hitl._methods import Methods
from hitl._records import Turn, record
from hitl._waiting.poller import is_transient
from hitl._waiting.rate_limit import RateLimitBudget
from hitl._waiting.timing import GROWTH, LONGEST_HOLD, SHORTEST_HOLD, SLOWEST
from hitl.exceptions import HITLError, RateLimitError, WaitTimeoutError

MOST: Final = 300  # seconds that the API holds a read at most
MARGIN: Final = 5.0  # seconds that the response to a held read may be late
LAST_MARGIN: Final = 1.0  # the same at the end of the wait, which it makes so much longer at most


@define(eq=False)
class TurnWait:
    """One wait as a flow; for the client's statistics and its rate limit, a stream that no webhook tells anything."""

    _methods: Methods
    _turn: Turn
    _timeout: float | None
    _read: Callable[[], Flow[Turn]]  # reads the turn at once
    _deadline: float = field(default=math.inf, init=False)
    _next_at: float = field(default=-math.inf, init=False)  # when the next read may begin, after a failure or a pause
    _pause: float = field(default=1.0, init=False)  # after a read that was not held
    _longest: int = field(default=MOST, init=False)  # seconds that what is in between has let a read be held
    _is_scarce: bool = field(default=False, init=False)  # whether the rate limit allows few requests
    _reads: int = field(default=0, init=False)
    _last_error: HITLError | None = field(default=None, init=False)

    def run(self) -> Flow[Turn]:
        """Return the decided turn."""
        if self._turn.is_decided:
            return self._turn
        if self._timeout is not None:
            self._deadline = self._now() + self._timeout
        self._methods.turn_waits.add(self)
        self._methods.waits.add_watch(self)
        try:
            while True:
                if (pause := min(self._paused_for(), self._left())) > 0:
                    yield Sleep(pause)
                if not self._blocked_for() and (found := (yield from self._ask())) is not None:
                    return found
                if self._left() <= 0:
                    raise self._timed_out()
        finally:
            self._methods.waits.discard_watch(self)
            self._methods.turn_waits.discard(self)

    def apply(self, update: object) -> bool:  # noqa: ARG002 - the signature of a stream
        """Take no notice of a webhook about a review."""
        return False

    def interval(self) -> float:
        """Return the seconds between two reads at present."""
        return max(float(self._hold()), self._interval())

    def close(self) -> None:
        """Let the next read fail, since the client is closed."""

    def _ask(self) -> Flow[Turn | None]:
        """Read the turn once, held as long as is possible, and return it if it is decided."""
        left, hold, began = self._left(), self._hold(), self._now()
        call: Any = endpoint_call(wait_for_turn, self._turn.session_id, self._turn.id, timeout=hold)
        read = partial(decode, call.operation, partial(_awaited, self._turn))
        self._reads += 1
        try:
            found = yield from self._methods.exchange.once(
                call._replace(decode=read, timeout=min(hold + MARGIN, left + LAST_MARGIN))
            )
            self._answered(began, hold)
            if found is not None and not found.id:  # it might be another turn, so it is read before it is believed
                found = yield from self._read()
        except HITLError as error:
            if not is_transient(error, is_known=self._methods.exchange.server.is_known):
                raise
            self._failed(error, began)
            return None
        return found if found is not None and found.is_decided else None

    def _answered(self, began: float, hold: int) -> None:
        now, waits = self._now(), self._methods.waits.client
        self._last_error = None
        waits.counters.polls += 1
        self._budget.spent(self._methods.clock.epoch())
        self._next_at = began + self._interval()
        if now - began >= min(hold, SHORTEST_HOLD) and hold:
            waits.counters.held += 1
            self._pause = 1.0
        else:  # the server does not hold reads, or there was no time for it
            self._next_at = max(self._next_at, now + self._pause)
            self._pause = min(SLOWEST, self._pause * GROWTH)

    def _failed(self, error: HITLError, began: float) -> None:
        now, took = self._now(), self._now() - began
        self._last_error = error
        if isinstance(error, RateLimitError):
            self._methods.waits.client.counters.refused += 1
            self._budget.refused(self._methods.clock.epoch(), error.retry_after)
        elif took >= SHORTEST_HOLD:  # what is in between cuts idle connections, commonly after 30 or 60 seconds
            self._longest = max(5, int(min(took, 60.0)) - 5)
        self._next_at = now + max(self._pause, error.retry_after or 0.0)
        self._pause = min(SLOWEST, self._pause * GROWTH)

    def _hold(self) -> int:
        """Return for how many seconds the server is asked to hold the next read."""
        self._is_scarce |= self._interval() > SLOWEST
        return int(max(0.0, min(MOST if self._is_scarce else LONGEST_HOLD, self._longest, self._left())))

    def _interval(self) -> float:
        """Return the seconds between two reads that the rate limit leaves to each of the client's waits for turns."""
        return max(1, len(self._methods.turn_waits)) * self._budget.interval(self._methods.clock.epoch())

    def _paused_for(self) -> float:
        return max(self._next_at - self._now(), self._blocked_for())

    def _blocked_for(self) -> float:
        return self._budget.blocked_for(self._methods.clock.epoch())

    @property
    def _budget(self) -> RateLimitBudget:
        return self._methods.waits.client.budget

    def _now(self) -> float:
        return self._methods.clock.monotonic()

    def _left(self) -> float:
        return self._deadline - self._now()

    def _timed_out(self) -> WaitTimeoutError:
        error = self._last_error
        trouble = "" if error is None else f"; the last read failed: {error}"
        return WaitTimeoutError(
            f"nobody has decided on turn {self._turn.id} after {self._timeout:g} s, so it is not approved; call again "
            f"to go on waiting{trouble}",
            last_error=error,
            pending=[self._turn.id],
            retryable=True,
            retry_after=None if error is None else error.retry_after,
            request_id=None if error is None else error.request_id,
            attempts=self._reads,
            sent="yes" if error is None else error.sent,
        )


def _awaited(asked: Turn, response: Response) -> Turn | None:
    """Return the turn of a response if it is decided, with an empty id if the response does not say which it is."""
    body = json_of(response)
    if body["error"] is not False or not is_object(data := body["data"]) or not is_object(found := data["turn"]):
        raise ValueError("it holds no turn")
    for name in ("id", "session_id"):
        refuse_another(getattr(asked, name), found.get(name))
    turn = record(Turn, {"id": "", "session_id": asked.session_id, **found})
    return None if data.get("pending") is True or not turn.is_decided else turn
