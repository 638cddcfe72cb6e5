"""Reviewers who answer by rules: the moment a review is created, or when the sandbox's clock has come so far."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hitl.server.primitives.documents import Document
from hitl.server.primitives.errors import ApiError
from hitl.server.reviews.lifecycle import OPEN
from hitl.server.reviews.service import ReviewService
from hitl.server.reviews.store import ReviewQuery
from hitl.testing.answering import give
from hitl.testing.answers import Answer
from hitl.testing.matching import Wanted

NEVER: Final = "never"

_SHORTEST: Final = 0.01
"""Seconds between two looks, whatever the clock does: it may stand still."""


class Rule:
    """Who is meant, and what they are told: always the same, or one answer after the other."""

    def __init__(self, wanted: Wanted, answers: Iterable[Answer], *, repeats: bool) -> None:
        self.wanted = wanted
        self._left = deque(answers)
        self._repeats = repeats

    def next_for(self, review: Document) -> Answer | None:
        """Return the answer to a review; None if it is not meant, or if nothing is left to say."""
        if not self._left or not self.wanted.fits(review):
            return None
        return self._left[0] if self._repeats else self._left.popleft()


@dataclass(frozen=True, slots=True)
class _Planned:
    at: datetime
    review_id: str
    answer: Answer


class Script:
    """Answers the reviews of one desk by rules, each review once, by the first rule that has something to say.

    Attributes:
        troubles: What went wrong, in words: answers that the desk refused.
    """

    def __init__(self, desk: ReviewService) -> None:
        self.troubles: list[str] = []
        self._desk = desk
        # Never held while the desk works: the desk holds a lock of its own when it tells of a change.
        self._lock = threading.RLock()
        self._rules: list[Rule] = []
        self._chosen: dict[str, Answer] = {}
        self._planned: list[_Planned] = []
        self._timers: list[threading.Timer] = []
        desk.changes.on_change(self._look_at)
        self._leave_clock = desk.clock.on_advance(self._give_what_is_due, due=self._next_due)

    def add(self, rule: Rule) -> None:
        """Follow one more rule, after those before it; reviews that wait for an answer are tried at once."""
        with self._lock:
            self._rules.append(rule)
        self._try(ReviewQuery(status=OPEN, limit=None, oldest_first=True))

    def close(self) -> None:
        """Answer nothing any more."""
        self._leave_clock()
        with self._lock:
            self._rules.clear()
            self._planned.clear()
            timers = list(self._timers)
        for timer in timers:
            timer.cancel()
            timer.join()

    def open_questions(self) -> list[str]:
        """Return, in words, the reviews that still wait for an answer and are not meant to."""
        waiting = self._desk.list_reviews(ReviewQuery(status=OPEN, limit=None, oldest_first=True)).items
        return [f"{_headline(review)}\n{self._why(review)}" for review in waiting if not self._is_ignored(review)]

    def _look_at(self, review_ids: Sequence[str]) -> None:
        if self._rules:
            self._try(ReviewQuery(status=OPEN, ids=review_ids, limit=None, oldest_first=True))

    def _try(self, query: ReviewQuery) -> None:
        for review in self._desk.list_reviews(query).items:
            answer = self._choose(review)
            if answer is not None and answer.kind != NEVER:
                self._plan(_Planned(self._desk.clock() + answer.delay, review["id"], answer))

    def _choose(self, review: Document) -> Answer | None:
        """Return the answer to a review that has none yet, and note it down."""
        with self._lock:
            if review["id"] in self._chosen:
                return None
            answers = (rule.next_for(review) for rule in self._rules)
            answer = next((each for each in answers if each is not None), None)
            if answer is not None:
                self._chosen[review["id"]] = answer
            return answer

    def _plan(self, planned: _Planned) -> None:
        if not planned.answer.delay:
            self._give(planned)
            return
        with self._lock:
            self._planned.append(planned)
        self._set_timer()

    def _set_timer(self) -> None:
        """Look again when the next answer is due without anybody moving the clock: real time passes, too."""
        with self._lock:
            due = self._next_due()
            if due is None:
                return
            self._timers = [each for each in self._timers if each.is_alive()]
            for each in self._timers:
                each.cancel()
            seconds = (due - self._desk.clock()).total_seconds()
            timer = threading.Timer(min(max(seconds, _SHORTEST), threading.TIMEOUT_MAX), self._give_what_is_due)
            timer.daemon = True
            timer.start()
            self._timers.append(timer)

    def _next_due(self) -> datetime | None:
        with self._lock:
            return min((each.at for each in self._planned), default=None)

    def _give_what_is_due(self) -> None:
        now = self._desk.clock()
        with self._lock:
            due = sorted((each for each in self._planned if each.at <= now), key=lambda each: each.at)
            self._planned = [each for each in self._planned if each.at > now]
        for each in due:
            self._give(each)
        self._set_timer()

    def _give(self, planned: _Planned) -> None:
        review = self._desk.get_review(planned.review_id)
        try:
            give(self._desk, review, planned.answer)
        except ApiError as refusal:
            review = self._desk.get_review(planned.review_id)
            if review["status"] not in OPEN:  # it expired, was cancelled or was answered by hand meanwhile
                return
            self.troubles.append(f"{_headline(review)}\n    could not {planned.answer}: {refusal.message}")

    def _is_ignored(self, review: Document) -> bool:
        chosen = self._chosen.get(review["id"])
        return chosen is not None and chosen.kind == NEVER

    def _why(self, review: Document) -> str:
        with self._lock:
            planned = next((each for each in self._planned if each.review_id == review["id"]), None)
            if planned is not None:
                return f"    will {planned.answer}: the clock has {planned.at - self._desk.clock()} to go"
            if review["id"] in self._chosen:
                return f"    is still {review['status']} after: {self._chosen[review['id']]}"
            reasons = [f"    not on({rule.wanted}): {_reason(rule, review)}" for rule in self._rules]
            return "\n".join(reasons) or "    no rule says how"


def _reason(rule: Rule, review: Document) -> str:
    return "; ".join(rule.wanted.differences(review)) or "all its answers were given before"


def _headline(review: Document) -> str:
    return f"  {review['id']} ({review['template_id']}, {review['status']}) {review['content']!r:.200}"
