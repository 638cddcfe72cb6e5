"""One call, answered: a flow that sends, judges the outcome, pauses and sends again, all within its time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final, Generic, Protocol, TypeVar

from attrs import define, evolve, field

from hitl._calls.backoff import Backoff, http_date
from hitl._calls.error_mapping import add_advice, connection_error, status_error, unexpected_response
from hitl._calls.idempotency import is_retrying
from hitl._calls.retry_policy import AttemptResult, RetryBudget, RetryDecision, decide, repeats_key, situation
from hitl._engine import Response, TransportFailure, TransportResult
from hitl._flows import Act, ApiCall, Clock, Flow, Sleep
from hitl.exceptions import HITLError, Sent

T = TypeVar("T")

# Of the time that is left, for an attempt that others may follow: a silent server leaves enough for two more.
SHARE: Final = 2 / 3  # guard: time-to-retry

# Bytes of a response; to read more takes milliseconds, in which an event loop would stand still.
LARGE: Final = 256 * 1024

_FARTHEST_LAST: Final[Mapping[Sent, int]] = {"no": 0, "maybe": 1, "yes": 2}
_OUT_OF_TIME: Final = " Another attempt would not fit into the call's timeout."
_OUT_OF_RETRIES: Final = (
    " It was not tried again: this client has used up its retries, because too many calls failed; calls that succeed "
    "earn them back."
)

_YES: Final = ("true", "?1", "1")  # as a header says it; the second is RFC 9651, 3.3.6


class Limiter(Protocol):
    """Admits the attempts of one call and adapts to the responses; how a batch bounds its concurrency."""

    def acquire(self) -> float:
        """Admit an attempt and return 0, or return the seconds after which to ask again; raise HITLError to give up."""
        ...

    def observe(self, response: Response, began: float) -> None: ...
    def release(self) -> None: ...


@define
class Server:
    """What a client has learned about its server from the responses so far; None if it does not say."""

    honours_keys: bool = False  # it recognises a repeated Idempotency-Key, so a creation may be sent again
    honours_wait: bool = False  # it holds a read open when asked to (`Prefer: wait`, RFC 7240)
    limit: int | None = None  # requests that a rate-limit window allows
    remaining: int | None = None  # requests left in the current window
    reset: float | None = None  # when that window ends, in seconds since the epoch by the server's clock
    month_limit: int | None = None  # people's responses that the plan allows in a month, where `account` was told
    month_remaining: int | None = None  # responses left in this month, at that time
    month_reset: float | None = None  # when the next month begins, in seconds since the epoch
    is_known: bool = False  # it has answered before, so its name is right
    _date: str | None = field(default=None, init=False)  # the Date header of the response that `reset` came with
    _learned_at: float = field(default=0.0, init=False)  # when it came, by this machine's clock
    _ahead: float | None = field(default=None, init=False)  # seconds, of the server's clock; None if not yet known

    def learn(self, response: Response, key: str | None = None, now: float = 0.0) -> None:  # guard: keys-learned
        """Learn from the headers of a response to a request with this Idempotency-Key, received at `now`."""
        self.is_known = True
        headers = response.headers
        # A key other than the one sent is a sign of mixed-up responses, not of a server that knows ours.
        is_repeated = repeats_key(response, key)
        if is_repeated is None:
            is_repeated = headers.get("idempotent-replayed", "").strip().lower() in _YES
        self.honours_keys = self.honours_keys or is_repeated
        if "wait" in headers.get("preference-applied", ""):
            self.honours_wait = True
        self.limit = _whole(headers.get("x-ratelimit-limit"), self.limit)
        self.remaining = _whole(headers.get("x-ratelimit-remaining"), self.remaining)
        if (reset := _whole(headers.get("x-ratelimit-reset"), None)) is not None:
            self.reset, self._date, self._learned_at, self._ahead = float(reset), headers.get("date"), now, None

    def month_left(self, now: float) -> int | None:
        """Return how many responses the month has left, None if unknown or if another month has begun."""
        is_over = self.month_reset is not None and now >= self.month_reset
        return None if is_over else self.month_remaining

    def to_reset(self, now: float) -> float | None:
        """Return the seconds until the rate-limit window ends, 0 if it has ended, None if unknown.

        The end is compared with the Date of the response that announced it, so that a wrong clock on this machine does
        not matter; without a Date, with this machine's clock.
        """
        if self.reset is None:
            return None
        if self._ahead is None:  # parsing a date is slow, and most responses are soon followed by another
            date = http_date(self._date or "")
            self._ahead = 0.0 if date is None else date - self._learned_at
        return max(0.0, self.reset - now - self._ahead)


def _whole(digits: str | None, default: int | None) -> int | None:
    return int(digits) if digits and digits.isascii() and digits.isdigit() and len(digits) <= 12 else default


@define(eq=False)
class _CallState(Generic[T]):
    """One call, and what its attempts have come to so far."""

    call: ApiCall[T]
    backoff: Backoff
    deadline: float  # on the monotonic clock
    attempts: int = 0
    extra: int = 0  # attempts beside the retries that are allowed: 1 after a connection proved stale
    taken: int = 0  # retries taken out of the budget
    sent: Sent = "no"  # how far the farthest attempt got
    outcome_unknown: bool = False
    needs_fresh: bool = False  # whether the next attempt is to use a new connection


_STOPPED: Final = Clock(lambda: 0.0, lambda: 0.0)


@define
class Exchange:
    """Turns an `ApiCall` into the flow that gets it answered; one for each client."""

    backoff: Backoff
    server: Server = field(factory=Server)
    clock: Clock = _STOPPED
    timeout: float = math.inf  # seconds that a call may take in all
    request_timeout: float | None = None  # seconds that no exchange may exceed; None for a share of what is left
    idempotency: str = "auto"  # a repeated key is assumed to be recognised once shown ("trust": always, "never")
    budget: RetryBudget = field(factory=RetryBudget)
    _single: Backoff = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._single = evolve(self.backoff, max_retries=0)

    def __call__(self, call: ApiCall[T], deadline: float | None = None, limiter: Limiter | None = None) -> Flow[T]:
        """Return the flow: it sends the call until it is answered, refused, or not worth another attempt.

        Args:
            call: What to send.
            deadline: When its time is up, on the monotonic clock; by default `timeout` after the flow begins.
            limiter: Admits each attempt. Waiting for it does not count against the time of the call.

        Raises:
            HITLError: what the last attempt met; `attempts` says how many there were.
        """
        # Inside @retry_with_backoff only the decorator retries; two layers would multiply.
        backoff = self._single if is_retrying() else self.backoff
        return self._until_answered(call, backoff, deadline, limiter)

    def once(self, call: ApiCall[T]) -> Flow[T]:
        """Return the flow that makes exactly one attempt, at no cost to the budget; a call's own `timeout` holds."""
        deadline = None if call.timeout is None else math.inf
        return self._until_answered(call, self._single, deadline, None)

    def deadline(self) -> float:
        """Return when the time of a call is up that begins now; for methods that make several calls."""
        return self.clock.monotonic() + self.timeout

    def _until_answered(
        self, call: ApiCall[T], backoff: Backoff, deadline: float | None, limiter: Limiter | None
    ) -> Flow[T]:
        state = _CallState(call, backoff, self.deadline() if deadline is None else deadline)
        while True:
            outcome: TransportResult = (
                (yield self._timed(state)) if limiter is None else (yield from self._limited(state, limiter))
            )
            state.attempts += 1
            if isinstance(outcome, Response) and len(outcome.content) > LARGE:
                result, came_to = yield Act(partial(self._read, call, outcome, state.attempts), blocks=True)
            else:
                result, came_to = self._read(call, outcome, state.attempts)
            if not isinstance(result, HITLError):
                self.budget.give_back(state.taken)
                answered: T = result
                return answered
            decision = decide(came_to, is_repeatable=call.is_repeatable, honours_keys=self._honours_key(call))
            _record(result, decision, state)
            pause, advice = self._pause(result, decision, state)
            if pause is None:
                add_advice(result, advice)
                raise result
            if pause:
                yield Sleep(pause)

    def _limited(self, state: _CallState[T], limiter: Limiter) -> Flow[TransportResult]:
        """Make one attempt when the limiter admits it."""
        asked = self.clock.monotonic()
        while pause := limiter.acquire():
            yield Sleep(pause)
        try:
            began = self.clock.monotonic()
            state.deadline += began - asked
            outcome: TransportResult = yield self._timed(state)
            if isinstance(outcome, Response):
                limiter.observe(outcome, began)
            return outcome
        finally:
            limiter.release()

    def _timed(self, state: _CallState[T]) -> ApiCall[T]:
        """Return the call with a timeout for its next exchange."""
        call = state.call
        left = max(state.deadline - self.clock.monotonic(), 0.0)
        is_last = state.attempts - state.extra >= state.backoff.max_retries
        if not is_last and (call.is_repeatable or self._honours_key(call)):
            left *= SHARE
        if call.timeout is not None:
            left = min(left, call.timeout)
        elif self.request_timeout is not None:
            left = min(left, self.request_timeout)
        return call._replace(timeout=None if math.isinf(left) else left, fresh=call.fresh or state.needs_fresh)

    def _read(self, call: ApiCall[Any], outcome: TransportResult, attempts: int) -> tuple[Any, AttemptResult]:
        """Return the result or the error, and what the attempt came to."""
        came_to = situation(outcome, call.answers)
        if isinstance(outcome, TransportFailure):
            return connection_error(call, outcome, attempts), came_to
        self.server.learn(outcome, call.request.headers.get("Idempotency-Key"), self.clock.epoch())
        if came_to == "unreadable":
            came_to = "misfit" if call.can_be_smaller and outcome.is_too_large else came_to
            return unexpected_response(call.operation, outcome, outcome.fault or ""), came_to
        if came_to != "answered":
            self.server.honours_keys |= came_to == "in progress"  # it can only say so if it knows the key
            return status_error(call, outcome, attempts), came_to
        try:
            return call.decode(outcome), came_to
        except HITLError as error:
            # Without its traceback, whose frames hold what was read of the response.
            return error.with_traceback(None), "unreadable" if error.retryable else "misfit"

    def _pause(self, error: HITLError, decision: RetryDecision, state: _CallState[T]) -> tuple[float | None, str]:
        """Return the seconds before another attempt; or None to give up, and what to add to the error."""
        if not decision.may_repeat:
            return None, ""
        is_extra = decision.at_once and state.backoff.max_retries > 0 and not state.extra
        pause = 0.0 if is_extra else state.backoff.pause(state.attempts - state.extra, error.retry_after)
        if pause is None:
            return None, ""
        if self.clock.monotonic() + pause >= state.deadline:
            return None, _OUT_OF_TIME
        if is_extra:
            state.extra = 1
            return 0.0, ""
        # A server that says when to come back is not in the trouble that the budget is for.
        if not (decision.is_free and error.retry_after is not None):
            if not self.budget.take():
                return None, _OUT_OF_RETRIES
            state.taken += 1
        return pause, ""

    def _honours_key(self, call: ApiCall[T]) -> bool:  # guard: keys-honoured
        if "Idempotency-Key" not in call.request.headers:
            return False
        return self.idempotency == "trust" or (self.idempotency == "auto" and self.server.honours_keys)


def farthest(attempts: Iterable[Sent]) -> Sent:
    """Return how far the attempt that got farthest got; "no" if there was none."""
    return max(["no", *attempts], key=_FARTHEST_LAST.__getitem__)


def _record(error: HITLError, decision: RetryDecision, state: _CallState[T]) -> None:
    """Record a failed attempt, and set on the error what all attempts have come to."""
    state.needs_fresh = decision.fresh
    state.outcome_unknown |= decision.outcome_unknown
    state.sent = farthest((state.sent, error.sent))
    error.attempts = state.attempts
    error.sent = state.sent
    error.outcome_unknown = state.outcome_unknown
    error.idempotency_key = state.call.request.headers.get("Idempotency-Key")
    # Made again by the caller, the call would carry another key if this one was drawn at random.
    error.retryable = decision.may_repeat and (state.call.has_lasting_key or not state.outcome_unknown)
