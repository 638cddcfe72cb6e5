"""What a request says beside its path: body, query and the two optional headers; bad requests raise an ApiError."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from starlette.requests import Request

from hitl._json import MAX_DEPTH as DEPTH_OF_CONTENT
from hitl._json import MAX_SENT_VALUES, decode, is_object
from hitl.server.http.public_url import public_address
from hitl.server.http.workers import in_worker_if_large
from hitl.server.primitives import ApiError, from_wire, invalid, to_wire
from hitl.server.storage.queries import cursor_fault

MAX_BODY: Final = 5 * 1024 * 1024
"""The maximum size of a request body, in bytes."""

MAX_DEPTH: Final = DEPTH_OF_CONTENT + 5
"""How deep objects and arrays may stand inside each other; a body holds the content of a review some levels down."""

MAX_WAIT: Final = 60
"""The longest `Prefer: wait` that is honoured, in seconds."""

LONGEST_WAIT: Final = "hitl.longest_wait"
"""Where the ASGI scope holds the longest wait of a server behind a proxy, in seconds."""

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 100

# Bare, as all deployed APIs have it, or a string of structured fields (RFC 8941, 3.3.3), as the IETF draft wants it.
_KEY = re.compile(r'(?P<quote>"?)(?P<key>[\x21\x23-\x7e]{1,255})(?P=quote)')
_KEY_FORM: Final = "1 to 255 visible ASCII characters without quotation marks inside"
_HOST = re.compile(r"(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?")
_WAIT = re.compile(r'wait\s*=\s*"?(\d{1,9})"?', re.ASCII | re.IGNORECASE)

_BODY_SIZE: Final = "hitl.body_size"  # in the ASGI scope

_Value = TypeVar("_Value")


async def body_of(request: Request) -> dict[str, Any]:
    """Return the JSON object in the body of a request."""
    content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        # This type makes a browser ask first (CORS preflight), so no page of another site can send it.
        raise invalid("send the body as JSON, with the header Content-Type: application/json")
    content = await _read(request)
    request.scope[_BODY_SIZE] = len(content)
    return await in_worker_if_large(len(content), parse_object, content)


def body_size(request: Request) -> int:
    """Return the bytes of the body that `body_of` has read; 0 before."""
    size: int = request.scope.get(_BODY_SIZE, 0)
    return size


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a request body is; ApiError for everything else, and for too deep a one."""
    try:
        value = decode(body, max_values=MAX_SENT_VALUES, max_depth=MAX_DEPTH)
    except UnicodeDecodeError as error:
        raise invalid("the body is not UTF-8") from error
    except ValueError as error:
        raise invalid(f"the body is not valid JSON: {error}") from error
    if not is_object(value):
        raise invalid("the body must be a JSON object")
    return value


def idempotency_key(request: Request) -> str | None:
    """Return the key that names this act of creation, without quotation marks."""
    given = request.headers.getlist("Idempotency-Key")
    if not given:
        return None
    try:
        if len(given) == 1:
            return checked_key(given[0])
    except ValueError:
        pass
    raise invalid(f"must be given once, as {_KEY_FORM}", "Idempotency-Key")


def checked_key(text: str) -> str:
    """Parse an idempotency key."""
    match = _KEY.fullmatch(text)
    if match is None:
        raise ValueError(f"must be {_KEY_FORM}")
    return match["key"]


def address_of(request: Request) -> str:
    """Return the address by which the client reaches the server, without a slash at its end.

    The public URL where there is one. A sandbox takes that of the request, or what a proxy in front says
    (X-Forwarded-Proto, X-Forwarded-Host). The answer goes to whom sent these headers, so that nobody can mislead others
    with them.
    """
    if (public := public_address(request.scope)) is not None:
        return public
    scheme = request.headers.get("X-Forwarded-Proto", "").partition(",")[0].strip().lower()
    host = request.headers.get("X-Forwarded-Host", "").partition(",")[0].strip().lower()
    return "{}://{}{}".format(
        scheme if scheme in ("http", "https") else request.scope["scheme"],
        host if _HOST.fullmatch(host) else request.headers.get("Host") or request.url.netloc,
        request.scope.get("root_path", ""),
    )


def wait_seconds(request: Request) -> int | None:
    """Return how long the answer may be held back; None without a preference in the form of RFC 7240."""
    preferences = ",".join(request.headers.getlist("Prefer")).split(",")
    matches = (_WAIT.fullmatch(preference.partition(";")[0].strip()) for preference in preferences)
    # Of several, the first counts (RFC 7240, section 2).
    return next((capped_wait(request, min(int(match[1]), MAX_WAIT)) for match in matches if match), None)


def capped_wait(request: Request, seconds: int) -> int:
    """Return for how many of these seconds an answer may be held back: a proxy in front gives up after a while."""
    longest: int = request.scope.get(LONGEST_WAIT, seconds)
    return min(seconds, longest)


def route_path(scope: Mapping[str, Any]) -> str:
    """Return the path below the server's own address, which may have one of its own (ASGI's `root_path`)."""
    return str(scope.get("path", ""))[len(scope.get("root_path", "")) :]


def is_api(scope: Mapping[str, Any]) -> bool:
    """Return whether a request is for the API rather than for a page."""
    return f"{route_path(scope)}/".startswith("/v1/")


@dataclass(frozen=True, slots=True)
class Place:
    """Which page of a list is asked for: the one at an offset, or the one after a cursor."""

    limit: int
    offset: int = 0
    after: str | None = None


def paging(request: Request, *filters: str) -> Place:
    """Return the place in a list that has these filters; other parameters are refused."""
    refuse_unknown(request, (*filters, "limit", "offset", "after"))
    limit = parsed(request, "limit", between(1, MAX_LIMIT))
    offset = parsed(request, "offset", between(0, 2**63 - 1))
    after = parsed(request, "after", str)
    if (fault := cursor_fault(after, has_offset=offset is not None)) is not None:
        raise invalid(fault, "after")
    return Place(DEFAULT_LIMIT if limit is None else limit, offset or 0, after)


async def _read(request: Request) -> bytes:
    """Return the body; read well past the limit before refusing, so that the client still reads the answer."""
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


def refuse_unknown(request: Request, known: Collection[str]) -> None:
    """Refuse unknown parameters: a list with a misspelt filter ignored would be worse than an error."""
    for name in request.query_params:
        if name not in known:
            raise invalid(f"is no parameter here; known are {', '.join(known)}", name[:64])


def parsed(request: Request, name: str, parse: Callable[[str], _Value]) -> _Value | None:
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


def between(lowest: int, highest: int) -> Callable[[str], int]:
    """Return a parser of whole numbers in a range."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"\d{1,19}", text, re.ASCII) or not lowest <= int(text) <= highest:
            raise ValueError(f"must be a whole number from {lowest} to {highest}")
        return int(text)

    return parse


def word(words: Collection[str]) -> Callable[[str], str]:
    """Return a parser that accepts one of these words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return text

    return parse


def date_time(text: str) -> str:
    """Parse a date-time into wire form."""
    try:
        return to_wire(from_wire(text))
    except ValueError as error:
        raise ValueError(
            "must be a date-time with an offset, such as 2026-01-20T18:00:00Z (a + is sent as %2B)"
        ) from error
