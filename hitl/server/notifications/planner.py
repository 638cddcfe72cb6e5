"""Planning: each step of a review becomes rows of the queue, or drops them, in the transaction of that step.

What is told at once becomes a row for each reader. What is told later (reminders, escalations, digests) becomes one
row with its time, and its readers are looked for when that has come: who is assigned then, awake then, there then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hitl.server.notifications.message_store import MessageStore
from hitl.server.notifications.model import Content, Limits, Planned, Reader, Rule, Tickets
from hitl.server.notifications.quiet_hours import quiet_until
from hitl.server.notifications.readers import Readers
from hitl.server.primitives import Document, from_wire, to_wire
from hitl.server.reviews.lifecycle import FINAL
from hitl.server.reviews.steps import Step

LIFE: Final = timedelta(hours=24)
"""For how long a message is tried."""

_NOBODY: Final = Reader("", "")
_LOUD: Final = "high"
"""The priority that does not wait for the end of quiet hours."""


@dataclass(frozen=True, slots=True)
class _About:
    """What a message is about, before it has a reader."""

    kind: str
    key: str
    review: Document | None
    content: Content
    is_urgent: bool = False


class Planner:
    """Plans the messages of one database; callers open the transactions."""

    def __init__(
        self,
        store: MessageStore,
        rules: Callable[[], Sequence[Rule]],
        readers: Readers,
        tickets: Tickets | None,
        limits: Limits | None,
    ) -> None:
        """Plan by these rules; without `limits`, as in a sandbox, each message stays one of its own."""
        self._store = store
        self._rules = rules
        self._readers = readers
        self._tickets = tickets
        self._limits = limits

    def on_step(self, step: Step) -> None:
        """Follow a review, in the transaction of its step."""
        if step.after["status"] in FINAL:
            self._end(step)
        elif step.before is None:
            self._ask(step, known=())
            self._plan_times(step, "reminder")
            self._plan_times(step, "escalation")
        else:
            if step.before["assignees"] != step.after["assignees"]:
                self._reassign(step, step.before)
            if step.before["due_date"] != step.after["due_date"]:
                self._store.drop_times(step.after["id"], "reminder", to_wire(step.now))
                self._plan_times(step, "reminder")

    def expand(self, row: Planned, review: Document | None, now: datetime) -> None:
        """Plan the messages for whose readers a row kept the time."""
        rule = next((each for each in self._rules() if each.id == row.rule_id), None)
        self._store.end(row.number, "dropped" if rule is None else "expanded", to_wire(now))
        if rule is None or not rule.enabled:
            return
        readers = self._readers.of(rule.audience, review)
        if rule.kind == "digest":
            self._plan_digest(rule, from_wire(row.due_at), now)
        if rule.kind == "escalation":
            readers = _awake(readers, now)
        urgent = review is not None and review["priority"] == _LOUD
        about = _About(rule.kind, row.dedupe, review, rule.content, urgent)
        for reader in readers:
            self._add(about, reader, now)

    def plan_digests(self, now: datetime) -> None:
        """Plan the next digest of each rule that has none planned."""
        for rule in self._rules():
            if rule.kind == "digest" and rule.enabled and not self._store.has_time(rule.id):
                self._plan_digest(rule, now, now)

    def digest(self, lane: Planned, due_at: datetime, now: datetime) -> None:
        """Let one digest stand for all that waits in the lane of a message."""
        self._merge(Reader(lane.lane, lane.channel_id, lane.person_id, lane.recipient), due_at, now)

    def _end(self, step: Step) -> None:
        review_id = step.after["id"]
        self._store.drop_review(review_id, to_wire(step.now))
        if self._tickets is not None:
            self._tickets.end_of_review(review_id)
        for rule in self._applying("ended", step.after):
            about = _About("ended", f"ended:{review_id}", step.after, rule.content)
            for reader in self._readers.of(rule.audience, step.after):
                self._add(about, reader, step.now)

    def _ask(self, step: Step, known: Sequence[str]) -> None:
        review = step.after
        for rule in self._applying("asked", review):
            key = f"asked:{review['id']}:{review['version']}"
            about = _About("asked", key, review, rule.content, review["priority"] == _LOUD)
            for reader in self._readers.of(rule.audience, review):
                if reader.lane not in known:
                    self._add(about, reader, step.now)

    def _reassign(self, step: Step, before: Document) -> None:
        was = {reader.lane: reader for reader in self._readers.of("assignees", before)}
        now = {reader.lane for reader in self._readers.of("assignees", step.after)}
        review_id = step.after["id"]
        for lane, reader in was.items():
            if lane not in now:
                self._store.drop_reader(review_id, lane, to_wire(step.now))
                if self._tickets is not None and reader.person_id is not None:
                    self._tickets.end_of_review(review_id, "reassigned", person_id=reader.person_id)
        shared = [rule.audience.removeprefix("channel:") for rule in self._rules() if ":" in rule.audience]
        self._ask(step, known=[*was, *shared])

    def _plan_times(self, step: Step, kind: str) -> None:
        review = step.after
        for rule in self._applying(kind, review):
            due = _time_of(rule, step)
            if due is not None and due > step.now:
                key = f"{kind}:{review['id']}:{review['version']}:{rule.id}"
                self._plan_time(rule, key, review["id"], due, step.now)

    def _plan_digest(self, rule: Rule, last: datetime, now: datetime) -> None:
        every = timedelta(seconds=rule.every_seconds or LIFE.total_seconds())
        due = last + every * (max(timedelta(0), now - last) // every + 1)  # what was missed while the server was down
        self._plan_time(rule, f"digest:{rule.id}:{to_wire(due)}", None, due, now)

    def _plan_time(self, rule: Rule, dedupe: str, review_id: str | None, due: datetime, now: datetime) -> None:
        self._store.add(
            rule.kind,
            dedupe,
            _NOBODY,
            review_id=review_id,
            content=rule.content,
            due_at=to_wire(due),
            ends_at=to_wire(due + LIFE),
            now=to_wire(now),
            rule_id=rule.id,
        )

    def _applying(self, kind: str, review: Document) -> list[Rule]:
        return [rule for rule in self._rules() if rule.kind == kind and rule.applies_to(review)]

    def _add(self, about: _About, reader: Reader, now: datetime) -> None:
        due = now if about.is_urgent else quiet_until(reader, now) or now
        counts = about.kind in ("asked", "reminder", "escalation")
        if counts and self._limits is not None and self._is_crowded(self._limits, reader, due, now):
            return
        self._insert(about, reader, due, now)

    def _insert(self, about: _About, reader: Reader, due: datetime, now: datetime) -> None:
        self._store.add(
            about.kind,
            f"{about.key}:{reader.lane}",
            reader,
            review_id=None if about.review is None else about.review["id"],
            content=about.content,
            due_at=to_wire(due),
            ends_at=to_wire(due + LIFE),
            now=to_wire(now),
        )

    def _is_crowded(self, limits: Limits, reader: Reader, due: datetime, now: datetime) -> bool:
        """Return whether a digest will tell what would be one message too many; plan that digest if there is none."""
        if self._store.has_digest(reader.lane):
            return True
        if due > now:
            crowded = self._store.planned_at(reader.lane, to_wire(due)) >= limits.most_after_quiet
        else:
            since = to_wire(now - timedelta(seconds=limits.window))
            most = limits.most_planned
            crowded = self._store.planned_since(reader.lane, since, most) >= most
        if crowded:
            last = self._store.last_digest(reader.lane, to_wire(now - timedelta(seconds=limits.window)))
            earliest = now + timedelta(seconds=limits.storm_pause)
            again = earliest if last is None else from_wire(last) + timedelta(seconds=limits.window)
            self._merge(reader, max(due, earliest, again) if due <= now else due, now)
        return crowded

    def _merge(self, reader: Reader, due: datetime, now: datetime) -> None:
        self._store.merge(reader.lane, to_wire(now))
        self._insert(_About("digest", f"storm:{to_wire(due)}", None, "title"), reader, due, now)


def _awake(readers: Sequence[Reader], now: datetime) -> list[Reader]:
    """Return who is awake; if nobody is, who wakes first."""
    ends = [(quiet_until(reader, now), reader) for reader in readers]
    awake = [reader for end, reader in ends if end is None]
    first = min((end for end, _ in ends if end is not None), default=None)
    return awake or [reader for end, reader in ends if end == first]


def _time_of(rule: Rule, step: Step) -> datetime | None:
    if rule.kind == "escalation" and rule.after_seconds is not None:
        return from_wire(step.after["created_at"]) + timedelta(seconds=rule.after_seconds)
    if rule.kind == "reminder" and rule.before_due_seconds is not None and step.expires_at is not None:
        return from_wire(step.expires_at) - timedelta(seconds=rule.before_due_seconds)
    return None
