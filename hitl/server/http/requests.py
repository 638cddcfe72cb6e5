"""What a request says beside its path: body, query and the two optional headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any, Final, TypeVar

from starlette.requests import Request

from hitl._json import decode, is_object
from hitl.server.primitives.errors import ApiError, invalid
from hitl.server.primitives.timestamps import from_wire, to_wire
from hitl.server.reviews.schemas import PRIORITIES, STATUSES
from hitl.server.reviews.store import ReviewQuery
from hitl.server.webhooks.payloads import DELIVERY_STATUSES, EVENTS

MAX_BODY: Final = 5 * 1024 * 1024
"""The greatest size of a request body, in bytes."""

MAX_DEPTH: Final = 100
"""How deep objects and arrays may stand inside each other."""

MAX_WAIT: Final = 60
"""The longest that an answer is held back for `Prefer: wait`, in seconds."""

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 100

_PAGING = ("limit", "offset")
_FILTERS = ("status", "priority", "assignee", "template_id", "created_after", "created_before", "updated_after", "ids")
_CHANGES = "changes_after"
_DELIVERY_FILTERS = ("webhook_id", "event", "status")
# Bare, as all deployed APIs have it, or a string of structured fields (RFC 8941, 3.3.3), as the IETF draft wants it.
_KEY = re.compile(r'(?P<quote>"?)(?P<key>[\x21\x23-\x7e]{1,255})(?P=quote)')
_WAIT = re.compile(r'wait\s*=\s*"?(\d{1,9})"?', re.ASCII | re.IGNORECASE)

_Value = TypeVar("_Value")


async def body_of(request: Request) -> dict[str, Any]:
    """Return the JSON object that a request brings."""
    content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        # Only this type makes a browser ask first (CORS), so no page elsewhere can send it in passing.
        raise invalid("send the body as JSON, with the header Content-Type: application/json")
    return parse_object(await _read(request))


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a request body is.

    Raises:
        ApiError: It is not strict JSON, not an object, or nested too deeply.
    """
    try:
        value = decode(body, max_depth=MAX_DEPTH)
    except UnicodeDecodeError as error:
        raise invalid("the body is not UTF-8") from error
    except ValueError as error:
        raise invalid(f"the body is not valid JSON: {error}") from error
    if not is_object(value):
        raise invalid("the body must be a JSON object")
    return value


def idempotency_key(request: Request) -> str | None:
    """Return the name that the client gave this act of creation; in quotation marks it is the same name."""
    given = request.headers.getlist("Idempotency-Key")
    if not given:
        return None
    match = _KEY.fullmatch(given[0])
    if match is None or len(given) > 1:
        issue = "must be given once, as 1 to 255 visible ASCII characters without quotation marks inside"
        raise invalid(issue, "Idempotency-Key")
    return match["key"]


def wait_seconds(request: Request) -> int | None:
    """Return how long the answer may be held back; None if the client did not ask, or not in the form of RFC 7240."""
    preferences = ",".join(request.headers.getlist("Prefer")).split(",")
    matches = (_WAIT.fullmatch(preference.partition(";")[0].strip()) for preference in preferences)
    # Of several, the first counts (RFC 7240, section 2).
    return next((min(int(match[1]), MAX_WAIT) for match in matches if match), None)


def paging(request: Request) -> tuple[int, int]:
    """Return limit and offset of a list without filters."""
    _refuse_unknown(request, _PAGING)
    return _limit_and_offset(request)


def review_query(request: Request) -> ReviewQuery:
    """Return which reviews a request asks for."""
    _refuse_unknown(request, (*_FILTERS, _CHANGES, *_PAGING))
    limit, offset = _limit_and_offset(request)
    return ReviewQuery(
        status=_parsed(request, "status", _words(STATUSES)),
        priority=_parsed(request, "priority", _word(PRIORITIES)),
        assignee=request.query_params.get("assignee"),
        template_id=request.query_params.get("template_id"),
        created_after=_parsed(request, "created_after", _moment),
        created_before=_parsed(request, "created_before", _moment),
        updated_after=_parsed(request, "updated_after", _moment),
        ids=_parsed(request, "ids", _list),
        changes_after=_parsed(request, _CHANGES, _between(0, 2**63 - 1)),
        limit=limit,
        offset=offset,
    )


def delivery_query(request: Request) -> tuple[dict[str, str | None], int, int]:
    """Return which deliveries of webhooks a request asks for: filters for `Deliveries.page`, limit and offset."""
    _refuse_unknown(request, (*_DELIVERY_FILTERS, *_PAGING))
    filters = {
        "webhook_id": request.query_params.get("webhook_id"),
        "event": request.query_params.get("event"),
        "status": _parsed(request, "status", _word(DELIVERY_STATUSES)),
    }
    return filters, *_limit_and_offset(request)


def sample_event(request: Request) -> str:
    """Return the event that a request wants an example of."""
    _refuse_unknown(request, ("event",))
    return _parsed(request, "event", _word(EVENTS)) or "review.completed"


async def _read(request: Request) -> bytes:
    """Return the body, or read a good deal past the limit so that the client is there to hear why it is refused."""
    kept = bytearray()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MAX_BODY:
            kept += chunk
        elif size > 4 * MAX_BODY:
            break
    if size > MAX_BODY:
        raise ApiError(413, "payload_too_large", f"the body is larger than {MAX_BODY} bytes; send less content")
    return bytes(kept)


def _refuse_unknown(request: Request, known: Collection[str]) -> None:
    # A misspelt filter that is ignored would answer everything, which is worse than a refusal.
    for name in request.query_params:
        if name not in known:
            raise invalid(f"is no parameter here; known are {', '.join(known)}", name[:64])


def _limit_and_offset(request: Request) -> tuple[int, int]:
    limit = _parsed(request, "limit", _between(1, MAX_LIMIT))
    offset = _parsed(request, "offset", _between(0, 2**63 - 1))
    return DEFAULT_LIMIT if limit is None else limit, offset or 0


def _parsed(request: Request, name: str, parse: Callable[[str], _Value]) -> _Value | None:
    """Return a parameter's value, or None if it is missing; `parse` raises ValueError with what is wrong."""
    given = request.query_params.getlist(name)
    if not given:
        return None
    if len(given) > 1:
        raise invalid("is given more than once", name)
    try:
        return parse(given[0])
    except ValueError as error:
        raise invalid(str(error), name) from error


def _between(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"\d{1,19}", text, re.ASCII) or not lowest <= int(text) <= highest:
            raise ValueError(f"must be a whole number from {lowest} to {highest}")
        return int(text)

    return parse


def _word(words: Collection[str]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return text

    return parse


def _words(words: Collection[str]) -> Callable[[str], list[str]]:
    parse_one = _word(words)
    return lambda text: [parse_one(word) for word in _list(text)]


def _list(text: str) -> list[str]:
    return text.split(",")


def _moment(text: str) -> str:
    try:
        return to_wire(from_wire(text))
    except ValueError as error:
        raise ValueError(
            "must be a date-time with an offset, such as 2026-01-20T18:00:00Z (a + is sent as %2B)"
        ) from error
