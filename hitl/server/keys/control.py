"""What the command on the server's machine does with keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from starlette.routing import Route

from hitl.server.keys.service import Keys
from hitl.server.keys.store import Key
from hitl.server.primitives import Clock, duration, invalid, to_wire

Control: TypeAlias = Callable[[Callable[[dict[str, Any]], Any]], Any]
"""Makes an endpoint of a function of the body's and the path's fields, as `operations.handler` does."""

NameOf: TypeAlias = Callable[[str], str]
"""Returns the address of a person by the id."""


def key_control_routes(keys: Keys, clock: Clock, name_of: NameOf, handler: Control) -> list[Route]:
    """Return the routes of the control application."""

    def create(sent: Mapping[str, Any]) -> dict[str, Any]:
        try:
            expires = None if sent.get("expires") is None else duration(sent["expires"])
        except ValueError as error:
            raise invalid(str(error), "expires") from error
        key, text = keys.create(
            sent["name"], owner=sent.get("owner"), scopes=sent.get("scopes") or ("ask",), expires=expires
        )
        return {**described(key), "key": text}

    def described(key: Key) -> dict[str, Any]:
        owner = None if key.person_id is None else name_of(key.person_id)
        return key_document(key, owner, to_wire(clock()))

    return [
        Route("/keys", handler(create), methods=["POST"]),
        Route("/keys", handler(lambda _: {"keys": [described(each) for each in keys.all()]}), methods=["GET"]),
        Route("/keys/revoke", handler(lambda sent: described(keys.revoke(sent["key"]))), methods=["POST"]),
    ]


def key_document(key: Key, owner: str | None, now: str) -> dict[str, Any]:
    """Return a key as the command and the inbox show it, with the address of its owner, at a moment in wire form."""
    return {
        "id": key.id,
        "name": key.name,
        "shown": key.shown,
        "state": key.state(now),
        "scopes": list(key.scopes),
        "owner": owner,
        **{
            name: getattr(key, name)
            for name in ("created_at", "last_used_at", "last_used_from", "expires_at", "revoked_at")
        },
    }
