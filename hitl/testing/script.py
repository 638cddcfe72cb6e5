"""Scripted reviewers: rules that answer reviews when they are created, or when the sandbox's clock reaches a time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hitl.server.primitives.documents import Document
from hitl.server.primitives.errors import ApiError
from hitl.server.reviews.lifecycle import OPEN
from hitl.server.reviews.service import ReviewService
from hitl.server.reviews.store import ReviewQuery
from hitl.testing.answering import submit
from hitl.testing.answers import Answer
from hitl.testing.matching import ReviewMatcher

NEVER: Final = "never"

_MIN_PAUSE: Final = 0.01
"""Seconds between two checks for due answers, even if the clock stands still."""


class Rule:
    """Reviews and their answers: the same one for each review, or one after the other."""

    def __init__(self, matcher: ReviewMatcher, answers: Iterable[Answer], *, repeats: bool) -> None:
        self.matcher = matcher
        self._answers = deque(answers)
        self._repeats = repeats

    def next_for(self, review: Document) -> Answer | None:
        """Return the answer to a review; None if it does not match, or no answer is left."""
        if not self._answers or not self.matcher.matches(review):
            return None
        return self._answers[0] if self._repeats else self._answers.popleft()


@dataclass(frozen=True, slots=True)
class _Scheduled:
    at: datetime
    review_id: str
    answer: Answer


class Script:
    """Answers reviews by rules: each review once, by the first rule that has an answer.

    Attributes:
        refused: Descriptions of answers that the server refused, by the review's id.
        on_rule: Called after each rule that is added.
    """

    def __init__(self, service: ReviewService) -> None:
        self.refused: dict[str, str] = {}
        self.on_rule: Callable[[], object] = lambda: None
        self._service = service
        # Never held during a call of the service, which holds a lock of its own when it reports a change.
        self._lock = threading.RLock()
        self._rules: list[Rule] = []
        self._chosen: dict[str, Answer] = {}
        self._scheduled: list[_Scheduled] = []
        self._timer: threading.Thread | None = None
        self._wakeup = threading.Event()
        self._closed = False
        service.changes.on_change(self._on_change)
        self._unsubscribe = service.clock.on_advance(self._on_advance, due=self._next_due)

    def add(self, rule: Rule) -> None:
        """Add a rule after the others; it is tried on open reviews at once."""
        with self._lock:
            self._rules.append(rule)
        self._apply(ReviewQuery(status=OPEN, limit=None, oldest_first=True))
        self.on_rule()

    def close(self) -> None:
        """Give no more answers."""
        self._unsubscribe()
        with self._lock:
            self._rules.clear()
            self._scheduled.clear()
            self._closed = True
            timer = self._timer
        self._wakeup.set()
        if timer is not None:
            timer.join()

    def unanswered(self) -> list[str]:
        """Describe the open reviews that are not meant to stay open."""
        with self._lock:
            expected = {review_id for review_id, answer in self._chosen.items() if answer.kind == NEVER}
        return [description for review_id, description in self.open_reviews().items() if review_id not in expected]

    def open_reviews(self) -> dict[str, str]:
        """Describe all open reviews, and why they are open, by their ids."""
        found = self._service.list_reviews(ReviewQuery(status=OPEN, limit=None, oldest_first=True)).items
        return {
            each["id"]: self.refused.get(each["id"]) or f"{_headline(each)}\n{self._reason(each)}" for each in found
        }

    def _on_change(self, review_ids: Sequence[str]) -> None:
        if self._rules:
            self._apply(ReviewQuery(status=OPEN, ids=review_ids, limit=None, oldest_first=True))

    def _apply(self, query: ReviewQuery) -> None:
        for review in self._service.list_reviews(query).items:
            answer = self._choose(review)
            if answer is not None and answer.kind != NEVER:
                self._schedule(_Scheduled(self._service.clock() + answer.delay, review["id"], answer))

    def _choose(self, review: Document) -> Answer | None:
        """Choose the answer to a review that has none yet, and record the choice."""
        with self._lock:
            if review["id"] in self._chosen:
                return None
            answers = (rule.next_for(review) for rule in self._rules)
            answer = next((each for each in answers if each is not None), None)
            if answer is not None:
                self._chosen[review["id"]] = answer
            return answer

    def _schedule(self, scheduled: _Scheduled) -> None:
        if not scheduled.answer.delay:
            self._submit(scheduled)
            return
        with self._lock:
            if self._closed:
                return
            self._scheduled.append(scheduled)
            if self._timer is None:  # for real time, which passes without anyone advancing the clock
                self._timer = threading.Thread(target=self._run_timer, name="hitl-script", daemon=True)
                self._timer.start()
        self._wakeup.set()

    def _run_timer(self) -> None:
        while not self._closed:
            due = self._next_due()
            pause = None if due is None else max((due - self._service.clock()).total_seconds(), _MIN_PAUSE)
            self._wakeup.wait(pause and min(pause, threading.TIMEOUT_MAX))
            self._wakeup.clear()
            self._submit_due()

    def _on_advance(self) -> None:
        self._submit_due()
        self._wakeup.set()

    def _next_due(self) -> datetime | None:
        with self._lock:
            return min((each.at for each in self._scheduled), default=None)

    def _submit_due(self) -> None:
        now = self._service.clock()
        with self._lock:
            due = sorted((each for each in self._scheduled if each.at <= now), key=lambda each: each.at)
            self._scheduled = [each for each in self._scheduled if each.at > now]
        for each in due:
            self._submit(each)

    def _submit(self, scheduled: _Scheduled) -> None:
        try:
            submit(self._service, self._service.get_review(scheduled.review_id), scheduled.answer)
        except ApiError as error:
            review = self._service.get_review(scheduled.review_id)
            if review["status"] in OPEN:  # else it has expired, or was cancelled or answered by hand
                self.refused[review["id"]] = f"{_headline(review)}\n    could not {scheduled.answer}: {error.message}"

    def _reason(self, review: Document) -> str:
        """Say why a review is still open."""
        with self._lock:
            scheduled = next((each for each in self._scheduled if each.review_id == review["id"]), None)
            if scheduled is not None:
                return f"    will {scheduled.answer}: due in {scheduled.at - self._service.clock()}"
            if (answer := self._chosen.get(review["id"])) is not None:
                kept_open = answer.kind == NEVER
                return "    stays open on purpose: never()" if kept_open else f"    still open after: {answer}"
            return "\n".join(_mismatch(rule, review) for rule in self._rules) or "    no rules"


def _mismatch(rule: Rule, review: Document) -> str:
    reasons = "; ".join(rule.matcher.mismatches(review)) or "all its answers are used up"
    return f"    on({rule.matcher}) does not apply: {reasons}"


def _headline(review: Document) -> str:
    return f"  {review['id']} ({review['template_id']}, {review['status']}) {review['content']!r:.200}"
