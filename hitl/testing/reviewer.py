"""The person of a test: answers at once, or by a script, and tells what was asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from hitl._api import review_from_json
from hitl.models import Review
from hitl.server.loops.service import LoopService
from hitl.server.primitives.documents import Document
from hitl.server.reviews.lifecycle import OPEN
from hitl.server.reviews.service import ReviewService
from hitl.server.reviews.store import ReviewQuery
from hitl.testing.answering import DEFAULT_REVIEWER
from hitl.testing.answers import Answer, Verdicts
from hitl.testing.client_errors import as_client_error
from hitl.testing.json_values import plain, plain_value
from hitl.testing.matching import Content, Wanted
from hitl.testing.script import Rule, Script

ReviewOrId: TypeAlias = Review | str


class Case(Verdicts[None]):
    """What `Reviewer.on` returns: say what is answered in this case."""

    def __init__(self, wanted: Wanted, script: Script) -> None:
        super().__init__(lambda answer: script.add(Rule(wanted, [answer], repeats=True)))
        self._wanted = wanted
        self._script = script

    def in_turn(self, answers: Iterable[Answer]) -> None:
        """Give one answer after the other, each once; then the rules after this one have their say.

        Args:
            answers: Made by the functions `approve`, `reject`, `complete`, `edit`, `never` and `after` of this package.
        """
        self._script.add(Rule(self._wanted, answers, repeats=False))


class Reviewer:
    """The person of a test.

    A review is given as the object or as its id. What the server would refuse raises the error that the client
    would raise: ReviewNotFoundError, ConflictError, InvalidRequestError.
    """

    def __init__(self, desk: ReviewService, loops: LoopService) -> None:
        self._desk = desk
        self._loops = loops
        self._script = Script(desk)

    # At once

    def pending(self) -> list[Review]:
        """Return the reviews that wait for an answer, the oldest first."""
        return [review_from_json(document) for document in self._all(ReviewQuery(status=OPEN))]

    def start(self, review: ReviewOrId, reviewer: str = DEFAULT_REVIEWER) -> Review:
        """Take a review up, so that it is in progress."""
        with as_client_error():
            return review_from_json(self._desk.start(_id_of(review), reviewer))

    def complete(self, review: ReviewOrId, result: Mapping[str, Any], reviewer: str = DEFAULT_REVIEWER) -> Review:
        """Answer a review.

        Args:
            review: The review or its id.
            result: The answer by the names of the template's fields, as plain JSON values.
            reviewer: Who answers.
        """
        with as_client_error():
            return review_from_json(self._desk.complete(_id_of(review), plain(result), reviewer))

    def reject(
        self, review: ReviewOrId, result: Mapping[str, Any] | None = None, reviewer: str = DEFAULT_REVIEWER
    ) -> Review:
        """Answer a review with a rejection, which need not fill in any field; see `complete` for the arguments."""
        with as_client_error():
            return review_from_json(self._desk.reject(_id_of(review), plain(result or {}), reviewer))

    def respond(self, request_id: str, response_data: Any, reviewer: str = DEFAULT_REVIEWER) -> dict[str, Any]:
        """Answer a request of a loop, and return the request as the API tells it.

        Args:
            request_id: The request's id.
            response_data: The answer, such as True, "approve" or 4, as the request's response type wants it.
            reviewer: The e-mail address of who answers.
        """
        with as_client_error():
            return self._loops.respond(request_id, plain_value(response_data), {"email": reviewer})

    # By a script

    def on(
        self, *, template_id: str | None = None, content: Content | None = None, assignee: str | None = None
    ) -> Case:
        """Say how reviews are answered: `reviewer.on(template_id="code_review").approve()`.

        Each review is answered once, by the first rule that fits it, when it is created; reviews that wait already
        are answered now. Who answers is the first assignee.

        Args:
            template_id: Only reviews of this template.
            content: Only reviews whose content has these members, or for which this function returns true.
            assignee: Only reviews that this person is asked for.
        """
        return Case(Wanted(template_id, content, assignee), self._script)

    # What was asked

    def asked(
        self,
        *,
        template_id: str | None = None,
        content: Content | None = None,
        assignee: str | None = None,
        times: int | None = None,
    ) -> list[Review]:
        """Return the reviews that were asked for, the oldest first; see `on` for the arguments.

        Args:
            times: How many there must be; None for one or more.

        Raises:
            AssertionError: There are fewer or more; the message tells what was asked instead.
        """
        __tracebackhide__ = True
        wanted = Wanted(template_id, content, assignee)
        reviews = self._all(ReviewQuery())
        found = [review for review in reviews if wanted.fits(review)]
        if len(found) != times and not (times is None and found):
            raise AssertionError(_not_asked(wanted, times, reviews))
        return [review_from_json(review) for review in found]

    def verify(self) -> None:
        """Do what the pytest plugin does at the end of a test: see that every review got the answer it was to get.

        Raises:
            AssertionError: A review is open that no rule with `never` is for, or an answer did not fit its template.
        """
        __tracebackhide__ = True
        waiting, troubles = self._script.open_questions(), self._script.troubles
        if troubles:
            raise AssertionError("\n".join(["scripted answers that did not fit:", *troubles]))
        if waiting:
            advice = "Answer them with reviewer.on(...), expect them with reviewer.on(...).never(), or cancel them."
            raise AssertionError("\n".join([f"reviews that nobody answered: {len(waiting)}", *waiting, advice]))

    def close(self) -> None:
        """Answer nothing any more; the sandbox does this when it is closed."""
        self._script.close()

    def _all(self, query: ReviewQuery) -> list[Document]:
        everything = ReviewQuery(status=query.status, limit=None, oldest_first=True)
        return self._desk.list_reviews(everything).items


def _not_asked(wanted: Wanted, times: int | None, reviews: list[Document]) -> str:
    expected = "at least once" if times is None else f"{times} time{'' if times == 1 else 's'}"
    fitting = sum(wanted.fits(review) for review in reviews)
    lines = [f"asked for {wanted}: expected {expected}, was {fitting}; all that was asked:"]
    lines += [f"  {review['id']} {_comparison(wanted, review)}" for review in reviews]
    return "\n".join(lines if reviews else [*lines, "  nothing"])


def _comparison(wanted: Wanted, review: Document) -> str:
    return "; ".join(wanted.differences(review)) or "fits"


def _id_of(review: ReviewOrId) -> str:
    return review if isinstance(review, str) else review.id
