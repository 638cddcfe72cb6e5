"""The reviewer of a test: answers at once or by rules, and knows which reviews and requests were created."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeAlias

from hitl import exceptions
from hitl.models import Request, Review
from hitl.server.loops.service import LoopService
from hitl.server.primitives.documents import Document
from hitl.server.primitives.errors import ApiError
from hitl.server.reviews.service import ReviewService
from hitl.testing.answering import DEFAULT_REVIEWER
from hitl.testing.answers import Answer, AnswerBuilder, Builder, ResponseBuilder, json_value
from hitl.testing.matching import Content, Matcher, RequestMatcher, ReviewMatcher, matches
from hitl.testing.script import Rule, Script
from hitl.testing.subjects import Requests, Reviews, Subjects

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


class _Rules(Builder[None]):
    """Adds rules to a script."""

    def __init__(self, matcher: Matcher, script: Script) -> None:
        super().__init__(lambda answer: script.add(Rule(matcher, [answer], repeats=True)))
        self._matcher = matcher
        self._script = script

    def in_turn(self, answers: Iterable[Answer]) -> None:
        """Give these answers one after the other, each once; then later rules apply.

        Args:
            answers: Made by the functions `approve`, `reject`, `complete`, `edit`, `respond`, `never` and `after` of
                this package.
        """
        later = [replace(answer, delay=self._delay + answer.delay) for answer in answers]
        self._script.add(Rule(self._matcher, later, repeats=False))


class RuleBuilder(_Rules, AnswerBuilder[None]):
    """What `Reviewer.on` returns; its methods say how the matching reviews are answered."""


class RequestRuleBuilder(_Rules, ResponseBuilder[None]):
    """What `Reviewer.on_request` returns; its methods say how the matching requests are answered."""


class Reviewer:
    """The reviewer of a test.

    Methods take a review or its id. What the server would refuse raises the client's error: ReviewNotFoundError,
    ConflictError, InvalidRequestError.
    """

    def __init__(self, service: ReviewService, loops: LoopService, script: Script) -> None:
        self._service = service
        self._loops = loops
        self._reviews = Reviews(service)
        self._requests = Requests(loops)
        self._script = script

    # At once

    def pending(self) -> list[Review]:
        """Return the open reviews, oldest first."""
        return [Review.from_json(document) for document in self._reviews.open()]

    def pending_requests(self) -> list[Request]:
        """Return the open requests to loops, oldest first."""
        return [Request.from_json(document) for document in self._requests.open()]

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

    def on_request(
        self, *, loop_id: str | None = None, text: str | None = None, context: Content | None = None
    ) -> RequestRuleBuilder:
        """Say how requests to loops are answered: `reviewer.on_request(text="picture").respond("yes")`.

        It is for requests what `on` is for reviews. `reviewer@example.com` answers.

        Args:
            loop_id: Only requests to this loop.
            text: Only requests with this in their text.
            context: Only requests whose context has these members, or for which this function returns true.
        """
        return RequestRuleBuilder(RequestMatcher(loop_id, text, context), self._script)

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
        found = _asked(self._reviews, ReviewMatcher(template_id, content, assignee), times)
        return [Review.from_json(review) for review in found]

    def asked_requests(
        self,
        *,
        loop_id: str | None = None,
        text: str | None = None,
        context: Content | None = None,
        times: int | None = None,
    ) -> list[Request]:
        """Return the matching requests that were created; see `on_request` for the arguments, and `asked`."""
        __tracebackhide__ = True
        found = _asked(self._requests, RequestMatcher(loop_id, text, context), times)
        return [Request.from_json(request) for request in found]

    def verify(self) -> None:
        """Check that every review and request was answered as scripted, as the pytest plugin does after a test.

        Raises:
            AssertionError: One is open without a `never` rule for it, or an answer did not fit what was asked.
        """
        __tracebackhide__ = True
        unanswered, refused = self._script.unanswered(), self._script.refused
        if refused:
            raise AssertionError("\n".join(["scripted answers that do not fit:", *refused.values()]))
        if unanswered:
            rules = "reviewer.on(...) and reviewer.on_request(...)"
            advice = f"Answer them with {rules}, expect them with never(), or cancel them."
            raise AssertionError("\n".join([f"questions without an answer: {len(unanswered)}", *unanswered, advice]))

    def close(self) -> None:
        """Stop answering; closing the sandbox does this."""
        self._script.close()


@contextmanager
def _client_errors() -> Generator[None, None, None]:
    """Raise refusals of the service inside the block as the client's errors."""
    try:
        yield
    except ApiError as error:
        kind = _BY_CODE.get(error.code) or _BY_STATUS.get(error.status, exceptions.APIStatusError)
        raise kind(error.message, status_code=error.status, code=error.code, details=error.details) from error


def _asked(subjects: Subjects, matcher: Matcher, times: int | None) -> list[Document]:
    """Return what was asked and matches; raise AssertionError if that is another number."""
    __tracebackhide__ = True
    everything = subjects.all()
    found = [each for each in everything if matches(matcher, each)]
    if len(found) != times and not (times is None and found):
        raise AssertionError(_not_asked(matcher, times, len(found), everything))
    return found


def _not_asked(matcher: Matcher, times: int | None, found: int, reviews: list[Document]) -> str:
    expected = "at least once" if times is None else f"{times} time{'' if times == 1 else 's'}"
    lines = [f"asked for {matcher}: expected {expected}, was {found}; all {matcher.noun}s:"]
    lines += [f"  {review['id']} {'; '.join(matcher.mismatches(review)) or 'matches'}" for review in reviews]
    return "\n".join(lines if reviews else [*lines, "  none"])


def _id_of(review: ReviewOrId | Request) -> str:
    return review if isinstance(review, str) else review.id
