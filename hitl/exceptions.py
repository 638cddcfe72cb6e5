"""All errors of the package.

    HITLError
    ├── ConfigurationError              found before any I/O; also a ValueError
    │   ├── ContentError                content without a JSON form              .path
    │   └── FormError                   a type that no form can ask for          .path
    ├── APIConnectionError              no HTTP response
    │   ├── APITimeoutError             also a TimeoutError
    │   └── TLSError                    the certificate is not valid
    ├── APIStatusError                  .status_code .code .details .body
    │   ├── InvalidRequestError         400, 422
    │   ├── AuthenticationError         401
    │   ├── PermissionDeniedError       403
    │   ├── NotFoundError               404
    │   │   ├── RequestNotFoundError
    │   │   ├── ReviewNotFoundError
    │   │   └── TemplateNotFoundError
    │   ├── ConflictError               409
    │   ├── RateLimitError              429
    │   └── ServerError                 5xx
    ├── UnexpectedResponseError         a response that does not fit openapi.yaml .status_code .excerpt
    ├── WaitError                       a wait that ended without an answer      .review .request
    │   ├── WaitTimeoutError            also a TimeoutError                      .last_error .pending .reviews .requests
    │   ├── RequestExpiredError         its time ran out, and it has no default
    │   ├── RequestCancelledError
    │   ├── ReviewExpiredError
    │   ├── ReviewCancelledError
    │   └── ReviewRejectedError         from ask only: a no instead of a value
    ├── AnswerError                     an answer that is not of its type        .path .review
    ├── BatchError                      some items of a batch failed             .outcomes
    └── SignatureError                  from construct_event only                .reason

    KeyboardInterrupt
    └── BatchInterrupted                Ctrl-C during a batch                    .outcomes

Every error has `attempts`, `request_id`, `retry_after`, `retryable`, `sent` and `outcome_unknown`.
All can be pickled and copied; none contains an object of the HTTP library, or the API key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from hitl._request import Request
    from hitl._review import Review

__all__ = [
    "APIConnectionError",
    "APIStatusError",
    "APITimeoutError",
    "AnswerError",
    "AuthenticationError",
    "BatchError",
    "BatchInterrupted",
    "ConfigurationError",
    "ConflictError",
    "ContentError",
    "FormError",
    "HITLError",
    "InvalidRequestError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "RequestCancelledError",
    "RequestExpiredError",
    "RequestNotFoundError",
    "ReviewCancelledError",
    "ReviewExpiredError",
    "ReviewNotFoundError",
    "ReviewRejectedError",
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
    """The base of all errors of this package.

    Attributes:
        attempts: Requests that were made for the call; 0 if it failed before the first. Waits share their requests: for
            a wait, all that were made while it lasted.
        request_id: The server's id of the last request, for its support; None if it gave none.
        retry_after: Seconds that the server asked to wait; None if it did not.
        retryable: True if the same call may succeed later, and cannot create anything twice.
        sent: How far the attempts got: "no", nothing was sent; "maybe", a part of a request was; "yes", the server
            answered.
        outcome_unknown: True if a creation may have succeeded without being confirmed.
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
        # OSError, a base of the timeouts, has its own __reduce__, which would lose these attributes.
        return type(self), (self.message,), self.__dict__


class ConfigurationError(HITLError, ValueError):
    """An argument, a setting or an environment variable is wrong; nothing was sent."""


class ContentError(ConfigurationError):
    """A value inside `content` has no JSON form; nothing was sent.

    Attributes:
        path: The path to the value as a Python expression: `content['rows'][3]['price']`.
    """

    def __init__(self, message: str = "", *, path: str = "") -> None:
        super().__init__(message)
        self.path = path


class FormError(ConfigurationError):
    """No form can ask a person for a value of this type; nothing was sent.

    Attributes:
        path: The part that no form can ask for: `order.items[].price`, or a JSON pointer into a schema.
    """

    def __init__(self, message: str = "", *, path: str = "") -> None:
        super().__init__(message)
        self.path = path


class APIConnectionError(HITLError):
    """There was no HTTP response: the server is unreachable, or the connection broke."""


class APITimeoutError(APIConnectionError, TimeoutError):
    """The server did not answer in time."""


class TLSError(APIConnectionError):
    """The server's certificate is not trusted, has expired, or is for another host."""


class APIStatusError(HITLError):
    """The server answered with an error status.

    Attributes:
        status_code: The HTTP status, any integer.
        code: The server's machine-readable error code, such as "review_not_found"; None if it gave none.
        details: The server's structured explanation, unchanged; None if it gave none.
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
    """400 or 422: the request is invalid; `details` says why."""


class AuthenticationError(APIStatusError):
    """401: the API key is missing, wrong or no longer valid."""


class PermissionDeniedError(APIStatusError):
    """403: the API key is valid but may not do this."""


class NotFoundError(APIStatusError):
    """404: it does not exist, or this API key may not see it."""


class ReviewNotFoundError(NotFoundError):
    """404 for a review."""


class TemplateNotFoundError(NotFoundError):
    """404 for a template."""


class RequestNotFoundError(NotFoundError):
    """404 for a request to a loop."""


class ConflictError(APIStatusError):
    """409: its state does not allow this, for instance because a review is finished."""


class RateLimitError(APIStatusError):
    """429: too many requests; `retry_after` is the number of seconds to wait."""


class ServerError(APIStatusError):
    """5xx: the server failed."""


class UnexpectedResponseError(HITLError):
    """A response that does not fit the description of the API.

    Attributes:
        status_code: The HTTP status.
        excerpt: The first characters of the body.
        is_too_large: True if it is too large to be read: more than 16 MiB, or more than 500,000 values.
    """

    def __init__(
        self,
        message: str = "",
        *,
        status_code: int = 0,
        excerpt: str = "",
        is_too_large: bool = False,
        **facts: Any,
    ) -> None:
        super().__init__(message, **facts)
        self.status_code = status_code
        self.excerpt = excerpt
        self.is_too_large = is_too_large


class WaitError(HITLError):
    """A wait ended without a person's answer.

    Attributes:
        review: The review as it was last seen; None if it was never seen.
        request: The request to a loop, where one was waited for, as it was last seen.
    """

    def __init__(
        self, message: str = "", *, review: Review | None = None, request: Request | None = None, **facts: Any
    ) -> None:
        super().__init__(message, **facts)
        self.review = review
        self.request = request


class WaitTimeoutError(WaitError, TimeoutError):
    """A wait reached its timeout; what it was for is still open and can be waited for again.

    Attributes:
        last_error: The last transient error during the wait, if any.
        pending: The ids of what is still open, in the order in which they were given.
        reviews: The reviews that had ended by then, in that order.
        requests: The requests to loops that had ended by then, where such were waited for.
    """

    def __init__(
        self,
        message: str = "",
        *,
        review: Review | None = None,
        request: Request | None = None,
        last_error: HITLError | None = None,
        pending: Sequence[str] = (),
        reviews: Sequence[Review] = (),
        requests: Sequence[Request] = (),
        **facts: Any,
    ) -> None:
        super().__init__(message, review=review, request=request, **facts)
        self.last_error = last_error
        self.pending = list(pending)
        self.reviews = list(reviews)
        self.requests = list(requests)


class RequestExpiredError(WaitError):
    """The time of a request ran out before anybody answered, and it has no default."""


class RequestCancelledError(WaitError):
    """The request was cancelled before anybody answered."""


class ReviewExpiredError(WaitError):
    """The review expired before anybody answered."""


class ReviewCancelledError(WaitError):
    """The review was cancelled before anybody answered."""


class ReviewRejectedError(WaitError):
    """The reviewer rejected the question, where a value was asked for."""


class AnswerError(HITLError):
    """A person answered, but not with a value of the type that was asked for.

    Attributes:
        path: The field whose answer does not fit.
        review: The answered review; None while a form is read apart from one.
        request: The answered request to a loop, where the answer is of one.
    """

    def __init__(
        self,
        message: str = "",
        *,
        path: str = "",
        review: Review | None = None,
        request: Request | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(message, **facts)
        self.path = path
        self.review = review
        self.request = request


class BatchError(HITLError):
    """At least one item of a batch failed, or its input did; all other items were processed.

    Attributes:
        outcomes: The result or the error of each item, in input order. If the input failed, that is the cause of this
            error, and there is an entry for each item before.
    """

    def __init__(self, message: str = "", *, outcomes: Sequence[Any] = (), **facts: Any) -> None:
        super().__init__(message, **facts)
        self.outcomes = list(outcomes)

    @property
    def failures(self) -> Mapping[int, HITLError]:
        """The errors by the index of their item."""
        return {index: outcome for index, outcome in enumerate(self.outcomes) if isinstance(outcome, HITLError)}


class BatchInterrupted(KeyboardInterrupt):
    """Ctrl-C ended a batch: a KeyboardInterrupt with the outcomes so far.

    Attributes:
        outcomes: The result or the error of each item that was read, in input order. The error of an item in progress
            has `outcome_unknown` and the `idempotency_key`.
    """

    def __init__(self, message: str = "", *, outcomes: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.outcomes = list(outcomes)

    def __reduce__(self) -> tuple[type[BatchInterrupted], tuple[str], dict[str, Any]]:
        return type(self), (self.message,), self.__dict__


class SignatureError(HITLError):
    """A webhook could not be verified.

    Attributes:
        reason: A short code for the log, not for the sender: "missing_header", "signature_mismatch" …
    """

    def __init__(self, message: str = "", *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason
