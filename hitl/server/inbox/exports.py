"""A list of reviews as CSV (RFC 4180), for a spreadsheet: a line for each review, read in parts while it is sent."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from hitl._moments import moment
from hitl._verdict import feedback_of, verdict_of
from hitl.server.http import in_worker
from hitl.server.inbox.attachments import without_files
from hitl.server.inbox.documents import Document, content_of
from hitl.server.inbox.rows import asker_of
from hitl.server.inbox.titles import name_of, title
from hitl.server.reviews import ReviewQuery, ReviewService

_AT_ONCE: Final = 200  # reviews that are read together
_COLUMNS: Final = (
    *("id", "title", "template", "status", "verdict", "answered by", "reason", "answer", "asked by", "assigned to"),
    *("priority", "asked at", "due at", "ended at", "seconds", "answered via"),
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


async def csv_lines(
    reviews: ReviewService, template_of: Callable[[Document], Document | None], query: ReviewQuery
) -> AsyncGenerator[str, None]:
    """Yield the lines of all reviews that a query asks for, after a line of names, in parts.

    It begins with a byte order mark, without which spreadsheets do not read UTF-8.
    """
    yield "\ufeff" + _written([_COLUMNS])
    after: str | None = None
    while True:
        part = replace(query, limit=_AT_ONCE, offset=0, after=after, with_offset=False)
        lines, after = await in_worker(_part, reviews, template_of, part)
        yield lines
        if after is None:
            return


def _part(
    reviews: ReviewService, template_of: Callable[[Document], Document | None], query: ReviewQuery
) -> tuple[str, str | None]:
    found = reviews.list_reviews(query)
    return _written(_cells(review, template_of(review)) for review in found.items), found.cursor


def _written(rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([[_safe(cell) for cell in row] for row in rows])
    return text.getvalue().encode("utf-8", "replace").decode()  # a lone surrogate has no UTF-8 form


def _safe(cell: object) -> object:
    """Keep a spreadsheet from taking a text for a formula: it starts with an apostrophe then."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _cells(review: Document, template: Document | None) -> list[Any]:
    result: Document = review["result"] or {}
    verdict = verdict_of(review["status"], result, review.get("verdict_field"))
    ended_at = (review["completed_at"] or review["updated_at"]) if verdict else ""
    seconds = round((moment(ended_at) - moment(review["created_at"])).total_seconds(), 3) if verdict else ""
    return [
        review["id"],
        title({**review, "content": content_of(review)}, template),
        name_of(review, template),
        review["status"],
        verdict or "",
        review["reviewer"] or "",
        feedback_of(result) or "",
        json.dumps(without_files(result), ensure_ascii=False) if review["result"] is not None else "",
        asker_of(review),
        ", ".join(review["assignees"]),
        review["priority"],
        review["created_at"],
        review["due_date"] or "",
        ended_at,
        seconds,
        review.get("answered_via") or "",
    ]
