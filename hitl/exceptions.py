"""Everything that can go wrong, as one family.

    HITLError
    ├── ConfigurationError              found before any I/O; also a ValueError
    │   └── ContentError                content that has no JSON form            .path
    ├── APIConnectionError              no HTTP answer arrived
    │   ├── APITimeoutError             also a TimeoutError
    │   └── TLSError                    the server could not prove who it is
    ├── APIStatusError                  .status_code .code .details .body
    │   ├── InvalidRequestError         400, 422
    │   ├── AuthenticationError         401
    │   ├── PermissionDeniedError       403
    │   ├── NotFoundError               404
    │   │   ├── ReviewNotFoundError
    │   │   └── TemplateNotFoundError
    │   ├── ConflictError               409
    │   ├── RateLimitError              429
    │   └── ServerError                 5xx
    ├── UnexpectedResponseError         an answer that does not fit openapi.yaml .status_code .excerpt
    ├── WaitError                       a wait that ended without an answer      .review
    │   ├── WaitTimeoutError            also a TimeoutError                      .last_error .pending .reviews
    │   ├── ReviewExpiredError
    │   └── ReviewCancelledError
    ├── BatchError                      some items of a batch failed             .outcomes
    └── SignatureError                  from construct_event only                .reason

    KeyboardInterrupt
    └── BatchInterrupted                Ctrl-C during a batch                    .outcomes

Every error knows `attempts`, `request_id`, `retry_after`, `retryable`, `sent` and `outcome_unknown`.
All of them pickle and copy, none holds an object of the HTTP library, and none holds the API key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from hitl._review import Review

__all__ = [
    "APIConnectionError",
    "APIStatusError",
    "APITimeoutError",
    "AuthenticationError",
    "BatchError",
    "BatchInterrupted",
    "ConfigurationError",
    "ConflictError",
    "ContentError",
    "HITLError",
    "InvalidRequestError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "ReviewCancelledError",
    "ReviewExpiredError",
    "ReviewNotFoundError",
    "ServerError",
    "SignatureError",
    "TLSError",
    "TemplateNotFoundError",
    "UnexpectedResponseError",
    "WaitError",
    "WaitTimeoutError",
]

Sent: TypeAlias = Literal["no", "maybe", "yes"]


class HITLError(Exception):
    """The base of everything this package raises on purpose.

    Attributes:
        attempts: Requests that were made for the call; 0 if it failed before the first. Waits share their requests: of
            a wait, all that were made while it lasted.
        request_id: The server's name for the last exchange, for its support; None if it gave none.
        retry_after: Seconds that the server asked to be left alone; None if it did not.
        retryable: True if the same call may help later, and may be made without risk of creating something twice.
        sent: How far the attempts got: "no", nothing left this machine; "maybe", some of a request did; "yes", the
            server answered.
        outcome_unknown: True if a creation may have been done although no answer says so.
        idempotency_key: The key that a creation was sent with, to be used again after `outcome_unknown`.
    """

    def __init__(
        self,
        message: str = "",
        *,
        attempts: int = 0,
        request_id: str | None = None,
        retry_after: float | None = None,
        retryable: bool = False,
        sent: Sent = "no",
        outcome_unknown: bool = False,
        idempotency_key: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.attempts = attempts
        self.request_id = request_id
        self.retry_after = retry_after
        self.retryable = retryable
        self.sent: Sent = sent
        self.outcome_unknown = outcome_unknown
        self.idempotency_key = idempotency_key

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[type[HITLError], tuple[str], dict[str, Any]]:
        # OSError, a base of the timeouts, has a __reduce__ of its own that would lose these attributes.
        return type(self), (self.message,), self.__dict__


class ConfigurationError(HITLError, ValueError):
    """An argument, a setting or an environment variable is wrong; nothing was sent."""


class ContentError(ConfigurationError):
    """A value inside `content` has no JSON form; nothing was sent.

    Attributes:
        path: Where the value stands, written as Python would reach it: `content['rows'][3]['price']`.
    """

    def __init__(self, message: str = "", *, path: str = "") -> None:
        super().__init__(message)
        self.path = path


class APIConnectionError(HITLError):
    """No HTTP answer arrived: the server is unreachable, or the connection broke."""


class APITimeoutError(APIConnectionError, TimeoutError):
    """The server did not answer in time."""


class TLSError(APIConnectionError):
    """The server could not prove who it is: its certificate is not trusted, has expired, or names another host."""


class APIStatusError(HITLError):
    """The server answered with a refusal.

    Attributes:
        status_code: The HTTP status, any integer.
        code: The server's machine-readable word, such as "review_not_found"; None if it gave none.
        details: The server's structured explanation, as it came; None if it gave none.
        body: The decoded JSON body, or the first characters of a body that is not JSON.
    """

    def __init__(
        self,
        message: str = "",
        *,
        status_code: int = 0,
        code: str | None = None,
        details: Any = None,
        body: Any = None,
        **facts: Any,
    ) -> None:
        super().__init__(message, **facts)
        self.status_code = status_code
        self.code = code
        self.details = details
        self.body = body


class InvalidRequestError(APIStatusError):
    """400 or 422: the server found a fault in the request; `details` names it."""


class AuthenticationError(APIStatusError):
    """401: the API key is missing, wrong or no longer valid."""


class PermissionDeniedError(APIStatusError):
    """403: the API key is valid but may not do this."""


class NotFoundError(APIStatusError):
    """404: there is no such thing, or this API key may not see it."""


class ReviewNotFoundError(NotFoundError):
    """404 for a review."""


class TemplateNotFoundError(NotFoundError):
    """404 for a template."""


class ConflictError(APIStatusError):
    """409: the thing is not in a state that allows this, for instance a finished review."""


class RateLimitError(APIStatusError):
    """429: too many requests; `retry_after` tells how many seconds to wait."""


class ServerError(APIStatusError):
    """5xx: the server failed."""


class UnexpectedResponseError(HITLError):
    """An answer that does not fit the description of the API.

    Attributes:
        status_code: The HTTP status of the answer.
        excerpt: The first characters of its body.
    """

    def __init__(self, message: str = "", *, status_code: int = 0, excerpt: str = "", **facts: Any) -> None:
        super().__init__(message, **facts)
        self.status_code = status_code
        self.excerpt = excerpt


class WaitError(HITLError):
    """A wait ended without a person's answer.

    Attributes:
        review: The review as it was last seen; None if it was never seen.
    """

    def __init__(self, message: str = "", *, review: Review | None = None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.review = review


class WaitTimeoutError(WaitError, TimeoutError):
    """Somebody had not answered within the wait's timeout; what is pending can be waited for again.

    Attributes:
        last_error: The last passing fault that the wait met, if any.
        pending: The ids of all that is still open, in the order in which they were given.
        reviews: Those that had ended by then, in that order.
    """

    def __init__(
        self,
        message: str = "",
        *,
        review: Review | None = None,
        last_error: HITLError | None = None,
        pending: Sequence[str] = (),
        reviews: Sequence[Review] = (),
        **facts: Any,
    ) -> None:
        super().__init__(message, review=review, **facts)
        self.last_error = last_error
        self.pending = list(pending)
        self.reviews = list(reviews)


class ReviewExpiredError(WaitError):
    """The review's time ran out before anybody answered."""


class ReviewCancelledError(WaitError):
    """The review was cancelled before anybody answered."""


class BatchError(HITLError):
    """At least one item of a batch failed, or its input did; what could be done was done.

    Attributes:
        outcomes: One entry for each item in input order: what the call returned, or the error it raised. If the input
            failed, it is the cause, and there is an entry for each item that came before.
    """

    def __init__(self, message: str = "", *, outcomes: Sequence[Any] = (), **facts: Any) -> None:
        super().__init__(message, **facts)
        self.outcomes = list(outcomes)

    @property
    def failures(self) -> Mapping[int, HITLError]:
        """The errors by the index of their item."""
        return {index: outcome for index, outcome in enumerate(self.outcomes) if isinstance(outcome, HITLError)}


class BatchInterrupted(KeyboardInterrupt):
    """Ctrl-C ended a batch; a KeyboardInterrupt like any other, that knows what was done so far.

    Attributes:
        outcomes: One entry for each item in input order, as far as the input was read: what the call returned, or an
            error. Of an item that was under way, the error has `outcome_unknown` and the `idempotency_key`.
    """

    def __init__(self, message: str = "", *, outcomes: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.outcomes = list(outcomes)

    def __reduce__(self) -> tuple[type[BatchInterrupted], tuple[str], dict[str, Any]]:
        return type(self), (self.message,), self.__dict__


class SignatureError(HITLError):
    """A webhook is not what the server sent.

    Attributes:
        reason: A short word for the log, never for the sender: "missing_header", "signature_mismatch" …
    """

    def __init__(self, message: str = "", *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason
