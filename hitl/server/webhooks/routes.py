"""The API's routes for subscriptions and the log of their deliveries."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hitl.server.http import calling, creating, in_worker, page, resource, success
from hitl.server.http.requests import paging, parsed, refuse_unknown, word
from hitl.server.webhooks.deliveries import Deliveries
from hitl.server.webhooks.payloads import DELIVERY_STATUSES, EVENTS
from hitl.server.webhooks.subscriptions import Subscriptions


def webhook_routes(subscriptions: Subscriptions, deliveries: Deliveries) -> list[Route]:
    """Return the routes; the log comes first, since "deliveries" could be the id of a subscription as well."""
    log = _Log(deliveries)
    return [
        resource("/v1/webhooks", GET=calling(subscriptions.list), POST=creating(subscriptions.create)),
        resource("/v1/webhooks/deliveries", GET=log.list),
        resource("/v1/webhooks/deliveries/{delivery_id}/replay", POST=calling(deliveries.replay, 202)),
        resource("/v1/webhooks/{webhook_id}/test", POST=log.test),
        resource(
            "/v1/webhooks/{webhook_id}", PATCH=calling(subscriptions.update), DELETE=calling(subscriptions.delete)
        ),
    ]


class _Log:
    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries

    async def list(self, request: Request) -> Response:
        place = paging(request, "webhook_id", "event", "status")
        found = await in_worker(
            self._deliveries.page,
            webhook_id=request.query_params.get("webhook_id"),
            event=request.query_params.get("event"),
            status=parsed(request, "status", word(DELIVERY_STATUSES)),
            limit=place.limit,
            offset=place.offset,
            after=place.after,
        )
        return await in_worker(page, request, found, place)

    async def test(self, request: Request) -> Response:
        refuse_unknown(request, ("event",))
        event = parsed(request, "event", word(EVENTS)) or "review.completed"
        return success(request, self._deliveries.test(request.path_params["webhook_id"], event), 202)
