"""Batches: many calls as one, a bounded number at a time, outcomes in input order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hitl._exchange import Exchange
from hitl._flow import Call, Flow, Result, Together
from hitl.exceptions import BatchError, HITLError

T = TypeVar("T")

# Calls in flight; more is slower over httpx's pool, fewer leaves a distant server idle.
CONCURRENCY = 16


def call_all(operation: str, calls: Sequence[Call[T]], exchange: Exchange, concurrency: int) -> Flow[list[T]]:
    """Return what the calls return, in their order.

    Raises:
        BatchError: if any failed; the others were done, and `outcomes` has one entry for each.
    """
    outcomes: list[Result[T]] = yield Together([exchange(call) for call in calls], concurrency)
    failed = {index: outcome for index, outcome in enumerate(outcomes) if isinstance(outcome, HITLError)}
    if failed:
        index, first = next(iter(failed.items()))
        raise BatchError(
            f"{operation}: {len(failed)} of {len(calls)} items failed, the others were done; the first was item "
            f"{index}: {first} See .outcomes, one entry for each item in input order.",
            outcomes=outcomes,
            attempts=sum(error.attempts for error in failed.values()),
            outcome_unknown=any(error.outcome_unknown for error in failed.values()),
        )
    return [outcome for outcome in outcomes if not isinstance(outcome, HITLError)]
