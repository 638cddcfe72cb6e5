"""Batches: many calls as one, with bounded concurrency and an outcome for each item.

A batch reads its input no further ahead than it can send, reports what became of every item that it read, and omits
nothing when it ends early: because the input failed, because the server wants no more, or because of Ctrl-C.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncIterable, Callable, Collection, Iterable, Iterator
from typing import Any, cast

from attrs import define, field, frozen

from hitl._batches.concurrency import ConcurrencyLimiter
from hitl._batches.errors import BatchErrors, idempotency_key
from hitl._batches.source import Input, Source
from hitl._calls import Exchange
from hitl._engine import Response
from hitl._flows import ApiCall, Flow, Gather, Result, Sleep, Wakeup
from hitl._interrupts import reraise_interrupt
from hitl._progress_bar import TqdmBar
from hitl.exceptions import APIStatusError, BatchInterrupted, ConfigurationError, HITLError
from hitl.models import Outcome


@frozen
class BatchOptions:
    """What a batch does, and how."""

    operation: str  # the name used in error messages, such as "create_reviews"
    call: Callable[[Any], ApiCall[Any]]  # validates one item; raises ConfigurationError
    exchange: Exchange
    limiter: ConcurrencyLimiter
    may_repeat: bool = True  # whether an item that the server had no time for is sent again
    bar: TqdmBar = field(factory=TqdmBar)


@define(eq=False)
class _InFlight:
    """An item that was read and has no outcome yet; admits the attempts of its call as `Exchange` asks for them."""

    item: Any
    errors: BatchErrors
    call: ApiCall[Any] | None = None
    attempts: int = 0

    def acquire(self) -> float:
        limiter = self.errors.limiter
        if limiter.stopped_for is not None:
            raise self.errors.not_sent(self.call)
        pause = limiter.acquire(self)
        self.attempts += not pause
        return pause

    def observe(self, response: Response, began: float) -> None:
        self.errors.limiter.observe(response, began)

    def release(self) -> None:
        self.errors.limiter.release()


class Batch:
    """One run of a batch over one input.

    Raises:
        ConfigurationError: if the input is no iterable, or has a length and an item of it cannot be sent.
    """

    def __init__(self, options: BatchOptions, items: Input) -> None:
        self._options = options
        self._errors = BatchErrors(options.operation, options.limiter)
        self._items = items
        self._source = Source(self._flow_of, lambda: options.limiter.stopped_for is not None)
        self._checked = deque(self._check(items))
        self._in_flight: dict[int, _InFlight] = {}
        self._changes: dict[str, Wakeup] = {}  # set when the last change of a review is over; by the review's path
        self._outcomes: list[Result[Any] | None] = []

    def all(self, on_error: str = "raise") -> Flow[list[Any]]:
        """Return the outcomes of all items in input order; the flow of a batch that is collected.

        Raises:
            BatchError: if an item failed and `on_error` is "raise", or if the input could not be read to its end.
            BatchInterrupted: on Ctrl-C.
        """
        try:
            self._options.bar.update(0)
            yield self._gather(self._keep)
        finally:
            self._options.bar.close()
        self.finish()
        self._outcomes += self._never_sent()
        if on_error == "raise" and any(isinstance(each, HITLError) for each in self._outcomes):
            raise self._errors.items_failed(self._outcomes)
        return self._outcomes

    def gather(self) -> Gather[Any]:
        """Return the flows of a batch that is streamed: an `Outcome` for each item as it completes."""
        return self._gather(self._to_outcome)

    def finish(self) -> None:
        """Raise BatchError if the input was not read to its end, and nobody knows what else there is."""
        source = self._source
        if source.error is not None:
            raise self._errors.input_failed(self._outcomes, source.count, source.error) from source.error
        if not source.is_exhausted and not isinstance(self._items, Collection):
            raise self._errors.stopped(self._outcomes, source.count)

    def _check(self, items: object) -> Iterator[ApiCall[Any]]:
        """Validate all items before the first is sent, where that does not use them up."""
        if isinstance(items, str | bytes | dict) or not isinstance(items, Iterable | AsyncIterable):
            kind = type(cast("Any", items)).__name__
            raise ConfigurationError(f"{self._options.operation}: the items must be an iterable of dicts; got {kind}")
        if isinstance(items, Collection):
            # A call is dropped when its review comes, so both together take no more memory than the larger.
            return (self._call(index, item) for index, item in enumerate(cast("Iterable[Any]", items)))
        return iter(())

    def _call(self, index: int, item: Any) -> ApiCall[Any]:
        try:
            return self._options.call(item)
        except Exception as error:  # also whatever an object of the caller's does when its members are read
            reraise_interrupt(error)
            unreadable = self._errors.unreadable(index, error)
            raise unreadable from (None if unreadable is error else error)

    def _flow_of(self, index: int, item: Any) -> Flow[Any]:
        entry = self._in_flight[index] = _InFlight(item, self._errors)
        try:
            entry.call = self._checked.popleft() if self._checked else self._call(index, item)
        except ConfigurationError as error:
            return _failed(error.with_traceback(None))
        if entry.call.request.method == "PATCH":
            return self._in_turn(entry, entry.call)
        return self._carry_out(entry, entry.call)

    def _in_turn(self, entry: _InFlight, call: ApiCall[Any]) -> Flow[Any]:
        """Return the flow of a change, which begins after those of the same review before it: the last one stands."""
        path, over = call.request.path, Wakeup()
        before, self._changes[path] = self._changes.get(path), over

        def change() -> Flow[Any]:
            try:
                while before is not None and not before.is_set:
                    yield Sleep(math.inf, before)
                return (yield from self._carry_out(entry, call))
            finally:
                over.set()

        return change()

    def _carry_out(self, entry: _InFlight, call: ApiCall[Any]) -> Flow[Any]:
        """Get the call answered; a response that asks for a pause is not an outcome: the batch pauses as a whole."""
        while True:
            try:
                return (yield from self._options.exchange(call, limiter=entry))
            except HITLError as error:
                error.attempts = entry.attempts
                is_over = self._options.limiter.stopped_for is not None
                if is_over or not (self._options.may_repeat and _asks_for_pause(error)):
                    raise

    def _gather(self, on_result: Callable[[int, Result[Any]], Any]) -> Gather[Any]:
        limiter, flows = self._options.limiter, self._source.flows(self._items)
        return Gather(flows, limiter.maximum, lambda: limiter.limit, on_result, self._interrupted)

    def _keep(self, index: int, result: Result[Any]) -> None:
        self._in_flight.pop(index)
        self._place(index, result)
        self._options.bar.update()

    def _place(self, index: int, result: Result[Any]) -> None:
        self._outcomes += [None] * (index + 1 - len(self._outcomes))
        self._outcomes[index] = result

    def _to_outcome(self, index: int, result: Result[Any]) -> Outcome:
        entry = self._in_flight.pop(index)
        review, error = (None, result) if isinstance(result, HITLError) else (result, None)
        key = idempotency_key(entry.call)
        return Outcome(index=index, item=entry.item, review=review, error=error, idempotency_key=key)

    def _interrupted(self, late: Iterable[tuple[int, Result[Any]]]) -> BatchInterrupted:
        """Return what Ctrl-C is raised as, with the outcomes so far; of a stream, those not yet yielded."""
        for index, result in late:
            self._keep(index, result)
        aborted = sorted(self._in_flight.items())
        for index, entry in aborted:
            self._place(index, self._errors.aborted(index, entry.call, entry.attempts))
        outcomes = [each for each in self._outcomes if each is not None]
        return self._errors.interrupted([*outcomes, *self._never_sent()], self._source.count - len(aborted))

    def _never_sent(self) -> Iterator[HITLError]:
        """Yield the outcomes of what was not even read from an input whose length is known."""
        if not self._source.is_exhausted and isinstance(self._items, Collection):
            for _ in range(len(self._checked)):
                yield self._errors.not_sent(None)


def _failed(error: HITLError) -> Flow[Any]:
    yield from ()  # a flow that ends before it asks for anything
    raise error


def _asks_for_pause(error: HITLError) -> bool:
    if not isinstance(error, APIStatusError) or not error.retryable:
        return False
    return error.status_code == 429 or (error.status_code == 503 and error.retry_after is not None)
