"""Waiting for people: a flow that asks again until the review has ended, at a pace that the server can bear."""

from __future__ import annotations

import math

from attrs import frozen

from hitl import _operations as operations
from hitl._exchange import Exchange, Server
from hitl._flow import Call, Clock, Flow, Sleep
from hitl.exceptions import (
    APIConnectionError,
    APIStatusError,
    HITLError,
    ReviewCancelledError,
    ReviewExpiredError,
    UnexpectedResponseError,
    WaitTimeoutError,
)
from hitl.models import Review

HOLD = 25  # seconds that a read is asked to stay open; proxies commonly cut at 30 or 60
SLOWEST = 10.0  # seconds between two reads, where nothing else slows them down
GROWTH = 1.5
BETWEEN_HOLDS = 0.05  # seconds between a read that was held and the next
SHORTEST_HOLD = 1.0  # seconds; a read that came back sooner was not held, whatever the server says
OVERSHOOT = 0.25  # seconds that the last look may take after the deadline
RESERVE = 0.2  # share of the rate limit that waiting leaves for everything else


@frozen
class Wait:
    """How to wait for one review.

    Attributes:
        review_id: What is waited for.
        timeout: Seconds until WaitTimeoutError; None to wait until the review itself ends.
        poll_interval: Seconds between the first two reads; grows to 10.
        request_timeout: Seconds that one exchange may be silent.
    """

    review_id: str
    timeout: float | None
    poll_interval: float
    request_timeout: float


def wait_for_review(wait: Wait, exchange: Exchange, clock: Clock) -> Flow[Review]:
    """Return the review once a person has answered it, for or against.

    A passing fault (no connection, 429, 5xx, an answer that makes no sense) spends the wait's time, never its
    patience. An unknown status is one that is not finished yet.

    Raises:
        ReviewExpiredError, ReviewCancelledError: it ended without an answer.
        WaitTimeoutError: the timeout passed; the review is still open.
        AuthenticationError, PermissionDeniedError, ReviewNotFoundError: asking again would not help.
    """
    started = clock.monotonic()
    deadline = math.inf if wait.timeout is None else started + wait.timeout
    review: Review | None = None
    fault: HITLError | None = None
    pause = wait.poll_interval
    while True:
        asked, before = clock.monotonic(), review
        left = deadline - asked
        try:
            review, fault = (yield from exchange.once(_read(wait, exchange.server, left))), None
        except HITLError as error:
            if not _is_passing(error):
                raise
            fault = error
        if review is not None and review.is_final:
            return _answered(review)
        is_news = fault is None and review != before  # a server that holds reads answers early when there is some
        was_held = exchange.server.honours_wait and (is_news or clock.monotonic() - asked >= SHORTEST_HOLD)
        own = BETWEEN_HOLDS if was_held and fault is None else pause
        pace = max(own, _asked(fault), _share(exchange.server, clock))
        left = deadline - clock.monotonic()
        if left <= 0:
            raise _timed_out(wait, review, fault)
        yield Sleep(min(pace, left))
        pause = wait.poll_interval if was_held else _longer(pause)


def _longer(pause: float) -> float:
    return min(SLOWEST, pause * GROWTH) if pause < SLOWEST else pause


def _read(wait: Wait, server: Server, left: float) -> Call[Review]:
    """Read, and ask to be held; where the server is not known to hold, the exchange is timed as an ordinary one."""
    hold = int(max(0.0, min(HOLD, left)))  # whole seconds, rounded down: a held read is back before the deadline
    silent = hold + wait.request_timeout if server.honours_wait else max(wait.request_timeout, hold + 5.0)
    timeout = min(silent, max(left, 0.0) + OVERSHOOT)
    return operations.get_review(wait.review_id, hold=hold or None, timeout=timeout)


def _asked(fault: HITLError | None) -> float:
    return (fault.retry_after or 0.0) if fault is not None else 0.0


def _share(server: Server, clock: Clock) -> float:
    """Return the pause that spreads what is left of the rate limit over what is left of its window."""
    if server.remaining is None or server.reset is None:
        return 0.0
    left = min(server.reset - clock.epoch(), 3600.0)
    if left <= 0:
        return 0.0
    return left / max(1.0, server.remaining * (1.0 - RESERVE))


def _is_passing(error: HITLError) -> bool:
    if isinstance(error, APIConnectionError | UnexpectedResponseError):
        return True
    return isinstance(error, APIStatusError) and error.retryable


def _answered(review: Review) -> Review:
    if review.status == "expired":
        raise ReviewExpiredError(
            f"review {review.id} expired before anybody answered; create it again with a later due_date", review=review
        )
    if review.status == "cancelled":
        raise ReviewCancelledError(f"review {review.id} was cancelled before anybody answered", review=review)
    return review


def _timed_out(wait: Wait, review: Review | None, fault: HITLError | None) -> WaitTimeoutError:
    seen = f"still {review.status}" if review is not None else "not seen yet"
    trouble = f"; the last read failed: {fault}" if fault is not None else ""
    return WaitTimeoutError(
        f"review {wait.review_id} is {seen} after {wait.timeout:g} s; call again to go on waiting{trouble}",
        review=review,
        last_error=fault,
        retryable=True,
    )
