"""The API's routes: each reads the request, calls the desk once, and answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hitl.sandbox.answers import exchange_of, page, success
from hitl.sandbox.desk import Created, Desk
from hitl.sandbox.long_poll import wait_until_final
from hitl.sandbox.requests import body_of, idempotency_key, paging, review_query, wait_seconds


def api_routes(desk: Desk) -> list[Route]:
    """Return the API's routes."""
    # The desk is called directly, not in a worker thread: its statements take microseconds in memory and about a
    # millisecond on disk, less than handing them to a thread and back would.
    reviews, templates = _Reviews(desk), _Templates(desk)
    return [
        _resource("/v1/reviews", GET=reviews.list, POST=reviews.create),
        _resource("/v1/reviews/{review_id}", GET=reviews.read, PATCH=reviews.update, DELETE=reviews.cancel),
        _resource("/v1/templates", GET=templates.list, POST=templates.create),
        _resource("/v1/templates/{template_id}", GET=templates.read, PATCH=templates.update, DELETE=templates.delete),
    ]


class _Reviews:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def list(self, request: Request) -> Response:
        query = review_query(request)
        return page(request, self._desk.list_reviews(query), query.limit or 0, query.offset)

    async def create(self, request: Request) -> Response:
        key, owner = idempotency_key(request), exchange_of(request).owner
        return _created(request, self._desk.create_review(await body_of(request), idempotency_key=key, owner=owner))

    async def read(self, request: Request) -> Response:
        review_id = request.path_params["review_id"]
        seconds = wait_seconds(request)
        if seconds is None:
            return success(request, self._desk.get_review(review_id))
        review = await wait_until_final(self._desk, review_id, seconds)
        return success(request, review, headers={"Preference-Applied": f"wait={seconds}"})

    async def update(self, request: Request) -> Response:
        review_id = request.path_params["review_id"]
        return success(request, self._desk.update_review(review_id, await body_of(request)))

    async def cancel(self, request: Request) -> Response:
        return success(request, self._desk.cancel_review(request.path_params["review_id"]))


class _Templates:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def list(self, request: Request) -> Response:
        limit, offset = paging(request)
        return page(request, self._desk.list_templates(limit=limit, offset=offset), limit, offset)

    async def create(self, request: Request) -> Response:
        key, owner = idempotency_key(request), exchange_of(request).owner
        return _created(request, self._desk.create_template(await body_of(request), idempotency_key=key, owner=owner))

    async def read(self, request: Request) -> Response:
        return success(request, self._desk.get_template(request.path_params["template_id"]))

    async def update(self, request: Request) -> Response:
        template_id = request.path_params["template_id"]
        return success(request, self._desk.update_template(template_id, await body_of(request)))

    async def delete(self, request: Request) -> Response:
        return success(request, self._desk.delete_template(request.path_params["template_id"]))


def _resource(path: str, **by_method: Callable[[Request], Awaitable[Response]]) -> Route:
    """Return one route for all methods of a path, so that its 405 names them all."""

    async def endpoint(request: Request) -> Response:
        return await by_method["GET" if request.method == "HEAD" else request.method](request)

    return Route(path, endpoint, methods=list(by_method))


def _created(request: Request, created: Created) -> Response:
    headers: dict[str, str] = {}
    key = request.headers.get("Idempotency-Key")
    if key is not None:
        headers["Idempotency-Key"] = key  # the client learns from this that keys are honoured here
    if created.replayed:
        headers["Idempotent-Replayed"] = "true"
    return success(request, created.document, 201, headers=headers)
