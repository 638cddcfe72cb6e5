"""Which reviews a list asks for, read from the query of a request."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from hitl.server.http.requests import between, date_time, paging, parsed, word
from hitl.server.reviews.schemas import PRIORITIES, STATUSES
from hitl.server.reviews.store import ReviewQuery

_FILTERS: Final = (
    *("status", "priority", "assignee", "template_id", "created_after", "created_before", "updated_after", "ids"),
    "changes_after",
)


def review_query(request: Request) -> ReviewQuery:
    """Return which reviews a request asks for."""
    limit, offset = paging(request, *_FILTERS)
    return ReviewQuery(
        status=parsed(request, "status", _statuses),
        priority=parsed(request, "priority", word(PRIORITIES)),
        assignee=request.query_params.get("assignee"),
        template_id=request.query_params.get("template_id"),
        created_after=parsed(request, "created_after", date_time),
        created_before=parsed(request, "created_before", date_time),
        updated_after=parsed(request, "updated_after", date_time),
        ids=parsed(request, "ids", _list),
        changes_after=parsed(request, "changes_after", between(0, 2**63 - 1)),
        limit=limit,
        offset=offset,
    )


def _statuses(text: str) -> list[str]:
    return [word(STATUSES)(each) for each in _list(text)]


def _list(text: str) -> list[str]:
    return text.split(",")
