"""The queue of messages, in SQL; callers open the transactions."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from typing import Any, Final

from hitl.server.notifications.model import Content, Planned, Reader
from hitl.server.storage import Store

_PLANNED: Final = (
    "number, id, dedupe, kind, rule_id, channel_id, person_id, recipient, lane, review_id, content, "
    "due_at, tries, ends_at, created_at"
)
_WAITS: Final = "('asked', 'reminder', 'escalation')"  # what a digest can stand for


class MessageStore(Store):
    """The statements, over one database."""

    def add(
        self,
        kind: str,
        dedupe: str,
        reader: Reader,
        *,
        review_id: str | None,
        content: Content,
        due_at: str,
        ends_at: str,
        now: str,
        rule_id: str | None = None,
    ) -> bool:
        """Plan a message, unless the same one was planned before; return whether it is new."""
        row = self._database.row(
            "INSERT INTO messages (id, dedupe, kind, rule_id, channel_id, person_id, recipient, lane, review_id, "
            "content, due_at, ends_at, state, tries, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'planned', 0, ?) "
            "ON CONFLICT (dedupe) DO NOTHING RETURNING number",
            (
                *(f"ntf_{secrets.token_hex(12)}", dedupe, kind, rule_id, reader.channel_id, reader.person_id),
                *(reader.name, reader.lane, review_id, content, due_at, ends_at, now),
            ),
        )
        return row is not None

    def get(self, number: int) -> Planned | None:
        """Return a message that is still planned."""
        row = self._database.row(
            f"SELECT {_PLANNED} FROM messages WHERE number = ? AND state = 'planned'",  # noqa: S608 - fixed words
            (number,),
        )
        return None if row is None else Planned(*row)

    # Planning

    def drop_review(self, review_id: str, now: str) -> None:
        """Drop all that is planned about a review."""
        self._end("review_id = ?", (review_id,), "dropped", now)

    def drop_reader(self, review_id: str, lane: str, now: str) -> None:
        """Drop what is planned about a review for one reader."""
        self._end("review_id = ? AND lane = ?", (review_id, lane), "dropped", now)

    def drop_times(self, review_id: str, kind: str, now: str) -> None:
        """Drop the times of one kind that were planned for a review."""
        self._end("review_id = ? AND kind = ? AND lane = ''", (review_id, kind), "dropped", now)

    def drop_channel(self, channel_id: str, now: str) -> None:
        """Drop what is planned for a channel."""
        self._end("channel_id = ?", (channel_id,), "dropped", now)

    def drop_rule(self, rule_id: str, now: str) -> None:
        """Drop the times that a rule had planned."""
        self._end("rule_id = ? AND lane = ''", (rule_id,), "dropped", now)

    def has_digest(self, lane: str) -> bool:
        """Return whether a digest is planned that will stand for whatever waits."""
        return bool(
            self._database.value(
                "SELECT 1 FROM messages WHERE lane = ? AND kind = 'digest' AND state = 'planned'", (lane,)
            )
        )

    def has_time(self, rule_id: str) -> bool:
        """Return whether the next time of a rule is planned."""
        return bool(
            self._database.value(
                "SELECT 1 FROM messages WHERE rule_id = ? AND lane = '' AND state = 'planned'", (rule_id,)
            )
        )

    def last_digest(self, lane: str, since: str) -> str | None:
        """Return when the last digest of a lane was due, since a moment."""
        found: str | None = self._database.value(
            "SELECT max(due_at) FROM messages WHERE lane = ? AND due_at > ? AND kind = 'digest'", (lane, since)
        )
        return found

    def planned_since(self, lane: str, since: str, most: int) -> int:
        """Return how many messages about reviews were due since a moment; no more than `most` are counted."""
        count: int = self._database.value(
            f"SELECT count(*) FROM (SELECT 1 FROM messages WHERE lane = ? AND due_at > ? AND kind IN {_WAITS} LIMIT ?)",  # noqa: S608
            (lane, since, most),
        )
        return count

    def planned_at(self, lane: str, due_at: str) -> int:
        """Return how many messages about reviews wait for one moment."""
        count: int = self._database.value(
            f"SELECT count(*) FROM messages WHERE lane = ? AND due_at = ? AND state = 'planned' AND kind IN {_WAITS}",  # noqa: S608
            (lane, due_at),
        )
        return count

    def crowded(self, channel_id: str, due_at: str, most: int) -> list[Planned]:
        """Return, for each lane of a channel in which more than `most` are due by now, one of these."""
        rows = self._database.rows(
            f"SELECT {_PLANNED} FROM messages WHERE channel_id = ? AND due_at <= ? AND state = 'planned' "  # noqa: S608
            f"AND kind IN {_WAITS} GROUP BY lane HAVING count(*) > ?",
            (channel_id, due_at, most),
        )
        return [Planned(*row) for row in rows]

    def merge(self, lane: str, now: str) -> None:
        """Let a digest stand for what is planned in a lane."""
        self._end(f"lane = ? AND kind IN {_WAITS}", (lane,), "merged", now)

    # Sending

    def next(
        self, now: str, *, under_way: Iterable[int], channels: Iterable[str], lanes: Iterable[str]
    ) -> Planned | None:
        """Return what has been due longest, not `under_way`, nor in one of these channels and lanes.

        A message waits for earlier ones of its lane about the same review that failed and will be tried again.
        """
        given: list[list[Any]] = [list(under_way), list(channels), list(lanes)]
        marks = [", ".join("?" * len(each)) for each in given]
        row = self._database.row(
            f"SELECT {_PLANNED} FROM messages AS message WHERE state = 'planned' AND due_at <= ? "  # noqa: S608
            f"AND number NOT IN ({marks[0]}) AND channel_id NOT IN ({marks[1]}) AND lane NOT IN ({marks[2]}) "
            "AND (review_id IS NULL OR NOT EXISTS (SELECT 1 FROM messages AS earlier WHERE state = 'planned' "
            "AND earlier.review_id = message.review_id AND earlier.lane = message.lane "
            "AND earlier.number < message.number AND (earlier.tries > 0 OR earlier.due_at <= ?))) "
            "ORDER BY due_at, number LIMIT 1",
            (now, *given[0], *given[1], *given[2], now),
        )
        return None if row is None else Planned(*row)

    def next_due(self, now: str) -> str | None:
        """Return when, after now, the next message is due."""
        due_at: str | None = self._database.value(
            "SELECT min(due_at) FROM messages WHERE state = 'planned' AND due_at > ?", (now,)
        )
        return due_at

    def first_about(self, review_id: str, lane: str, before: int) -> str | None:
        """Return the id of the first message about a review that reached a lane, if one did before this."""
        found: str | None = self._database.value(
            "SELECT id FROM messages WHERE review_id = ? AND lane = ? AND state = 'sent' AND number < ? "
            "ORDER BY number LIMIT 1",
            (review_id, lane, before),
        )
        return found

    def end(self, number: int, state: str, now: str, error: str | None = None) -> None:
        """Record how a message ended, and that it was attempted if it was."""
        attempted = state in ("sent", "failed")
        # Whatever ended it during the attempt has decided, except that it was sent all the same.
        self._database.execute(
            "UPDATE messages SET state = ?, ended_at = ?, last_error = ?, tries = tries + ? "
            "WHERE number = ? AND (state = 'planned' OR ? = 'sent')",
            (state, now, error, attempted, number, state),
        )

    def retry(self, number: int, due_at: str, error: str) -> None:
        """Plan another attempt."""
        self._database.execute(
            "UPDATE messages SET due_at = ?, last_error = ?, tries = tries + 1 WHERE number = ? AND state = 'planned'",
            (due_at, error, number),
        )

    # Maintenance

    def give_up(self, now: str) -> None:
        """Let fail what could not be sent in its time."""
        self._database.execute(
            "UPDATE messages SET state = 'failed', ended_at = ? "
            "WHERE state = 'planned' AND ends_at <= ? AND lane != ''",
            (now, now),
        )

    def delete_ended(self, before: str) -> None:
        """Delete what ended before a moment."""
        self._database.execute("DELETE FROM messages WHERE ended_at < ?", (before,))

    def counts(self) -> list[tuple[str, str, int]]:
        """Return how many messages there are by kind and state."""
        return [
            (kind, state, count)
            for kind, state, count in self._database.rows(
                "SELECT kind, state, count(*) FROM messages WHERE lane != '' GROUP BY kind, state ORDER BY kind, state"
            )
        ]

    def _end(self, condition: str, values: Sequence[Any], state: str, now: str) -> None:
        self._database.execute(
            f"UPDATE messages SET state = ?, ended_at = ? WHERE state = 'planned' AND {condition}",  # noqa: S608
            (state, now, *values),
        )
