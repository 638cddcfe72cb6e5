"""The API's routes for reviews, templates and events: each reads the request, calls the service once, and answers."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hitl.server.http import (
    LongPollSlots,
    calling,
    creating,
    hold,
    in_worker,
    in_worker_if_large,
    page,
    resource,
    success,
)
from hitl.server.http.requests import (
    Place,
    address_of,
    between,
    checked_key,
    date_time,
    paging,
    parsed,
    wait_seconds,
    word,
)
from hitl.server.http.responses import context_of
from hitl.server.primitives import Document, Page
from hitl.server.reviews.event_stream import AskerOf, EventStream
from hitl.server.reviews.lifecycle import FINAL
from hitl.server.reviews.list_query import ReviewQuery
from hitl.server.reviews.schemas import PRIORITIES, STATUSES
from hitl.server.reviews.service import ReviewService
from hitl.server.storage import CommitGroup, Outbox

_FILTERS: Final = (
    *("status", "priority", "assignee", "template_id", "created_after", "created_before", "updated_after", "ids"),
    *("changes_after", "idempotency_key"),
)
_METADATA: Final = re.compile(r"metadata\[.{1,64}\]", re.DOTALL)


def review_query(request: Request) -> ReviewQuery:
    """Return which reviews a request asks for."""
    entries = [name for name in request.query_params if _METADATA.fullmatch(name)]
    place = paging(request, *_FILTERS, *dict.fromkeys(entries))
    return ReviewQuery(
        status=parsed(request, "status", _statuses),
        priority=parsed(request, "priority", word(PRIORITIES)),
        assignee=request.query_params.get("assignee"),
        template_id=request.query_params.get("template_id"),
        metadata={name[len("metadata[") : -1]: parsed(request, name, str) or "" for name in entries},
        created_after=parsed(request, "created_after", date_time),
        created_before=parsed(request, "created_before", date_time),
        updated_after=parsed(request, "updated_after", date_time),
        ids=parsed(request, "ids", _list),
        changes_after=parsed(request, "changes_after", between(0, 2**63 - 1)),
        limit=place.limit,
        offset=place.offset,
        after=place.after,
        with_offset=False,  # the answer names none after a cursor
    )


def with_url(request: Request, review: Document) -> Document:
    """Return a review with the page of the inbox where a person answers it, by the address that the client uses."""
    return {**review, "url": f"{address_of(request)}/inbox/reviews/{review['id']}"}


def _statuses(text: str) -> list[str]:
    return [word(STATUSES)(each) for each in _list(text)]


def _list(text: str) -> list[str]:
    return text.split(",")


def review_routes(
    service: ReviewService,
    outbox: Outbox,
    slots: LongPollSlots,
    commits: CommitGroup | None = None,
    asker_of: AskerOf | None = None,
) -> list[Route]:
    """Return the routes.

    `slots` are shared by all requests that wait, and `commits` by those that create; `asker_of` tells which key asked
    for the subject of an event, also where that is no review.
    """
    # With little data the service is called directly, not in a worker: its statements take microseconds in memory and
    # about a millisecond on disk, less than handing them to a thread and back would.
    reads, weigh = _Reads(service, slots), service.weigh
    return [
        resource(
            "/v1/reviews",
            GET=reads.reviews,
            POST=creating(service.create_review, weigh=weigh, shown=with_url, commits=commits, asks=True),
        ),
        resource(
            "/v1/reviews/{review_id}",
            GET=reads.review,
            PATCH=calling(service.update_review, weigh=weigh, shown=with_url),
            DELETE=calling(service.cancel_review, weigh=weigh, shown=with_url),
        ),
        resource(
            "/v1/reviews/{review_id}/consumption", PUT=calling(service.consume_review, weigh=weigh, shown=with_url)
        ),
        resource("/v1/templates", GET=reads.templates, POST=creating(service.create_template)),
        resource(
            "/v1/templates/{template_id}",
            GET=calling(service.get_template, weigh=weigh),
            PATCH=calling(service.update_template, weigh=weigh),
            DELETE=calling(service.delete_template, weigh=weigh),
        ),
        resource(
            "/v1/events", GET=EventStream(service.changes, outbox, slots, asker_of=asker_of or service.asker_of).respond
        ),
    ]


class _Reads:
    """The endpoints that wait, or answer with a page."""

    def __init__(self, service: ReviewService, slots: LongPollSlots) -> None:
        self._service = service
        self._slots = slots

    async def reviews(self, request: Request) -> Response:
        query = replace(review_query(request), asked_by=context_of(request).only_of)
        seconds = None if query.changes_after is None else wait_seconds(request)
        headers: dict[str, str] = {}
        key = parsed(request, "idempotency_key", checked_key)
        if key is not None:
            made = self._service.created_under(key, context_of(request).owner)
            named = made is not None and (query.ids is None or made in query.ids)
            query = replace(query, ids=[made] if named and made else [])
            headers["Idempotency-Key"] = key  # shows the client that this filter was applied
        if seconds is None or self._slots.is_full:
            found = await in_worker(self._service.list_reviews, query)
        else:
            with self._slots.take():
                found = await wait_for_changes(self._service, query, seconds)
            headers["Preference-Applied"] = f"wait={seconds}"
        # This header shows the client that it may ask for changes.
        headers["X-Changes-Cursor"] = str(found.step)
        found = replace(found, items=[with_url(request, each) for each in found.items])
        place = Place(query.limit or 0, query.offset, query.after)
        return await in_worker(page, request, found, place, headers=headers)

    async def review(self, request: Request) -> Response:
        review_id = request.path_params["review_id"]
        seconds = wait_seconds(request)
        # A server may ignore a preference (RFC 7240, section 2); clients then poll.
        if seconds is None or self._slots.is_full:
            review, headers = await read_review(self._service, review_id), {}
        else:
            with self._slots.take():
                review = await wait_for_change(self._service, review_id, seconds)
            headers = {"Preference-Applied": f"wait={seconds}"}
        size = self._service.weigh(review_id=review_id)
        return await in_worker_if_large(size, success, request, with_url(request, review), headers=headers)

    async def templates(self, request: Request) -> Response:
        place = paging(request)
        listed = self._service.list_templates
        found = await in_worker(listed, limit=place.limit, offset=place.offset, after=place.after)
        return await in_worker(page, request, found, place)


async def read_review(service: ReviewService, review_id: str) -> Document:
    """Return a review; in a worker thread if it is large, since many may wait for the same one."""
    return await in_worker_if_large(service.weigh(review_id=review_id), service.get_review, review_id)


async def wait_for_change(service: ReviewService, review_id: str, seconds: float) -> Document:
    """Return the review as soon as it changes or if it is finished, else as it stands after `seconds`."""
    return await hold(
        service.changes,
        review_id,
        seconds,
        read=partial(read_review, service, review_id),
        final=FINAL,
        seconds_left=lambda: service.seconds_to_expiry(review_id),
    )


async def wait_for_changes(service: ReviewService, query: ReviewQuery, seconds: float) -> Page:
    """Return the list as soon as it has items, else the empty list after `seconds`; `ExpiryWorker` publishes expiry."""
    now = asyncio.get_running_loop().time
    deadline = now() + seconds
    # The watch begins before the first read, so that no change falls between the two.
    with service.changes.watch(None) as watch:
        while True:
            found = await in_worker(service.list_reviews, query)
            left = deadline - now()
            if found.items or left <= 0 or service.changes.closed:
                return found
            await watch.change(left)
