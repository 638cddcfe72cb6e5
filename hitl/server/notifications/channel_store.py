"""Channels, rules, and the hours of people, in SQL; callers open the transactions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any, Final

from hitl.server.notifications.model import Channel, Rule
from hitl.server.sealing import SealedColumn
from hitl.server.storage import Store

ADDRESSES: Final = SealedColumn("channels", "url")
"""Where the addresses of channels are, sealed."""

_CHANNEL: Final = (
    "id, name, person_id, url, hint, state, failures, probe_at, last_ok_at, last_error, created_at, created_by"
)
_RULE: Final = (
    *("id", "enabled", "template_id", "priority", "kind", "audience"),
    *("after_seconds", "before_due_seconds", "every_seconds", "content"),
)


class ChannelStore(Store):
    """The statements about channels, over one database."""

    def add(self, channel: Channel) -> None:
        """Store a new channel."""
        self._database.execute(
            f"INSERT INTO channels ({_CHANNEL}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - fixed words
            astuple(channel),
        )

    def get(self, channel_id: str) -> Channel | None:
        """Return a channel."""
        row = self._database.row(f"SELECT {_CHANNEL} FROM channels WHERE id = ?", (channel_id,))  # noqa: S608
        return None if row is None else Channel(*row)

    def all(self) -> list[Channel]:
        """Return all channels in the order of their creation."""
        return [
            Channel(*row)
            for row in self._database.rows(f"SELECT {_CHANNEL} FROM channels ORDER BY created_at, id")  # noqa: S608
        ]

    def failing(self) -> list[Channel]:
        """Return the channels that are failing."""
        rows = self._database.rows(f"SELECT {_CHANNEL} FROM channels WHERE state = 'failing'")  # noqa: S608
        return [Channel(*row) for row in rows]

    def delete(self, channel_id: str) -> None:
        """Delete a channel."""
        self._database.execute("DELETE FROM channels WHERE id = ?", (channel_id,))

    def succeeded(self, channel_id: str, now: str) -> None:
        """Note that a message got through."""
        self._database.execute(
            "UPDATE channels SET state = 'ok', failures = 0, probe_at = NULL, last_ok_at = ?, last_error = NULL "
            "WHERE id = ?",
            (now, channel_id),
        )

    def failed(self, channel_id: str, error: str, *, most: int, probe_at: str) -> None:
        """Count a failure; from the `most`th on without a success between them, the channel is failing."""
        self._database.execute(
            "UPDATE channels SET failures = failures + 1, last_error = ?, "
            "state = CASE WHEN failures + 1 >= ? THEN 'failing' ELSE state END, "
            "probe_at = CASE WHEN failures + 1 >= ? THEN ? END WHERE id = ?",
            (error, most, most, probe_at, channel_id),
        )

    def set_hours(self, person_id: str, zone: str | None, quiet: tuple[str | None, str | None], now: str) -> None:
        """Store a person's time zone and quiet hours."""
        self._database.execute(
            "UPDATE people SET time_zone = ?, quiet_from = ?, quiet_to = ?, changed_at = ? WHERE id = ?",
            (zone, *quiet, now, person_id),
        )


class RuleStore(Store):
    """The statements about rules, over one database."""

    def add(self, rule: Rule) -> None:
        """Store a rule after the others."""
        columns = ", ".join(_RULE)
        marks = ", ".join("?" * len(_RULE))
        self._database.execute(
            f"INSERT INTO notification_rules ({columns}, position) "  # noqa: S608 - fixed words and question marks
            f"VALUES ({marks}, (SELECT coalesce(max(position), 0) + 1 FROM notification_rules))",
            tuple(getattr(rule, name) for name in _RULE),
        )

    def all(self) -> Sequence[Rule]:
        """Return the rules in their order."""
        rows = self._database.rows(f"SELECT {', '.join(_RULE)} FROM notification_rules ORDER BY position")  # noqa: S608
        return [_rule(dict(zip(_RULE, row, strict=True))) for row in rows]

    def delete(self, rule_id: str) -> None:
        """Delete a rule."""
        self._database.execute("DELETE FROM notification_rules WHERE id = ?", (rule_id,))


def _rule(columns: dict[str, Any]) -> Rule:
    enabled = bool(columns.pop("enabled"))
    return Rule(**columns, enabled=enabled)
