"""Receive webhooks in Starlette and FastAPI.

Starlette(routes=[Route("/webhook", webhook_endpoint(router), methods=["POST"])])
fastapi_app.post("/webhook")(webhook_endpoint(router))
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from hitl.integrations import needs
from hitl.webhooks import LARGEST_BODY, ActionReceiver, Router

with needs("Starlette", "starlette"):
    from starlette.requests import Request
    from starlette.responses import JSONResponse

__all__ = ["webhook_endpoint"]


def webhook_endpoint(router: Router | ActionReceiver) -> Callable[[Request], Awaitable[JSONResponse]]:
    """Return an endpoint that passes each request to the router; handlers that are not asynchronous run in a thread."""

    async def receive(request: Request) -> JSONResponse:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:  # the rest is not read: the router responds with 413
                break
        status = await router.dispatch_async(request.headers, body)
        return JSONResponse({"status": status.phrase.lower()}, status)

    return receive
