"""The errors of a batch: what became of an item that was not answered, and of a batch that ended early."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from attrs import frozen

from hitl._batches.concurrency import ConcurrencyLimiter
from hitl._calls import farthest
from hitl._content import safe_repr
from hitl._flows import ApiCall
from hitl.exceptions import (
    APIConnectionError,
    BatchError,
    BatchInterrupted,
    ConfigurationError,
    HITLError,
    RateLimitError,
)


@frozen
class BatchErrors:
    """Makes the errors of one batch, which is named `operation` in them."""

    operation: str
    limiter: ConcurrencyLimiter

    def unreadable(self, index: int, error: Exception) -> ConfigurationError:
        if isinstance(error, ConfigurationError):
            error.message = f"{self.operation}: item {index}: {error.message}"
            return error
        return ConfigurationError(f"{self.operation}: item {index} cannot be read: {safe_repr(error)}")

    def not_sent(self, call: ApiCall[Any] | None) -> HITLError:
        key, asked = idempotency_key(call), self.limiter.stopped_for
        text = f"{self.operation}: not sent, {self._reason()}"
        if asked is None:
            return APIConnectionError(text, retryable=True, idempotency_key=key)
        return RateLimitError(text, status_code=429, retry_after=asked or None, retryable=True, idempotency_key=key)

    def aborted(self, index: int, call: ApiCall[Any] | None, attempts: int) -> HITLError:
        if call is None or not attempts:
            return self.not_sent(call)
        return APIConnectionError(
            f"{self.operation}: item {index} was under way when the batch was interrupted",
            attempts=attempts,
            sent="maybe",
            retryable=call.is_repeatable,
            outcome_unknown=not call.is_repeatable,
            idempotency_key=idempotency_key(call),
        )

    def items_failed(self, outcomes: Sequence[Any]) -> BatchError:
        failed = [index for index, each in enumerate(outcomes) if isinstance(each, HITLError)]
        return self._batch_error(
            f"{self.operation}: {len(failed)} of {len(outcomes)} items failed, the others were done; the first was "
            f"item {failed[0]}: {str(outcomes[failed[0]]).rstrip('.')}. See .outcomes, one entry for each item in "
            "input order.",
            outcomes,
        )

    def input_failed(self, outcomes: Sequence[Any], count: int, error: Exception) -> BatchError:
        return self._batch_error(
            f"{self.operation}: after {count} items the input failed: {safe_repr(error)}. "
            f"Those {count} were done, see .outcomes, and nothing else was sent.",
            outcomes,
        )

    def stopped(self, outcomes: Sequence[Any], count: int) -> BatchError:
        text = f"{self.operation}: stopped after {count} items, {self._reason()}; the rest was not read."
        return self._batch_error(text, outcomes)

    def interrupted(self, outcomes: Iterable[Any], count: int) -> BatchInterrupted:
        text = f"{self.operation}: interrupted after {count} items; see .outcomes"
        return BatchInterrupted(text, outcomes=list(outcomes))

    def _batch_error(self, text: str, outcomes: Sequence[Any]) -> BatchError:
        errors = [each for each in outcomes if isinstance(each, HITLError)]
        return BatchError(
            text,
            outcomes=outcomes,
            attempts=sum(error.attempts for error in errors),
            retry_after=self.limiter.stopped_for or None,
            sent=farthest(error.sent for error in errors),
            outcome_unknown=any(error.outcome_unknown for error in errors),
        )

    def _reason(self) -> str:
        asked = self.limiter.stopped_for
        if asked is None:
            return "the batch was interrupted"
        if not asked:
            return "since the server refused again and again; run the batch again later"
        return f"since the server asked to be left alone for {asked:g} seconds; run the batch again then"


def idempotency_key(call: ApiCall[Any] | None) -> str | None:
    return None if call is None else call.request.headers.get("Idempotency-Key")
