"""The ASGI application: the API under `/v1`, the inbox under `/inbox`."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hitl.server.http import responses
from hitl.server.http.host_check import HostGuard
from hitl.server.http.public_url_guard import Front, PublicUrlGuard
from hitl.server.http.request_facts import note
from hitl.server.http.requests import is_api, route_path
from hitl.server.http.responses import SCOPE_KEY, RequestContext, RequestIds, request_id
from hitl.server.loops import envelope
from hitl.server.primitives import ApiError, Clock, actor_of
from hitl.server.storage import StorageError

_log = logging.getLogger("hitl.server")


def create_app(
    api_routes: Sequence[BaseRoute],
    api_middleware: Sequence[Middleware],
    page_routes: Sequence[BaseRoute],
    *,
    host: str,
    host_names: Iterable[str],
    clock: Clock,
    front: Front | None = None,
) -> ASGIApp:
    """Return the application, which answers to requests for `host`, `host_names` and the names of this machine.

    One that has a public URL in `front` answers to requests for that.
    """
    api, pages = _api(api_routes, api_middleware), _pages(page_routes)

    async def api_or_pages(scope: Scope, receive: Receive, send: Send) -> None:
        # Not a Mount, which does not match a path with a line break: every answer below /v1 must have an envelope.
        try:
            await (api if is_api(scope) else pages)(scope, receive, send)
        finally:
            note(scope)

    def refuse(scope: Scope, error: ApiError) -> Response:
        scope[SCOPE_KEY] = RequestContext(clock, request_id=request_id(scope))
        return error_response(Request(scope), error)

    app: ASGIApp = api_or_pages
    if front is None or front.public_url is None:
        app = HostGuard(app, host=host, names=host_names)
    return RequestIds(app if front is None else PublicUrlGuard(app, front, refuse))


def error_response(request: Request, error: ApiError) -> Response:
    """Return an error in the envelope of the generation that was called.

    A key of a team is told that there is nothing where it may not look: a 403 would say that there is something.
    """
    if error.status == 403 and actor_of(request.scope) is not None:
        error = ApiError(404, "not_found", f"there is nothing at {request.url.path[:128]} for this key")
    if envelope.is_used_at(route_path(request.scope)):
        return envelope.error_response(request, error)
    return responses.error_response(request, error)


def _api(routes: Sequence[BaseRoute], middleware: Sequence[Middleware]) -> Starlette:
    api = Starlette(
        routes=routes,
        middleware=middleware,
        exception_handlers={ApiError: _answer_api_error, HTTPException: _answer_http_exception},
    )
    api.router.redirect_slashes = False  # a path with a trailing slash is unknown, not another name for the same
    return api


def _pages(routes: Sequence[BaseRoute]) -> Starlette:
    return Starlette(
        routes=[
            Route("/", _redirect_to_inbox),
            Route("/healthz", _healthy),
            Route("/openapi.yaml", _description),
            *routes,
        ],
        exception_handlers={StorageError: _answer_storage_error},
    )


async def _redirect_to_inbox(request: Request) -> Response:
    return RedirectResponse(f"{request.scope.get('root_path', '')}/inbox")


async def _healthy(request: Request) -> Response:  # noqa: ARG001 - it has the shape of every endpoint
    return JSONResponse({"status": "ok"})


async def _description(request: Request) -> Response:
    """Answer with the description of the API, which a wheel holds beside this module, and a checkout at its top."""
    content = _openapi()
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    asked = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if tag in asked or asked == ["*"]:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/yaml")


@cache
def _openapi() -> bytes:
    folder = Path(__file__).parent
    candidates = (folder / "openapi.yaml", folder.parents[1] / "openapi.yaml")
    return next(each for each in candidates if each.is_file()).read_bytes()


async def _answer_api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101 - registered for this class only
    return error_response(request, error)


async def _answer_storage_error(request: Request, error: Exception) -> Response:
    """Report a disk error in plain text; a page of the inbox would have to read from the disk."""
    assert isinstance(error, StorageError)  # noqa: S101 - registered for this class only
    _log.error("%s: %s (%s)", request_id(request.scope), error, error.__cause__)
    answer = error.api_error()
    return PlainTextResponse(f"This was not done: {error}.\n", answer.status, answer.headers)


async def _answer_http_exception(request: Request, error: Exception) -> Response:
    """Put the errors of Starlette's router, unknown paths and methods, into the envelope."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    if error.status_code == 405:
        message = f"{request.method} is not possible here; the Allow header says what is"
        answer = ApiError(405, "method_not_allowed", message, headers=error.headers)
    else:
        message = f"there is nothing at {request.url.path[:128]}; /openapi.yaml lists what there is"
        answer = ApiError(404, "not_found", message)
    return error_response(request, answer)
