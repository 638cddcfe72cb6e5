"""What is done while nobody answers: people are reminded, and more people are asked.

The server does neither by itself, so whoever waits for the answer does it, once for all who share the ledger. The time
counts from the moment at which the review was created, and so goes on over restarts.
"""

from __future__ import annotations

import inspect
import math
from contextlib import suppress
from datetime import datetime
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING, Final

from attrs import define, field

from hitl._clock import epoch, monotonic
from hitl._json import Object, number, whole
from hitl.approval.escalation import RANKS, Escalation, Reminder
from hitl.approval.ledger import Approval, Handling
from hitl.approval.people import is_among, not_among, require_people
from hitl.approval.rows import identity
from hitl.approval.steps import Do, Flow, Keep
from hitl.exceptions import ConfigurationError, ConflictError, HITLError, WaitTimeoutError
from hitl.models import Review, Template

if TYPE_CHECKING:
    from hitl.approval.grants import Settings

AGAIN: Final = 30.0  # seconds after which it is tried again, or another process is looked at that does it
PATIENCE: Final = 300.0  # seconds after which a process of another machine is taken to have crashed over it
_SOONEST: Final = 0.001  # seconds that are left of a timeout that has passed
_WAITERS: Final[set[str]] = set()  # those of this process


# --- what cannot be kept is refused ----------------------------------------------------------------------------------


def require_enforceable(settings: Settings, *, is_async: bool) -> None:
    """Refuse what nobody would carry out: the server, the gate, or the people who are asked.

    Raises:
        ConfigurationError: the message says what, and what to do.
    """
    escalate, remind = settings.escalate, settings.remind
    _require_kind(escalate, Escalation, "escalate must be an Escalation(after=…, to=[…], priority=…)")
    _require_kind(
        remind,
        Reminder,
        "the server reminds nobody: give remind=Reminder(after=…, send=…), where send is a function of yours that does",
    )
    if remind is not None and inspect.iscoroutinefunction(remind.send) and not is_async:
        raise ConfigurationError("the send= of a reminder is a coroutine function, so its gate needs AsyncHITLClient")
    for name, step in (("escalate", escalate), ("remind", remind)):
        if step is not None and settings.timeout is not None and step.after >= settings.timeout:
            raise ConfigurationError(
                f"{name}: after={step.after:g} must be less than timeout={settings.timeout:g}: nobody waits longer"
            )
    if escalate is not None:
        _require_difference(escalate, settings)
    require_people(settings, settings.quorum or 1)


def _require_kind(value: object, kind: type, advice: str) -> None:
    if value is not None and not isinstance(value, kind):
        raise ConfigurationError(f"{advice}; got {value!r:.80}")


def _require_difference(escalate: Escalation, settings: Settings) -> None:
    asker, before = settings.asked_by, settings.priority or "medium"
    if asker is not None and is_among(asker, ", ".join(escalate.to)):
        raise ConfigurationError(f"escalate: {asker} is who asks, so to= may not name them: that yes would not count")
    is_raised = escalate.priority is not None and RANKS[escalate.priority] > RANKS[before]
    if not is_raised and not not_among(escalate.to, settings.assignees or ()):
        raise ConfigurationError(
            "escalate would change nothing: everybody in to= is asked from the beginning, and its priority= is not "
            f"higher than {before}"
        )


def require_fit(settings: Settings, template: Template) -> None:
    """Refuse to ask by a form that needs more people, or ends a question before it would be escalated.

    Raises:
        ConfigurationError: by the due date, or by the `timeout_hours` or the `approval_threshold` of the template.
    """
    given = template.settings or {}
    require_people(settings, whole(given.get("approval_threshold")) or 1)
    hours = number(given.get("timeout_hours"))
    ends = math.inf if hours is None else hours * 3600
    if settings.due_date is not None:
        left = datetime.fromisoformat(settings.due_date).timestamp() - epoch()
        ends = min(ends, left) if left > 0 else ends  # what is overdue from the beginning does not end
    for step in _steps(settings):
        if step.after >= ends:
            raise ConfigurationError(
                f"{type(step).__name__}(after={step.after:g}) would come too late: the question ends after {ends:.0f} s"
            )


# --- while nobody answers --------------------------------------------------------------------------------------------


def wait_for_answer(settings: Settings, row: Approval) -> Flow[Review]:
    """Return the review once a person has answered it; meanwhile do what is due. It raises as `wait_for_review`."""
    steps = _steps(settings)
    if not steps:
        review: Review = yield Do(lambda: settings.client.wait_for_review(row.review_id, settings.timeout))
        return review
    waiter = _Waiter(settings, row)
    _WAITERS.add(waiter.name)
    try:
        return (yield from waiter.wait(steps))
    finally:
        _WAITERS.discard(waiter.name)


def _steps(settings: Settings) -> list[Escalation | Reminder]:
    """Return what is to be done while nobody answers, in the order of its time."""
    given = (settings.remind, settings.escalate)
    return sorted((each for each in given if each is not None), key=lambda step: step.after)


@define
class _Waiter:
    """One who waits for the answer to a question, among others."""

    settings: Settings
    row: Approval
    name: str = field(factory=lambda: token_hex(8))
    _gives_way_since: float = math.inf  # when another was first seen to be at a step

    def wait(self, steps: list[Escalation | Reminder]) -> Flow[Review]:
        timeout = self.settings.timeout
        ends = math.inf if timeout is None else monotonic() + timeout
        while steps:
            left = yield from self._seconds_to(steps[0])
            if left == 0:
                steps.pop(0)
            elif left >= ends - monotonic():
                break
            else:
                with suppress(WaitTimeoutError):
                    return (yield from self._answer(left))
        return (yield from self._answer(None if timeout is None else max(round(ends - monotonic(), 3), _SOONEST)))

    def _answer(self, timeout: float | None) -> Flow[Review]:
        review: Review = yield Do(lambda: self.settings.client.wait_for_review(self.row.review_id, timeout))
        return review

    def _review(self) -> Flow[Review]:
        review: Review = yield Do(lambda: self.settings.client.get_review(self.row.review_id))
        return review

    def _seconds_to(self, step: Escalation | Reminder) -> Flow[float]:
        """Return when to look at a step again; 0 if it was due and has been done, or if the review has ended."""
        try:
            review = yield from self._review()
            late = epoch() - review.created_at.timestamp() - step.after
            if late < 0 or review.is_final:
                return 0.0 if review.is_final else -late
            return 0.0 if (yield from self._has_done(step, review)) else AGAIN
        except ConflictError:
            if not (yield from self._review()).is_final:  # so it is not that somebody has just answered
                raise
            return 0.0
        except HITLError as error:
            if not error.retryable:
                raise
            return AGAIN

    def _has_done(self, step: Escalation | Reminder, review: Review) -> Flow[bool]:
        """Carry out a step, unless it has been; return False while another waiter is at it.

        What a process had begun when it ended is done again.
        """
        ledger, key, now = self.settings.ledger, self.row.key, monotonic()
        what = "escalated" if isinstance(step, Escalation) else "reminded"
        is_late = now - self._gives_way_since >= PATIENCE
        # The set itself: a copy would be too old for who begins while the ledger is waited for.
        begin = partial(ledger.begin_handling, key, what, self.name, running=_WAITERS, takes_over=is_late)
        state: Handling = yield Keep(begin)
        self._gives_way_since = min(now, self._gives_way_since) if state == "elsewhere" else math.inf
        if state == "begun":
            act = self._escalate(step, review) if isinstance(step, Escalation) else _remind(step, review)
            facts = {**identity(self.row), "review_id": review.id, **(yield from act)}
            yield Keep(lambda: ledger.end_handling(key, what, facts))
        return state != "elsewhere"

    def _escalate(self, step: Escalation, review: Review) -> Flow[Object]:
        """Change the review, unless it is so already, and return what the record tells of it."""
        if changes := _changes(step, review):
            review = yield Do(lambda: self.settings.client.update_review(review.id, **changes))
        if _changes(step, review):
            raise ConfigurationError(f"this server did not escalate the review {review.id}, so escalate= cannot hold")
        return {"assignees": review.assignees, "priority": review.priority}


def _remind(step: Reminder, review: Review) -> Flow[Object]:
    try:
        yield Do(lambda: step.send(review))
    except Exception as error:
        error.add_note(f"raised by send= of the reminder of {review.id}, which is still open")
        raise
    return {}


def _changes(step: Escalation, review: Review) -> Object:
    """Return the arguments of `update_review` that an escalation still needs; none if there is nothing to change."""
    added = not_among(step.to, review.assignees)
    changes: Object = {"assignees": [*review.assignees, *added]} if added else {}
    highest = max(RANKS.values())  # also what a word is taken for that we do not know
    if step.priority is not None and RANKS[step.priority] > RANKS.get(review.priority or "medium", highest):
        changes["priority"] = step.priority
    return changes
