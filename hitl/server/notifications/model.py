"""What notifications are made of: rules, channels, readers, planned messages, and what is sent in the end."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol, TypeAlias, get_args

from hitl.server.primitives import Document

RuleKind: TypeAlias = Literal["asked", "digest", "reminder", "escalation", "ended"]
Content: TypeAlias = Literal["none", "title", "shown"]

RULE_KINDS: Final[tuple[RuleKind, ...]] = get_args(RuleKind)
CONTENTS: Final[tuple[Content, ...]] = get_args(Content)
PRIORITIES: Final = ("low", "medium", "high", "normal")

RECORDED: Final = "recorded"
"""The channel of a sandbox, which keeps messages and sends none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who hears of what, and when; None for a template or a priority means all of them."""

    id: str
    kind: RuleKind
    audience: str = "assignees"
    """`assignees`, `leads`, or `channel:` and the id of a shared channel."""

    template_id: str | None = None
    priority: str | None = None
    after_seconds: int | None = None  # of an escalation, since the review was asked
    before_due_seconds: int | None = None  # of a reminder
    every_seconds: int | None = None  # of a digest
    content: Content = "title"
    enabled: bool = True

    def applies_to(self, review: Document) -> bool:
        """Return whether a review is one that the rule is about."""
        template, priority = review["template_id"], review["priority"]
        return self.enabled and self.template_id in (None, template) and self.priority in (None, priority)


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to one person, or to all who read a shared one; its address is sealed, and `hint` all that is shown."""

    id: str
    name: str
    person_id: str | None
    url: str
    hint: str
    state: str  # ok or failing
    failures: int  # since the last success
    probe_at: str | None  # when a failing one is tried next
    last_ok_at: str | None
    last_error: str | None
    created_at: str
    created_by: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody, or a shared channel, as a message reaches him."""

    lane: str
    """Messages of one lane are counted and limited together: a channel and its reader."""

    channel_id: str
    person_id: str | None = None
    name: str = ""
    """How a sandbox calls him; a team's server looks the name up when it sends."""

    zone: str | None = None
    quiet_from: str | None = None
    quiet_to: str | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A row of the queue; with an empty `lane` it is a time at which the readers of a rule are looked for."""

    number: int
    id: str
    dedupe: str
    kind: str
    rule_id: str | None
    channel_id: str
    person_id: str | None
    recipient: str
    lane: str
    review_id: str | None
    content: Content
    due_at: str
    tries: int
    ends_at: str
    created_at: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """The words of a message; `subject` has one line."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A message on its way to one channel."""

    id: str
    kind: str
    url: str
    """The address of the channel, which is a secret."""

    to: str
    """An e-mail address, or the name of the channel."""

    words: Rendered
    review_id: str | None
    at: datetime
    reply_to: str | None = None
    """The id of the first message about the same review."""

    def __repr__(self) -> str:
        return f"<Letter {self.id} {self.kind}>"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt: "sent", "retry", or "failed" if it would fail again; `error` tells no secret."""

    result: Literal["sent", "retry", "failed"]
    error: str = ""


class Sender(Protocol):
    """Brings a message to its receiver."""

    def send(self, letter: Letter) -> Awaitable[Outcome]:
        """Attempt it once; whatever happens is an Outcome."""
        ...

    def close(self) -> Awaitable[None]:
        """End what is under way."""
        ...


class Tickets(Protocol):
    """Makes links that admit one person, as `access.Tickets`."""

    def issue(
        self,
        kind: Literal["invite", "signin", "message"],
        person_id: str,
        review_id: str | None = None,
        expires_at: datetime | None = None,
    ) -> tuple[str, str]:
        """Return a token and its code of four digits."""
        ...

    def end_of_review(self, review_id: str, why: str = "review_ended", *, person_id: str | None = None) -> None:
        """End the links to a review, or those of one person."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How many messages one lane takes before they become one; counts, and seconds."""

    burst: int = 5
    per_second: float = 1.0
    most_planned: int = 20
    window: float = 600.0
    most_after_quiet: int = 3
    storm_pause: float = 60.0  # from the beginning of a storm until its digest, which then counts what there is
