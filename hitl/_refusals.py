"""From an outcome that is not an answer to the question, to the error that tells it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from hitl._backoff import retry_after
from hitl._flow import Answer, Call, Failure
from hitl._json import Object, as_object, as_text
from hitl.exceptions import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ReviewNotFoundError,
    ServerError,
    TemplateNotFoundError,
    UnexpectedResponseError,
)

# Statuses that pass by themselves; 520-524 come from proxies in front of a server, 529 from overloaded ones.
PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})

_BY_STATUS: Mapping[int, type[APIStatusError]] = {
    400: InvalidRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    409: ConflictError,
    422: InvalidRequestError,
    429: RateLimitError,
}
_BY_CODE: Mapping[str, type[NotFoundError]] = {
    "review_not_found": ReviewNotFoundError,
    "template_not_found": TemplateNotFoundError,
}
_HINTS: Mapping[int, str] = {
    401: "Check the key that the client was given (argument api_key or HITL_API_KEY).",
    403: "The key is known but may not do this; give it the permission, or use another key.",
    404: "Check the id, and that the key belongs to the same account.",
    409: "Read it again to see its state before deciding what to do.",
    429: "Make fewer requests, or wait as long as `retry_after` says.",
}
_EXCERPT = 200  # characters of a server's words that an error message takes over


@frozen
class _Told:
    """What an error body says, whichever of the known envelopes it uses."""

    message: str | None = None
    code: str | None = None
    details: Any = None


def status_error(call: Call[Any], answer: Answer, attempts: int, *, may_repeat: bool) -> APIStatusError:
    """Return the error for an answer outside 2xx; the status decides the class, whatever the body is."""
    body = _body(answer)
    told = _told(body)
    error = _class(call, answer.status_code, told.code)
    passing = answer.status_code in PASSING_STATUSES
    # A 429 is an answer given before anything was done; any other passing fault may hide a thing that was done.
    undone = answer.status_code == 429 or not passing
    return error(
        _sentence(call, answer, told, attempts, outcome_unknown=not (undone or may_repeat)),
        status_code=answer.status_code,
        code=told.code,
        details=told.details,
        body=body,
        attempts=attempts,
        request_id=request_id(answer, body),
        retry_after=retry_after(answer.headers),
        retryable=passing and (undone or may_repeat),
        sent="yes",
        outcome_unknown=not (undone or may_repeat),
        idempotency_key=call.request.headers.get("Idempotency-Key"),
    )


def connection_error(call: Call[Any], failure: Failure, attempts: int, *, may_repeat: bool) -> APIConnectionError:
    """Return the error for an exchange that got no answer."""
    error = APITimeoutError if failure.is_timeout else APIConnectionError
    unknown = failure.sent != "no" and not may_repeat
    message = f"{call.operation}: {failure.message} {_tried(attempts)}."
    return error(
        message + (_unknown_advice(call) if unknown else ""),
        attempts=attempts,
        retryable=failure.sent == "no" or may_repeat,
        sent=failure.sent,
        outcome_unknown=unknown,
        idempotency_key=call.request.headers.get("Idempotency-Key"),
    )


def misfit(operation: str, answer: Answer, why: str) -> UnexpectedResponseError:
    """Return the error for a successful answer that does not fit openapi.yaml."""
    excerpt = one_line(answer.content.decode("utf-8", "replace"))
    return UnexpectedResponseError(
        f"{operation}: the server answered {answer.status_code} with a body that does not fit the API ({why}). "
        f"Is base_url right, and is there a proxy in between? The body begins: {excerpt!r}",
        status_code=answer.status_code,
        excerpt=excerpt,
        request_id=request_id(answer, _body(answer)),
        sent="yes",
    )


def request_id(answer: Answer, body: Any) -> str | None:
    """Return the server's name for the exchange, from its header or from the envelope's `meta`."""
    named = answer.headers.get("x-request-id") or as_text(as_object(as_object(body).get("meta")).get("request_id"))
    return one_line(named) if named else None


def one_line(text: str) -> str:
    """Return text that is safe in a message: one line, no control characters, at most 200 characters."""
    clean = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+", " ", text).strip()
    return clean if len(clean) <= _EXCERPT else clean[: _EXCERPT - 1] + "…"


def _body(answer: Answer) -> Any:
    try:
        return answer.json()
    except ValueError:
        return one_line(answer.content[: 4 * _EXCERPT].decode("utf-8", "replace"))


def _told(body: object) -> _Told:
    document = as_object(body)
    if error := as_object(document.get("error")):
        # reviews, templates, webhooks, teams: {success, error: {code, message, details}}
        return _Told(_words(error, "message"), _words(error, "code"), error.get("details"))
    # loops and requests: {error, msg, data}; gateways: problem details (RFC 9457) {title, detail}
    return _Told(_words(document, "msg", "detail", "title"), None, document.get("data"))


def _words(document: Object, *names: str) -> str | None:
    said = next((text for name in names if (text := as_text(document.get(name)))), None)
    return one_line(said) if said else None


def _class(call: Call[Any], status: int, code: str | None) -> type[APIStatusError]:
    if status == 404:
        return _BY_CODE.get(code or "", call.not_found)
    return ServerError if status >= 500 else _BY_STATUS.get(status, APIStatusError)


def _sentence(call: Call[Any], answer: Answer, told: _Told, attempts: int, *, outcome_unknown: bool) -> str:
    says = told.message or "no explanation"
    code = f" {told.code}" if told.code else ""
    parts = [f"{call.operation}: the server answered {answer.status_code}{code}: {says} {_tried(attempts)}."]
    if 300 <= answer.status_code < 400:
        parts.append("Redirects are not followed; set base_url to where the API is.")
    if field := as_text(as_object(told.details).get("field")):
        parts.append(f"Field: {one_line(field)}.")
    parts.append(_HINTS.get(answer.status_code, ""))
    return " ".join(filter(None, parts)) + (_unknown_advice(call) if outcome_unknown else "")


def _tried(attempts: int) -> str:
    return "(1 attempt)" if attempts == 1 else f"({attempts} attempts)"


def _unknown_advice(call: Call[Any]) -> str:
    key = call.request.headers.get("Idempotency-Key")
    again = f" with idempotency_key={key!r}" if key else ""
    return (
        f" The server may have done it all the same, and is not known to recognise repetitions: "
        f"look before you call again{again}."
    )
