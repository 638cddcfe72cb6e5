"""What `client.loops` does, as flows."""

from __future__ import annotations

from typing import Any

from hitl_api.api.loops import (
    create_loop,
    delete_loop,
    get_loop,
    list_loop_members,
    list_loops,
    remove_loop_member,
    update_loop,
)
from hitl_api.models.loop_create import LoopCreate
from hitl_api.models.loop_update import LoopUpdate
from hitl_api.types import UNSET

from hitl._api import arguments
from hitl._flows import Flow
from hitl._methods import Methods
from hitl._namespaces.namespace import fetched, nothing
from hitl._records import Loop, LoopMember, record

_FIELDS = {
    "name": arguments.text_up_to(100),
    "icon": arguments.text_up_to(100),
    "description": arguments.text_up_to(500),
}


def create(methods: Methods, given: dict[str, Any], idempotency_key: str | None) -> Flow[Loop]:
    body = LoopCreate.from_dict(arguments.required("loops.create", _FIELDS, given, "name"))

    def read(data: Any) -> Loop:
        return record(Loop, {**data["loop"], "join_url": data["join_url"]})

    return fetched(methods, read, create_loop, body=body, idempotency_key=idempotency_key or UNSET)


def all_of(methods: Methods) -> Flow[list[Loop]]:
    return fetched(methods, lambda data: [record(Loop, each) for each in data["loops"]], list_loops)


def get(methods: Methods, loop_id: str) -> Flow[Loop]:
    return fetched(methods, _loop, get_loop, loop_id)


def update(methods: Methods, loop_id: str, given: dict[str, Any]) -> Flow[Loop]:
    body = LoopUpdate.from_dict(arguments.changes("loops.update", _FIELDS, given))
    return fetched(methods, _loop, update_loop, loop_id, body=body)


def delete(methods: Methods, loop_id: str) -> Flow[None]:
    return fetched(methods, nothing, delete_loop, loop_id)


def members(methods: Methods, loop_id: str) -> Flow[list[LoopMember]]:
    return fetched(
        methods, lambda data: [record(LoopMember, each) for each in data["members"]], list_loop_members, loop_id
    )


def remove_member(methods: Methods, loop_id: str, user_id: str) -> Flow[None]:
    return fetched(methods, nothing, remove_loop_member, loop_id, user_id)


def _loop(data: Any) -> Loop:
    return record(Loop, data["loop"])
