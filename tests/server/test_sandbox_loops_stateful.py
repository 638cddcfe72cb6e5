"""Requests in any order of events: what must always be true of them."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

from fake_clock import FakeClock
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from server_calls import REQUEST

from hitl.server.loops.accounts import account_of
from hitl.server.loops.lifecycle import CLAIM_SECONDS, FINAL
from hitl.server.primitives.clock import Clock
from hitl.server.primitives.errors import ApiError
from hitl.server.primitives.timestamps import from_wire
from hitl.server.review_server import ReviewServer

OWNER = account_of("a digest")
PEOPLE = [{"email": "ann@example.com"}, {"email": "bob@example.com"}]
ASKED = {**REQUEST, "callback_url": "http://127.0.0.1:9/hook"}
people = st.sampled_from(PEOPLE)


class Requests(RuleBasedStateMachine):
    asked = Bundle("asked")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock(FakeClock())
        self.server = ReviewServer(clock=self.clock)
        self.loops = self.server.loops
        self.finished: dict[str, dict[str, Any]] = {}
        self.ids: list[str] = []

    def teardown(self) -> None:
        self.server.close()

    @initialize()
    def open_a_loop(self) -> None:
        self.loop_id = self.loops.create_loop(OWNER, {"name": "A", "icon": "star"}).document["loop"]["id"]

    @rule(target=asked, seconds=st.integers(60, 3600))
    def ask(self, seconds: int) -> str:
        body = {**ASKED, "timeout_seconds": seconds}
        request_id: str = self.loops.create_request(OWNER, self.loop_id, body).document["request_id"]
        self.ids.append(request_id)
        return request_id

    @rule(request_id=asked, person=people)
    def claim(self, request_id: str, person: dict[str, str]) -> None:
        with suppress(ApiError):
            self.loops.claim(request_id, person)

    @rule(request_id=asked, person=people, verdict=st.sampled_from(["approve", "reject"]))
    def respond(self, request_id: str, person: dict[str, str], verdict: str) -> None:
        with suppress(ApiError):
            self.loops.respond(request_id, verdict, person)

    @rule(request_id=asked)
    def cancel(self, request_id: str) -> None:
        with suppress(ApiError):
            self.loops.cancel_request(OWNER, request_id)

    @rule(seconds=st.integers(1, 1800))
    def advance(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(seconds=st.integers(1, 1800))
    def let_time_pass_while_nobody_looks(self, seconds: int) -> None:
        self.clock.ahead += timedelta(seconds=seconds)

    @invariant()
    def what_is_open_has_time_left_and_what_is_finished_stays(self) -> None:
        now = self.clock()
        for request_id in self.ids:
            request = self.loops.get_request(request_id)
            assert (request["status"] == "completed") == (request["response_data"] is not None)
            if request["status"] in FINAL:
                assert self.finished.setdefault(request_id, request) == request
            else:
                assert now < from_wire(request["timeout_at"])
            if request["status"] == "claimed":
                assert now < from_wire(request["claimed_at"]) + timedelta(seconds=CLAIM_SECONDS)

    @invariant()
    def each_end_is_told_once(self) -> None:
        finished = [each for each in self.ids if self.loops.get_request(each)["status"] in FINAL]
        told = Counter(
            event.subject_id
            for event in self.server.outbox.events_after(0, 10_000)
            if event.event.removeprefix("request.") in FINAL
        )
        called = Counter(row[0] for row in self.server.database.rows("SELECT subject_id FROM deliveries"))
        assert told == called == Counter(finished)


Requests.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
TestRequestsInAnyOrder = Requests.TestCase
