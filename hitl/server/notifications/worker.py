"""The background worker that sends what is planned and due.

The row and the review are read again before a message leaves.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hitl.server.notifications.channel_store import ChannelStore
from hitl.server.notifications.letters import DroppedError, Letters
from hitl.server.notifications.message_store import MessageStore
from hitl.server.notifications.model import Letter, Limits, Outcome, Planned, Sender
from hitl.server.notifications.planner import Planner
from hitl.server.notifications.rates import Rates
from hitl.server.primitives import Clock, from_wire, to_wire
from hitl.server.queue_worker import AFTER_ERROR, Job, QueueWorker
from hitl.server.storage import Database, StorageError

PAUSES: Final = (
    timedelta(seconds=15),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
"""The pauses after failed attempts; the last one again and again, until the message's time has passed."""

FAILURES: Final = 3
"""Attempts in a row after whose failure a channel is failing, and only tried now and then."""

PROBE: Final = timedelta(minutes=10)
"""Between two attempts at a failing channel."""

KEPT_DAYS: Final = 90
"""Days for which the log keeps messages that ended."""

_MAINTENANCE: Final = timedelta(minutes=10)

_log = logging.getLogger("hitl.server")


@dataclass(frozen=True, slots=True)
class Composed(Job):
    """A due message, and the letter that is made of it; its target is its channel."""

    row: Planned
    letter: Letter


class Worker(QueueWorker[Composed, Outcome]):
    """Sends the messages, those of one reader about one review in their order."""

    jobs = "messages"
    most_at_target = 2
    _sender: Sender  # made by `run`, in the event loop that uses it

    def __init__(
        self,
        database: Database,
        clock: Clock,
        planner: Planner,
        letters: Letters,
        make_sender: Callable[[], Sender],
        limits: Limits | None,
        *,
        pause: float = AFTER_ERROR,
    ) -> None:
        """Prepare to send by what `make_sender` returns, once it runs; `pause` is in seconds, after a failed write."""
        super().__init__(database, clock, pause=pause)
        self._planner = planner
        self._letters = letters
        self._make_sender = make_sender
        self._limits = limits
        self._messages = MessageStore(database)
        self._channels = ChannelStore(database)
        self._rates = Rates(limits)
        self._maintained: datetime | None = None

    async def run(self) -> None:
        """Work until cancelled; the next server with the same data repeats the attempts under way."""
        self._sender = self._make_sender()
        try:
            await super().run()
        finally:
            await self._sender.close()

    def plan_digests(self) -> None:
        """Plan the digests of new rules."""
        with self._database.transaction():
            self._planner.plan_digests(self._clock())
        self.wake()

    def _maintain(self, now: datetime) -> None:
        if self._maintained is not None and self._maintained <= now < self._maintained + _MAINTENANCE:
            return
        self._maintained = now
        with self._database.transaction():
            self._messages.give_up(to_wire(now))
            self._messages.delete_ended(to_wire(now - timedelta(days=KEPT_DAYS)))
            self._planner.plan_digests(now)

    def _next(self) -> Composed | None:
        while True:
            now = self._clock()
            with self._database.lock:
                row = self._messages.next(
                    to_wire(now),
                    under_way=self._under_way,
                    channels=self._full_channels(now),
                    lanes=self._rates.busy(now),
                )
                if row is None:
                    return None
                # As one transaction, with the review and the row as they are now.
                letter = self._opened(row, now)
            if letter is not None:
                self._rates.take(row.lane, now)
                return Composed(row.number, row.id, row.channel_id, row, letter)

    def _opened(self, row: Planned, now: datetime) -> Letter | None:
        """Return the letter of a due message; None if there is none to send."""
        self._letters.carry_out_what_is_due()
        if self._messages.get(row.number) is None:  # that has ended its review
            return None
        try:
            with self._database.transaction():
                if not row.lane:
                    self._planner.expand(row, self._letters.review_of(row), now)
                    return None
                return self._letters.compose(row)
        except DroppedError as why:
            state, reason = "dropped", str(why)
        except StorageError:
            raise
        except Exception as error:  # a message that cannot be made must not stop the others
            _log.exception("message %s cannot be made", row.id)
            state, reason = "failed", f"it could not be made ({type(error).__name__}); the server's log says why"
        with self._database.transaction():
            self._messages.end(row.number, state, to_wire(now), reason)
        return None

    async def _attempt(self, composed: Composed) -> Outcome:
        return await self._sender.send(composed.letter)

    def _failure(self, why: str) -> Outcome:
        return Outcome("retry", why)

    def _record(self, composed: Composed, outcome: Outcome, now: datetime) -> None:
        self._record_message(composed.row, outcome, now)
        self._record_channel(composed.row, outcome, now)

    def _record_message(self, row: Planned, outcome: Outcome, now: datetime) -> None:
        again = now + PAUSES[min(row.tries, len(PAUSES) - 1)]
        if outcome.result == "retry" and again < from_wire(row.ends_at):
            self._messages.retry(row.number, to_wire(again), outcome.error)
            return
        state = "sent" if outcome.result == "sent" else "failed"
        self._messages.end(row.number, state, to_wire(now), outcome.error or None)
        if state == "failed":
            _log.warning("message %s was not sent: %s", row.id, outcome.error)

    def _record_channel(self, row: Planned, outcome: Outcome, now: datetime) -> None:
        if outcome.result != "sent":
            self._channels.failed(row.channel_id, outcome.error, most=FAILURES, probe_at=to_wire(now + PROBE))
            return
        channel = self._channels.get(row.channel_id)
        self._channels.succeeded(row.channel_id, to_wire(now))
        if channel is not None and channel.state == "failing" and self._limits is not None:
            # What has waited meanwhile arrives as one message where it is much.
            for each in self._messages.crowded(row.channel_id, to_wire(now), self._limits.burst):
                self._planner.digest(each, now, now)

    def _full_channels(self, now: datetime) -> set[str]:
        tried = {each.target for each in self._under_way.values()}
        return self._full_targets() | {
            channel.id
            for channel in self._channels.failing()
            if channel.id in tried or (channel.probe_at is not None and _is_pausing(channel.probe_at, now))
        }

    def _next_due(self, now: datetime) -> datetime | None:
        with self._database.lock:
            due_at = self._messages.next_due(to_wire(now))
            probes = [from_wire(each.probe_at) for each in self._channels.failing() if each.probe_at is not None]
        times = [*probes, None if due_at is None else from_wire(due_at), self._rates.next_free(now)]
        return min((each for each in times if each is not None and each > now), default=None)


def _is_pausing(probe_at: str, now: datetime) -> bool:
    """Return whether a failing channel is left alone; not if its time is so far ahead that the clock was set back."""
    return now < from_wire(probe_at) <= now + PROBE
