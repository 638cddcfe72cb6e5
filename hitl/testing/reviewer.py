"""The reviewer of a test: answers at once or by rules, and knows which reviews were created."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from hitl import exceptions
from hitl.models import Request, Review
from hitl.server.loops.service import LoopService
from hitl.server.primitives.documents import Document
from hitl.server.primitives.errors import ApiError
from hitl.server.reviews.lifecycle import OPEN
from hitl.server.reviews.service import ReviewService
from hitl.server.reviews.store import ReviewQuery
from hitl.testing.answering import DEFAULT_REVIEWER
from hitl.testing.answers import Answer, AnswerBuilder, json_value
from hitl.testing.matching import Content, ReviewMatcher
from hitl.testing.script import Rule, Script

ReviewOrId: TypeAlias = Review | str

_BY_STATUS: Mapping[int, type[exceptions.APIStatusError]] = {
    400: exceptions.InvalidRequestError,
    404: exceptions.NotFoundError,
    409: exceptions.ConflictError,
}
_BY_CODE: Mapping[str, type[exceptions.APIStatusError]] = {
    "review_not_found": exceptions.ReviewNotFoundError,
    "template_not_found": exceptions.TemplateNotFoundError,
}


class RuleBuilder(AnswerBuilder[None]):
    """What `Reviewer.on` returns; its methods say how the matching reviews are answered."""

    def __init__(self, matcher: ReviewMatcher, script: Script) -> None:
        super().__init__(lambda answer: script.add(Rule(matcher, [answer], repeats=True)))
        self._matcher = matcher
        self._script = script

    def in_turn(self, answers: Iterable[Answer]) -> None:
        """Give these answers one after the other, each once; then later rules apply.

        Args:
            answers: Made by the functions `approve`, `reject`, `complete`, `edit`, `never` and `after` of this package.
        """
        self._script.add(Rule(self._matcher, answers, repeats=False))


class Reviewer:
    """The reviewer of a test.

    Methods take a review or its id. What the server would refuse raises the client's error: ReviewNotFoundError,
    ConflictError, InvalidRequestError.
    """

    def __init__(self, service: ReviewService, loops: LoopService, script: Script) -> None:
        self._service = service
        self._loops = loops
        self._script = script

    # At once

    def pending(self) -> list[Review]:
        """Return the open reviews, oldest first."""
        return [Review.from_json(document) for document in self._reviews(OPEN)]

    def start(self, review: ReviewOrId, reviewer: str = DEFAULT_REVIEWER) -> Review:
        """Start a review, so that it is in progress."""
        with _client_errors():
            return Review.from_json(self._service.start(_id_of(review), reviewer))

    def complete(self, review: ReviewOrId, result: Mapping[str, Any], reviewer: str = DEFAULT_REVIEWER) -> Review:
        """Answer a review.

        Args:
            review: The review or its id.
            result: The answers by field name, as JSON values.
            reviewer: Who answers.
        """
        with _client_errors():
            return Review.from_json(self._service.complete(_id_of(review), json_value(dict(result)), reviewer))

    def reject(
        self, review: ReviewOrId, result: Mapping[str, Any] | None = None, reviewer: str = DEFAULT_REVIEWER
    ) -> Review:
        """Reject a review, which requires no field; see `complete` for the arguments."""
        with _client_errors():
            return Review.from_json(self._service.reject(_id_of(review), json_value(dict(result or {})), reviewer))

    def respond(
        self, request_id: str | Request, response_data: Any, reviewer: str = DEFAULT_REVIEWER
    ) -> dict[str, Any]:
        """Answer a request to a loop, and return the request as the API does.

        Args:
            request_id: The request or its id.
            response_data: The answer, such as True, "approve" or 4, depending on the request's response type.
            reviewer: The e-mail address of the person who answers.
        """
        with _client_errors():
            return self._loops.respond(_id_of(request_id), json_value(response_data), {"email": reviewer})

    # By rules

    def on(
        self, *, template_id: str | None = None, content: Content | None = None, assignee: str | None = None
    ) -> RuleBuilder:
        """Say how reviews are answered: `reviewer.on(template_id="code_review").approve()`.

        Each review is answered once, by the first rule that matches, when it is created; open reviews are answered
        at once. The first assignee answers.

        Args:
            template_id: Only reviews of this template.
            content: Only reviews whose content has these members, or for which this function returns true.
            assignee: Only reviews assigned to this person.
        """
        return RuleBuilder(ReviewMatcher(template_id, content, assignee), self._script)

    # What was asked

    def asked(
        self,
        *,
        template_id: str | None = None,
        content: Content | None = None,
        assignee: str | None = None,
        times: int | None = None,
    ) -> list[Review]:
        """Return the matching reviews that were created, oldest first; see `on` for the arguments.

        Args:
            times: The expected number; None for one or more.

        Raises:
            AssertionError: The number is another one; the message lists what was asked instead.
        """
        __tracebackhide__ = True
        matcher = ReviewMatcher(template_id, content, assignee)
        reviews = self._reviews()
        found = [review for review in reviews if matcher.matches(review)]
        if len(found) != times and not (times is None and found):
            raise AssertionError(_not_asked(matcher, times, len(found), reviews))
        return [Review.from_json(review) for review in found]

    def verify(self) -> None:
        """Check that every review was answered as scripted, as the pytest plugin does at the end of a test.

        Raises:
            AssertionError: A review is open without a `never` rule for it, or an answer did not fit its template.
        """
        __tracebackhide__ = True
        unanswered, refused = self._script.unanswered(), self._script.refused
        if refused:
            raise AssertionError("\n".join(["scripted answers that do not fit:", *refused.values()]))
        if unanswered:
            advice = "Answer them with reviewer.on(...), expect them with reviewer.on(...).never(), or cancel them."
            raise AssertionError("\n".join([f"reviews without an answer: {len(unanswered)}", *unanswered, advice]))

    def close(self) -> None:
        """Stop answering; closing the sandbox does this."""
        self._script.close()

    def _reviews(self, status: Sequence[str] | None = None) -> list[Document]:
        return self._service.list_reviews(ReviewQuery(status=status, limit=None, oldest_first=True)).items


@contextmanager
def _client_errors() -> Generator[None, None, None]:
    """Raise refusals of the service inside the block as the client's errors."""
    try:
        yield
    except ApiError as error:
        kind = _BY_CODE.get(error.code) or _BY_STATUS.get(error.status, exceptions.APIStatusError)
        raise kind(error.message, status_code=error.status, code=error.code, details=error.details) from error


def _not_asked(matcher: ReviewMatcher, times: int | None, found: int, reviews: list[Document]) -> str:
    expected = "at least once" if times is None else f"{times} time{'' if times == 1 else 's'}"
    lines = [f"asked for {matcher}: expected {expected}, was {found}; all reviews:"]
    lines += [f"  {review['id']} {'; '.join(matcher.mismatches(review)) or 'matches'}" for review in reviews]
    return "\n".join(lines if reviews else [*lines, "  none"])


def _id_of(review: ReviewOrId | Request) -> str:
    return review if isinstance(review, str) else review.id
