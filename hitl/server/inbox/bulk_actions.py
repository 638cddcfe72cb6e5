"""What can be done to many reviews at once: whether a review allows it, and doing it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hitl.server.inbox.documents import Document, content_of, fields_of, is_final, label_of
from hitl.server.inbox.forms import untouched
from hitl.server.inbox.verdict import button_field, refusal_faults
from hitl.server.primitives import Actor, name_key
from hitl.server.results import is_required, settings, undo_seconds
from hitl.server.reviews import HeldAnswer, ReviewService, shown_digest
from hitl.server.reviews.lifecycle import Decision


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done, by whom; `assignee` is whom to reassign to.

    Answers can be taken back as one `batch`, for `seconds` where their template does not say for how long.
    """

    action: str
    reviewer: str
    assignee: str = ""
    seconds: float = 0
    batch: str = ""
    actor: Actor | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A review that an order is about, and its template; None if that was deleted."""

    reviews: ReviewService
    order: Order
    review: Document
    template: Document | None

    @property
    def review_id(self) -> str:
        """Its id."""
        return str(self.review["id"])

    @property
    def shown(self) -> str:
        """The digest of what the confirmation showed."""
        return shown_digest(self.review, self.template)

    @property
    def chosen(self) -> Mapping[str, Any]:
        """The settings of its template."""
        return settings(self.template) if self.template else {}


class Unsuitable(Exception):  # noqa: N818 - it is the answer about one review, not an error in the program
    """The review must be dealt with on its own page; the message says why."""


@dataclass(frozen=True, slots=True)
class Action(ABC):
    """One thing that can be done to many reviews, and the words for it.

    `check` and `act` raise Unsuitable or ApiError if it cannot be done to a review.

    Attributes:
        effect: The setting by which a template says what it leads to; empty if there is none.
    """

    verb: str
    done: str
    warning: str
    effect: str = ""

    def check(self, _target: Target, /) -> bool:
        """Change nothing, and return whether it would only be one of several approvals that the review needs."""
        return False

    @abstractmethod
    def act(self, target: Target, /) -> HeldAnswer | None:
        """Do it; return the answer if it can be taken back."""

    @abstractmethod
    def is_done(self, target: Target, /) -> bool:
        """Return whether the same person has done it to the version before the present one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer(Action):
    """An answer, whose result follows from the review; Unsuitable where a person must look."""

    decision: Decision
    result: Callable[[Target], Document]

    def check(self, target: Target, /) -> bool:
        return not target.reviews.check_answer(
            target.review_id,
            self.decision,
            self.result(target),
            target.order.reviewer,
            version=target.review["version"],
            shown=target.shown,
            actor=target.order.actor,
        )

    def act(self, target: Target, /) -> HeldAnswer | None:
        order = target.order
        held = target.reviews.hold(
            target.review_id,
            self.decision,
            self.result(target),
            order.reviewer,
            seconds=undo_seconds(target.template, order.seconds),
            batch=order.batch,
            version=target.review["version"],
            shown=target.shown,
            actor=order.actor,
        )
        if held is not None and held.batch != order.batch:
            raise Unsuitable("you have answered it already")
        return held

    def is_done(self, target: Target, /) -> bool:
        try:
            result = self.result(target)
        except Unsuitable:
            return False
        before = target.review["version"] - 1
        return target.reviews.has_answer(target.review_id, self.decision, result, target.order.reviewer, before)


@dataclass(frozen=True, slots=True)
class _Reassignment(Action):
    def check(self, target: Target, /) -> bool:
        if target.chosen.get("allow_reassignment") is False:
            raise Unsuitable("its template does not allow reassignment")
        return False

    def act(self, target: Target, /) -> None:
        self.check(target)
        target.reviews.update_review(target.review_id, {"assignees": [target.order.assignee]})

    def is_done(self, target: Target, /) -> bool:
        assignees = [name_key(name) for name in target.review["assignees"]]
        return not is_final(target.review) and assignees == [name_key(target.order.assignee)]


@dataclass(frozen=True, slots=True)
class _Cancellation(Action):
    def act(self, target: Target, /) -> None:
        target.reviews.cancel_review(target.review_id)

    def is_done(self, target: Target, /) -> bool:
        return bool(target.review["status"] == "cancelled")


def approval(target: Target) -> Document:
    """Return what Approve on the review's own page answers if nothing else is touched; Unsuitable if it asks more."""
    template = target.template
    if template is None:
        raise Unsuitable("its template was deleted")
    verdict = button_field(template)
    if verdict is None:
        raise Unsuitable("its form has no question that Approve answers")
    required = [field for field in fields_of(template) if is_required(field) and field["name"] != verdict]
    if others := [label_of(field) for field in required if not field.get("conditional")]:
        raise Unsuitable(f"its form also requires {', '.join(others)}")
    _require_no_comment(target)
    return untouched(template, content_of(target.review), {verdict: True})


def rejection(target: Target) -> Document:
    """Return what Reject answers by itself; Unsuitable if a rejection has to be explained."""
    _require_no_comment(target)
    if faults := refusal_faults(target.template, {}):
        raise Unsuitable(f"its form asks for a reason ({faults[0].field})")
    verdict = button_field(target.template)
    return {} if verdict is None else {verdict: False}


def _require_no_comment(target: Target) -> None:
    if target.chosen.get("require_comments"):
        raise Unsuitable("its template requires a comment")


ACTIONS: Final[Mapping[str, Action]] = {
    "approve": _Answer(
        "Approve",
        "Approved",
        "Every review is approved as it is, with its content unchanged.",
        "approve_effect",
        decision="completed",
        result=approval,
    ),
    "reject": _Answer(
        "Reject",
        "Rejected",
        "Every review is rejected without a reason.",
        "reject_effect",
        decision="rejected",
        result=rejection,
    ),
    "reassign": _Reassignment("Reassign", "Reassigned", "One person replaces all present assignees."),
    "cancel": _Cancellation("Cancel", "Cancelled", "Nobody answers these reviews any more. This cannot be undone."),
}
