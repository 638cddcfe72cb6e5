"""Sessions in any order of events: what must always be true of them and of their turns."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

from fake_clock import FakeClock
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from hitl.server.agent_sessions.lifecycle import IDLE
from hitl.server.loops.accounts import account_of
from hitl.server.primitives.clock import Clock
from hitl.server.primitives.errors import ApiError
from hitl.server.primitives.timestamps import from_wire
from hitl.server.review_server import ReviewServer

OWNER = account_of("a digest")
MOVES = {
    ("active", "pause"): "paused",
    ("paused", "resume"): "active",
    ("active", "complete"): "completed",
    ("paused", "complete"): "completed",
    ("completed", "complete"): "completed",
}


def status_after(step: Any, session_id: str) -> Any:
    try:
        return step(OWNER, session_id)["status"]
    except ApiError as error:
        return error.status


decisions = st.sampled_from(["approve", "modify", "reject", "escalate"])


class Sessions(RuleBasedStateMachine):
    started = Bundle("started")
    proposed = Bundle("proposed")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock(FakeClock())
        self.server = ReviewServer(clock=self.clock)
        self.sessions = self.server.agent_sessions
        self.turns: dict[str, dict[str, Any]] = {}
        self.decided: dict[str, str] = {}

    def teardown(self) -> None:
        self.server.close()

    @rule(target=started)
    def start(self) -> str:
        return str(self.sessions.create(OWNER, {}).document["id"])

    @rule(session_id=started, step=st.sampled_from(["pause", "resume", "complete"]))
    def move(self, session_id: str, step: str) -> None:
        with suppress(ApiError):  # it was deleted
            expected = MOVES.get((self.sessions.get(OWNER, session_id)["status"], step), 409)
            assert status_after(getattr(self.sessions, step), session_id) == expected

    @rule(target=proposed, session_id=started)
    def propose(self, session_id: str) -> str:
        with suppress(ApiError):
            turn = self.sessions.propose(OWNER, session_id, {"action_type": "git_push"}).document
            assert self.sessions.get(OWNER, session_id)["status"] == "active"
            self.turns[turn["id"]] = turn
            return str(turn["id"])
        return ""

    @rule(turn_id=proposed, decision=decisions)
    def decide(self, turn_id: str, decision: str) -> None:
        if turn := self.turns.get(turn_id):
            with suppress(ApiError):
                self.sessions.decide(OWNER, turn["session_id"], turn_id, {"decision": decision})
                assert self.decided.setdefault(turn_id, decision) is decision

    @rule(turn_id=proposed, decision=decisions)
    def answer(self, turn_id: str, decision: str) -> None:
        if turn := self.turns.get(turn_id):
            with suppress(ApiError):
                self.server.loops.respond(turn["request_id"], decision, {"email": "ann@example.com"})
                assert self.decided.setdefault(turn_id, decision) is decision

    @rule(turn_id=proposed)
    def record(self, turn_id: str) -> None:
        if turn := self.turns.get(turn_id):
            with suppress(ApiError):
                self.sessions.record_outcome(OWNER, turn["session_id"], turn_id, {"action": {"success": True}})
                assert turn_id in self.decided

    @rule(hours=st.integers(1, 30))
    def advance(self, hours: int) -> None:
        self.clock.advance(timedelta(hours=hours))

    @rule(days=st.integers(1, 31))
    def let_time_pass_while_nobody_looks(self, days: int) -> None:
        self.clock.ahead += timedelta(days=days)
        self.server.tick()

    @invariant()
    def turns_and_their_requests_agree(self) -> None:
        for turn_id, turn in self.turns.items():
            with suppress(ApiError):  # it was deleted
                found = self.sessions.turn(OWNER, turn["session_id"], turn_id)
                session = self.sessions.get(OWNER, turn["session_id"])
                request = self.server.loops.get_request(turn["request_id"])
                assert found["human_decision"] == self.decided.get(turn_id)
                if request["status"] == "completed":
                    assert request["response_data"]["selected_value"] == found["human_decision"]
                if session["status"] in ("completed", "abandoned"):
                    assert request["status"] not in ("pending", "claimed")
                else:
                    assert self.clock() < from_wire(session["updated_at"]) + IDLE

    @invariant()
    def each_decision_is_told_once(self) -> None:
        events = self.server.outbox.events_after(0, 10_000)
        told = Counter(each.subject_id for each in events if each.event == "turn.resolved")
        assert told == Counter(list(self.decided))


Sessions.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
TestSessionsInAnyOrder = Sessions.TestCase
