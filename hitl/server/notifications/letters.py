"""Letters: what a planned message says, made from what is true at the moment it leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from hitl.server.notifications.message_store import MessageStore
from hitl.server.notifications.model import Letter, Planned, Rendered, Tickets
from hitl.server.notifications.readers import Address, Readers
from hitl.server.notifications.renderer import Link, Renderer, Subject
from hitl.server.people import Person
from hitl.server.primitives import ApiError, Clock, Document
from hitl.server.reviews import ReviewService
from hitl.server.reviews.lifecycle import FINAL, OPEN
from hitl.server.reviews.list_query import ReviewQuery

_LISTED: Final = 10
"""Titles in a digest."""

_LINK_LIFE: Final = timedelta(hours=72)


class DroppedError(Exception):
    """There is nothing to send any more; the message says why."""


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses in messages; without tickets, or with header login, they are plain ones that ask for a sign-in."""

    base_url: Callable[[], str]
    tickets: Tickets | None = None
    are_personal: bool = True

    def list(self) -> Link:
        """Return the link to the list of reviews."""
        return Link(f"{self.base_url()}/inbox")

    def review(self, review_id: str, person: Person | None, expires_at: datetime) -> Link:
        """Return the link to a review; one for a person admits him, with the code beside it."""
        if person is None or self.tickets is None or not self.are_personal:
            return Link(f"{self.base_url()}/inbox/reviews/{review_id}")
        token, code = self.tickets.issue("message", person.id, review_id, expires_at)
        return Link(f"{self.base_url()}/m/{token}", code)

    def admission(self, kind: Literal["invite", "signin"], person: Person, review_id: str | None) -> Link:
        """Return a link with which a person signs in."""
        if self.tickets is None:
            raise DroppedError("this server has no sign-in links")
        token, code = self.tickets.issue(kind, person.id, review_id)
        return Link(f"{self.base_url()}/enter/{token}", code)


class Letters:
    """Composes letters; callers open the transaction, in which a link is made, too."""

    def __init__(
        self,
        store: MessageStore,
        readers: Readers,
        reviews: ReviewService,
        renderer: Renderer,
        links: Links,
        clock: Clock,
    ) -> None:
        self._store = store
        self._readers = readers
        self._reviews = reviews
        self._renderer = renderer
        self._links = links
        self._clock = clock

    def carry_out_what_is_due(self) -> None:
        """Let reviews expire whose time has come, before one is read inside a longer transaction."""
        self._reviews.tick()

    def compose(self, row: Planned) -> Letter:
        """Return the letter of a planned message; DroppedError if nobody needs it any more."""
        address = self._readers.address(row)
        if address is None:
            raise DroppedError("its channel or its reader is gone")
        reply_to = None
        if row.kind in ("signin", "invite"):
            words = self._admission(row, address)
        elif row.kind == "digest":
            words = self._digest(address)
        else:
            words = self._about_review(row, address)
            if row.review_id is not None and row.kind != "asked":
                reply_to = self._store.first_about(row.review_id, row.lane, row.number)
        return Letter(row.id, row.kind, address.url, address.to, words, row.review_id, self._clock(), reply_to)

    def review_of(self, row: Planned) -> Document | None:
        """Return the review that a planned message is about; DroppedError if it has ended, unless that is the news."""
        if row.review_id is None:
            return None
        try:
            review = self._reviews.get_review(row.review_id)
        except ApiError as error:
            raise DroppedError("the review is gone") from error
        if review["status"] in FINAL and row.kind != "ended":
            raise DroppedError("the review has ended")
        return review

    def _about_review(self, row: Planned, address: Address) -> Rendered:
        review = self.review_of(row)
        if review is None:
            raise DroppedError("it is about nothing")
        review_id, now = str(review["id"]), self._clock()
        expires_at = self._reviews.expires_at(review_id)
        ends_at = min(now + _LINK_LIFE, expires_at or now + _LINK_LIFE)
        person = None if row.kind == "ended" else address.person
        link = self._links.review(review_id, person, ends_at)
        zone = None if address.person is None else address.person.time_zone
        subject = Subject(review, self._template(review), expires_at, review["reviewer"])
        return self._renderer.about_review(row.kind, subject, link, content=row.content, zone=zone)

    def _digest(self, address: Address) -> Rendered:
        name = address.to if address.person is None else address.person.email
        is_somebody = address.person is not None or not address.url
        queries = [ReviewQuery(status=OPEN)]
        if is_somebody:
            mine = ReviewQuery(status=OPEN, assignee=name, not_answered_by=name)
            queries = [mine, ReviewQuery(status="created")]  # what is assigned to nobody is everybody's
        pages = [self._reviews.list_reviews(_first(each)) for each in queries]
        count = sum(page.total for page in pages)
        if not count:
            raise DroppedError("nothing waits")
        reviews = [each for page in pages for each in page.items][:_LISTED]
        titles = [self._renderer.title(each, self._template(each)) for each in reviews]
        return self._renderer.digest(titles, count, self._links.list())

    def _admission(self, row: Planned, address: Address) -> Rendered:
        if address.person is None:
            raise DroppedError("nobody has this address")
        kind: Literal["invite", "signin"] = "invite" if row.kind == "invite" else "signin"
        return self._renderer.admission(kind, self._links.admission(kind, address.person, row.review_id))

    def _template(self, review: Document) -> Document | None:
        try:
            return self._reviews.get_template(review["template_id"])
        except ApiError:  # it was deleted
            return None


def _first(query: ReviewQuery) -> ReviewQuery:
    return ReviewQuery(
        status=query.status,
        assignee=query.assignee,
        not_answered_by=query.not_answered_by,
        limit=_LISTED,
        with_offset=False,
        oldest_first=True,
    )
