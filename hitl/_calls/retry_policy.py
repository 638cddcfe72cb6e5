"""Which attempts may be repeated: one table, the pure function that reads it, and a budget of retries.

`docs/reference/errors.md` has the same table in words; a test compares the two.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from itertools import count
from typing import Any, Literal, NamedTuple, TypeAlias

from hitl._engine import Response, TransportFailure, TransportResult
from hitl._interrupts import reraise_interrupt
from hitl._json import as_object

# Statuses of transient errors; 520-524 come from proxies in front of a server, 529 from overloaded servers.
TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})

# Statuses from 500 that say that nothing was done; after any other, the request may have been carried out.
NOT_DONE = frozenset({501, 505})

IN_PROGRESS = "idempotency_in_progress"  # the code of a 409: an earlier request with this key is still being handled
MOST_RETRIES = 20  # the size of the bucket, which is full at first
SUCCESSES_FOR_ONE = 10  # successful calls that earn one more retry

AttemptResult: TypeAlias = Literal[
    "answered",
    "no connection",
    "unknown host",
    "not trusted",
    "not sent",
    "stale connection",
    "no answer",
    "rate limited",
    "in progress",
    "failing",
    "failed",
    "refused",
    "unreadable",
    "misfit",
]


class RetryRule(NamedTuple):
    """What follows from the result of an attempt."""

    again: Literal["always", "if repeatable", "never"]  # "if repeatable": calls that do no more the second time
    may_be_done: bool = False  # the server may have carried out the request
    at_once: bool = False  # repeat it without a pause, once, in addition to the retries that are allowed
    fresh: bool = False  # use a new connection
    is_free: bool = False  # it costs no retry of the budget if the server asked for the pause


RULES: Mapping[AttemptResult, RetryRule] = {  # guard: retry-rules
    "answered": RetryRule("never"),
    "no connection": RetryRule("always"),
    "unknown host": RetryRule("never"),
    "not trusted": RetryRule("never"),
    "not sent": RetryRule("always"),
    "stale connection": RetryRule("if repeatable", may_be_done=True, at_once=True, fresh=True),
    "no answer": RetryRule("if repeatable", may_be_done=True),
    "rate limited": RetryRule("always", is_free=True),
    "in progress": RetryRule("if repeatable", may_be_done=True),
    "failing": RetryRule("if repeatable", may_be_done=True),
    "failed": RetryRule("never", may_be_done=True),
    "refused": RetryRule("never"),
    "unreadable": RetryRule("if repeatable", may_be_done=True, fresh=True),
    "misfit": RetryRule("never", may_be_done=True),
}


class RetryDecision(NamedTuple):
    """What to do after an attempt; for the last three see `RetryRule`."""

    may_repeat: bool
    outcome_unknown: bool  # something may have been created
    at_once: bool = False
    fresh: bool = False
    is_free: bool = False


def decide(situation: AttemptResult, *, is_repeatable: bool, honours_keys: bool) -> RetryDecision:
    """Return what to do after an attempt of a call.

    It is repeatable if it is idempotent (RFC 9110, 9.2.2), or if it has a key by which the server recognises it.
    """
    rule = RULES[situation]
    may_repeat = rule.again == "always" or (rule.again == "if repeatable" and (is_repeatable or honours_keys))
    return RetryDecision(may_repeat, rule.may_be_done and not is_repeatable, rule.at_once, rule.fresh, rule.is_free)


_BY_FAILURE: Mapping[str, AttemptResult] = {
    "refused": "no connection",
    "unknown_host": "unknown host",
    "tls": "not trusted",
    "proxy": "refused",
    "stale": "stale connection",
}


def situation(outcome: TransportResult, answers: int | None = None) -> AttemptResult:
    """Return the result of an attempt, before the body of a success is read; for `answers` see `ApiCall`."""
    if isinstance(outcome, TransportFailure):
        return _BY_FAILURE.get(outcome.kind) or ("not sent" if outcome.sent == "no" else "no answer")
    return _of_response(outcome, answers)


def _of_response(response: Response, answers: int | None) -> AttemptResult:
    status = response.status_code
    is_answer = status == answers and as_object(parsed(response)).get("error") is False
    if response.is_success or is_answer:
        return "answered" if response.fault is None else "unreadable"
    if status == 429:
        return "rate limited"
    if status == 409 and error_code(response) == IN_PROGRESS:
        return "in progress"
    if status in TRANSIENT_STATUSES:
        return "failing"
    return "failed" if status >= 500 and status not in NOT_DONE else "refused"


def unreadable_situation(response: Response, *, is_mismatched: bool) -> AttemptResult:
    """Return the result of an attempt whose successful response cannot be read.

    A page of a proxy, an empty or truncated body, or the response to another request may be right the next time; a
    complete JSON document from the server that does not fit will be the same again.
    """
    if is_mismatched or response.fault is not None or not response.content.strip() or not is_json_type(response):
        return "unreadable"
    return "misfit" if response.is_framed or parsed(response) is not ... else "unreadable"


def is_json_type(response: Response) -> bool:  # guard: json-type
    """Return whether a response declares JSON, or no content type at all."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return not kind or kind == "application/json" or kind.endswith("+json")


def repeats_key(response: Response, key: str | None) -> bool | None:
    """Return whether a response repeats the Idempotency-Key of its request; None if it has no such header.

    It may be quoted, as in the IETF's draft of the header (RFC 9651, 3.3.3), or bare, as most servers send it.
    """
    if not (repeated := response.headers.get("idempotency-key")):
        return None
    return key is not None and repeated in (key, json.dumps(key))


def error_code(response: Response) -> str | None:
    """Return the machine-readable code of an error response, in whichever envelope."""
    body = as_object(parsed(response))
    codes = (as_object(body.get("error")).get("code"), body.get("code"))
    return next((code for code in codes if isinstance(code, str)), None)


def parsed(response: Response) -> Any:
    """Return the decoded body, or `...` if it is not JSON."""
    try:
        return response.json()
    except ValueError as error:
        reraise_interrupt(error)
        return ...


class RetryBudget:
    """A bucket of retries: each retry takes one, successful calls put them back, and an empty bucket means no retry.

    It needs no lock, which a fork or Ctrl-C could leave locked: operations on a deque and a counter are atomic.
    """

    def __init__(self) -> None:
        self._left: deque[None] = deque([None] * MOST_RETRIES, maxlen=MOST_RETRIES)
        self._successes = count(1)

    @property
    def left(self) -> int:
        """The number of retries that may be made now."""
        return len(self._left)

    def take(self) -> bool:  # guard: retry-budget
        """Take one; return False if the bucket is empty."""
        try:
            self._left.pop()
        except IndexError:
            return False
        return True

    def give_back(self, taken: int) -> None:
        """Record a call that succeeded after `taken` retries: they helped, so they cost nothing."""
        earned = next(self._successes) % SUCCESSES_FOR_ONE == 0
        self._left.extend([None] * (taken + earned))
