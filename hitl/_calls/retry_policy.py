"""What may be tried again: one table, and the pure function that reads it.

`docs/reference/errors.md` has the same table in words; a test holds the one to the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from hitl._engine import Response, TransportFailure, TransportResult
from hitl._json import as_object

# Statuses that pass by themselves; 520-524 come from proxies in front of a server, 529 from overloaded ones.
TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})

# Of the statuses that do not pass, those that tell of a server that failed on the way: the thing may be done.
NOT_DONE = frozenset({501, 505})

IN_PROGRESS = "idempotency_in_progress"  # the code of a 409: an earlier request with this key is still being handled

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
    """What follows from a situation.

    Attributes:
        again: "always": any call may be sent again. "if repeatable": a call that does no more the second time.
        may_be_done: True if the server may have done what was asked.
        at_once: True to send it again without a pause, once, beside the retries that are allowed.
        fresh: True to use a new connection.
        is_free: True if the retry budget is spared where the server names the pause.
    """

    again: Literal["always", "if repeatable", "never"]
    may_be_done: bool = False
    at_once: bool = False
    fresh: bool = False
    is_free: bool = False


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
    """What to do about an outcome.

    Attributes:
        may_repeat: True if the same call may be sent again.
        outcome_unknown: True if something may have been created.
        at_once: See `RetryRule`.
        fresh: See `RetryRule`.
        is_free: See `RetryRule`.
    """

    may_repeat: bool
    outcome_unknown: bool
    at_once: bool = False
    fresh: bool = False
    is_free: bool = False


def decide(situation: AttemptResult, *, is_repeatable: bool, honours_keys: bool) -> RetryDecision:
    """Return what to do.

    Args:
        situation: What came of the last attempt.
        is_repeatable: True if sending the call twice leaves the server as sending it once does.
        honours_keys: True if the call carries a key by which the server recognises its repetition.
    """
    rule = RULES[situation]
    may_repeat = rule.again == "always" or (rule.again == "if repeatable" and (is_repeatable or honours_keys))
    return RetryDecision(may_repeat, rule.may_be_done and not is_repeatable, rule.at_once, rule.fresh, rule.is_free)


def situation(outcome: TransportResult) -> AttemptResult:
    """Return what an outcome means before its body is read as what was asked for."""
    return _of_failure(outcome) if isinstance(outcome, TransportFailure) else _of_answer(outcome)


def _of_failure(failure: TransportFailure) -> AttemptResult:
    match failure.kind:
        case "refused":
            return "no connection"
        case "unknown_host":
            return "unknown host"
        case "tls":
            return "not trusted"
        case "stale":
            return "stale connection"
        case _:
            return "not sent" if failure.sent == "no" else "no answer"


def _of_answer(answer: Response) -> AttemptResult:
    status = answer.status_code
    if answer.is_success:
        return "answered" if answer.fault is None else "unreadable"
    if status == 429:
        return "rate limited"
    if status == 409 and error_code(answer) == IN_PROGRESS:
        return "in progress"
    if status in TRANSIENT_STATUSES:
        return "failing"
    return "failed" if status >= 500 and status not in NOT_DONE else "refused"


def misfit_situation(answer: Response, *, is_anothers: bool) -> AttemptResult:
    """Return what a success means that cannot be read as what was asked for.

    A page of something in between, an empty body, a part that was cut off, or an answer for another question may well
    be the right one next time; the server's own words, whole but wrong, will be the same again.
    """
    if is_anothers or answer.fault is not None or not answer.content.strip() or not is_json_type(answer):
        return "unreadable"
    return "misfit" if answer.is_framed or _is_json(answer) else "unreadable"


def is_json_type(answer: Response) -> bool:  # guard: json-type
    """Tell whether an answer says that it is JSON; one that does not say is given the benefit of the doubt."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return not kind or kind == "application/json" or kind.endswith("+json")


def repeats_key(answer: Response, key: str | None) -> bool | None:
    """Tell whether an answer repeats the Idempotency-Key that its request carried; None if it names none.

    It may be quoted, as the IETF's draft of the header has it (RFC 9651, 3.3.3), or bare, as most servers send it.
    """
    if not (told := answer.headers.get("idempotency-key")):
        return None
    return key is not None and told in (key, json.dumps(key))


def error_code(answer: Response) -> str | None:
    """Return the machine-readable word of a refusal, wherever its envelope has it; None if there is none."""
    try:
        body = as_object(answer.json())
    except ValueError:
        return None
    for place in (as_object(body.get("error")), body):
        if isinstance(place.get("code"), str):
            return str(place["code"])
    return None


def _is_json(answer: Response) -> bool:
    try:
        answer.json()
    except ValueError:
        return False
    return True
