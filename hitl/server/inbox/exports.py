"""A list of reviews or requests as CSV, for a spreadsheet: a line for each, read in parts while it is sent."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from starlette.responses import Response, StreamingResponse

from hitl._moments import moment
from hitl._verdict import feedback_of, verdict_of
from hitl.server.http import in_worker
from hitl.server.inbox.attachments import without_files
from hitl.server.inbox.csv_export import csv_lines
from hitl.server.inbox.documents import Document, content_of
from hitl.server.inbox.request_handlers import subject_of
from hitl.server.inbox.rows import asker_of
from hitl.server.inbox.titles import name_of, title
from hitl.server.loops import LoopService, RequestQuery
from hitl.server.loops.lifecycle import FINAL as ENDED_REQUESTS
from hitl.server.reviews import ReviewQuery, ReviewService

Part: TypeAlias = tuple[Sequence[Sequence[Any]], str | None]
"""Some rows of a list, and the cursor that continues it; None after the last of them."""

ReadPart: TypeAlias = Callable[[str | None], Part]
"""Returns the part of a list after a cursor; None stands for its beginning."""

REVIEW_COLUMNS: Final = (
    *("id", "title", "template", "status", "verdict", "answered by", "reason", "answer", "asked by", "assigned to"),
    *("priority", "asked at", "due at", "ended at", "seconds", "answered via"),
)
REQUEST_COLUMNS: Final = (
    *("id", "title", "loop", "type", "status", "answered by", "answer", "asked by"),
    *("priority", "asked at", "due at", "ended at", "seconds"),
)
_AT_ONCE: Final = 200  # entries that are read together


def list_as_csv(view: str, now: datetime, columns: Sequence[str], read: ReadPart) -> Response:
    """Return a list as a download, named after its view and the day."""
    headers = {
        "content-disposition": f'attachment; filename="{view}-{now:%Y-%m-%d}.csv"',
        "cache-control": "no-store",
    }
    return StreamingResponse(_lines(columns, read), media_type="text/csv; charset=utf-8", headers=headers)


def review_parts(
    reviews: ReviewService, template_of: Callable[[Document], Document | None], query: ReviewQuery
) -> ReadPart:
    """Return what reads the rows of the reviews that a query asks for."""

    def read(after: str | None) -> Part:
        found = reviews.list_reviews(replace(query, limit=_AT_ONCE, offset=0, after=after, with_offset=False))
        return [_review_cells(review, template_of(review)) for review in found.items], found.cursor

    return read


def request_parts(loops: LoopService, loop_names: Mapping[str, str], query: RequestQuery) -> ReadPart:
    """Return what reads the rows of the requests that a query asks for; a loop without a name is shown by its id."""

    def read(after: str | None) -> Part:
        found = loops.list_requests(replace(query, limit=_AT_ONCE, offset=0, after=after))
        rows = [_request_cells(each, loop_names.get(each["loop_id"], each["loop_id"])) for each in found.items]
        return rows, found.cursor

    return read


async def _lines(columns: Sequence[str], read: ReadPart) -> AsyncGenerator[str, None]:
    # Without a byte order mark, spreadsheets do not read UTF-8.
    yield "\ufeff" + csv_lines([columns])
    after: str | None = None
    while True:
        rows, after = await in_worker(read, after)
        yield csv_lines(rows)
        if after is None:
            return


def _review_cells(review: Document, template: Document | None) -> list[Any]:
    result: Document = review["result"] or {}
    verdict = verdict_of(review["status"], result, review.get("verdict_field"))
    ended_at = (review["completed_at"] or review["updated_at"]) if verdict else ""
    seconds = round((moment(ended_at) - moment(review["created_at"])).total_seconds(), 3) if verdict else ""
    return [
        review["id"],
        title({**review, "content": content_of(review)}, template),
        name_of(review, template),
        review["status"],
        verdict,
        review["reviewer"],
        feedback_of(result),
        json.dumps(without_files(result), ensure_ascii=False) if review["result"] is not None else "",
        asker_of(review),
        ", ".join(review["assignees"]),
        review["priority"],
        review["created_at"],
        review["due_date"],
        ended_at,
        seconds,
        review.get("answered_via"),
    ]


def _request_cells(request: Document, loop: str) -> list[Any]:
    by: Document = request["response_by_user"] or {}
    is_answered, has_ended = request["status"] == "completed", request["status"] in ENDED_REQUESTS
    return [
        request["id"],
        subject_of(request),
        loop,
        request["response_type"],
        request["status"],
        by.get("name"),
        json.dumps(request["response_data"], ensure_ascii=False) if is_answered else "",
        asker_of(request),
        request["priority"],
        request["created_at"],
        request["timeout_at"],
        (request["response_at"] or request["updated_at"]) if has_ended else "",
        request["response_time_seconds"],
    ]
