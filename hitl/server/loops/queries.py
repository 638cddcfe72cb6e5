"""Which requests a list asks for, read from the query; errors are in the documentation's words."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, cast

from starlette.requests import Request

from hitl.server.http.requests import DEFAULT_LIMIT, MAX_LIMIT
from hitl.server.loops.accounts import OBJECT_ID
from hitl.server.loops.envelope import LoopApiError
from hitl.server.loops.schemas import PRIORITIES, SORTS, STATUSES
from hitl.server.loops.store import RequestQuery, Sort
from hitl.server.primitives import from_wire, to_wire

_KNOWN: Final = ("status", "priority", "loop_id", "limit", "offset", "sort", "created_before")
_PAGING: Final = "Invalid pagination parameters"


def request_query(request: Request, api_key_id: str) -> RequestQuery:
    """Return which of one key's requests are asked for."""
    given = _given(request)
    return RequestQuery(
        status=_word(given, "status", STATUSES, "Invalid status filter value"),
        priority=_word(given, "priority", PRIORITIES),
        loop_id=_loop_id(given),
        api_key_id=api_key_id,
        created_before=_date_time(given, "created_before"),
        limit=_whole(given, "limit", 1, MAX_LIMIT, DEFAULT_LIMIT),
        offset=_whole(given, "offset", 0, 2**63 - 1, 0),
        sort=cast("Sort", _word(given, "sort", SORTS) or SORTS[0]),
    )


def _given(request: Request) -> dict[str, str]:
    # A misspelt filter that is ignored would answer everything, which is worse than a refusal.
    for name in request.query_params:
        if name not in _KNOWN:
            raise _invalid(f"{name[:64]} is no parameter here; known are {', '.join(_KNOWN)}")
        if len(request.query_params.getlist(name)) > 1:
            raise _invalid(f"{name} is given more than once")
    return dict(request.query_params)


def _word(given: dict[str, str], name: str, words: Collection[str], msg: str = "Validation failed") -> str | None:
    if name in given and given[name] not in words:
        raise LoopApiError(400, msg, f"{name} must be one of: {', '.join(words)}")
    return given.get(name)


def _whole(given: dict[str, str], name: str, lowest: int, highest: int, otherwise: int) -> int:
    text = given.get(name)
    if text is None:
        return otherwise
    if not re.fullmatch(r"\d{1,19}", text, re.ASCII) or not lowest <= int(text) <= highest:
        raise LoopApiError(400, _PAGING, f"{name} must be between {lowest} and {highest}")
    return int(text)


def _loop_id(given: dict[str, str]) -> str | None:
    text = given.get("loop_id")
    if text is not None and not OBJECT_ID.fullmatch(text):
        raise LoopApiError(400, "Invalid loop ID format")
    return None if text is None else text.lower()


def _date_time(given: dict[str, str], name: str) -> str | None:
    try:
        return to_wire(from_wire(given[name])) if name in given else None
    except ValueError as error:
        raise _invalid(f"{name} must be a date-time with an offset, such as 2026-01-20T18:00:00Z") from error


def _invalid(data: str) -> LoopApiError:
    return LoopApiError(400, "Validation failed", data)
