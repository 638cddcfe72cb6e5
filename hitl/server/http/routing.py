"""Routes of the API, and the endpoints of generation A that read a request, call one method and answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from inspect import isawaitable
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hitl.server.http.requests import body_of, body_size, idempotency_key
from hitl.server.http.responses import context_of, success
from hitl.server.http.workers import LARGE, in_worker_if_large
from hitl.server.primitives import actor_of
from hitl.server.storage import CommitGroup, Created

ApiEndpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

Weigh: TypeAlias = Callable[..., int]
"""Returns about how many stored bytes a call reads, for its path and its `body`; together with those of the body they
say whether it runs on the event loop."""


Shown: TypeAlias = Callable[[Request, Any], Any]
"""Adds to a document what depends on how the server was reached."""


def as_it_is(_request: Request, document: Any) -> Any:
    """Add nothing."""
    return document


def resource(path: str, **by_method: ApiEndpoint) -> Route:
    """Return one route for all methods of a path, so that its 405 names them all."""

    async def endpoint(request: Request) -> Response:
        return await by_method["GET" if request.method == "HEAD" else request.method](request)

    return Route(path, endpoint, methods=list(by_method))


def _nothing(**_arguments: Any) -> int:
    return 0


def calling(
    method: Callable[..., Any], status: int = 200, *, weigh: Weigh = _nothing, shown: Shown = as_it_is
) -> ApiEndpoint:
    """Answer with what `method` returns, at once or when awaited, for the path and the `body` of a PATCH or PUT."""

    async def endpoint(request: Request) -> Response:
        body = {"body": await body_of(request)} if request.method in ("PATCH", "PUT") else {}
        size = body_size(request) + weigh(**request.path_params, **body)
        found = await in_worker_if_large(size, method, **request.path_params, **body)
        data = shown(request, await found if isawaitable(found) else found)
        return await in_worker_if_large(size, success, request, data, status)

    return endpoint


def creating(
    method: Callable[..., Created | Awaitable[Created]],
    *,
    weigh: Weigh = _nothing,
    shown: Shown = as_it_is,
    commits: CommitGroup | None = None,
    asks: bool = False,
) -> ApiEndpoint:
    """Answer with what `method` creates; it takes `body`, `idempotency_key` and `owner`, too.

    With `commits`, small creations of one turn of the event loop share their commit. What `asks` a person also takes
    the `actor` who asks.
    """

    async def endpoint(request: Request) -> Response:
        key, owner = idempotency_key(request), context_of(request).owner
        given = {**request.path_params, "body": await body_of(request)}
        size = body_size(request) + weigh(**given)
        asker = {"actor": actor_of(request.scope)} if asks else {}
        create = partial(method, **given, **asker, idempotency_key=key, owner=owner)
        made = await (commits.run(create) if commits and size < LARGE else in_worker_if_large(size, create))
        created = made if isinstance(made, Created) else await made
        headers, data = creation_headers(request, created), shown(request, created.document)
        return await in_worker_if_large(size, success, request, data, 201, headers=headers)

    return endpoint


def creation_headers(request: Request, created: Created) -> dict[str, str]:
    """Return the headers that answer an Idempotency-Key."""
    headers: dict[str, str] = {}
    key = request.headers.get("Idempotency-Key")
    if key is not None:
        headers["Idempotency-Key"] = key  # shows the client that keys are honoured here
    if created.replayed:
        headers["Idempotent-Replayed"] = "true"
    return headers
