"""How waits end: which endings are answers, and which are errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from hitl.exceptions import BatchError, HITLError, ReviewCancelledError, ReviewExpiredError, Sent
from hitl.models import Review

if TYPE_CHECKING:
    from hitl._waiting.model import WaitOutcome


class ReturnWhen(StrEnum):
    """When `wait_for_reviews` returns: once all have ended, once one is answered, or once one is rejected."""

    __module__ = "hitl"

    ALL = "ALL"
    FIRST = "FIRST"
    ANY_REJECTED = "ANY_REJECTED"


ALL = ReturnWhen.ALL
FIRST = ReturnWhen.FIRST
ANY_REJECTED = ReturnWhen.ANY_REJECTED


def is_enough(endings: Mapping[str, WaitOutcome], return_when: ReturnWhen) -> bool:
    """Tell whether a wait may return before all have ended."""
    reviews = (each for each in endings.values() if isinstance(each, Review))
    match return_when:
        case ReturnWhen.FIRST:
            return any(review.is_answered for review in reviews)
        case ReturnWhen.ANY_REJECTED:
            return any(review.status == "rejected" for review in reviews)
        case ReturnWhen.ALL:
            return False


def all_answers(endings: Mapping[str, WaitOutcome], polls: int) -> list[Review]:
    """Return the reviews if people answered all of them; raise BatchError if not.

    Args:
        endings: What has become of each.
        polls: Requests that it took to know it.
    """
    outcomes = [_outcome(ending, polls) for ending in endings.values()]
    if any(isinstance(each, HITLError) for each in outcomes):
        raise batch_error(outcomes, polls)
    return [each for each in outcomes if isinstance(each, Review)]


def batch_error(outcomes: Sequence[WaitOutcome], polls: int) -> BatchError:
    """Return the error that tells of those that nobody answered."""
    failures = [each for each in outcomes if isinstance(each, HITLError)]
    return BatchError(
        f"{len(failures)} of {len(outcomes)} reviews ended without an answer, the first: "
        f"{str(failures[0]).rstrip('.')}. See .outcomes, one entry for each review in order.",
        outcomes=outcomes,
        attempts=polls,
        sent=_sent(polls),
    )


def _sent(polls: int) -> Sent:
    return "yes" if polls else "no"  # without any, it was known before or told by a webhook


def _outcome(ending: WaitOutcome, polls: int) -> WaitOutcome:
    """Return the review if a person answered it, else the error that tells why nobody did."""
    if isinstance(ending, HITLError) or ending.is_answered:
        return ending
    if ending.status == "expired":
        told = f"review {ending.id} expired before anybody answered; create it again with a later due_date"
        return ReviewExpiredError(told, review=ending, attempts=polls, sent=_sent(polls))
    told = f"review {ending.id} was cancelled before anybody answered"
    return ReviewCancelledError(told, review=ending, attempts=polls, sent=_sent(polls))


def answer_of(ending: WaitOutcome, polls: int = 0) -> Review:
    """Return the review if a person answered it; raise what tells why nobody did; see `all_answers`."""
    outcome = _outcome(ending, polls)
    if isinstance(outcome, HITLError):
        raise outcome
    return outcome
