"""An order to do something to many reviews: what it would do, and carrying it out, each review by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeAlias

from hitl._moments import moment
from hitl.server.asking import SELF_APPROVAL, UNCONFIRMED
from hitl.server.inbox.bulk_actions import ACTIONS, Order, Target, Unsuitable
from hitl.server.inbox.consequences import effect
from hitl.server.inbox.documents import STATUS_LABELS, Document, content_of, fields_of, is_final, label_of
from hitl.server.inbox.kinds import Kind, counted, kind_of
from hitl.server.inbox.page_handlers import find_template
from hitl.server.inbox.rows import Pick
from hitl.server.inbox.titles import amount_of, excerpt, name_of, title
from hitl.server.primitives import ApiError
from hitl.server.results import Part, approvals_needed, undo_seconds
from hitl.server.reviews import ReviewService
from hitl.server.reviews.lifecycle import expiry
from hitl.server.storage import StorageError

MOST_PICKS: Final = 1000
"""Reviews that one request may act on."""

UNTYPED: Final = 50
"""Reviews that may be acted on without typing their number."""

NOBODY: Final = "?"
"""Stands for a reviewer who has not said his name yet."""


_TOGETHER: Final = 10  # reviews that are stored by one commit; programs wait for some milliseconds each time


@dataclass(frozen=True, slots=True)
class Entry:
    """One marked review in a plan or its outcome.

    Attributes:
        obstacle: Why it is left out; empty if it is not.
        effect: What its template says that the action will do.
        template_id: Of its template, whose name others may have, too.
        amount: The amount that it is about, and the currency.
        is_busy: Whether it is left out only because somebody is looking at it.
        is_partial: Whether the action would only be one of several approvals, and more are needed.
        approvals: How many people must approve it.
        undo: The seconds for which the action can be taken back; 0 if it cannot.
    """

    pick: Pick
    subject: str
    excerpt: str = ""
    template: str = ""
    template_id: str = ""
    obstacle: str = ""
    kind: Kind = "text"
    effect: Sequence[Part] = ()
    amount: tuple[Decimal, str] | None = None
    is_busy: bool = False
    is_partial: bool = False
    approvals: int = 1
    undo: float = 0


_Step: TypeAlias = Callable[[Entry, Target], Entry]
"""Returns the entry of a review as it becomes; Unsuitable or ApiError if the review is left out."""


def plan(reviews: ReviewService, picks: Sequence[Pick], order: Order, present: Mapping[str, str]) -> list[Entry]:
    """Return what the order would do to each review, and change nothing.

    Reviews at which somebody else is looking are left out at first; `present` are their names by its id.
    """
    action, now = ACTIONS[order.action], reviews.clock()

    def check(entry: Entry, target: Target) -> Entry:
        _require_unchanged(entry.pick, target)
        planned = replace(
            entry,
            pick=Pick.of(target.review, target.template),
            is_partial=action.check(target),
            undo=_undo_seconds(target, now) if action.effect else 0,
        )
        return _unless_busy(planned, present.get(target.review_id))

    targets = ((pick, _target(reviews, pick, order)) for pick in picks)
    return [_after(check, _described(pick, target), target) for pick, target in targets]


def carry_out(reviews: ReviewService, picks: Sequence[Pick], order: Order) -> list[Entry]:
    """Do it to each review that allows it; one that does not is left as it is.

    One to which the same person did the same by the same confirmation counts as done: forms are sent twice. Some are
    stored by one commit: each costs milliseconds, in which the first of a thousand answers could be undone no more.
    """
    action, begun = ACTIONS[order.action], reviews.clock()

    def act(entry: Entry, target: Target) -> Entry:
        if str(target.review["version"]) != entry.pick.version and action.is_done(target):
            return entry
        _require_unchanged(entry.pick, target)
        held = action.act(target)
        return entry if held is None else replace(entry, undo=(moment(held.settles_at) - begun).total_seconds())

    entries: list[Entry] = []
    for first in range(0, len(picks), _TOGETHER):
        some = picks[first : first + _TOGETHER]
        described = [_described(pick, _target(reviews, pick, order)) for pick in some]  # while nobody else waits
        try:
            with reviews.together():
                entries += [_after(act, entry, _target(reviews, entry.pick, order)) for entry in described]
        except StorageError as error:  # none of them is stored
            entries += [replace(entry, obstacle=str(error)) for entry in described]
    took = (reviews.clock() - begun).total_seconds()
    return [replace(entry, undo=max(0.0, entry.undo - took)) for entry in entries]


def read_picks(texts: Sequence[str]) -> list[Pick]:
    """Read the marked reviews out of a form, each once."""
    return list(dict.fromkeys(Pick.read(text) for text in texts))


def _described(pick: Pick, target: Target | None) -> Entry:
    """Return what a list says of a review; of one that does not exist, its id."""
    if target is None:
        return Entry(pick, pick.review_id)
    review, template, content = target.review, target.template, content_of(target.review)
    visible, found = {**review, "content": content}, counted(content, template)
    about = title(visible, template, found)
    return Entry(
        pick,
        about,
        excerpt(visible, template, about, found),
        name_of(review, template),
        str(review["template_id"]),
        kind=kind_of(content, found, about),
        effect=effect(template, ACTIONS[target.order.action].effect, content),
        amount=amount_of(content),
        approvals=approvals_needed(template) if template else 1,
    )


def _after(step: _Step, entry: Entry, target: Target | None) -> Entry:
    """Return the entry of a review as it is after a step, or with the reason why the review is left out."""
    if target is None:
        return replace(entry, obstacle="it no longer exists")
    try:
        return step(entry, target)
    except Unsuitable as reason:
        return replace(entry, obstacle=str(reason))
    except ApiError as error:
        return replace(entry, obstacle=_reason(error, target.template))


def _target(reviews: ReviewService, pick: Pick, order: Order) -> Target | None:
    try:
        review = reviews.get_review(pick.review_id)
    except ApiError:
        return None
    return Target(reviews, order, review, find_template(reviews, review))


def _unless_busy(entry: Entry, name: str | None) -> Entry:
    return replace(entry, obstacle=f"{name} is reviewing it", is_busy=True) if name else entry


def _require_unchanged(pick: Pick, target: Target) -> None:
    review = target.review
    if is_final(review):
        raise Unsuitable(f"it is already {STATUS_LABELS[review['status']].lower()}")
    if str(review["version"]) != pick.version:
        raise Unsuitable("it changed after you selected it")
    if pick.shown and pick.shown != target.shown:
        raise Unsuitable("its questions changed after you selected it")


def _undo_seconds(target: Target, now: datetime) -> float:
    """Return for how long an answer could be taken back: not beyond the time when its review expires."""
    seconds = undo_seconds(target.template, target.order.seconds)
    ends = expiry(target.review, target.template or {}, now)
    return seconds if ends is None else min(seconds, (ends - now).total_seconds())


def _reason(error: ApiError, template: Document | None) -> str:
    """Say to a person why an answer is refused."""
    if error.code in (SELF_APPROVAL, UNCONFIRMED):
        return "you asked for it yourself"
    faults: Sequence[Mapping[str, str]] = (error.details or {}).get("errors") or ()
    if not faults:
        return error.message
    labels = {field["name"]: label_of(field) for field in fields_of(template)}
    place, issue = faults[0]["field"], faults[0]["issue"]
    return f"{labels.get(place, place)}: {issue}"
