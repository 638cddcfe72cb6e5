"""Bulk actions: their preview, with the reviews that are left out and why, and carrying them out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, TypeAlias

from hitl.server.inbox.documents import STATUS_LABELS, Document, content_of, fields_of, is_final, label_of
from hitl.server.inbox.forms import is_editable
from hitl.server.inbox.kinds import Kind, counted, kind_of
from hitl.server.inbox.page_handlers import find_template
from hitl.server.inbox.rows import Pick
from hitl.server.inbox.titles import amount_of, excerpt, name_of, title
from hitl.server.inbox.verdict import button_field, refusal_faults
from hitl.server.primitives import Actor, ApiError, name_key
from hitl.server.results import is_required, settings
from hitl.server.reviews import ReviewService, shown_digest
from hitl.server.reviews.lifecycle import Decision

MOST_PICKS: Final = 1000
"""Reviews that one request may act on."""

UNCONFIRMED: Final = 50
"""Reviews that may be acted on without typing their number."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One marked review in a plan or its outcome; `obstacle` says why it is left out, empty if it is not."""

    pick: Pick
    subject: str
    excerpt: str = ""
    template: str = ""
    obstacle: str = ""
    kind: Kind = "text"
    amount: tuple[Decimal, str] | None = None  # and its currency
    busy: bool = False  # it is left out only because somebody is looking at it


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done, by whom; `assignee` is whom to reassign to.

    Answers can be taken back as one `batch` for some `seconds`.
    """

    action: str
    reviewer: str
    assignee: str = ""
    seconds: float = 0
    batch: str = ""
    actor: Actor | None = None


class Unsuitable(Exception):  # noqa: N818 - it is the answer about one review, not an error in the program
    """The review must be dealt with on its own page; the message says why."""


Act: TypeAlias = Callable[[ReviewService, Document, Document | None, Order], object]
Check: TypeAlias = Callable[[Document, Document | None], object]


def plan(reviews: ReviewService, picks: Sequence[Pick], order: Order, present: Mapping[str, str]) -> list[Entry]:
    """Return what the order would do to each review, and change nothing.

    Reviews at which somebody else is looking are left out at first; `present` are their names by its id.
    """

    def check(pick: Pick, review: Document, template: Document | None) -> None:
        _require_unchanged(pick, review, template)
        ACTIONS[order.action].check(review, template)
        _require_asked_by_another(reviews, review, order)

    entries = [_entry(reviews, pick, check) for pick in picks]
    return [_unless_busy(entry, present.get(entry.pick.review_id)) for entry in entries]


def carry_out(reviews: ReviewService, picks: Sequence[Pick], order: Order) -> list[Entry]:
    """Do it to each review that allows it; one that does not is left as it is.

    One to which the same person did the same by the same confirmation counts as done: forms are sent twice.
    """
    action = ACTIONS[order.action]

    def act(pick: Pick, review: Document, template: Document | None) -> None:
        if str(review["version"]) != pick.version and action.is_done(reviews, review, template, order):
            return
        _require_unchanged(pick, review, template)
        action.check(review, template)
        _require_asked_by_another(reviews, review, order)
        action.act(reviews, review, template, order)

    return [_entry(reviews, pick, act) for pick in picks]


def approval(review: Document, template: Document | None) -> Document:
    """Return what the form sends if only its one required question is answered with yes; Unsuitable if it asks more."""
    if template is None:
        raise Unsuitable("its template was deleted")
    required = [field for field in fields_of(template) if is_required(field)]
    yes = [field for field in required if field["type"] == "boolean"]
    others = [label_of(field) for field in required if field not in yes and not field.get("conditional")]
    if others or len(yes) > 1:
        raise Unsuitable(f"its form also requires {', '.join(others or [label_of(field) for field in yes[1:]])}")
    verdict = button_field(template)
    if not yes and verdict is None:
        raise Unsuitable("its form has no required yes/no question")
    _require_no_comment(template)
    content = content_of(review)
    said: Document = {str(field["name"]): True for field in yes}
    if verdict is not None:
        said[verdict] = True
    kept = {field["name"]: content[field["name"]] for field in fields_of(template) if is_editable(field, content)}
    return {**kept, **said}


def rejection(template: Document | None) -> Document:
    """Return what Reject answers by itself."""
    verdict = button_field(template)
    return {} if verdict is None else {verdict: False}


def by_template(entries: Sequence[Entry]) -> list[tuple[str, int, list[str]]]:
    """Return the names of the templates, the most frequent first, how many reviews each has, and sums of amounts."""
    numbers = Counter(entry.template for entry in entries)
    sums: dict[str, dict[str, Decimal]] = {}
    for entry in entries:
        if entry.amount:
            amount, currency = entry.amount
            of_template = sums.setdefault(entry.template, {})
            of_template[currency] = of_template.get(currency, Decimal()) + amount
    return [
        (name, number, [f"{amount:,} {currency}" for currency, amount in sums.get(name, {}).items()])
        for name, number in numbers.most_common()
    ]


def _unless_busy(entry: Entry, name: str | None) -> Entry:
    return replace(entry, obstacle=f"{name} is reviewing it", busy=True) if name and not entry.obstacle else entry


def _entry(reviews: ReviewService, pick: Pick, apply: Callable[[Pick, Document, Document | None], object]) -> Entry:
    try:
        review = reviews.get_review(pick.review_id)
    except ApiError:
        return Entry(pick, pick.review_id, obstacle="it no longer exists")
    template = find_template(reviews, review)
    visible = {**review, "content": content_of(review)}
    found = counted(visible["content"], template)
    about = title(visible, template, found)
    entry = Entry(
        pick,
        about,
        excerpt(visible, template, about, found),
        name_of(review, template),
        kind=kind_of(visible["content"], found, about),
        amount=amount_of(visible["content"]),
    )
    try:
        apply(pick, review, template)
    except Unsuitable as reason:
        return replace(entry, obstacle=str(reason))
    except ApiError as error:
        return replace(entry, obstacle=error.message)
    return replace(entry, pick=Pick.of(review, template))


def _require_unchanged(pick: Pick, review: Document, template: Document | None) -> None:
    if is_final(review):
        raise Unsuitable(f"it is already {STATUS_LABELS[review['status']].lower()}")
    if str(review["version"]) != pick.version:
        raise Unsuitable("it changed after you selected it")
    if pick.shown and pick.shown != shown_digest(review, template):
        raise Unsuitable("its questions changed after you selected it")


def _approve(reviews: ReviewService, review: Document, template: Document | None, order: Order) -> None:
    _hold(reviews, review, template, order, "completed", approval(review, template))


def _reject(reviews: ReviewService, review: Document, template: Document | None, order: Order) -> None:
    _hold(reviews, review, template, order, "rejected", rejection(template))


def _hold(
    reviews: ReviewService,
    review: Document,
    template: Document | None,
    order: Order,
    decision: Decision,
    result: Document,
) -> None:
    reviews.hold(
        review["id"],
        decision,
        result,
        order.reviewer,
        seconds=order.seconds,
        batch=order.batch,
        version=review["version"],
        shown=shown_digest(review, template),
        actor=order.actor,
    )


def _require_asked_by_another(reviews: ReviewService, review: Document, order: Order) -> None:
    if order.action in _ANSWERS and reviews.self_approval(review, order.reviewer, order.actor) != "allow":
        raise Unsuitable("you asked for it yourself")


def _is_approved(reviews: ReviewService, review: Document, template: Document | None, order: Order) -> bool:
    try:
        result = approval(review, template)
    except Unsuitable:
        return False
    return reviews.has_answer(review["id"], "completed", result, order.reviewer, review["version"] - 1)


def _require_no_comment(template: Document | None) -> None:
    if settings(template or {}).get("require_comments"):
        raise Unsuitable("its template requires a comment")


def _require_no_reason(template: Document | None) -> None:
    _require_no_comment(template)
    if faults := refusal_faults(template, {}):
        raise Unsuitable(f"its form asks for a reason ({faults[0].field})")


def _require_reassignable(template: Document | None) -> None:
    if settings(template or {}).get("allow_reassignment") is False:
        raise Unsuitable("its template does not allow reassignment")


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done to many reviews, and the words for it."""

    verb: str
    done: str
    act: Act
    check: Check
    is_done: Callable[[ReviewService, Document, Document | None, Order], bool]
    warning: str


ACTIONS: Final[Mapping[str, Action]] = {
    "approve": Action(
        "Approve",
        "Approved",
        _approve,
        approval,
        _is_approved,
        "Every review is approved as it is, with its content unchanged.",
    ),
    "reject": Action(
        "Reject",
        "Rejected",
        _reject,
        lambda _, template: _require_no_reason(template),
        lambda reviews, review, template, order: reviews.has_answer(
            review["id"], "rejected", rejection(template), order.reviewer, review["version"] - 1
        ),
        "Every review is rejected without a reason.",
    ),
    "reassign": Action(
        "Reassign",
        "Reassigned",
        lambda reviews, review, _, order: reviews.update_review(review["id"], {"assignees": [order.assignee]}),
        lambda _, template: _require_reassignable(template),
        lambda _reviews, review, _template, order: (
            not is_final(review) and [name_key(name) for name in review["assignees"]] == [name_key(order.assignee)]
        ),
        "One person replaces all present assignees.",
    ),
    "cancel": Action(
        "Cancel",
        "Cancelled",
        lambda reviews, review, _template, _order: reviews.cancel_review(review["id"]),
        lambda _review, _template: None,
        lambda _reviews, review, _template, _order: review["status"] == "cancelled",
        "Nobody answers these reviews any more. This cannot be undone.",
    ),
}


_ANSWERS: Final = ("approve", "reject")


def read_picks(texts: Sequence[str]) -> list[Pick]:
    """Read the marked reviews out of a form, each once."""
    return list(dict.fromkeys(Pick.read(text) for text in texts[:MOST_PICKS]))
