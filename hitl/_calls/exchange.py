"""One call, answered: a flow that sends, judges the outcome, pauses and sends again, all within its time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

from attrs import define, evolve, field

from hitl._calls.backoff import Backoff, http_date
from hitl._calls.error_mapping import add_advice, connection_error, status_error, unexpected_response
from hitl._calls.idempotency import is_retrying
from hitl._calls.retry_budget import RetryBudget
from hitl._calls.retry_policy import AttemptResult, RetryDecision, decide, repeats_key, situation
from hitl._engine import Response, TransportFailure, TransportResult
from hitl._flows import ApiCall, Clock, Flow, Sleep
from hitl.exceptions import HITLError, Sent

T = TypeVar("T")

# Of the time that is left, for an attempt that others may follow: a silent server leaves enough for two more.
SHARE: Final = 2 / 3  # guard: time-to-retry

_FARTHER: Final[Mapping[Sent, int]] = {"no": 0, "maybe": 1, "yes": 2}
_OUT_OF_TIME: Final = " Another attempt would not fit into the call's timeout."
_OUT_OF_RETRIES: Final = (
    " It was not tried again: so many calls have failed that this client's retries are used up; calls that succeed "
    "earn them back."
)


@define
class Server:
    """What a client has learned about its server from the answers so far; it is asked of no one.

    Attributes:
        honours_keys: It recognises a repeated Idempotency-Key, so a creation may be sent again.
        honours_wait: It holds a read open when asked to (`Prefer: wait`, RFC 7240).
        limit: Requests that a rate-limit window allows; None if it does not say.
        remaining: Requests left in the current rate-limit window; None if it does not say.
        reset: When that window ends, in seconds since the epoch by the server's clock; None if it does not say.
        is_known: It has answered before, so its name is right.
        date: The time of day of the answer that told of that end, as the answer had it; None if it had none.
        told_at: When that answer came, in seconds since the epoch by this machine's clock.
    """

    honours_keys: bool = False
    honours_wait: bool = False
    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None
    is_known: bool = False
    date: str | None = None
    told_at: float = 0.0
    _ahead: float | None = field(default=None, init=False)  # seconds, of the server's clock; None if not yet known

    def learn(self, answer: Response, key: str | None = None, now: float = 0.0) -> None:  # guard: keys-learned
        """Take note of what the answer's headers show.

        Args:
            answer: The answer.
            key: The Idempotency-Key that its request carried.
            now: The seconds since the epoch by this machine's clock.
        """
        self.is_known = True
        headers = answer.headers
        # Another key than the one that was sent tells of answers that were mixed up, not of a server that knows ours.
        is_repeated = repeats_key(answer, key)
        if headers.get("idempotent-replayed") if is_repeated is None else is_repeated:
            self.honours_keys = True
        if "wait" in headers.get("preference-applied", ""):
            self.honours_wait = True
        self.limit = _whole(headers.get("x-ratelimit-limit"), self.limit)
        self.remaining = _whole(headers.get("x-ratelimit-remaining"), self.remaining)
        if (reset := _whole(headers.get("x-ratelimit-reset"), None)) is not None:
            self.reset, self.date, self.told_at, self._ahead = float(reset), headers.get("date"), now, None

    def to_reset(self, now: float) -> float | None:
        """Return the seconds until the rate-limit window ends, 0 if it has ended, None if nobody knows.

        The end is read against the Date of the answer that told it, so that a wrong clock on this machine does not
        matter; without a Date, against this machine's clock.
        """
        if self.reset is None:
            return None
        if self._ahead is None:  # reading a date takes a while, and most answers are followed by another
            date = http_date(self.date or "")
            self._ahead = 0.0 if date is None else date - self.told_at
        return max(0.0, self.reset - now - self._ahead)


def _whole(text: str | None, otherwise: int | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 12 else otherwise


@define
class _CallState:
    """What the attempts of one call have come to so far.

    Attributes:
        attempts: How many were made.
        extra: Those that are allowed beside the retries: 1 after a connection proved stale.
        taken: Retries taken out of the budget.
        sent: How far the farthest got.
        outcome_unknown: True if one of them may have created something.
        needs_fresh: True if the next one is to use a new connection.
    """

    attempts: int = 0
    extra: int = 0
    taken: int = 0
    sent: Sent = "no"
    outcome_unknown: bool = False
    needs_fresh: bool = False


_STOPPED: Final = Clock(lambda: 0.0, lambda: 0.0)


@define
class Exchange:
    """Turns a `ApiCall` into the flow that gets it answered; one for each client.

    Attributes:
        backoff: How often, and after what pauses.
        server: What is known of the server.
        clock: Tells the time that is left.
        timeout: Seconds that a call may take in all; infinite if it is not limited.
        request_timeout: Seconds that no exchange of a call may exceed; None for a share of what is left.
        idempotency: Whether a repeated key is taken to be recognised: "auto" once the server has shown it, "trust"
            always, "never" never.
        budget: The retries that the client may still make.
    """

    backoff: Backoff
    server: Server = field(factory=Server)
    clock: Clock = _STOPPED
    timeout: float = math.inf
    request_timeout: float | None = None
    idempotency: str = "auto"
    budget: RetryBudget = field(factory=RetryBudget)
    _single: Backoff = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._single = evolve(self.backoff, max_retries=0)

    def __call__(self, call: ApiCall[T], deadline: float | None = None) -> Flow[T]:
        """Return the flow: it sends the call until it is answered, refused, or not worth another attempt.

        Args:
            call: What to send.
            deadline: When its time is up, on the monotonic clock; by default `timeout` after the flow begins.

        Raises:
            HITLError: what the last attempt met; `attempts` tells how many there were.
        """
        # Inside @retry_with_backoff the decorator is the one that tries again; two layers would multiply.
        backoff = self._single if is_retrying() else self.backoff
        return self._until_answered(call, backoff, deadline)

    def once(self, call: ApiCall[T]) -> Flow[T]:
        """Return the flow that makes exactly one attempt, at no cost to the budget; a call's own `timeout` holds."""
        deadline = None if call.timeout is None else math.inf
        return self._until_answered(call, self._single, deadline)

    def deadline(self) -> float:
        """Return when the time of a call is up that begins now; for calls that are made of several."""
        return self.clock.monotonic() + self.timeout

    def _until_answered(self, call: ApiCall[T], backoff: Backoff, deadline: float | None) -> Flow[T]:
        deadline = self.deadline() if deadline is None else deadline
        past = _CallState()
        while True:
            outcome: TransportResult = yield self._timed(call, backoff, deadline, past)
            past.attempts += 1
            result, came_to = self._read(call, outcome, past.attempts)
            if not isinstance(result, HITLError):
                self.budget.give_back(past.taken)
                answered: T = result
                return answered
            verdict = decide(came_to, is_repeatable=call.is_repeatable, honours_keys=self._honours_key(call))
            _record(result, call, verdict, past)
            pause, hint = self._pause(result, verdict, past, backoff, deadline)
            if pause is None:
                add_advice(result, hint)
                raise result
            if pause:
                yield Sleep(pause)

    def _timed(self, call: ApiCall[T], backoff: Backoff, deadline: float, past: _CallState) -> ApiCall[T]:
        """Return the call with the time that its next exchange may take."""
        left = max(deadline - self.clock.monotonic(), 0.0)
        is_last = past.attempts - past.extra >= backoff.max_retries
        if not is_last and (call.is_repeatable or self._honours_key(call)):
            left *= SHARE
        if call.timeout is not None:
            left = min(left, call.timeout)
        elif self.request_timeout is not None:
            left = min(left, self.request_timeout)
        return evolve(call, timeout=None if math.isinf(left) else left, fresh=call.fresh or past.needs_fresh)

    def _read(self, call: ApiCall[Any], outcome: TransportResult, attempts: int) -> tuple[Any, AttemptResult]:
        """Return what was asked for, or the error that tells why not."""
        came_to = situation(outcome)
        if isinstance(outcome, TransportFailure):
            return connection_error(call, outcome, attempts), came_to
        self.server.learn(outcome, call.request.headers.get("Idempotency-Key"), self.clock.epoch())
        if came_to == "unreadable":
            return unexpected_response(call.operation, outcome, outcome.fault or ""), came_to
        if came_to != "answered":
            self.server.honours_keys |= came_to == "in progress"  # it can only say so if it knows the key
            return status_error(call, outcome, attempts), came_to
        try:
            return call.decode(outcome), came_to
        except HITLError as error:
            # Without its traceback, whose frames hold what was read of the answer.
            return error.with_traceback(None), "unreadable" if error.retryable else "misfit"

    def _pause(
        self, error: HITLError, verdict: RetryDecision, past: _CallState, backoff: Backoff, deadline: float
    ) -> tuple[float | None, str]:
        """Return the seconds before another attempt; or None to give up, and what is to be said of it."""
        if not verdict.may_repeat:
            return None, ""
        is_extra = verdict.at_once and backoff.max_retries > 0 and not past.extra
        pause = 0.0 if is_extra else backoff.pause(past.attempts - past.extra, error.retry_after)
        if pause is None:
            return None, ""
        if self.clock.monotonic() + pause >= deadline:
            return None, _OUT_OF_TIME
        if is_extra:
            past.extra = 1
            return 0.0, ""
        # A server that says when to come back is not in the trouble that the budget is for.
        if not (verdict.is_free and error.retry_after is not None):
            if not self.budget.take():
                return None, _OUT_OF_RETRIES
            past.taken += 1
        return pause, ""

    def _honours_key(self, call: ApiCall[T]) -> bool:  # guard: keys-honoured
        if "Idempotency-Key" not in call.request.headers:
            return False
        return self.idempotency == "trust" or (self.idempotency == "auto" and self.server.honours_keys)


def farthest(attempts: Iterable[Sent]) -> Sent:
    """Return how far the attempt got that got farthest; "no" if there was none."""
    found: list[Sent] = ["no", *attempts]
    return max(found, key=_FARTHER.__getitem__)


def _record(error: HITLError, call: ApiCall[T], verdict: RetryDecision, past: _CallState) -> None:
    """Take note of a failed attempt, and tell the error what all attempts have come to."""
    past.needs_fresh = verdict.fresh
    past.outcome_unknown |= verdict.outcome_unknown
    past.sent = farthest((past.sent, error.sent))
    error.attempts = past.attempts
    error.sent = past.sent
    error.outcome_unknown = past.outcome_unknown
    error.idempotency_key = call.request.headers.get("Idempotency-Key")
    # Made again by the caller, the call would carry another key if this one was drawn at random.
    error.retryable = verdict.may_repeat and (call.has_lasting_key or not past.outcome_unknown)
