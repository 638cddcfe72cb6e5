"""What the calls return: small frozen classes, `None` where nothing is known, plain dicts for free JSON."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from hitl.exceptions import HITLError

__all__ = ["Outcome", "Review", "Template", "WaitStats"]

# The server may learn new words: a status that is not among these is one that is not finished yet.
FINAL_STATUSES = frozenset({"completed", "rejected", "expired", "cancelled"})  # guard: final-statuses
ANSWERED_STATUSES = frozenset({"completed", "rejected"})


@frozen
class Review:
    """A question put to people, and what became of it, as the server told it at one moment.

    Attributes:
        id: The server's name for the review, such as "rev_123".
        status: created, assigned, in_progress, completed, rejected, expired, cancelled, or a word newer than this
            package.
        template_id: The template that the reviewer answers.
        content: What was put before the reviewer.
        result: The answer by the template's field names; empty until there is one. A completed review is one that was
            answered, for or against: look into the result.
        assignees: E-mail addresses of those who are asked; empty if anybody may answer.
        priority: low, medium, high, or None if the server does not say.
        due_date: When the answer is needed, with its time zone.
        assignment_strategy: How the server picks a reviewer.
        reviewer: Who answered.
        created_at: When it was created.
        updated_at: When it last changed.
        completed_at: When it was answered.
        version: Grows with every change, where the server counts them.
        extra: Fields that this package does not know yet, as they came.
    """

    id: str
    status: str
    template_id: str
    content: dict[str, Any] = field(repr=False)
    created_at: datetime = field(repr=False)
    result: dict[str, Any] = field(factory=dict[str, Any], repr=False)
    assignees: list[str] = field(factory=list[str], repr=False)
    priority: str | None = None
    due_date: datetime | None = field(default=None, repr=False)
    assignment_strategy: str | None = field(default=None, repr=False)
    reviewer: str | None = field(default=None, repr=False)
    updated_at: datetime | None = field(default=None, repr=False)
    completed_at: datetime | None = field(default=None, repr=False)
    version: int | None = field(default=None, repr=False)
    extra: dict[str, Any] = field(factory=dict[str, Any], repr=False)

    @property
    def state(self) -> str:
        """The same as `status`."""
        return self.status

    @property
    def is_final(self) -> bool:
        """True once nothing more will happen: answered, expired or cancelled."""
        return self.status in FINAL_STATUSES

    @property
    def is_answered(self) -> bool:
        """True once a person has answered, whatever the answer."""
        return self.status in ANSWERED_STATUSES

    def __hash__(self) -> int:
        return hash((self.id, self.status, self.version))


@frozen
class Outcome:
    """What became of one item of a batch: either `review` or `error` is set.

    Attributes:
        index: The item's place in the input, from 0.
        item: The item as it was given.
        review: What was made of it; None if that failed.
        error: Why it failed; None if it did not.
        idempotency_key: The key that the creation was sent with; None if it was not even sent.
    """

    index: int
    item: Any = field(repr=False)
    review: Review | None = None
    error: HITLError | None = None
    idempotency_key: str | None = field(default=None, repr=False)

    __hash__ = None  # type: ignore[assignment]  # an item is mostly a dict


@frozen
class Template:
    """A form for reviewers.

    Attributes:
        id: The server's name for the template.
        name: What people call it.
        fields: The form's fields in order, as plain dicts with at least `name` and `type`.
        extra: Fields that this package does not know yet, as they came.
    """

    id: str
    name: str
    fields: list[dict[str, Any]] = field(repr=False)
    description: str | None = field(default=None, repr=False)
    settings: dict[str, Any] | None = field(default=None, repr=False)
    styling: dict[str, Any] | None = field(default=None, repr=False)
    validation: dict[str, Any] | None = field(default=None, repr=False)
    category: str | None = field(default=None, repr=False)
    tags: list[str] = field(factory=list[str], repr=False)
    priority: str | None = field(default=None, repr=False)
    version: str | None = field(default=None, repr=False)
    changelog: list[str] = field(factory=list[str], repr=False)
    deprecated: bool | None = field(default=None, repr=False)
    migration_guide: str | None = field(default=None, repr=False)
    created_at: datetime | None = field(default=None, repr=False)
    updated_at: datetime | None = field(default=None, repr=False)
    extra: dict[str, Any] = field(factory=dict[str, Any], repr=False)

    def __hash__(self) -> int:
        return hash((self.id, self.name, self.version))


@frozen
class WaitStats:
    """What the waits of one client cost, and what they may spend.

    Attributes:
        waits: Waits under way, each for one review or for many.
        open: Reviews that they wait for.
        polls: Requests that waiting has made so far.
        held: Those of them that the server held open until there was something to tell.
        hits: Reviews that ended while they were waited for.
        notified: Events that `notify` brought about reviews that were waited for.
        refused: Requests that the server refused with 429.
        limit: Requests that the server allows in one window; None if it does not say, as for the next two.
        remaining: Requests that are left in this window.
        seconds_to_reset: When the next window begins.
        reserve: Requests of this window that are kept for other calls.
        interval: Seconds between two looks, as things are; None while nobody waits.
    """

    waits: int
    open: int
    polls: int
    held: int
    hits: int
    notified: int
    refused: int
    limit: int | None
    remaining: int | None
    seconds_to_reset: float | None
    reserve: float
    interval: float | None
