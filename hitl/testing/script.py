"""Scripted reviewers: rules that answer reviews and requests when they are created, or at a time of the sandbox.

What is said of reviews here is true of requests, too.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hitl.exceptions import ConfigurationError
from hitl.server.primitives import Clock
from hitl.server.primitives.documents import Document
from hitl.server.primitives.errors import ApiError
from hitl.server.storage import ChangeNotifier
from hitl.testing.answers import Answer, Kind
from hitl.testing.matching import Matcher, Noun, matches
from hitl.testing.subjects import Subjects

NEVER: Final = "never"

_KINDS: Final[Mapping[Noun, frozenset[Kind]]] = {
    "review": frozenset({"approve", "reject", "complete", "edit", NEVER}),
    "request": frozenset({"respond", NEVER}),
}
_METHODS: Final[Mapping[Noun, str]] = {"review": "on", "request": "on_request"}

_MIN_PAUSE: Final = 0.01
"""Seconds between two checks for due answers, even if the clock stands still."""


class Rule:
    """Reviews and their answers: the same one for each review, or one after the other."""

    def __init__(self, matcher: Matcher, answers: Iterable[Answer], *, repeats: bool) -> None:
        """Raise ConfigurationError if an answer is one of the other kind."""
        self.matcher = matcher
        self._answers = deque(answers)
        self._repeats = repeats
        for answer in self._answers:
            if answer.kind not in _KINDS[matcher.noun]:
                allowed = ", ".join(sorted(_KINDS[matcher.noun]))
                raise ConfigurationError(f"a {matcher.noun} is answered with one of {allowed}; got {answer}")

    def next_for(self, review: Document) -> Answer | None:
        """Return the answer to a review; None if it does not match, or no answer is left."""
        if not self._answers or not matches(self.matcher, review):
            return None
        return self._answers[0] if self._repeats else self._answers.popleft()


@dataclass(frozen=True, slots=True)
class _Scheduled:
    at: datetime
    subjects: Subjects
    review_id: str
    answer: Answer


class Script:
    """Answers reviews by rules: each review once, by the first rule that has an answer.

    Attributes:
        refused: Descriptions of answers that the server refused, by the review's id.
        on_rule: Called after each rule that is added.
    """

    def __init__(self, clock: Clock, changes: ChangeNotifier, subjects: Sequence[Subjects]) -> None:
        self.refused: dict[str, str] = {}
        self.on_rule: Callable[[], object] = lambda: None
        self._clock = clock
        self._subjects = subjects
        # Never held during a call of the service, which holds a lock of its own when it reports a change.
        self._lock = threading.RLock()
        self._rules: list[Rule] = []
        self._chosen: dict[str, Answer] = {}
        self._scheduled: list[_Scheduled] = []
        self._timer: threading.Thread | None = None
        self._wakeup = threading.Event()
        self._closed = False
        changes.on_change(self._on_change)
        self._unsubscribe = clock.on_advance(self._on_advance, due=self._next_due)

    def add(self, rule: Rule) -> None:
        """Add a rule after the others; it is tried on open reviews at once."""
        with self._lock:
            self._rules.append(rule)
        self._apply(None)
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
        found = ((each, document) for each in self._subjects for document in each.open())
        return {document["id"]: self._description(subjects, document) for subjects, document in found}

    def _description(self, subjects: Subjects, document: Document) -> str:
        headline = f"  {subjects.headline(document)}"
        return self.refused.get(document["id"]) or f"{headline}\n{self._reason(subjects.noun, document)}"

    def _on_change(self, review_ids: Sequence[str]) -> None:
        if self._rules:
            self._apply(review_ids)

    def _apply(self, ids: Sequence[str] | None) -> None:
        for subjects, review in [(each, document) for each in self._subjects for document in each.open(ids)]:
            answer = self._choose(subjects.noun, review)
            if answer is not None and answer.kind != NEVER:
                self._schedule(_Scheduled(self._clock() + answer.delay, subjects, review["id"], answer))

    def _choose(self, noun: Noun, review: Document) -> Answer | None:
        """Choose the answer to a review that has none yet, and record the choice."""
        with self._lock:
            if review["id"] in self._chosen:
                return None
            answers = (rule.next_for(review) for rule in self._rules_for(noun))
            answer = next((each for each in answers if each is not None), None)
            if answer is not None:
                self._chosen[review["id"]] = answer
            return answer

    def _rules_for(self, noun: Noun) -> list[Rule]:
        return [rule for rule in self._rules if rule.matcher.noun == noun]

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
            pause = None if due is None else max((due - self._clock()).total_seconds(), _MIN_PAUSE)
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
        now = self._clock()
        with self._lock:
            due = sorted((each for each in self._scheduled if each.at <= now), key=lambda each: each.at)
            self._scheduled = [each for each in self._scheduled if each.at > now]
        for each in due:
            self._submit(each)

    def _submit(self, scheduled: _Scheduled) -> None:
        subjects, answer = scheduled.subjects, scheduled.answer
        try:
            subjects.submit(subjects.get(scheduled.review_id), answer)
        except ApiError as error:
            review = subjects.get(scheduled.review_id)
            if subjects.is_open(review):  # else it has expired, or was cancelled or answered by hand
                self.refused[review["id"]] = f"  {subjects.headline(review)}\n    could not {answer}: {error.message}"

    def _reason(self, noun: Noun, review: Document) -> str:
        """Say why a review is still open."""
        with self._lock:
            scheduled = next((each for each in self._scheduled if each.review_id == review["id"]), None)
            if scheduled is not None:
                return f"    will {scheduled.answer}: due in {scheduled.at - self._clock()}"
            if (answer := self._chosen.get(review["id"])) is not None:
                kept_open = answer.kind == NEVER
                return "    stays open on purpose: never()" if kept_open else f"    still open after: {answer}"
            return "\n".join(_mismatch(rule, review) for rule in self._rules_for(noun)) or "    no rules"


def _mismatch(rule: Rule, review: Document) -> str:
    reasons = "; ".join(rule.matcher.mismatches(review)) or "all its answers are used up"
    return f"    {_METHODS[rule.matcher.noun]}({rule.matcher}) does not apply: {reasons}"
