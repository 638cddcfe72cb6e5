"""The API's routes: each reads the request, calls the desk once, and answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hitl.server.http.limits import Limits, LongPollSlots
from hitl.server.http.long_poll import wait_for_change, wait_for_changes
from hitl.server.http.requests import body_of, idempotency_key, paging, review_query, wait_seconds
from hitl.server.http.responses import exchange_of, page, success
from hitl.server.reviews.event_stream import Events
from hitl.server.reviews.service import ReviewService
from hitl.server.storage.idempotency import Created


def api_routes(desk: ReviewService, limits: Limits | None = None) -> list[Route]:
    """Return the API's routes, over one desk and within the limits of its server."""
    # The desk is called directly, not in a worker thread: its statements take microseconds in memory and about a
    # millisecond on disk, less than handing them to a thread and back would.
    places = LongPollSlots((limits or Limits()).held)
    reviews, templates = _Reviews(desk, places), _Templates(desk)
    return [
        resource("/v1/reviews", GET=reviews.list, POST=reviews.create),
        resource("/v1/reviews/{review_id}", GET=reviews.read, PATCH=reviews.update, DELETE=reviews.cancel),
        resource("/v1/templates", GET=templates.list, POST=templates.create),
        resource("/v1/templates/{template_id}", GET=templates.read, PATCH=templates.update, DELETE=templates.delete),
        resource("/v1/events", GET=Events(desk, places).stream),
    ]


class _Reviews:
    def __init__(self, desk: ReviewService, places: LongPollSlots) -> None:
        self._desk = desk
        self._places = places

    async def list(self, request: Request) -> Response:
        query = review_query(request)
        seconds = None if query.changes_after is None else wait_seconds(request)
        headers: dict[str, str] = {}
        if seconds is None or self._places.is_full:
            found = self._desk.list_reviews(query)
        else:
            with self._places.take():
                found = await wait_for_changes(self._desk, query, seconds)
            headers["Preference-Applied"] = f"wait={seconds}"
        # The client learns from this header that it may ask for changes.
        headers["X-Changes-Cursor"] = str(found.step)
        return page(request, found, query.limit or 0, query.offset, headers=headers)

    async def create(self, request: Request) -> Response:
        key, owner = idempotency_key(request), exchange_of(request).owner
        return created_answer(
            request, self._desk.create_review(await body_of(request), idempotency_key=key, owner=owner)
        )

    async def read(self, request: Request) -> Response:
        review_id = request.path_params["review_id"]
        seconds = wait_seconds(request)
        # A server may leave a preference aside (RFC 7240, section 2); clients then ask again by themselves.
        if seconds is None or self._places.is_full:
            return success(request, self._desk.get_review(review_id))
        with self._places.take():
            review = await wait_for_change(self._desk, review_id, seconds)
        return success(request, review, headers={"Preference-Applied": f"wait={seconds}"})

    async def update(self, request: Request) -> Response:
        review_id = request.path_params["review_id"]
        return success(request, self._desk.update_review(review_id, await body_of(request)))

    async def cancel(self, request: Request) -> Response:
        return success(request, self._desk.cancel_review(request.path_params["review_id"]))


class _Templates:
    def __init__(self, desk: ReviewService) -> None:
        self._desk = desk

    async def list(self, request: Request) -> Response:
        limit, offset = paging(request)
        return page(request, self._desk.list_templates(limit=limit, offset=offset), limit, offset)

    async def create(self, request: Request) -> Response:
        key, owner = idempotency_key(request), exchange_of(request).owner
        return created_answer(
            request, self._desk.create_template(await body_of(request), idempotency_key=key, owner=owner)
        )

    async def read(self, request: Request) -> Response:
        return success(request, self._desk.get_template(request.path_params["template_id"]))

    async def update(self, request: Request) -> Response:
        template_id = request.path_params["template_id"]
        return success(request, self._desk.update_template(template_id, await body_of(request)))

    async def delete(self, request: Request) -> Response:
        return success(request, self._desk.delete_template(request.path_params["template_id"]))


def resource(path: str, **by_method: Callable[[Request], Awaitable[Response]]) -> Route:
    """Return one route for all methods of a path, so that its 405 names them all."""

    async def endpoint(request: Request) -> Response:
        return await by_method["GET" if request.method == "HEAD" else request.method](request)

    return Route(path, endpoint, methods=list(by_method))


def creation_headers(request: Request, created: Created) -> dict[str, str]:
    """Return the headers that answer an Idempotency-Key."""
    headers: dict[str, str] = {}
    key = request.headers.get("Idempotency-Key")
    if key is not None:
        headers["Idempotency-Key"] = key  # the client learns from this that keys are honoured here
    if created.replayed:
        headers["Idempotent-Replayed"] = "true"
    return headers


def created_answer(request: Request, created: Created) -> Response:
    """Return generation A's answer to a creation."""
    return success(request, created.document, 201, headers=creation_headers(request, created))
