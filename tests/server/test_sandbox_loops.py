"""The rules of generation B: who may ask, answer and change what, and what time does."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_clock import FakeClock
from server_calls import REQUEST

from hitl.server.loops.accounts import account_of, person_id
from hitl.server.loops.service import LoopService
from hitl.server.loops.store import RequestQuery
from hitl.server.primitives.clock import Clock
from hitl.server.primitives.errors import ApiError
from hitl.server.review_server import ReviewServer

OWNER = account_of("a digest")
STRANGER = account_of("another digest")
ANN = {"email": "ann@example.com", "name": "Ann"}
BOB = {"email": "bob@example.com"}
LOOP = {"name": "Moderators", "icon": "shield-check"}


@pytest.fixture
def clock() -> Clock:
    return Clock(FakeClock())


@pytest.fixture
def loops(server: ReviewServer) -> LoopService:
    return server.loops


@pytest.fixture
def loop_id(loops: LoopService) -> str:
    return str(loops.create_loop(OWNER, LOOP).document["loop"]["id"])


def ask(loops: LoopService, loop_id: str, **body: Any) -> str:
    return str(loops.create_request(OWNER, loop_id, {**REQUEST, **body}).document["request_id"])


def invite(loops: LoopService, loop_id: str) -> str:
    return str(loops.get_loop(OWNER, loop_id)["invite_code"])


def refusal_of(call: Any, *arguments: Any, **more: Any) -> tuple[int, str]:
    with pytest.raises(ApiError) as caught:
        call(*arguments, **more)
    return caught.value.status, caught.value.message


def events(server: ReviewServer) -> list[tuple[str, dict[str, Any]]]:
    return [(event.event, event.payload) for event in server.outbox.events_after(0, 100)]


def callbacks(server: ReviewServer) -> list[str]:
    return [row[0] for row in server.database.rows("SELECT event FROM deliveries ORDER BY number")]


# Loops and members


def test_whoever_makes_a_loop_is_its_first_member(loops: LoopService) -> None:
    made = loops.create_loop(OWNER, LOOP).document
    (member,) = made["loop"]["members"]
    assert (member["user_id"], member["status"], member["role"]) == (OWNER.user_id, "active", "admin")
    assert made["loop"]["creator_id"] == OWNER.user_id
    assert made["invite_code"] == made["loop"]["invite_code"]
    assert len(made["invite_code"]) == 9
    assert len(made["loop"]["id"]) == 24


def test_an_idempotency_key_belongs_to_one_loop(loops: LoopService, loop_id: str) -> None:
    other = loops.create_loop(OWNER, LOOP).document["loop"]["id"]
    loops.create_request(OWNER, loop_id, REQUEST, idempotency_key="job-1")
    assert refusal_of(loops.create_request, OWNER, other, REQUEST, idempotency_key="job-1")[0] == 422


def test_nobody_sees_or_changes_a_loop_of_somebody_else(loops: LoopService, loop_id: str) -> None:
    for read in (loops.get_loop, loops.list_members, loops.list_loop_requests):
        assert refusal_of(read, STRANGER, loop_id) == (403, "Access denied to this loop")
    for message, change, *arguments in (
        ("Only loop creator can update the loop", loops.update_loop, {"name": "Mine"}),
        ("Only loop creator can delete the loop", loops.delete_loop),
        ("Only loop creator can remove members", loops.remove_member, OWNER.user_id),
        ("Only loop creators can create requests", loops.create_request, REQUEST),
    ):
        assert refusal_of(change, STRANGER, loop_id, *arguments) == (403, message)


def test_an_update_replaces_what_it_names(loops: LoopService, loop_id: str, clock: Clock) -> None:
    clock.advance(60)
    after = loops.update_loop(OWNER, loop_id, {"description": "For posts"})
    assert (after["name"], after["description"]) == ("Moderators", "For posts")
    assert after["updated_at"] > after["created_at"]
    assert loops.get_loop(OWNER, loop_id.upper()) == after


def test_a_person_joins_once_however_the_address_is_written(loops: LoopService, loop_id: str) -> None:
    code = invite(loops, loop_id)
    member = loops.join(code.lower(), ANN)
    assert (member["status"], member["role"], member["name"]) == ("active", "member", "Ann")
    assert loops.join(code, {"email": "ANN@example.com"}) == member
    assert [each["user_id"] for each in loops.list_members(OWNER, loop_id)] == [OWNER.user_id, member["user_id"]]


def test_a_loop_is_deleted_with_its_requests_once_none_is_open(loops: LoopService, loop_id: str) -> None:
    request_id = ask(loops, loop_id)
    status, message = refusal_of(loops.delete_loop, OWNER, loop_id)
    assert (status, message.partition(":")[0]) == (400, "Cannot delete loop with active requests")
    loops.respond(request_id, "approve", ANN)
    loops.add_feedback(OWNER, request_id, {"feedback": {"rating": 5}})
    assert loops.delete_loop(OWNER, loop_id) == {"loop_id": loop_id}
    assert refusal_of(loops.get_loop, OWNER, loop_id) == (404, "Loop not found")
    assert refusal_of(loops.get_request, request_id) == (404, "Request not found")


def test_what_happens_to_a_loop_is_told(server: ReviewServer, loops: LoopService, loop_id: str) -> None:
    loops.update_loop(OWNER, loop_id, {"name": "Editors"})
    member = loops.join(invite(loops, loop_id), ANN)
    loops.remove_member(OWNER, loop_id, member["user_id"])
    loops.delete_loop(OWNER, loop_id)
    told = events(server)
    assert [name for name, _ in told] == [
        "loop.created",
        "loop.updated",
        "loop.member_joined",
        "loop.member_left",
        "loop.deleted",
    ]
    assert told[2][1]["data"] == {
        "loop": {
            "id": loop_id,
            "name": "Editors",
            "creator_id": OWNER.user_id,
            "member_count": 2,
            "active_count": 2,
            "pending_count": 0,
        },
        "member": member,
    }


# Requests


def test_a_request_goes_to_all_members(loops: LoopService, loop_id: str) -> None:
    loops.join(invite(loops, loop_id), ANN)
    receipt = loops.create_request(OWNER, loop_id, REQUEST).document
    request = loops.get_request(receipt["request_id"], OWNER)
    assert receipt == {
        "request_id": request["id"],
        "id": request["id"],
        "status": "pending",
        "processing_type": "time-sensitive",
        "type": "markdown",
        "priority": "high",
        "timeout_at": "2026-11-23T13:00:00.000000Z",
        "broadcasted_to": 2,
        "notifications_sent": 2,
        "polling_url": f"/v1/api/requests/{request['id']}",
    }
    assert [each["email"] for each in request["broadcasted_to"]] == [OWNER.email, ANN["email"]]
    assert request["response_data"] is None


def test_a_deferred_request_waits_for_30_days(loops: LoopService, loop_id: str) -> None:
    body = {name: value for name, value in REQUEST.items() if name != "timeout_seconds"}
    request_id = loops.create_request(OWNER, loop_id, {**body, "processing_type": "deferred"}).document["request_id"]
    assert loops.get_request(request_id)["timeout_at"] == "2026-12-23T12:00:00.000000Z"


def test_the_first_answer_counts(loops: LoopService, loop_id: str, clock: Clock) -> None:
    request_id = ask(loops, loop_id)
    clock.advance(245.5)
    answered = loops.respond(request_id, "Approve", ANN)
    assert answered["status"] == "completed"
    assert answered["response_data"] == {"selected_value": "approve", "selected_label": "Approve"}
    assert answered["response_by"] == person_id("ann@example.com")
    assert answered["response_by_user"] == {"id": answered["response_by"], "name": "Ann", "email": ANN["email"]}
    assert answered["response_time_seconds"] == 245.5
    status, message = refusal_of(loops.respond, request_id, "reject", BOB)
    assert (status, "already completed" in message) == (409, True)
    assert loops.get_request(request_id, OWNER) == answered


def test_a_responder_without_an_address_is_refused(loops: LoopService, loop_id: str) -> None:
    assert refusal_of(loops.respond, ask(loops, loop_id), "approve", {"name": "Ann"}) == (
        400,
        "responder.email: is required",
    )


def test_a_claim_keeps_others_away_until_it_ends(loops: LoopService, loop_id: str, clock: Clock) -> None:
    request_id = ask(loops, loop_id)
    claimed = loops.claim(request_id, ANN)
    assert (claimed["status"], claimed["claimed_by"]) == ("claimed", person_id("ann@example.com"))
    assert refusal_of(loops.respond, request_id, "approve", BOB)[0] == 409
    assert refusal_of(loops.claim, request_id, BOB)[0] == 409
    clock.advance("10m")
    loops.claim(request_id, ANN)
    clock.advance("10m")
    assert loops.get_request(request_id)["status"] == "claimed"
    clock.advance("5m")
    released = loops.get_request(request_id)
    assert (released["status"], released["claimed_by"]) == ("pending", None)
    assert loops.respond(request_id, "approve", BOB)["status"] == "completed"


def test_a_request_times_out_when_its_time_is_over_and_not_before(
    loops: LoopService, loop_id: str, clock: Clock
) -> None:
    request_id = ask(loops, loop_id)
    clock.advance(3599.9)
    assert loops.get_request(request_id)["status"] == "pending"
    clock.advance(0.1)
    over = loops.get_request(request_id)
    assert (over["status"], over["updated_at"]) == ("timeout", over["timeout_at"])
    assert (over["response_data"], over["default_response"]) == (None, "reject")
    assert refusal_of(loops.respond, request_id, "approve", ANN)[0] == 409


def test_everything_that_fell_due_meanwhile_happens_in_its_order(
    server: ReviewServer, loops: LoopService, loop_id: str
) -> None:
    clock = server.clock
    late, early = ask(loops, loop_id, timeout_seconds=120), ask(loops, loop_id, timeout_seconds=60)
    clock.ahead += timedelta(hours=1)  # time passes while nobody looks
    loops.tick()
    over = [payload["data"]["request"]["id"] for name, payload in events(server) if name == "request.timeout"]
    assert over == [early, late]


def test_requests_are_filtered_sorted_and_paged(loops: LoopService, loop_id: str, clock: Clock) -> None:
    made: list[str] = []
    for priority in ("low", "critical", "medium", "high", "critical"):
        made.append(ask(loops, loop_id, priority=priority))
        clock.advance(1)
    loops.respond(made[0], "approve", ANN)

    def found(**query: Any) -> list[int]:
        return [made.index(request["id"]) for request in loops.list_requests(RequestQuery(**query)).items]

    assert found() == [4, 3, 2, 1, 0]
    assert found(sort="created_at_asc") == [0, 1, 2, 3, 4]
    assert found(sort="priority_desc") == [1, 4, 3, 2, 0]
    assert found(sort="status_asc") == [0, 4, 3, 2, 1]
    assert found(status="completed") == [0]
    assert found(status=("pending", "claimed"), priority="critical") == [4, 1]
    assert found(created_before="2026-11-23T12:00:02.000000Z") == [1, 0]
    assert found(limit=2, offset=1) == [3, 2]
    assert found(api_key_id=STRANGER.api_key_id) == []
    assert loops.list_requests(RequestQuery(limit=1)).total == 5


# What is told


def test_an_answer_is_told_to_webhooks_and_to_the_callback_in_their_own_forms(
    server: ReviewServer, loops: LoopService, loop_id: str
) -> None:
    request_id = ask(loops, loop_id, callback_url="http://127.0.0.1:9/hook/secret")
    loops.claim(request_id, ANN)
    answered = loops.respond(request_id, "approve", ANN)
    names, payloads = zip(*events(server)[1:], strict=True)
    assert names == ("request.created", "request.claimed", "request.completed")
    assert payloads[1]["data"]["request"]["claimed_by"] == answered["response_by"]
    assert payloads[2]["data"]["reviewer"] == {"user_id": answered["response_by"], "name": "Ann", "email": ANN["email"]}
    assert callbacks(server) == ["request.completed"]
    (body,) = server.database.rows("SELECT json(payload) ->> '$.response_by.name', url FROM deliveries")
    assert body == ("Ann", "http://127.0.0.1:9/hook/secret")


def test_a_timeout_and_a_cancellation_call_back_without_an_answer(
    server: ReviewServer, loops: LoopService, loop_id: str, clock: Clock
) -> None:
    ask(loops, loop_id, callback_url="http://127.0.0.1:9/hook")
    clock.advance("2h")
    loops.cancel_request(OWNER, ask(loops, loop_id, callback_url="http://127.0.0.1:9/hook"))
    assert callbacks(server) == ["request.timeout", "request.cancelled"]
    told = dict(events(server))
    assert told["request.timeout"]["data"]["request"]["previous_status"] == "pending"
    assert told["request.cancelled"]["data"]["request"]["cancelled_at"] == "2026-11-23T14:00:00.000000Z"


def test_a_change_wakes_those_who_wait_for_the_request(loops: LoopService, loop_id: str, clock: Clock) -> None:
    request_id = ask(loops, loop_id)
    assert loops.seconds_to_change(request_id) == 3600
    loops.claim(request_id, ANN)
    assert loops.seconds_to_change(request_id) == 900
    loops.respond(request_id, "approve", ANN)
    assert loops.seconds_to_change(request_id) is None


def test_everything_survives_a_restart(tmp_path: Path, clock: Clock) -> None:
    server = ReviewServer(data=tmp_path / "data.db", clock=clock)
    loop_id = str(server.loops.create_loop(OWNER, LOOP).document["loop"]["id"])
    request_id = ask(server.loops, loop_id)
    before = server.loops.get_request(request_id), server.loops.get_loop(OWNER, loop_id)
    server.close()
    again = ReviewServer(data=tmp_path / "data.db", clock=clock)
    assert (again.loops.get_request(request_id), again.loops.get_loop(OWNER, loop_id)) == before
    again.close()
