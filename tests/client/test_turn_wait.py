"""Waiting for the decision on a turn: what is asked, how often, and what is never taken for a yes."""

from __future__ import annotations

from typing import Any

import pytest
from script import BROKEN, SILENT, Scripted, answer, refused
from scripted import ScriptedClient, scripted, world_client
from world import EPOCH, Vendor, World

from hitl import _records
from hitl.exceptions import AuthenticationError, ConflictError, UnexpectedResponseError, WaitTimeoutError
from hitl.models import Turn

TURN = Turn("t1", "s1", action_type="git_push")
DECIDED = {"id": "t1", "session_id": "s1", "human_decision": "approve"}
HOUR = 3600.0


def told(turn: Any, status: int = 200, *, error: Any = False, **more: Any) -> Any:
    return answer(status, {"error": error, "msg": "…", "data": {"turn": turn, **more}})


PENDING = told({}, 408, pending=True)  # as the documentation abbreviates it
REFUSED_408 = answer(408, {"error": True, "msg": "Request timeout"})


class Service:
    """Holds each read as long as it is asked to, or up to `cut` seconds, and then gives the next answer."""

    def __init__(self, *answers: Scripted, cut: float = 300.0, limit: int | None = None) -> None:
        self.answers, self.cut, self.limit = list(answers), cut, limit
        self.used: dict[int, int] = {}
        self.client: ScriptedClient = scripted(self, timeout=30)

    def __call__(self, call: Any) -> Any:
        script = self.client.script
        script.now += min(float(call.request.query.get("timeout", 0)), self.cut)
        outcome: Any = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if self.limit is None or not hasattr(outcome, "headers"):
            return outcome
        window = int((script.now // HOUR + 1) * HOUR)
        self.used[window] = self.used.get(window, 0) + 1
        left = str(max(0, self.limit - self.used[window]))
        headers = {"x-ratelimit-limit": str(self.limit), "x-ratelimit-remaining": left}
        return type(outcome)(outcome.status_code, {**headers, "x-ratelimit-reset": str(window)}, outcome.content)

    @property
    def holds(self) -> list[int]:
        asked = [each.query["timeout"] for each in self.client.sent if each.path.endswith("/wait")]
        return [int(each) for each in asked]


def outcome_of(*answers: Scripted, timeout: float = 60.0) -> Any:
    try:
        return Service(*answers).client.sessions.wait(TURN, timeout=timeout)
    except WaitTimeoutError as error:
        return error


def test_a_turn_that_is_pending_is_asked_again_and_is_no_failure() -> None:
    service = Service(PENDING, PENDING, told(DECIDED))
    found = service.client.sessions.wait(TURN)
    assert (found.verdict, found.id) == ("approved", "t1")
    assert service.holds == [55, 55, 55]
    assert service.client.sleeps == []
    stats = service.client.wait_stats()
    assert (stats.polls, stats.held, stats.refused, stats.waits) == (3, 3, 0, 0)


def test_every_read_fits_into_the_wait_and_into_its_own_time() -> None:
    service = Service(PENDING)
    with pytest.raises(WaitTimeoutError) as caught:
        service.client.sessions.wait(TURN, timeout=120)
    assert service.holds == [55, 55, 10]
    assert [call.timeout for call in service.client.calls] == [60.0, 60.0, 11.0]
    assert service.client.now - service.client.began == 120
    assert (caught.value.attempts, caught.value.retryable, caught.value.sent) == (3, True, "yes")


def test_where_requests_are_scarce_an_hour_of_waiting_costs_a_dozen() -> None:
    service = Service(PENDING, limit=100)
    with pytest.raises(WaitTimeoutError):
        service.client.sessions.wait(TURN, timeout=HOUR)
    assert service.holds[:3] == [55, 300, 300]
    assert len(service.holds) <= 13


def test_without_holds_the_rate_limit_paces_the_reads() -> None:
    service = Service(PENDING, cut=0, limit=100)
    with pytest.raises(WaitTimeoutError):
        service.client.sessions.wait(TURN, timeout=HOUR)
    assert len(service.holds) > 60
    assert max(service.used.values()) < 99
    assert max(service.client.sleeps) < 120


def test_a_server_that_does_not_hold_is_not_asked_without_pause() -> None:
    service = Service(PENDING, cut=0)
    with pytest.raises(WaitTimeoutError):
        service.client.sessions.wait(TURN, timeout=100)
    assert service.client.sleeps[:4] == [1.0, 1.5, 2.25, 3.375]
    assert len(service.holds) < 20


@pytest.mark.parametrize("fault", [BROKEN, SILENT, refused(503), REFUSED_408, answer(408, b"<html>timeout</html>")])
def test_a_fault_that_may_pass_is_waited_out(fault: Any) -> None:
    assert outcome_of(fault, fault, fault, fault, fault, told(DECIDED), timeout=600).verdict == "approved"
    error = outcome_of(fault)
    assert isinstance(error, WaitTimeoutError)
    assert error.last_error is not None
    assert str(error.last_error) in str(error)


def test_an_error_with_the_status_408_is_one_and_is_no_answer() -> None:
    error = outcome_of(REFUSED_408).last_error
    assert (error.status_code, error.retryable) == (408, True)


@pytest.mark.parametrize(("cut", "then"), [(60.0, 55), (30.0, 25), (3.0, 5)])
def test_where_something_cuts_long_reads_shorter_ones_are_asked_for(cut: float, then: int) -> None:
    service = Service(PENDING, BROKEN, PENDING, cut=cut, limit=100)
    with pytest.raises(WaitTimeoutError):
        service.client.sessions.wait(TURN, timeout=600)
    assert service.holds[2] == then


def test_a_refusal_ends_the_wait_at_once() -> None:
    service = Service(answer(401, {"error": True, "msg": "Invalid API key"}))
    with pytest.raises(AuthenticationError):
        service.client.sessions.wait(TURN, timeout=60)
    assert len(service.client.calls) == 1


def test_a_429_is_waited_out_and_nothing_is_asked_before() -> None:
    service = Service(answer(429, {"error": True, "msg": "Rate limit exceeded"}, retry_after="120"), told(DECIDED))
    assert service.client.sessions.wait(TURN).verdict == "approved"
    assert service.client.now - service.client.began >= 120
    assert len(service.client.calls) == 2


@pytest.mark.parametrize("word", ["Approve", "approved", "yes", "APPROVE", " approve", "approve-all"])
def test_only_the_word_approve_is_a_yes(word: str) -> None:
    found = outcome_of(told({**DECIDED, "human_decision": word}))
    assert (found.human_decision, found.verdict) == (word, "answered")


def test_without_the_verdict_any_word_would_be_a_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_records, "verdict_of_decision", lambda _: "approved")
    with pytest.raises(AssertionError):
        test_only_the_word_approve_is_a_yes("yes")


@pytest.mark.parametrize(
    "misleading",
    [
        told({**DECIDED, "id": "t2"}),
        told({**DECIDED, "session_id": "s2"}),
        told(DECIDED, error=True),
        told(DECIDED, pending=True),
        told({**DECIDED, "human_decision": True}),
        told(None),
        told([DECIDED]),
        answer(200, {"error": False, "data": DECIDED}),
        answer(200, b"approve"),
        answer(200, b""),
    ],
)
def test_what_does_not_say_so_of_this_turn_is_no_yes(misleading: Any) -> None:
    assert isinstance(outcome_of(misleading), WaitTimeoutError)


def test_a_decision_without_the_turns_own_id_is_read_before_it_is_believed() -> None:
    service = Service(told({"human_decision": "approve"}), told({**DECIDED, "human_decision": "reject"}))
    assert service.client.sessions.wait(TURN).verdict == "rejected"
    assert [each.path.rpartition("/")[2] for each in service.client.sent] == ["wait", "t1"]


def test_a_decision_that_the_turn_itself_does_not_have_ends_no_wait() -> None:
    service = Service(told({"human_decision": "approve"}), told({"id": "t1"}), told(DECIDED))
    assert service.client.sessions.wait(TURN).verdict == "approved"
    assert [each.path.rpartition("/")[2] for each in service.client.sent] == ["wait", "t1", "wait"]


def test_a_decided_turn_is_not_asked_about() -> None:
    service = Service(PENDING)
    decided = Turn("t1", "s1", human_decision="modify")
    assert service.client.sessions.wait(decided) is decided
    assert service.client.calls == []


def test_a_decision_whose_answer_was_lost_is_recognised() -> None:
    taken = answer(409, {"error": True, "msg": "turn already resolved"})
    mine = told({**DECIDED, "human_comment": "Fine."})
    service = Service(BROKEN, taken, mine)
    assert service.client.sessions.decide(TURN, "approve", comment="Fine.").verdict == "approved"
    others = Service(BROKEN, taken, told({**DECIDED, "human_decision": "reject"}))
    for each in (others, Service(taken, mine)):
        with pytest.raises(ConflictError):
            each.client.sessions.decide(TURN, "approve", comment="Fine.")


def test_the_answer_to_another_proposal_is_refused() -> None:
    asked = {"action_type": "git_push", "proposed_tool": "Bash"}
    for other in ({"action_type": "bypass"}, {"proposed_tool": "Write"}, {"session_id": "s2"}, {"turn_number": "1"}):
        service = Service(told({"id": "t1", **asked, **other}, 201))
        with pytest.raises(UnexpectedResponseError, match="does not fit the API"):
            service.client.sessions.propose("s1", "git_push", tool="Bash")
    service = Service(told({"id": "t1"}, 201))  # what it leaves out is not wrong
    assert service.client.sessions.propose("s1", "git_push", tool="Bash").session_id == "s1"


def test_of_a_long_output_the_end_is_sent() -> None:
    service = Service(told({"id": "t1"}))
    service.client.sessions.record_outcome(TURN, success=False, stderr="x" * 9000 + "the reason")
    (body,) = service.client.bodies
    assert len(body["action"]["stderr"]) == 4000
    assert body["action"]["stderr"].endswith("the reason")


class Turns(Vendor):
    """The vendor in virtual time, without holds: turns are decided at a moment, by their ids."""

    decided: dict[str, float]

    def __call__(self, call: Any, now: float) -> Any:
        self.asked.append((now, call.operation))
        headers = self._spend(now)
        if "retry-after" in headers:
            self.refused.append((now, call.operation))
            return self._answer(429, {"error": True, "msg": "Rate limit exceeded"}, headers)
        turn_id = call.request.path.split("/")[-2]
        if self.decided[turn_id] > now:
            return self._answer(408, {"error": False, "data": {"turn": {}, "pending": True}}, headers)
        turn = {**DECIDED, "id": turn_id}
        return self._answer(200, {"error": False, "data": {"turn": turn}}, headers)


def test_many_waits_share_a_hundred_requests_an_hour() -> None:
    service = Turns(limit=100)
    service.decided = {f"t{number}": EPOCH + HOUR * (0.5 + number / 8) for number in range(20)}
    world = World(service)
    client = world_client(world)
    late: list[float] = []

    def done(turn: Any) -> None:
        late.append(world.now - service.decided[turn.id])

    for turn_id in service.decided:
        world.start(client.sessions.wait(Turn(turn_id, "s1")), done)
    world.run()
    assert service.refused == []
    assert len(late) == 20
    assert max(late) < HOUR / 2
    assert client._methods.turn_waits == set()


@pytest.mark.parametrize("more", [{}, {"count": 1}])
def test_a_list_of_turns_need_not_count_them(more: dict[str, Any]) -> None:
    service = Service(answer(200, {"error": False, "msg": "…", "data": {"turns": [DECIDED], **more}}))
    (turn,) = service.client.sessions.turns("s1")
    assert (turn.id, turn.verdict) == ("t1", "approved")
