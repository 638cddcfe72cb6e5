"""Batches: many calls as one, a bounded number at a time, each item with an outcome of its own.

A batch reads its input no further ahead than it can send, tells what became of every item that it took, and leaves
nothing out when it ends early: because the input failed, because the server wants no more, or because of Ctrl-C.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterable, Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, cast

from attrs import define, field, frozen

from hitl._batches.concurrency import ConcurrencyLimiter
from hitl._batches.source import Input, pull
from hitl._calls import Exchange, farthest
from hitl._engine import Response
from hitl._flows import ApiCall, Flow, Gather, Result, Sleep
from hitl._progress_bar import Bar, NoBar
from hitl.exceptions import (
    APIConnectionError,
    APIStatusError,
    BatchError,
    BatchInterrupted,
    ConfigurationError,
    HITLError,
    RateLimitError,
)
from hitl.models import Outcome, Review


@frozen
class BatchOptions:
    """What a batch is to do, and how.

    Attributes:
        operation: The name that errors are told with, such as "create_reviews".
        call: Checks one item and returns its call; raises ConfigurationError.
        exchange: Gets a call answered.
        gate: Says how many calls may be under way, and when.
        concurrency: Calls under way at most.
        may_repeat: True if an item that the server had no time for is sent again.
        bar: Shows the progress, once something is sent.
    """

    operation: str
    call: Callable[[Any], ApiCall[Review]]
    exchange: Exchange
    gate: ConcurrencyLimiter
    concurrency: int
    may_repeat: bool = True
    bar: Bar = field(factory=NoBar)


@define(eq=False)
class _InFlight:
    """An item that was taken from the input, and has no outcome yet."""

    item: Any
    call: ApiCall[Review] | None = None
    attempts: int = 0


class Batch:
    """One run of a batch over one input.

    Raises:
        ConfigurationError: if the input is no iterable, or has a length and an item of it cannot be sent.
    """

    def __init__(self, plan: BatchOptions, items: Input) -> None:
        self._plan = plan
        self._items = items
        self._ready = deque(self._checked(items))
        self._taken = 0
        self._under_way: dict[int, _InFlight] = {}
        self._outcomes: list[Result[Review] | None] = []
        self._fault: Exception | None = None
        self._is_read = False

    def all(self, on_error: str = "raise") -> Flow[list[Any]]:
        """Return the outcomes of all items in input order; the flow of a batch that is collected.

        Raises:
            BatchError: if an item failed and `on_error` is "raise", or if the input could not be read to its end.
            BatchInterrupted: on Ctrl-C.
        """
        try:
            self._plan.bar.update(0)
            yield self._together(self._keep)
        except KeyboardInterrupt:
            raise self.interrupted() from None
        finally:
            self._plan.bar.close()
        self.finish()
        self._outcomes += self._never_sent()
        failed = {index: each for index, each in enumerate(self._outcomes) if isinstance(each, HITLError)}
        if failed and on_error == "raise":
            raise self._failure(_told(self._plan.operation, failed, len(self._outcomes)), failed.values())
        return self._outcomes

    def together(self) -> Gather[Review]:
        """Return the flows of a batch that is streamed: an `Outcome` for each item as it comes."""
        return self._together(self._settle)

    def finish(self) -> None:
        """Raise BatchError if the input was not read to its end, and nobody knows what else there is."""
        operation = self._plan.operation
        if self._fault is not None:
            raise self._failure(
                f"{operation}: after {self._taken} items the input failed: {_shown(self._fault)}. "
                f"Those {self._taken} were done, see .outcomes, and nothing else was sent.",
                self._failures(),
            ) from self._fault
        if not self._is_read and not isinstance(self._items, Collection):
            raise self._failure(
                f"{operation}: stopped after {self._taken} items, {self._reason()}; the rest was not read.",
                self._failures(),
            )

    def interrupted(self) -> BaseException:
        """Return what Ctrl-C is raised as: still a KeyboardInterrupt, with what was done so far."""
        unknown = {index: self._broken_off(index, taken) for index, taken in sorted(self._under_way.items())}
        self._under_way.clear()
        for index, error in unknown.items():
            self._place(index, error)
        # Where outcomes were handed on as they came, only the others are left to tell.
        outcomes = [each for each in self._outcomes if each is not None]
        text = f"{self._plan.operation}: interrupted after {self._taken - len(unknown)} items; see .outcomes"
        return BatchInterrupted(text, outcomes=[*outcomes, *self._never_sent()])

    # --- the input ---------------------------------------------------------------------------------------------------

    def _checked(self, items: object) -> Iterator[ApiCall[Review]]:
        """Check the items before the first is sent, where that does not use them up."""
        if isinstance(items, str | bytes | dict) or not isinstance(items, Iterable | AsyncIterable):
            kind = type(cast("Any", items)).__name__
            raise ConfigurationError(f"{self._plan.operation}: the items must be an iterable of dicts; got {kind}")
        if isinstance(items, Collection):
            # A call is dropped when its review comes, so both together take no more memory than the larger.
            return (self._call(index, item) for index, item in enumerate(cast("Iterable[Any]", items)))
        return iter(())

    def _call(self, index: int, item: Any) -> ApiCall[Review]:
        operation = self._plan.operation
        try:
            return self._plan.call(item)
        except ConfigurationError as error:
            error.message = f"{operation}: item {index}: {error.message}"
            raise
        except Exception as error:  # whatever an object of the caller's does when it is looked into
            raise ConfigurationError(f"{operation}: item {index} cannot be read: {_shown(error)}") from error

    @property
    def is_over(self) -> bool:
        """True if nothing more is to be taken from the input."""
        return self._is_read or self._fault is not None or self._plan.gate.closed_for is not None

    def read(self) -> None:
        """Take note that the input is at its end."""
        self._is_read = True

    def fail(self, fault: Exception) -> None:
        """Take note that the input failed; what was taken before is still done."""
        self._fault = fault

    def take(self, item: Any) -> Flow[Review]:
        """Return the flow for the next item of the input."""
        index, self._taken = self._taken, self._taken + 1
        taken = self._under_way[index] = _InFlight(item)
        try:
            taken.call = self._ready.popleft() if self._ready else self._call(index, item)
        except ConfigurationError as error:
            return _refused(error.with_traceback(None))
        return self._carry_out(taken, taken.call)

    # --- the items ---------------------------------------------------------------------------------------------------

    def _together(self, record: Callable[[int, Result[Review]], Any]) -> Gather[Review]:
        return Gather(pull(self._items, self), self._plan.concurrency, self._plan.gate.width, record, self._keep)

    def _carry_out(self, taken: _InFlight, call: ApiCall[Review]) -> Flow[Review]:
        """Get the call answered; an answer that asks for a pause is no outcome, since the batch pauses as a whole."""
        while True:
            try:
                return (yield from self._through_the_gate(taken, self._plan.exchange(call)))
            except HITLError as error:
                error.attempts = taken.attempts
                if not (self._plan.may_repeat and _asks_for_a_pause(error)) or self._plan.gate.closed_for is not None:
                    raise

    def _through_the_gate(self, taken: _InFlight, flow: Flow[Review]) -> Flow[Review]:
        gate, outcome = self._plan.gate, None
        try:
            while True:
                step = flow.send(outcome)
                if isinstance(step, ApiCall):
                    yield from self._wait(taken)
                    began = gate.monotonic()
                    taken.attempts += 1
                    try:
                        outcome = yield step
                        if isinstance(outcome, Response):
                            gate.learn(outcome, began)
                    finally:
                        gate.leave()
                else:
                    outcome = yield step
        except StopIteration as stop:
            review: Review = stop.value
            return review
        finally:
            flow.close()

    def _wait(self, taken: _InFlight) -> Flow[None]:
        gate = self._plan.gate
        while gate.closed_for is None:
            pause = gate.enter(taken)
            if not pause:
                return
            yield Sleep(pause)
        raise self._not_sent(taken.call)

    # --- the outcomes ------------------------------------------------------------------------------------------------

    def _keep(self, index: int, result: Result[Review]) -> None:
        self._under_way.pop(index)
        self._place(index, result)
        self._plan.bar.update()

    def _settle(self, index: int, result: Result[Review]) -> Outcome:
        taken = self._under_way.pop(index)
        key = taken.call.request.headers.get("Idempotency-Key") if taken.call is not None else None
        review, error = (None, result) if isinstance(result, HITLError) else (result, None)
        return Outcome(index=index, item=taken.item, review=review, error=error, idempotency_key=key)

    def _place(self, index: int, result: Result[Review]) -> None:
        self._outcomes += [None] * (index + 1 - len(self._outcomes))
        self._outcomes[index] = result

    def _never_sent(self) -> Iterator[HITLError]:
        """Yield the outcomes of what was not even taken from an input whose length is known."""
        if not self._is_read and isinstance(self._items, Collection):
            for _ in range(len(self._ready)):
                yield self._not_sent(None)

    def _not_sent(self, call: ApiCall[Review] | None) -> HITLError:
        key = call.request.headers.get("Idempotency-Key") if call is not None else None
        asked = self._plan.gate.closed_for
        text = f"{self._plan.operation}: not sent, {self._reason()}"
        if asked is None:
            return APIConnectionError(text, retryable=True, idempotency_key=key)
        return RateLimitError(text, status_code=429, retry_after=asked or None, retryable=True, idempotency_key=key)

    def _broken_off(self, index: int, taken: _InFlight) -> HITLError:
        if taken.call is None or not taken.attempts:
            return self._not_sent(taken.call)
        return APIConnectionError(
            f"{self._plan.operation}: item {index} was under way when the batch was interrupted",
            attempts=taken.attempts,
            sent="maybe",
            retryable=taken.call.is_repeatable,
            outcome_unknown=not taken.call.is_repeatable,
            idempotency_key=taken.call.request.headers.get("Idempotency-Key"),
        )

    def _reason(self) -> str:
        asked = self._plan.gate.closed_for
        if asked is None:
            return "the batch was interrupted"
        if not asked:
            return "since the server refused again and again; run the batch again later"
        return f"since the server asked to be left alone for {asked:g} seconds; run the batch again then"

    def _failures(self) -> Iterable[HITLError]:
        return [each for each in self._outcomes if isinstance(each, HITLError)]

    def _failure(self, text: str, failed: Iterable[HITLError]) -> BatchError:
        errors = list(failed)
        return BatchError(
            text,
            outcomes=self._outcomes,
            attempts=sum(error.attempts for error in errors),
            retry_after=self._plan.gate.closed_for or None,
            sent=farthest(error.sent for error in errors),
            outcome_unknown=any(error.outcome_unknown for error in errors),
        )


def _refused(error: HITLError) -> Flow[Any]:
    yield from ()  # a flow that ends before it asks for anything
    raise error


def _asks_for_a_pause(error: HITLError) -> bool:
    if not isinstance(error, APIStatusError) or not error.retryable:
        return False
    return error.status_code == 429 or (error.status_code == 503 and error.retry_after is not None)


def _shown(fault: Exception) -> str:
    """Return the repr of what the caller's own code raised, which need not have one."""
    try:
        return f"{fault!r:.200}"
    except Exception:
        return type(fault).__name__


def _told(operation: str, failed: Mapping[int, HITLError], count: int) -> str:
    index, first = next(iter(failed.items()))
    return (
        f"{operation}: {len(failed)} of {count} items failed, the others were done; the first was item {index}: "
        f"{str(first).rstrip('.')}. See .outcomes, one entry for each item in input order."
    )
