"""The ASGI application: the API under `/v1`, the inbox under `/inbox`."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hitl.server.http.api_guard import ApiGuardMiddleware
from hitl.server.http.api_keys import ApiKeys
from hitl.server.http.faults import Faults, FaultyApi
from hitl.server.http.host_check import HostGuard
from hitl.server.http.limits import Limits
from hitl.server.http.rate_limit import DEFAULT_RATE_LIMIT, RateLimit, RateLimiter
from hitl.server.http.request_ids import RequestIds, request_id
from hitl.server.http.responses import refused
from hitl.server.inbox import routes as inbox_routes
from hitl.server.inbox.access import InboxSessionMiddleware
from hitl.server.inbox.page_renderer import SafeHeaders
from hitl.server.inbox.sessions import Sessions
from hitl.server.loops.join import join_routes
from hitl.server.loops.key_events import KeyEvents
from hitl.server.loops.routes import loop_routes
from hitl.server.primitives.errors import ApiError
from hitl.server.reviews.routes import api_routes
from hitl.server.reviews.service import ReviewService
from hitl.server.storage.errors import StorageError
from hitl.server.teams.routes import team_routes
from hitl.server.webhooks.egress_policy import Targets
from hitl.server.webhooks.routes import webhook_routes

_log = logging.getLogger("hitl.server")


def create_app(
    desk: ReviewService,
    *,
    api_keys: ApiKeys,
    rate_limit: RateLimit = DEFAULT_RATE_LIMIT,
    host: str = "127.0.0.1",
    host_names: Iterable[str] = (),
    sessions: Sessions | None = None,
    limits: Limits | None = None,
    faults: Faults | None = None,
    targets: Targets | None = None,
) -> ASGIApp:
    """Return the application over one desk.

    Args:
        desk: Holds the reviews and templates; the caller closes it.
        api_keys: The keys that the API lets in.
        rate_limit: The budget of each key.
        host: The host that the server is bound to, which it may be called by beside the names of this machine.
        host_names: More names that it may be called by.
        sessions: Who may enter the inbox; nobody if not given.
        limits: How many requests may wait at a time.
        faults: What is to go wrong with requests of the API; nothing if not given.
        targets: Where webhooks may go; to this machine only if not given.
    """
    targets = targets or Targets()
    budgets = RateLimiter(rate_limit, KeyEvents(desk.outbox, desk.clock).tell)
    gate = Middleware(ApiGuardMiddleware, keys=api_keys, budgets=budgets, clock=desk.clock)
    # Faults happen behind the gate, which puts them into the envelope.
    middleware = [gate, Middleware(FaultyApi, faults=faults or Faults(desk.changes))]
    routes = [
        *api_routes(desk, limits),
        *loop_routes(desk.loops, targets),
        *webhook_routes(desk, targets),
        *team_routes(desk),
    ]
    api = _api(routes, middleware)
    pages = _pages(desk, sessions or Sessions(desk.database))

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        # Decided by hand: a Mount does not match a path with a line break in it, and every answer below /v1 is to come
        # in the API's envelope.
        inside = f"{scope.get('path', '')}/".startswith("/v1/")
        await (api if inside else pages)(scope, receive, send)

    return RequestIds(HostGuard(front, host=host, names=host_names))


def _api(routes: Sequence[Route], middleware: Sequence[Middleware]) -> Starlette:
    api = Starlette(
        routes=routes,
        middleware=middleware,
        exception_handlers={ApiError: _answer_refusal, HTTPException: _answer_http_exception},
    )
    api.router.redirect_slashes = False  # an address with a slash too many is unknown, not another name of the same
    return api


def _pages(desk: ReviewService, sessions: Sessions) -> Starlette:
    door = [Middleware(SafeHeaders), Middleware(InboxSessionMiddleware, sessions=sessions)]
    return Starlette(
        routes=[
            Route("/", _to_the_inbox),
            Route("/healthz", _healthy),
            *join_routes(desk.loops),
            Mount("/inbox", routes=inbox_routes(desk), middleware=door),
        ],
        exception_handlers={StorageError: _answer_storage_error},
    )


async def _to_the_inbox(request: Request) -> Response:  # noqa: ARG001 - it has the shape of every endpoint
    return RedirectResponse("/inbox")


async def _healthy(request: Request) -> Response:  # noqa: ARG001 - it has the shape of every endpoint
    return JSONResponse({"status": "ok"})


async def _answer_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101 - registered for this class only
    return refused(request, error)


async def _answer_storage_error(request: Request, error: Exception) -> Response:
    """Say in plain text what is wrong with the disk; a page of the inbox would have to read from it."""
    assert isinstance(error, StorageError)  # noqa: S101 - registered for this class only
    _log.error("%s: %s (%s)", request_id(request.scope), error, error.__cause__)
    refusal = error.refusal()
    return PlainTextResponse(f"This was not done: {error}.\n", refusal.status, refusal.headers)


async def _answer_http_exception(request: Request, error: Exception) -> Response:
    """Put what Starlette's router says into the envelope; it knows of unknown paths and of methods."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    if error.status_code == 405:
        message = f"{request.method} is not possible here; the Allow header tells what is"
        refusal = ApiError(405, "method_not_allowed", message, headers=error.headers)
    else:
        message = f"there is nothing at {request.url.path[:128]}; openapi.yaml lists what there is"
        refusal = ApiError(404, "not_found", message)
    return refused(request, refusal)
