"""Sessions and their turns, through both clients."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from both_clients import Clock
from hitl_api.api.sessions import wait_for_turn
from hitl_api.models.turn_pending_envelope import TurnPendingEnvelope
from requests_fit import Recorder
from test_requests_fit import operations

from hitl import HITLClient
from hitl.exceptions import ConfigurationError, ConflictError, NotFoundError, WaitTimeoutError
from hitl.models import Session, Turn
from hitl.testing import Sandbox

CONTEXT = {"repo": "git@github.com:acme/app.git", "branch": "preview"}
PUSH: dict[str, Any] = {"tool": "Bash", "args": {"command": "git push"}, "prompt": "Push the branch"}


def propose(client: HITLClient, **more: Any) -> Turn:
    return client.sessions.propose(client.sessions.create(context=CONTEXT), "git_push", **{**PUSH, **more})


def test_a_session_lives_from_its_start_to_its_end(client: HITLClient, recorder: Recorder) -> None:
    started = client.sessions.create("codex", context=CONTEXT)
    assert (type(started), started.status, started.context) == (Session, "active", CONTEXT)
    assert client.sessions.get(started.id) == started
    changed = client.sessions.update(started.id, context={"task": "Export"}, reviewer_id="someone")
    assert (changed.context, changed.reviewer_id) == ({"task": "Export"}, "someone")
    assert client.sessions.update(started.id, reviewer_id="").reviewer_id is None
    turn = client.sessions.propose(started, "git_push", **PUSH)
    assert (turn.session_id, turn.turn_number, turn.proposed_args) == (started.id, 1, {"command": "git push"})
    assert (turn.is_decided, turn.verdict) == (False, None)
    with pytest.raises(WaitTimeoutError):
        client.sessions.wait(turn, timeout=0.1)
    decided = client.sessions.decide(turn, "approve", comment="Go ahead.")
    assert (decided.verdict, decided.human_comment) == ("approved", "Go ahead.")
    done = client.sessions.record_outcome(decided, success=True, exit_code=0, stdout="ok", files_modified=("a.py",))
    assert done.action_taken == {"success": True, "exit_code": 0, "stdout": "ok"}
    assert client.sessions.turns(started.id) == [done] == [client.sessions.get_turn(started, turn.id)]
    assert client.sessions.pause(started.id).status == "paused"
    with pytest.raises(ConflictError):
        client.sessions.propose(started, "git_push")
    assert client.sessions.resume(started.id).status == "active"
    ended = client.sessions.complete(started.id)
    assert client.sessions.complete(started.id) == ended
    assert client.sessions.list(status="completed", agent_type="codex") == [ended]
    assert set(recorder.operations) == operations("sessions")


def test_all_sessions_are_listed_a_hundred_at_a_time(client: HITLClient, recorder: Recorder) -> None:
    loop = client.loops.create("Moderators")
    ids = [client.sessions.create(loop_id=loop.id).id for _ in range(101)]
    assert [each.id for each in client.sessions.list()] == ids[::-1]
    assert [each.id for each in client.sessions.list(limit=3)] == ids[:-4:-1]
    assert recorder.operations.count("list_sessions") == 3


@pytest.mark.parametrize(
    ("decision", "verdict"),
    [("approve", "approved"), ("reject", "rejected"), ("modify", "answered"), ("escalate", "answered")],
)
def test_a_wait_ends_with_what_a_person_decides(
    client: HITLClient, sandbox: Sandbox, decision: str, verdict: str
) -> None:
    turn = propose(client)
    answering = threading.Timer(0.2, lambda: answer(sandbox, turn, decision))
    answering.start()
    found = client.sessions.wait(turn, timeout=30)
    answering.join()
    assert (found.human_decision, found.verdict) == (decision, verdict)
    assert client.sessions.wait(found, timeout=30) is found


def answer(sandbox: Sandbox, turn: Turn, decision: str) -> None:
    """Answer the request behind a turn, as a person does in the inbox."""
    assert turn.request_id is not None
    sandbox.reviewer.respond(turn.request_id, decision)


def test_a_turn_that_nobody_decides_is_no_yes(client: HITLClient) -> None:
    turn = propose(client)
    with pytest.raises(WaitTimeoutError, match="so it is not approved") as caught:
        client.sessions.wait(turn, timeout=0.2)
    assert (caught.value.pending, caught.value.last_error) == ([turn.id], None)
    assert client.sessions.get_turn(turn.session_id, turn.id).verdict is None
    assert client.wait_stats().waits == 0


def test_a_decision_stands_even_against_its_author(client: HITLClient) -> None:
    turn = client.sessions.decide(propose(client), "reject")
    with pytest.raises(ConflictError):
        client.sessions.decide(turn, "approve")
    assert client.sessions.get_turn(turn.session_id, turn.id).verdict == "rejected"


def test_an_idle_session_is_abandoned(client: HITLClient, clock: Clock) -> None:
    session = client.sessions.create()
    clock.advance(hours=25)
    assert client.sessions.get(session.id).status == "abandoned"
    with pytest.raises(ConflictError):
        client.sessions.complete(session.id)


def test_a_proposal_that_is_repeated_with_its_key_asks_once(client: HITLClient) -> None:
    session = client.sessions.create(idempotency_key="session-1")
    assert client.sessions.create(idempotency_key="session-1").id == session.id
    first, second = (client.sessions.propose(session, "git_push", **PUSH, idempotency_key="turn-1") for _ in range(2))
    assert first.id == second.id
    assert len(client.sessions.turns(session)) == 1


def test_what_does_not_exist_is_not_found(client: HITLClient) -> None:
    for act in (
        lambda: client.sessions.get("0" * 24),
        lambda: client.sessions.turns("0" * 24),
        lambda: client.sessions.get_turn(client.sessions.create(), "0" * 24),
        lambda: client.sessions.wait(Turn("0" * 24, "0" * 24), timeout=5),
    ):
        with pytest.raises(NotFoundError):
            act()


def test_the_generated_operation_answers_that_a_turn_is_pending(client: HITLClient) -> None:
    turn = propose(client)
    found = client.call(wait_for_turn, turn.session_id, turn.id, timeout=0)
    assert isinstance(found, TurnPendingEnvelope)
    assert found.data.pending is True


def test_arguments_are_checked_before_anything_is_sent() -> None:
    client = HITLClient("key", base_url="http://127.0.0.1:1")
    turn, undone = Turn("t", "s"), "must be a Turn, as propose or get_turn returns it"
    for act, words in (
        (lambda: client.sessions.create("copilot"), "agent_type must be one of claude, codex"),
        (lambda: client.sessions.create(context={"repository": "x"}), "unknown: repository"),
        (lambda: client.sessions.create(context={"repo": 1}), "repo must be a text"),  # type: ignore[dict-item]
        (lambda: client.sessions.create(loop_id="a/b"), "must be an id"),
        (lambda: client.sessions.list(status="open"), "status must be one of abandoned, active"),
        (lambda: client.sessions.list(limit=0), "limit must be a whole number"),
        (lambda: client.sessions.update("s"), "nothing to change; give at least one of context, reviewer_id"),
        (lambda: client.sessions.propose("s", "read"), "action_type must be one of bypass"),
        (lambda: client.sessions.propose("s", "bypass", args=["ls"]), "proposed_args must be a dict"),  # type: ignore[arg-type]
        (lambda: client.sessions.propose(turn, "bypass"), "must be an id"),  # type: ignore[arg-type]
        (lambda: client.sessions.wait("t", timeout=1), undone),  # type: ignore[arg-type]
        (lambda: client.sessions.wait(turn, timeout=0), "timeout must be a number of seconds"),
        (lambda: client.sessions.decide(turn, "yes"), "decision must be one of approve, escalate, modify, reject"),
        (lambda: client.sessions.record_outcome(turn, success="no"), "success must be True or False"),  # type: ignore[arg-type]
        (lambda: client.sessions.record_outcome(turn, success=True, exit_code=1.5), "exit_code must be a whole"),  # type: ignore[arg-type]
        (lambda: client.sessions.record_outcome(turn, success=True, files_modified="a"), "must be a list of texts"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            act()
