"""One call, answered: a flow that sends, judges the outcome, pauses and sends again."""

from __future__ import annotations

from typing import TypeVar

from attrs import define, evolve, field

from hitl._backoff import Backoff
from hitl._flow import Answer, Call, Failure, Flow, Outcome, Sleep
from hitl._refusals import connection_error, status_error
from hitl._scope import RETRYING
from hitl.exceptions import HITLError

T = TypeVar("T")


@define
class Server:
    """What a client has learned about its server from the answers so far; it is asked of no one.

    Attributes:
        honours_keys: It recognises a repeated Idempotency-Key, so a creation may be sent again.
        honours_wait: It holds a read open when asked to (`Prefer: wait`, RFC 7240).
        remaining: Requests left in the current rate-limit window; None if it does not say.
        reset: When that window ends, in seconds since the epoch by the server's clock; None if it does not say.
    """

    honours_keys: bool = False
    honours_wait: bool = False
    remaining: int | None = None
    reset: float | None = None

    def learn(self, answer: Answer) -> None:
        """Take note of what the answer's headers show."""
        headers = answer.headers
        if headers.get("idempotency-key") or headers.get("idempotent-replayed"):
            self.honours_keys = True
        if "wait" in headers.get("preference-applied", ""):
            self.honours_wait = True
        self.remaining = _whole(headers.get("x-ratelimit-remaining"), self.remaining)
        reset = _whole(headers.get("x-ratelimit-reset"), None)
        self.reset = self.reset if reset is None else float(reset)


def _whole(text: str | None, otherwise: int | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 12 else otherwise


@define
class Exchange:
    """Turns a `Call` into the flow that gets it answered; one for each client."""

    backoff: Backoff
    server: Server = field(factory=Server)

    def __call__(self, call: Call[T]) -> Flow[T]:
        """Return the flow: it sends the call until it is answered, refused, or not worth another attempt.

        Raises:
            HITLError: what the last attempt met; `attempts` tells how many there were.
        """
        return self._until_answered(call, self._allowance())

    def once(self, call: Call[T]) -> Flow[T]:
        """Return the flow that makes exactly one attempt."""
        return self._until_answered(call, evolve(self.backoff, max_retries=0))

    def _allowance(self) -> Backoff:
        # Inside @retry_with_backoff the decorator is the one that tries again; two layers would multiply.
        return evolve(self.backoff, max_retries=0) if RETRYING.get() else self.backoff

    def _until_answered(self, call: Call[T], backoff: Backoff) -> Flow[T]:
        attempts = 0
        while True:
            attempts += 1
            outcome: Outcome = yield call
            answer = self._judge(call, outcome, attempts)
            if isinstance(answer, Answer):
                return _decode(call, answer, attempts)
            pause = backoff.pause(attempts, answer.retry_after) if answer.retryable else None
            if pause is None:
                raise answer
            yield Sleep(pause)

    def _judge(self, call: Call[T], outcome: Outcome, attempts: int) -> Answer | HITLError:
        may_repeat = call.is_repeatable or (self.server.honours_keys and "Idempotency-Key" in call.request.headers)
        if isinstance(outcome, Failure):
            return connection_error(call, outcome, attempts, may_repeat=may_repeat)
        self.server.learn(outcome)
        return outcome if outcome.is_success else status_error(call, outcome, attempts, may_repeat=may_repeat)


def _decode(call: Call[T], answer: Answer, attempts: int) -> T:
    try:
        return call.decode(answer)
    except HITLError as error:
        error.attempts = attempts
        error.outcome_unknown = not call.is_repeatable  # a success that cannot be read: it was probably done
        error.idempotency_key = call.request.headers.get("Idempotency-Key")
        raise
