"""The API's routes for subscriptions and the log of their deliveries."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hitl.server.http.requests import body_of, delivery_query, idempotency_key, sample_event
from hitl.server.http.responses import exchange_of, page, success
from hitl.server.reviews.routes import created_answer, resource
from hitl.server.reviews.service import ReviewService
from hitl.server.webhooks.deliveries import Deliveries
from hitl.server.webhooks.egress_policy import Targets
from hitl.server.webhooks.subscriptions import Subscriptions


def webhook_routes(desk: ReviewService, targets: Targets) -> list[Route]:
    """Return the routes; the log comes first, since "deliveries" could be the id of a subscription as well."""
    subscriptions = _Subscriptions(Subscriptions(desk.outbox, desk.clock, targets))
    deliveries = _Deliveries(Deliveries(desk.outbox, desk.clock))
    return [
        resource("/v1/webhooks", GET=subscriptions.list, POST=subscriptions.create),
        resource("/v1/webhooks/deliveries", GET=deliveries.list),
        resource("/v1/webhooks/deliveries/{delivery_id}/replay", POST=deliveries.replay),
        resource("/v1/webhooks/{webhook_id}/test", POST=deliveries.test),
        resource("/v1/webhooks/{webhook_id}", PATCH=subscriptions.update, DELETE=subscriptions.delete),
    ]


class _Subscriptions:
    def __init__(self, subscriptions: Subscriptions) -> None:
        self._subscriptions = subscriptions

    async def list(self, request: Request) -> Response:
        return success(request, self._subscriptions.list())

    async def create(self, request: Request) -> Response:
        key, owner = idempotency_key(request), exchange_of(request).owner
        body = await body_of(request)
        return created_answer(request, await self._subscriptions.create(body, idempotency_key=key, owner=owner))

    async def update(self, request: Request) -> Response:
        webhook_id = request.path_params["webhook_id"]
        return success(request, await self._subscriptions.update(webhook_id, await body_of(request)))

    async def delete(self, request: Request) -> Response:
        return success(request, self._subscriptions.delete(request.path_params["webhook_id"]))


class _Deliveries:
    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries

    async def list(self, request: Request) -> Response:
        filters, limit, offset = delivery_query(request)
        return page(request, self._deliveries.page(**filters, limit=limit, offset=offset), limit, offset)

    async def replay(self, request: Request) -> Response:
        return success(request, self._deliveries.replay(request.path_params["delivery_id"]), 202)

    async def test(self, request: Request) -> Response:
        webhook_id, event = request.path_params["webhook_id"], sample_event(request)
        return success(request, self._deliveries.test(webhook_id, event), 202)
