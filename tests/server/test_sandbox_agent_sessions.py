"""The rules of sessions: their states, and how a turn and the request that asks about it stay one thing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_clock import FakeClock
from server_calls import refusal_of

from hitl.server.agent_sessions import SessionService
from hitl.server.agent_sessions.lifecycle import DESTRUCTIVE
from hitl.server.agent_sessions.schemas import ACTIONS
from hitl.server.agent_sessions.store import SessionQuery
from hitl.server.loops.accounts import account_of
from hitl.server.primitives.clock import Clock
from hitl.server.review_server import ReviewServer

OWNER = account_of("a digest")
STRANGER = account_of("another digest")
ANN = {"email": "ann@example.com", "name": "Ann"}
CONTEXT = {"repo": "git@github.com:acme/app.git", "branch": "preview", "commit": "a1b2c3d", "task": "Export"}
PUSH = {
    "action_type": "git_push",
    "agent_prompt": "Run shell command: git push",
    "proposed_tool": "Bash",
    "proposed_args": {"command": "git push"},
}


@pytest.fixture
def clock() -> Clock:
    return Clock(FakeClock())


@pytest.fixture
def sessions(server: ReviewServer) -> SessionService:
    return server.agent_sessions


@pytest.fixture
def session_id(sessions: SessionService) -> str:
    return str(sessions.create(OWNER, {"context": CONTEXT}).document["id"])


def propose(sessions: SessionService, session_id: str, **body: Any) -> dict[str, Any]:
    return sessions.propose(OWNER, session_id, {**PUSH, **body}).document


def resolved(server: ReviewServer) -> list[dict[str, Any]]:
    return [each.payload for each in server.outbox.events_after(0, 1000) if each.event == "turn.resolved"]


# Sessions


def test_a_session_without_a_loop_gets_one_of_its_own(server: ReviewServer, sessions: SessionService) -> None:
    session = sessions.create(OWNER, {"agent_type": "codex", "context": CONTEXT}).document
    loop = server.loops.get_loop(OWNER, session["loop_id"])
    assert loop["name"] == "codex — git@github.com:acme/app.git"
    assert (session["status"], session["turn_count"], session["reviewer_id"]) == ("active", 0, None)
    assert session["context"] == CONTEXT


def test_a_session_may_only_use_a_loop_of_its_owner(server: ReviewServer, sessions: SessionService) -> None:
    loop_id = server.loops.create_loop(OWNER, {"name": "A", "icon": "star"}).document["loop"]["id"]
    assert sessions.create(OWNER, {"loop_id": loop_id}).document["loop_id"] == loop_id
    assert refusal_of(sessions.create, STRANGER, {"loop_id": loop_id}).status == 403
    assert refusal_of(sessions.create, OWNER, {"loop_id": "0" * 24}).status == 404


def test_a_session_is_its_owners(sessions: SessionService, session_id: str) -> None:
    assert refusal_of(sessions.get, STRANGER, session_id).status == 403
    assert refusal_of(sessions.propose, STRANGER, session_id, PUSH).status == 403
    assert refusal_of(sessions.get, OWNER, "0" * 24).status == 404
    assert sessions.list_sessions(SessionQuery(STRANGER.api_key_id)) == []


def test_sessions_are_listed_by_state_and_agent_the_newest_first(sessions: SessionService) -> None:
    first = sessions.create(OWNER, {}).document["id"]
    second = sessions.create(OWNER, {"agent_type": "codex"}).document["id"]
    third = sessions.create(OWNER, {}).document["id"]
    sessions.pause(OWNER, third)

    def listed(**query: Any) -> list[str]:
        return [each["id"] for each in sessions.list_sessions(SessionQuery(OWNER.api_key_id, **query))]

    assert listed() == [third, second, first]
    assert listed(status="active", agent_type="claude") == [first]
    assert listed(limit=1, offset=1) == [second]


def test_an_update_replaces_the_context_and_an_empty_reviewer_clears_it(
    sessions: SessionService, session_id: str
) -> None:
    named = sessions.update(OWNER, session_id, {"reviewer_id": "someone"})
    assert (named["reviewer_id"], named["context"]) == ("someone", CONTEXT)
    cleared = sessions.update(OWNER, session_id, {"reviewer_id": "", "context": {"task": "Import"}})
    assert (cleared["reviewer_id"], cleared["context"]) == (None, {"task": "Import"})
    assert refusal_of(sessions.update, OWNER, session_id, {}).status == 400
    assert refusal_of(sessions.update, OWNER, session_id, {"status": "paused"}).status == 400
    sessions.complete(OWNER, session_id)
    assert refusal_of(sessions.update, OWNER, session_id, {"reviewer_id": "someone"}).status == 409


@pytest.mark.parametrize(
    ("steps", "last"),
    [
        (["pause"], "pause"),
        ([], "resume"),
        (["pause", "resume"], "resume"),
        (["complete"], "pause"),
        (["pause", "complete"], "resume"),
    ],
)
def test_a_transition_that_the_state_does_not_allow_is_a_conflict(
    sessions: SessionService, session_id: str, steps: list[str], last: str
) -> None:
    for step in steps:
        getattr(sessions, step)(OWNER, session_id)
    before = sessions.get(OWNER, session_id)
    assert refusal_of(getattr(sessions, last), OWNER, session_id).status == 409
    assert sessions.get(OWNER, session_id) == before


def test_completing_may_be_repeated(sessions: SessionService, session_id: str, clock: Clock) -> None:
    first = sessions.complete(OWNER, session_id)
    clock.advance(60)
    assert sessions.complete(OWNER, session_id) == first


def test_an_idle_session_is_abandoned_after_a_day_and_deleted_a_month_later(
    server: ReviewServer, sessions: SessionService, session_id: str, clock: Clock
) -> None:
    turn = propose(sessions, session_id)
    clock.advance("23h59m")
    sessions.update(OWNER, session_id, {"reviewer_id": "someone"})  # it is not idle
    clock.advance("23h59m")
    assert sessions.get(OWNER, session_id)["status"] == "active"
    began = clock()
    clock.advance("1m")
    assert sessions.get(OWNER, session_id)["status"] == "abandoned"
    assert server.loops.get_request(turn["request_id"])["status"] == "cancelled"
    for act in (sessions.pause, sessions.resume, sessions.complete):
        assert refusal_of(act, OWNER, session_id).status == 409
    assert refusal_of(propose, sessions, session_id).status == 409
    clock.advance(began + timedelta(days=30) - clock())
    assert sessions.get(OWNER, session_id)["status"] == "abandoned"
    clock.advance("1m")
    assert refusal_of(sessions.get, OWNER, session_id).status == 404


def test_a_completed_session_is_kept(sessions: SessionService, session_id: str, clock: Clock) -> None:
    sessions.complete(OWNER, session_id)
    clock.advance("60d")
    assert sessions.get(OWNER, session_id)["status"] == "completed"


# Turns


def test_a_turn_is_a_request_with_what_its_reviewers_need(
    server: ReviewServer, sessions: SessionService, session_id: str
) -> None:
    turn = propose(sessions, session_id)
    request = server.loops.get_request(turn["request_id"])
    assert (request["response_type"], request["request_text"]) == ("single_select", PUSH["agent_prompt"])
    words = [each["value"] for each in request["response_config"]["options"]]
    assert words == ["approve", "modify", "reject", "escalate"]
    assert request["default_response"] == "reject"
    about = {"session_id": session_id, "turn_id": turn["id"], "repo": CONTEXT["repo"], "branch": "preview"}
    named = {name: PUSH[name] for name in ("action_type", "proposed_tool", "proposed_args")}
    assert request["context"] == {**about, **named, "commit": "a1b2c3d"}
    assert (turn["turn_number"], turn["human_decision"]) == (1, None)
    assert propose(sessions, session_id)["turn_number"] == 2
    assert sessions.get(OWNER, session_id)["turn_count"] == 2
    assert [each["turn_number"] for each in sessions.turns(OWNER, session_id)] == [1, 2]


@pytest.mark.parametrize("action", ACTIONS)
def test_destructive_actions_are_urgent(
    server: ReviewServer, sessions: SessionService, session_id: str, action: str
) -> None:
    turn = sessions.propose(OWNER, session_id, {"action_type": action}).document
    request = server.loops.get_request(turn["request_id"])
    assert request["priority"] == ("high" if action in DESTRUCTIVE else "medium")
    assert action in request["request_text"]


def test_a_long_prompt_is_kept_whole_and_asked_in_short(
    server: ReviewServer, sessions: SessionService, session_id: str
) -> None:
    turn = propose(sessions, session_id, agent_prompt="x" * 5000)
    assert len(turn["agent_prompt"]) == 5000
    assert len(server.loops.get_request(turn["request_id"])["request_text"]) == 2000


def test_a_turn_that_is_proposed_again_with_its_key_is_asked_once(sessions: SessionService, session_id: str) -> None:
    first, again = (sessions.propose(OWNER, session_id, PUSH, idempotency_key="turn-1") for _ in range(2))
    assert (again.replayed, again.document["id"]) == (True, first.document["id"])
    assert len(sessions.turns(OWNER, session_id)) == 1


@pytest.mark.parametrize("state", ["pause", "complete"])
def test_only_an_active_session_takes_turns(sessions: SessionService, session_id: str, state: str) -> None:
    getattr(sessions, state)(OWNER, session_id)
    assert refusal_of(propose, sessions, session_id).status == 409
    assert sessions.turns(OWNER, session_id) == []


@pytest.mark.parametrize("decision", ["approve", "modify", "reject", "escalate"])
def test_the_answer_to_the_request_decides_the_turn(
    server: ReviewServer, sessions: SessionService, session_id: str, decision: str
) -> None:
    turn = propose(sessions, session_id)
    server.loops.respond(turn["request_id"], decision, ANN)
    decided = sessions.turn(OWNER, session_id, turn["id"])
    assert (decided["human_decision"], decided["human_comment"]) == (decision, None)
    (event,) = resolved(server)
    assert (event["session_id"], event["turn"]) == (session_id, decided)
    assert refusal_of(sessions.decide, OWNER, session_id, turn["id"], {"decision": "approve"}).status == 409


def test_a_decision_answers_the_request(server: ReviewServer, sessions: SessionService, session_id: str) -> None:
    turn = propose(sessions, session_id)
    decided = sessions.decide(OWNER, session_id, turn["id"], {"decision": "modify", "comment": "Use a branch."})
    assert (decided["human_decision"], decided["human_comment"]) == ("modify", "Use a branch.")
    request = server.loops.get_request(turn["request_id"])
    assert (request["status"], request["response_data"]["selected_value"]) == ("completed", "modify")
    assert refusal_of(server.loops.respond, turn["request_id"], "approve", ANN).status == 409
    assert [each["turn"]["human_decision"] for each in resolved(server)] == ["modify"]


def test_a_turn_in_flight_is_decided_while_the_session_is_paused(
    server: ReviewServer, sessions: SessionService, session_id: str
) -> None:
    turn = propose(sessions, session_id)
    sessions.pause(OWNER, session_id)
    server.loops.respond(turn["request_id"], "approve", ANN)
    assert sessions.turn(OWNER, session_id, turn["id"])["human_decision"] == "approve"


def test_a_completed_session_asks_nobody_any_more(
    server: ReviewServer, sessions: SessionService, session_id: str
) -> None:
    turn = propose(sessions, session_id)
    sessions.complete(OWNER, session_id)
    assert server.loops.get_request(turn["request_id"])["status"] == "cancelled"
    assert refusal_of(sessions.decide, OWNER, session_id, turn["id"], {"decision": "approve"}).status == 409
    assert sessions.turn(OWNER, session_id, turn["id"])["human_decision"] is None


def test_a_request_that_ends_without_an_answer_decides_nothing(
    server: ReviewServer, sessions: SessionService, session_id: str
) -> None:
    turn = propose(sessions, session_id)
    server.loops.cancel_request(OWNER, turn["request_id"])
    assert sessions.turn(OWNER, session_id, turn["id"])["human_decision"] is None
    assert resolved(server) == []
    decided = sessions.decide(OWNER, session_id, turn["id"], {"decision": "reject"})
    assert decided["human_decision"] == "reject"


def test_nobody_can_change_what_the_request_of_a_turn_asks(
    server: ReviewServer, sessions: SessionService, session_id: str
) -> None:
    turn = propose(sessions, session_id)
    swapped = {"options": [{"value": "approve", "label": "Reject"}, {"value": "reject", "label": "Approve"}]}
    for change in ({"response_config": swapped}, {"request_text": "Harmless"}, {"status": "cancelled", "context": {}}):
        assert refusal_of(server.loops.update_request, OWNER, turn["request_id"], change).status == 400
    assert server.loops.update_request(OWNER, turn["request_id"], {"status": "cancelled"})["status"] == "cancelled"


def test_what_came_of_it_is_recorded_once_somebody_has_decided(sessions: SessionService, session_id: str) -> None:
    turn = propose(sessions, session_id)
    outcome = {"action": {"success": False, "exit_code": 1, "stderr": "x" * 9000, "stdout": None}}
    assert refusal_of(sessions.record_outcome, OWNER, session_id, turn["id"], outcome).status == 409
    sessions.decide(OWNER, session_id, turn["id"], {"decision": "approve"})
    sessions.complete(OWNER, session_id)  # agents may tell it last
    done = sessions.record_outcome(OWNER, session_id, turn["id"], {**outcome, "files_modified": ["a.py"]})
    assert done["action_taken"] == {"success": False, "exit_code": 1, "stderr": "x" * 4096, "stdout": None}
    assert done["files_modified"] == ["a.py"]


@pytest.mark.parametrize(
    "body",
    [{}, {"action": {}}, {"action": {"success": "yes"}}, {"action": {"success": True}, "files": []}, {"action": []}],
)
def test_an_outcome_that_says_nothing_is_refused(sessions: SessionService, session_id: str, body: Any) -> None:
    turn = propose(sessions, session_id)
    sessions.decide(OWNER, session_id, turn["id"], {"decision": "approve"})
    assert refusal_of(sessions.record_outcome, OWNER, session_id, turn["id"], body).status == 400


@pytest.mark.parametrize(
    ("act", "body"),
    [
        ("create", {"agent_type": "other"}),
        ("create", {"context": {"repo": 1}}),
        ("create", {"loop": "x"}),
        ("propose", {}),
        ("propose", {"action_type": "read"}),
        ("propose", {"action_type": "bypass", "proposed_args": []}),
        ("decide", {"decision": "yes"}),
        ("decide", {"decision": "approve", "comment": 1}),
    ],
)
def test_a_body_that_does_not_fit_is_refused(
    sessions: SessionService, session_id: str, act: str, body: dict[str, Any]
) -> None:
    turn = propose(sessions, session_id)
    place = {"create": (), "propose": (session_id,), "decide": (session_id, turn["id"])}[act]
    assert refusal_of(getattr(sessions, act), OWNER, *place, body).status == 400


def test_a_loop_takes_its_sessions_with_it(server: ReviewServer, sessions: SessionService, session_id: str) -> None:
    turn = propose(sessions, session_id)
    server.loops.respond(turn["request_id"], "approve", ANN)
    server.loops.delete_loop(OWNER, sessions.get(OWNER, session_id)["loop_id"])
    assert refusal_of(sessions.get, OWNER, session_id).status == 404


def test_sessions_and_turns_outlive_the_server(tmp_path: Path) -> None:
    data = tmp_path / "reviews.db"
    with ReviewServer(data=data) as server:
        session = server.agent_sessions.create(OWNER, {"context": CONTEXT}).document
        turn = propose(server.agent_sessions, session["id"])
    with ReviewServer(data=data) as server:
        assert server.agent_sessions.turn(OWNER, session["id"], turn["id"]) == turn
        server.loops.respond(turn["request_id"], "approve", ANN)
        assert server.agent_sessions.turns(OWNER, session["id"])[0]["human_decision"] == "approve"
