"""`client.requests`: signatures and docstrings; what the methods do is in `request_flows`.

AsyncRequests is written from this file by codegen/async_client.py (`make generate`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias, Unpack, overload

from hitl._api import PagedList
from hitl._methods import CONCURRENCY, PAGE_SIZE, Seconds
from hitl._namespaces import request_flows as flows
from hitl._namespaces.namespace import Namespace
from hitl._namespaces.request_flows import WaitHow
from hitl._response_types import ResponseType
from hitl._waiting import ALL, Completions
from hitl.exceptions import HITLError
from hitl.models import Request, RequestChange, RequestFields, RequestPriority, RequestStatus, UploadedFile

_Made: TypeAlias = list[Request]  # within the class, `list` is its method
_MadeOrNot: TypeAlias = list[Request | HITLError]


class Requests(Namespace):
    """Questions to the members of a loop; the first answer counts."""

    def create(
        self,
        loop_id: str,
        text: str,
        *,
        response: ResponseType | None = None,
        returns: Any = None,
        default: Any = None,
        timeout: Seconds | None = None,
        priority: RequestPriority | None = None,
        context: Mapping[str, Any] | None = None,
        image_url: str | None = None,
        file: UploadedFile | None = None,
        callback_url: str | None = None,
        idempotency_key: str | None = None,
    ) -> Request:
        """Put a question to a loop, and return the new request as far as the server's receipt tells.

        Args:
            loop_id: The loop whose members are asked.
            text: The question, in Markdown, up to 2000 characters.
            response: The kind of answer: SingleSelect, MultiSelect, Rating, Number, Text or Boolean, from `hitl`.
            returns: A type in its place, as in `ask`: bool, which is the default, a Literal, an Enum, int, float, str
                or a list of choices. `hitl.read_answer(request, returns)` reads the answer as such.
            default: The answer that counts if nobody gives one in time. Without it, it is False, an empty text or an
                empty list; a choice of one, a rating and a number need one.
            timeout: Seconds until then, 60 to 86400; without it, 30 days.
            priority: "low", "medium" (the default), "high" or "critical".
            context: What else people need to see, as a dict of anything with a JSON form.
            image_url: An image to show.
            file: An image or a document to show, as `client.uploads` returned it.
            callback_url: Where the end is reported. The call is not signed; `notify` reads before it believes.
            idempotency_key: See `create_review`.

        Raises:
            FormError: if no single answer can be a value of the type. Nothing is sent.
            NotFoundError: if there is no such loop.
            InvalidRequestError: if the server refuses it, as for a loop without an active member.
        """
        question = {"text": text, "response": response, "returns": returns, "default": default, "timeout": timeout}
        shown = {"priority": priority, "context": context, "image_url": image_url, "file": file}
        given = {**question, **shown, "callback_url": callback_url, "idempotency_key": idempotency_key}
        return self._run(flows.create(self._methods, loop_id, given))

    @overload
    def create_many(
        self,
        loop_id: str,
        items: Iterable[RequestFields],
        *,
        concurrency: int = ...,
        on_error: Literal["raise"] = ...,
        batch_key: str | None = ...,
        progress: bool = ...,
    ) -> _Made: ...
    @overload
    def create_many(
        self,
        loop_id: str,
        items: Iterable[RequestFields],
        *,
        concurrency: int = ...,
        on_error: Literal["return"],
        batch_key: str | None = ...,
        progress: bool = ...,
    ) -> _MadeOrNot: ...
    def create_many(
        self,
        loop_id: str,
        items: Iterable[RequestFields],
        *,
        concurrency: int = CONCURRENCY,
        on_error: Literal["raise", "return"] = "raise",
        batch_key: str | None = None,
        progress: bool = False,
    ) -> _Made | _MadeOrNot:
        """Put many questions to a loop, dicts with the arguments of `create`; the rest is as in `create_reviews`."""
        return self._run(
            flows.create_many(self._methods, loop_id, items, concurrency, on_error, batch_key, progress=progress)
        )

    def get(self, request_id: str) -> Request:
        """Return the current state of a request, or raise RequestNotFoundError if no request has this id."""
        return self._run(flows.get(self._methods, request_id))

    def list(
        self,
        *,
        status: RequestStatus | None = None,
        priority: RequestPriority | None = None,
        loop_id: str | None = None,
        page_size: int = PAGE_SIZE,
    ) -> PagedList[Request]:
        """Return the requests of this API key that match all filters, the newest first.

        A list may leave out parts of a request; `get` reads it whole.
        """
        page = flows.page_of(self._methods, {"status": status, "priority": priority, "loop_id": loop_id})
        return PagedList(lambda asked: self._run(page(asked)), page_size)

    def update(self, request_id: str, **changes: Unpack[RequestChange]) -> Request:
        """Change a request that nobody has answered yet, and return it; the arguments are those of `create`.

        The vendor's own tools send this, but no page of the vendor describes it.
        """
        return self._run(flows.update(self._methods, request_id, changes))

    def cancel(self, request_id: str) -> Request:
        """Take a request back that nobody has answered yet, and return it; may be repeated.

        Raises:
            InvalidRequestError: if it has been answered, or its time has run out.
        """
        return self._run(flows.cancel(self._methods, request_id))

    def add_feedback(
        self,
        request_id: str,
        *,
        rating: float | None = None,
        comment: str | None = None,
        accuracy: float | None = None,
        timeliness: float | None = None,
        helpfulness: float | None = None,
        would_recommend: bool | None = None,
        follow_up_needed: bool | None = None,
        tags: Sequence[str] | None = None,
        category: Literal["positive", "constructive", "issue"] | None = None,
    ) -> None:
        """Tell who answered how good the answer was, once for each request: 1 to 5, and up to 1000 characters."""
        scores = {"rating": rating, "accuracy": accuracy, "timeliness": timeliness, "helpfulness": helpfulness}
        flags = {"would_recommend": would_recommend, "follow_up_needed": follow_up_needed}
        given = {**scores, **flags, "comment": comment, "tags": tags, "category": category}
        return self._run(flows.add_feedback(self._methods, request_id, given))

    def wait(self, request_id: str | Request, timeout: Seconds | None = None, **how: Unpack[WaitHow]) -> Request:
        """Wait until a request has been answered or its time has run out, and return it.

        Then its `answer` is the default, and `timed_out` is True. The arguments are those of `wait_for_review`; waits
        for requests and for reviews share what the rate limit leaves.

        Raises:
            RequestCancelledError: if it was cancelled.
            RequestExpiredError: if its time ran out and the server knows no default.
            WaitTimeoutError: if the timeout of the wait passed; `request` is as last seen. Call again to wait on.
            RequestNotFoundError: if no request has this id.
        """
        return self._run(flows.wait(self._methods, request_id, timeout, how))

    def wait_many(
        self,
        requests: Iterable[str | Request],
        timeout: Seconds | None = None,
        *,
        return_when: str = ALL,
        **how: Unpack[WaitHow],
    ) -> _Made:
        """Wait for many requests, and return them in the order given; with FIRST, those answered once one is.

        Raises:
            BatchError: if all have ended, but some without an answer; `outcomes` has a request or an error for each.
            WaitTimeoutError: if the timeout passed; `pending` has the ids to wait for again, `requests` the ended ones.
        """
        return self._run(flows.wait_many(self._methods, requests, return_when, timeout, how))

    def as_completed(
        self, requests: Iterable[str | Request], timeout: Seconds | None = None, **how: Unpack[WaitHow]
    ) -> Completions[Request]:
        """Return an iterator over the requests in the order in which they end, also those that were cancelled."""
        return Completions(flows.as_completed(self._methods, requests, timeout, how), self._run)
