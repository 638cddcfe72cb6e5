"""Generation B's routes: each reads the request, calls the service once, and answers in the documentation's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, Final, TypeAlias, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hitl.server.http import (
    ApiEndpoint,
    context_of,
    creation_headers,
    hold,
    in_worker,
    in_worker_if_large,
    pagination,
    resource,
)
from hitl.server.http.monthly_quota import MonthlyQuota
from hitl.server.http.requests import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    Place,
    body_of,
    body_size,
    idempotency_key,
    wait_seconds,
)
from hitl.server.loops.accounts import OBJECT_ID, Account, account_of
from hitl.server.loops.envelope import LoopApiError, success
from hitl.server.loops.lifecycle import FINAL
from hitl.server.loops.schemas import PRIORITIES, SORTS, STATUSES
from hitl.server.loops.service import LoopService
from hitl.server.loops.store import RequestQuery, Sort
from hitl.server.primitives import Document, actor_of, from_wire, to_wire
from hitl.server.storage.queries import cursor_fault
from hitl.server.webhooks.egress_policy import Targets

_KNOWN: Final = ("status", "priority", "loop_id", "limit", "offset", "after", "sort", "created_before")
_PAGING: Final = "Invalid pagination parameters"


def request_query(request: Request, api_key_id: str) -> RequestQuery:
    """Return which of one key's requests are asked for."""
    given = _given(request)
    return RequestQuery(
        status=_word(given, "status", STATUSES, "Invalid status filter value"),
        priority=_word(given, "priority", PRIORITIES),
        loop_id=_loop_id(given),
        api_key_id=api_key_id,
        created_before=_date_time(given, "created_before"),
        limit=_whole(given, "limit", 1, MAX_LIMIT, DEFAULT_LIMIT),
        offset=_whole(given, "offset", 0, 2**63 - 1, 0),
        after=_after(given),
        sort=cast("Sort", _word(given, "sort", SORTS) or SORTS[0]),
    )


def _given(request: Request) -> dict[str, str]:
    # A misspelt filter that is ignored would answer everything, which is worse than a refusal.
    for name in request.query_params:
        if name not in _KNOWN:
            raise _invalid(f"{name[:64]} is no parameter here; known are {', '.join(_KNOWN)}")
        if len(request.query_params.getlist(name)) > 1:
            raise _invalid(f"{name} is given more than once")
    return dict(request.query_params)


def _word(given: dict[str, str], name: str, words: Collection[str], msg: str = "Validation failed") -> str | None:
    if name in given and given[name] not in words:
        raise LoopApiError(400, msg, f"{name} must be one of: {', '.join(words)}")
    return given.get(name)


def _whole(given: dict[str, str], name: str, lowest: int, highest: int, otherwise: int) -> int:
    text = given.get(name)
    if text is None:
        return otherwise
    if not re.fullmatch(r"\d{1,19}", text, re.ASCII) or not lowest <= int(text) <= highest:
        raise LoopApiError(400, _PAGING, f"{name} must be between {lowest} and {highest}")
    return int(text)


def _after(given: dict[str, str]) -> str | None:
    if (fault := cursor_fault(given.get("after"), has_offset="offset" in given)) is not None:
        raise LoopApiError(400, _PAGING, f"after {fault}")
    return given.get("after")


def _loop_id(given: dict[str, str]) -> str | None:
    text = given.get("loop_id")
    if text is not None and not OBJECT_ID.fullmatch(text):
        raise LoopApiError(400, "Invalid loop ID format")
    return None if text is None else text.lower()


def _date_time(given: dict[str, str], name: str) -> str | None:
    try:
        return to_wire(from_wire(given[name])) if name in given else None
    except ValueError as error:
        raise _invalid(f"{name} must be a date-time with an offset, such as 2026-01-20T18:00:00Z") from error


def _invalid(data: str) -> LoopApiError:
    return LoopApiError(400, "Validation failed", data)


Invitation: TypeAlias = Callable[[Request, str], Mapping[str, str]]
"""Returns what the API says about the page that an invite code leads to."""

PERMISSIONS: Final = ("loops:read", "loops:write", "requests:read", "requests:write")


def loop_routes(
    service: LoopService, targets: Targets, invitation: Invitation, quota: MonthlyQuota | None = None
) -> list[Route]:
    """Return the routes; `targets` says where a `callback_url` may lead."""
    loops, requests = _Loops(service, invitation), _Requests(service, targets)
    return [
        resource("/v1/test", GET=partial(_test, quota)),
        resource("/v1/api/loops", GET=loops.list, POST=loops.create),
        resource(
            "/v1/api/loops/{loop_id}",
            GET=_calling(service.get_loop, "Loop retrieved successfully", key="loop"),
            PUT=_calling(service.update_loop, "Loop updated successfully", key="loop"),
            DELETE=_calling(service.delete_loop, "Loop deleted successfully"),
        ),
        resource("/v1/api/loops/{loop_id}/members", GET=loops.list_members),
        resource(
            "/v1/api/loops/{loop_id}/members/{user_id}",
            DELETE=_calling(service.remove_member, "Member removed from loop successfully"),
        ),
        resource("/v1/api/loops/{loop_id}/requests", GET=requests.list_of_loop, POST=requests.create),
        resource("/v1/api/requests", GET=requests.list),
        resource(
            "/v1/api/requests/{request_id}",
            GET=requests.read,
            PATCH=requests.update,
            DELETE=_calling(service.cancel_request, "Request cancelled successfully"),
        ),
        resource(
            "/v1/api/requests/{request_id}/feedback", POST=_calling(service.add_feedback, "Feedback added successfully")
        ),
    ]


def _calling(method: Callable[..., Any], msg: str, *, key: str = "") -> ApiEndpoint:
    """Answer with what `method` returns for the account, path and `body` (POST, PUT), as data or their member `key`."""

    async def endpoint(request: Request) -> Response:
        body = {"body": await body_of(request)} if request.method in {"POST", "PUT"} else {}
        size = body_size(request)
        data = await in_worker_if_large(size, method, _account(request), **request.path_params, **body)
        return success(msg, {key: data} if key else data)

    return endpoint


async def _test(quota: MonthlyQuota | None, request: Request) -> Response:
    account, window = _account(request), context_of(request).rate_limit
    assert window is not None  # noqa: S101 - the API guard sets it
    data = {
        "api_key_id": account.api_key_id,
        "user_id": account.user_id,
        "email": account.email,
        "account_status": "active",
        "rate_limit": {"limit": window.limit.requests, "remaining": window.left, "reset_at": window.reset_at()},
        "permissions": list(PERMISSIONS),
        **({} if quota is None else {"monthly_quota": quota.state()}),
    }
    return success("API key is valid", data)


class _Loops:
    def __init__(self, service: LoopService, invitation: Invitation) -> None:
        self._service = service
        self._invitation = invitation

    async def create(self, request: Request) -> Response:
        key, body = idempotency_key(request), await body_of(request)
        created = self._service.create_loop(_account(request), body, idempotency_key=key)
        data = {**created.document, **self._invitation(request, created.document["invite_code"])}
        headers = creation_headers(request, created)
        return success("Loop created successfully with QR code", data, 201, headers)

    async def list(self, request: Request) -> Response:
        loops = self._service.list_loops(_account(request))
        return success("Loops retrieved successfully", {"loops": loops, "count": len(loops)})

    async def list_members(self, request: Request) -> Response:
        loop_id = request.path_params["loop_id"]
        members = self._service.list_members(_account(request), loop_id)
        data = {"loop_id": loop_id.lower(), "members": members, "member_count": len(members)}
        return success("Loop members retrieved successfully", data)


class _Requests:
    def __init__(self, service: LoopService, targets: Targets) -> None:
        self._service = service
        self._targets = targets

    async def create(self, request: Request) -> Response:
        account, loop_id = _account(request), request.path_params["loop_id"]
        key, body = idempotency_key(request), await self._body_of(request)
        size, create = body_size(request), self._service.create_request
        created = await in_worker_if_large(size, create, account, loop_id, body, idempotency_key=key)
        told, headers = "Request created and broadcasted successfully", creation_headers(request, created)
        return await in_worker_if_large(size, success, told, created.document, 201, headers)

    async def update(self, request: Request) -> Response:
        account, body = _account(request), await self._body_of(request)
        update, request_id = self._service.update_request, request.path_params["request_id"]
        changed = await in_worker_if_large(body_size(request), update, account, request_id, body)
        return success("Request updated successfully", {"request": changed})

    async def _body_of(self, request: Request) -> Document:
        body = await body_of(request)
        if isinstance(body.get("callback_url"), str):  # refused now: a call that cannot be made would go unnoticed
            await self._targets.admit("callback_url", body["callback_url"])
        return body

    async def list_of_loop(self, request: Request) -> Response:
        loop_id = request.path_params["loop_id"]
        requests = await in_worker(self._service.list_loop_requests, _account(request), loop_id)
        data = {"loop_id": loop_id.lower(), "requests": requests, "count": len(requests)}
        return await in_worker(success, "Loop requests retrieved successfully", data)

    async def list(self, request: Request) -> Response:
        query = request_query(request, _account(request).api_key_id)
        found = await in_worker(self._service.list_requests, query)
        position = pagination(found, Place(query.limit or 0, query.offset, query.after))
        data = {
            "requests": found.items,
            "count": len(found.items),
            "total": found.total,
            "has_more": position.pop("has_more"),
            "pagination": position,
        }
        return await in_worker(success, "Requests retrieved successfully", data)

    async def read(self, request: Request) -> Response:
        account, request_id = _account(request), request.path_params["request_id"].lower()
        seconds = wait_seconds(request)
        if seconds is None:
            return _read(self._service.get_request(request_id, account), {})

        async def read() -> Document:
            return self._service.get_request(request_id, account)

        found = await hold(
            self._service.changes,
            request_id,
            seconds,
            read=read,
            final=FINAL,
            seconds_left=lambda: self._service.seconds_to_change(request_id),
        )
        return _read(found, {"Preference-Applied": f"wait={seconds}"})


def _account(request: Request) -> Account:
    return account_of(context_of(request).owner, actor_of(request.scope))


def _read(found: dict[str, object], headers: dict[str, str]) -> Response:
    return success("Request retrieved successfully", {"request": found}, headers=headers)
