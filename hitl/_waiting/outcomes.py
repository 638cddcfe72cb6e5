"""How waits end: which outcomes are answers, and which are errors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias, TypeVar, cast

from hitl._waiting.kinds import Subject
from hitl._waiting.return_when import ReturnWhen
from hitl.exceptions import (
    BatchError,
    HITLError,
    RequestCancelledError,
    RequestExpiredError,
    ReviewCancelledError,
    ReviewExpiredError,
    Sent,
)
from hitl.models import Request, Review

S = TypeVar("S", bound=Subject)
WaitOutcome: TypeAlias = Subject | HITLError


def is_enough(outcomes: Iterable[WaitOutcome], return_when: ReturnWhen) -> bool:
    """Return whether a wait may return before all have ended."""
    reviews = (each for each in outcomes if not isinstance(each, HITLError))
    match return_when:
        case ReturnWhen.FIRST:
            return any(review.is_answered for review in reviews)
        case ReturnWhen.ANY_REJECTED:
            return any(review.status == "rejected" for review in reviews)
        case ReturnWhen.ALL:
            return False


def all_answers(outcomes: Iterable[S | HITLError], polls: int, noun: str) -> list[S]:
    """Return the reviews if people answered all of them; raise BatchError if not. `polls` counts the requests."""
    answers = [_answer_or_error(outcome, polls) for outcome in outcomes]
    reviews = [each for each in answers if not isinstance(each, HITLError)]
    if len(reviews) < len(answers):
        raise batch_error(answers, polls, noun)
    return reviews


def answer_of(outcome: S | HITLError, polls: int = 0) -> S:
    """Return the review if a person answered it; raise why nobody did."""
    answer = _answer_or_error(outcome, polls)
    if isinstance(answer, HITLError):
        raise answer
    return answer


def batch_error(outcomes: Sequence[WaitOutcome], polls: int, noun: str) -> BatchError:
    """Return the error for those that nobody answered."""
    failures = [each for each in outcomes if isinstance(each, HITLError)]
    return BatchError(
        f"{len(failures)} of {len(outcomes)} {noun}s ended without an answer, the first: "
        f"{str(failures[0]).rstrip('.')}. See .outcomes, one entry for each {noun} in order.",
        outcomes=outcomes,
        attempts=polls,
        sent=_sent(polls),
    )


def _sent(polls: int) -> Sent:
    return "yes" if polls else "no"  # without a request, it was known before or a webhook brought it


def _answer_or_error(outcome: S | HITLError, polls: int) -> S | HITLError:
    if isinstance(outcome, HITLError) or outcome.is_answered:
        return outcome
    if isinstance(outcome, Request):
        # After its timeout the default counts.
        return cast("S", outcome) if outcome.answer is not None else _unanswered_request(outcome, polls)
    review = cast("Review", outcome)
    if review.status == "expired":
        message = f"review {review.id} expired before anybody answered; create it again with a later due_date"
        return ReviewExpiredError(message, review=review, attempts=polls, sent=_sent(polls))
    message = f"review {review.id} was cancelled before anybody answered"
    return ReviewCancelledError(message, review=review, attempts=polls, sent=_sent(polls))


def _unanswered_request(request: Request, polls: int) -> HITLError:
    if request.timed_out:
        message = f"the time of request {request.id} ran out before anybody answered, and it has no default"
        return RequestExpiredError(message, request=request, attempts=polls, sent=_sent(polls))
    message = f"request {request.id} was cancelled before anybody answered"
    return RequestCancelledError(message, request=request, attempts=polls, sent=_sent(polls))
