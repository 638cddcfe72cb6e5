"""Errors made of failed attempts: which class, and what its message says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import hitl.exceptions as exceptions
from hitl._calls.backoff import retry_after
from hitl._calls.retry_policy import parsed, unreadable_situation
from hitl._engine import Response, TransportFailure
from hitl._flows import ApiCall
from hitl._json import Object, as_object, as_text, is_deeper

_BY_STATUS: Mapping[int, type[exceptions.APIStatusError]] = {
    400: exceptions.InvalidRequestError,
    401: exceptions.AuthenticationError,
    403: exceptions.PermissionDeniedError,
    409: exceptions.ConflictError,
    422: exceptions.InvalidRequestError,
    429: exceptions.RateLimitError,
}
_BY_CODE: Mapping[str, type[exceptions.NotFoundError]] = {
    "review_not_found": exceptions.ReviewNotFoundError,
    "template_not_found": exceptions.TemplateNotFoundError,
}
_HINTS: Mapping[int, str] = {
    401: "Check the key that the client was given (argument api_key or HITL_API_KEY).",
    403: "The key is known but may not do this; give it the permission, or use another key.",
    404: "Check the id, and that the key belongs to the same account.",
    409: "Read it again to see its state before deciding what to do.",
    410: "It is gone for good.",
    429: "Make fewer requests, or wait as long as `retry_after` says.",
}
_EXCERPT = 200  # characters of a response that an error message quotes
_DEEPEST = 50  # levels of an error's body that are kept; deeper ones cannot be copied
_LONGEST = 256 * 1024  # bytes of an error's body that is read as JSON; explanations are shorter


class _ErrorBody(NamedTuple):
    """The content of an error body, in whichever of the known envelopes."""

    message: str | None = None
    code: str | None = None
    details: Any = None


def status_error(call: ApiCall[Any], response: Response, attempts: int) -> exceptions.APIStatusError:
    """Return the error for a response outside 2xx; the status decides its class, whatever the body is."""
    body = _body(response)
    said = _error_body(body)
    error = _class(call, response.status_code, said.code)
    return error(
        _message(call, response, said, attempts),
        status_code=response.status_code,
        code=said.code,
        details=said.details,
        body=body,
        attempts=attempts,
        request_id=request_id(response, body),
        retry_after=retry_after(response.headers),
        sent="yes",
    )


def connection_error(call: ApiCall[Any], failure: TransportFailure, attempts: int) -> exceptions.APIConnectionError:
    """Return the error for an attempt without a response."""
    message = f"{call.operation}: {failure.message} {_tried(attempts)}."
    if failure.kind == "tls":
        return exceptions.TLSError(message, attempts=attempts, sent=failure.sent)
    error = exceptions.APITimeoutError if failure.is_timeout else exceptions.APIConnectionError
    return error(message, attempts=attempts, sent=failure.sent)


def unexpected_response(
    operation: str, response: Response, why: str, *, is_mismatched: bool = False
) -> exceptions.UnexpectedResponseError:
    """Return the error for a successful response that does not fit openapi.yaml.

    It is `retryable` if the next response may fit; the exchange withdraws that if a repetition could do harm.
    """
    excerpt = _excerpt(response)
    return exceptions.UnexpectedResponseError(
        f"{operation}: the server answered {response.status_code} with a body that does not fit the API "
        f"({one_line(why)}). Is base_url right, and is there a proxy in between? The body begins: {excerpt!r}",
        status_code=response.status_code,
        excerpt=excerpt,
        is_too_large=response.is_too_large,
        request_id=request_id(response, _body(response)),
        retryable=unreadable_situation(response, is_mismatched=is_mismatched) == "unreadable",
        sent="yes",
    )


def add_advice(error: exceptions.HITLError, hint: str) -> None:
    """Add to an error why there was no further attempt, and what to do if something may have been created."""
    key = f" with idempotency_key={error.idempotency_key!r}" if error.idempotency_key else ""
    if error.outcome_unknown:
        hint += (
            f" It may have been created all the same: look before you call again{key}. A server that recognises the "
            "key makes one of both calls."
        )
    error.message += hint
    error.args = (error.message,)


def request_id(response: Response, body: Any) -> str | None:
    """Return the server's request id, from its header or from the envelope's `meta`."""
    named = response.headers.get("x-request-id") or as_text(as_object(as_object(body).get("meta")).get("request_id"))
    return one_line(named) if named else None


def one_line(text: str) -> str:
    """Return a string that is safe in a message: one line, no control characters, at most 200 characters."""
    clean = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+", " ", text).strip()
    return clean if len(clean) <= _EXCERPT else clean[: _EXCERPT - 1] + "…"


def _body(response: Response) -> Any:
    body = parsed(response) if len(response.content) <= _LONGEST else ...
    return _excerpt(response) if body is ... or is_deeper(body, _DEEPEST) else body


def _excerpt(response: Response) -> str:
    return one_line(response.content[: 4 * _EXCERPT].decode("utf-8", "replace"))


def _error_body(body: object) -> _ErrorBody:
    document = as_object(body)
    if error := as_object(document.get("error")):
        # reviews, templates, webhooks, teams: {success, error: {code, message, details}}
        return _ErrorBody(_words(error, "message"), _words(error, "code"), error.get("details"))
    # loops and requests: {error, msg, data}; gateways: problem details (RFC 9457) {title, detail}
    return _ErrorBody(_words(document, "msg", "detail", "title"), None, document.get("data"))


def _words(document: Object, *names: str) -> str | None:
    said = next((text for name in names if (text := as_text(document.get(name)))), None)
    return one_line(said) if said else None


def _class(call: ApiCall[Any], status: int, code: str | None) -> type[exceptions.APIStatusError]:
    if status == 404:
        return _BY_CODE.get(code or "", call.not_found)
    return exceptions.ServerError if status >= 500 else _BY_STATUS.get(status, exceptions.APIStatusError)


def _message(call: ApiCall[Any], response: Response, said: _ErrorBody, attempts: int) -> str:
    says = said.message or response.fault or "no explanation"
    code = f" {said.code}" if said.code else ""
    parts = [f"{call.operation}: the server answered {response.status_code}{code}: {says} {_tried(attempts)}."]
    if 300 <= response.status_code < 400:
        parts.append("Redirects are not followed; set base_url to where the API is.")
    if field := as_text(as_object(said.details).get("field")):
        parts.append(f"Field: {one_line(field)}.")
    parts.append(_HINTS.get(response.status_code, ""))
    return " ".join(filter(None, parts))


def _tried(attempts: int) -> str:
    return "(1 attempt)" if attempts == 1 else f"({attempts} attempts)"
