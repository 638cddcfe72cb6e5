"""Generation B's part of the API: each route reads the request, calls the desk once, and answers."""

from __future__ import annotations

import base64
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hitl.server.http.long_poll import hold
from hitl.server.http.requests import body_of, idempotency_key, wait_seconds
from hitl.server.http.responses import exchange_of
from hitl.server.loops.accounts import Account, account_of
from hitl.server.loops.envelope import success
from hitl.server.loops.join import invitation_image, join_url
from hitl.server.loops.lifecycle import FINAL
from hitl.server.loops.queries import request_query
from hitl.server.loops.service import LoopService
from hitl.server.reviews.routes import creation_headers, resource
from hitl.server.storage.idempotency import Created
from hitl.server.webhooks.egress_policy import Targets

PERMISSIONS: Final = ("loops:read", "loops:write", "requests:read", "requests:write")


def loop_routes(desk: LoopService, targets: Targets) -> list[Route]:
    """Return the routes; `targets` says where a `callback_url` may lead."""
    loops, requests = _Loops(desk), _Requests(desk, targets)
    return [
        resource("/v1/test", GET=_test),
        resource("/v1/api/loops", GET=loops.list, POST=loops.create),
        resource("/v1/api/loops/{loop_id}", GET=loops.read, PUT=loops.update, DELETE=loops.delete),
        resource("/v1/api/loops/{loop_id}/members", GET=loops.list_members),
        resource("/v1/api/loops/{loop_id}/members/{user_id}", DELETE=loops.remove_member),
        resource("/v1/api/loops/{loop_id}/requests", GET=requests.list_of_loop, POST=requests.create),
        resource("/v1/api/requests", GET=requests.list),
        resource("/v1/api/requests/{request_id}", GET=requests.read, DELETE=requests.cancel),
        resource("/v1/api/requests/{request_id}/feedback", POST=requests.add_feedback),
    ]


async def _test(request: Request) -> Response:
    account, budget = _account(request), exchange_of(request).budget
    assert budget is not None  # noqa: S101 - the gate gives everybody one
    data = {
        "api_key_id": account.api_key_id,
        "user_id": account.user_id,
        "email": account.email,
        "account_status": "active",
        "rate_limit": {"limit": budget.limit.requests, "remaining": budget.left, "reset_at": budget.reset_at()},
        "permissions": list(PERMISSIONS),
    }
    return success("API key is valid", data)


class _Loops:
    def __init__(self, desk: LoopService) -> None:
        self._desk = desk

    async def create(self, request: Request) -> Response:
        key, body = idempotency_key(request), await body_of(request)
        created = self._desk.create_loop(_account(request), body, idempotency_key=key)
        data = {**created.document, **_invitation(request, created)}
        headers = creation_headers(request, created)
        return success("Loop created successfully with QR code", data, 201, headers)

    async def list(self, request: Request) -> Response:
        loops = self._desk.list_loops(_account(request))
        return success("Loops retrieved successfully", {"loops": loops, "count": len(loops)})

    async def read(self, request: Request) -> Response:
        loop = self._desk.get_loop(_account(request), request.path_params["loop_id"])
        return success("Loop retrieved successfully", {"loop": loop})

    async def update(self, request: Request) -> Response:
        body = await body_of(request)
        loop = self._desk.update_loop(_account(request), request.path_params["loop_id"], body)
        return success("Loop updated successfully", {"loop": loop})

    async def delete(self, request: Request) -> Response:
        receipt = self._desk.delete_loop(_account(request), request.path_params["loop_id"])
        return success("Loop deleted successfully", receipt)

    async def list_members(self, request: Request) -> Response:
        loop_id = request.path_params["loop_id"]
        members = self._desk.list_members(_account(request), loop_id)
        data = {"loop_id": loop_id.lower(), "members": members, "member_count": len(members)}
        return success("Loop members retrieved successfully", data)

    async def remove_member(self, request: Request) -> Response:
        loop_id, user_id = request.path_params["loop_id"], request.path_params["user_id"]
        receipt = self._desk.remove_member(_account(request), loop_id, user_id)
        return success("Member removed from loop successfully", receipt)


class _Requests:
    def __init__(self, desk: LoopService, targets: Targets) -> None:
        self._desk = desk
        self._targets = targets

    async def create(self, request: Request) -> Response:
        account, loop_id = _account(request), request.path_params["loop_id"]
        key, body = idempotency_key(request), await body_of(request)
        if isinstance(body.get("callback_url"), str):  # told now: a call that cannot be made would only be missed
            await self._targets.admit("callback_url", body["callback_url"])
        created = self._desk.create_request(account, loop_id, body, idempotency_key=key)
        headers = creation_headers(request, created)
        return success("Request created and broadcasted successfully", created.document, 201, headers)

    async def list_of_loop(self, request: Request) -> Response:
        loop_id = request.path_params["loop_id"]
        requests = self._desk.list_loop_requests(_account(request), loop_id)
        data = {"loop_id": loop_id.lower(), "requests": requests, "count": len(requests)}
        return success("Loop requests retrieved successfully", data)

    async def list(self, request: Request) -> Response:
        query = request_query(request, _account(request).api_key_id)
        found = self._desk.list_requests(query)
        reached = query.offset + len(found.items)
        has_more = bool(found.items) and reached < found.total
        data = {
            "requests": found.items,
            "count": len(found.items),
            "total": found.total,
            "has_more": has_more,
            "pagination": {
                "limit": query.limit,
                "offset": query.offset,
                "next_offset": reached if has_more else None,
            },
        }
        return success("Requests retrieved successfully", data)

    async def read(self, request: Request) -> Response:
        account, request_id = _account(request), request.path_params["request_id"].lower()
        seconds = wait_seconds(request)
        if seconds is None:
            return _read(self._desk.get_request(request_id, account), {})
        found = await hold(
            self._desk.changes,
            request_id,
            seconds,
            look=lambda: self._desk.get_request(request_id, account),
            final=FINAL,
            seconds_left=lambda: self._desk.seconds_to_change(request_id),
        )
        return _read(found, {"Preference-Applied": f"wait={seconds}"})

    async def cancel(self, request: Request) -> Response:
        receipt = self._desk.cancel_request(_account(request), request.path_params["request_id"])
        return success("Request cancelled successfully", receipt)

    async def add_feedback(self, request: Request) -> Response:
        body = await body_of(request)
        stored = self._desk.add_feedback(_account(request), request.path_params["request_id"], body)
        return success("Feedback added successfully", stored)


def _account(request: Request) -> Account:
    return account_of(exchange_of(request).owner)


def _invitation(request: Request, created: Created) -> dict[str, str]:
    code: str = created.document["invite_code"]
    image = base64.b64encode(invitation_image(request, code)).decode()
    return {
        "qr_code_base64": f"data:image/png;base64,{image}",
        "qr_code_url": f"{request.base_url}qr/{code}.png",
        "join_url": join_url(request, code),
    }


def _read(found: dict[str, object], headers: dict[str, str]) -> Response:
    return success("Request retrieved successfully", {"request": found}, headers=headers)
