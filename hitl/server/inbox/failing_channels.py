"""What leads and admins are told of a channel by which no message reaches anybody: since when, why, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from shlex import quote

from hitl.server.notifications import Channel, Channels, is_mail_server
from hitl.server.primitives import Actor


@dataclass(frozen=True, slots=True)
class FailingChannel:
    """One of them.

    Attributes:
        name: What the team calls it.
        since: When a message got through last, or else when the channel was added.
        has_worked: Whether a message has ever got through.
        error: What became of the last attempt.
        command: What to run on the server's machine.
    """

    name: str
    since: str
    has_worked: bool
    error: str
    command: str


def failing_channels(channels: Channels | None, actor: Actor | None) -> list[FailingChannel]:
    """Return the channels that fail, for leads and admins; none in a sandbox, or in a session for one review only."""
    if channels is None or actor is None or actor.role not in ("lead", "admin") or actor.review_id is not None:
        return []
    return [
        FailingChannel(
            each.name,
            each.last_ok_at or each.created_at,
            each.last_ok_at is not None,
            each.last_error or "",
            f"hitl notify test --channel {quote(each.name)}{_receiver(channels.usable(each.id), actor)}",
        )
        for each in sorted(channels.failing(), key=attrgetter("name"))
    ]


def _receiver(channel: Channel | None, actor: Actor) -> str:
    """Return the option for who gets the test, which a mail server that serves everybody needs."""
    return f" --to {quote(actor.name)}" if channel is not None and is_mail_server(channel) else ""
