"""The routes of sessions: each reads the request, calls the service once, and answers in the documentation's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hitl.server.agent_sessions.schemas import AGENTS, STATUSES
from hitl.server.agent_sessions.service import SessionService
from hitl.server.agent_sessions.store import SessionQuery
from hitl.server.http import (
    ApiEndpoint,
    LongPollSlots,
    context_of,
    creation_headers,
    hold,
    in_worker,
    in_worker_if_large,
    resource,
)
from hitl.server.http.requests import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    between,
    body_of,
    body_size,
    capped_wait,
    idempotency_key,
    parsed,
    refuse_unknown,
    word,
)
from hitl.server.loops.accounts import Account, account_of
from hitl.server.loops.envelope import success
from hitl.server.primitives import Document, actor_of
from hitl.server.storage import Created

LONGEST_WAIT: Final = 300
"""Seconds for which the wait for a decision may be held."""

_DEFAULT_WAIT: Final = 60


def session_routes(service: SessionService, slots: LongPollSlots) -> list[Route]:
    """Return the routes; each wait takes one of the slots."""
    one, turn = "/v1/api/sessions/{session_id}", "/v1/api/sessions/{session_id}/turns/{turn_id}"
    waits = _Waits(service, slots)
    return [
        resource(
            "/v1/api/sessions", GET=_listing(service), POST=_creating(service.create, "session created", "session")
        ),
        resource(
            one,
            GET=_calling(service.get, "session retrieved", "session"),
            PUT=_calling(service.update, "session updated", "session", has_body=True),
        ),
        resource(f"{one}/pause", POST=_calling(service.pause, "session paused", "session")),
        resource(f"{one}/resume", POST=_calling(service.resume, "session resumed", "session")),
        resource(f"{one}/complete", POST=_calling(service.complete, "session completed", "session")),
        resource(f"{one}/turns", GET=_turns(service), POST=_creating(service.propose, "turn created", "turn")),
        resource(
            turn,
            GET=_calling(service.turn, "turn retrieved", "turn"),
            PUT=_calling(service.decide, "turn resolved", "turn", has_body=True),
        ),
        resource(f"{turn}/wait", GET=waits.wait),
        resource(f"{turn}/action", POST=_calling(service.record_outcome, "turn updated", "turn", has_body=True)),
    ]


def _creating(method: Callable[..., Created], msg: str, key: str) -> ApiEndpoint:
    async def endpoint(request: Request) -> Response:
        named, body = idempotency_key(request), await body_of(request)
        given = {**request.path_params, "body": body, "idempotency_key": named}
        size = body_size(request)
        created = await in_worker_if_large(size, method, _account(request), **given)
        headers = creation_headers(request, created)
        return await in_worker_if_large(size, success, msg, {key: created.document}, 201, headers)

    return endpoint


def _calling(method: Callable[..., Document], msg: str, key: str, *, has_body: bool = False) -> ApiEndpoint:
    async def endpoint(request: Request) -> Response:
        given = {"body": await body_of(request)} if has_body else {}
        size = body_size(request)
        found = await in_worker_if_large(size, method, _account(request), **request.path_params, **given)
        return success(msg, {key: found})

    return endpoint


def _turns(service: SessionService) -> ApiEndpoint:
    async def endpoint(request: Request) -> Response:
        found = await in_worker(service.turns, _account(request), **request.path_params)
        return await in_worker(success, "turns retrieved", {"turns": found, "count": len(found)})

    return endpoint


def _listing(service: SessionService) -> ApiEndpoint:
    async def endpoint(request: Request) -> Response:
        refuse_unknown(request, ("status", "agent_type", "limit", "offset"))
        query = SessionQuery(
            _account(request).api_key_id,
            status=parsed(request, "status", word(STATUSES)),
            agent_type=parsed(request, "agent_type", word(AGENTS)),
            limit=parsed(request, "limit", between(1, MAX_LIMIT)) or DEFAULT_LIMIT,
            offset=parsed(request, "offset", between(0, 2**63 - 1)) or 0,
        )
        found = await in_worker(service.list_sessions, query)
        return success("sessions retrieved", {"sessions": found, "count": len(found)})

    return endpoint


class _Waits:
    def __init__(self, service: SessionService, slots: LongPollSlots) -> None:
        self._service = service
        self._slots = slots

    async def wait(self, request: Request) -> Response:
        """Answer when the turn is decided, or with 408 after the seconds that the caller named."""
        refuse_unknown(request, ("timeout",))
        account, named = _account(request), request.path_params
        asked = parsed(request, "timeout", between(0, LONGEST_WAIT))

        async def read() -> Document:
            turn = self._service.turn(account, **named)
            return {"turn": turn, "status": "open" if turn["human_decision"] is None else "decided"}

        seconds = capped_wait(request, _DEFAULT_WAIT if asked is None else asked)
        if not seconds or self._slots.is_full:
            found = await read()
        else:
            with self._slots.take():
                changes, turn_id = self._service.changes, named["turn_id"]
                found = await hold(changes, turn_id, seconds, read=read, final=("decided",), seconds_left=lambda: None)
        if found["status"] == "decided":
            return success("turn resolved", {"turn": found["turn"]})
        return success("timeout — turn still pending", {"turn": found["turn"], "pending": True}, 408)


def _account(request: Request) -> Account:
    return account_of(context_of(request).owner, actor_of(request.scope))
