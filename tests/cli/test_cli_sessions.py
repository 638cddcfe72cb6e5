"""`hitl sessions`: what a script sees of sessions and turns, and when it may go on."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator

import pytest
from click.testing import Result

from hitl import HITLClient
from hitl.models import Turn
from hitl.testing import Sandbox

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> HITLClient:
    return sandbox.client()


@pytest.fixture
def turn(client: HITLClient) -> Turn:
    session = client.sessions.create(context={"repo": "acme/app", "branch": "preview"})
    return client.sessions.propose(session, "git_push", tool="Bash", args={"command": "git push"}, prompt="Push it")


@pytest.mark.parametrize(("decision", "exit_code"), [("approve", 0), ("reject", 5), ("modify", 5), ("escalate", 5)])
def test_a_script_goes_on_only_if_the_turn_is_approved(
    run: Run, sandbox: Sandbox, turn: Turn, decision: str, exit_code: int
) -> None:
    assert turn.request_id is not None
    answering = threading.Timer(0.2, sandbox.reviewer.respond, (turn.request_id, decision))
    answering.start()
    waited = run("sessions", "wait", turn.session_id, turn.id, "--timeout", "30s")
    answering.join()
    assert (waited.exit_code, waited.stdout) == (exit_code, f"{turn.id} {decision}\n")


def test_a_wait_that_times_out_is_no_yes(run: Run, turn: Turn) -> None:
    waited = run("sessions", "wait", turn.session_id, turn.id, "--timeout", "0.1s")
    assert (waited.exit_code, waited.stdout) == (4, "")
    assert "so it is not approved" in waited.stderr


def test_a_turn_is_decided_once(run: Run, client: HITLClient, turn: Turn) -> None:
    decided = run("sessions", "decide", turn.session_id, turn.id, "modify", "--comment", "Use a branch.")
    assert (decided.exit_code, decided.stdout) == (0, f"{turn.id} modify: Use a branch.\n")
    assert client.sessions.get_turn(turn.session_id, turn.id).human_decision == "modify"
    assert run("sessions", "decide", turn.session_id, turn.id, "approve").exit_code == 1
    assert run("sessions", "decide", turn.session_id, turn.id, "perhaps").exit_code == 2
    assert run("sessions", "wait", turn.session_id, "nothing").exit_code == 3


def test_a_session_is_shown_with_its_turns(run: Run, client: HITLClient, turn: Turn) -> None:
    client.sessions.record_outcome(client.sessions.decide(turn, "approve"), success=True)
    shown = run("sessions", "show", turn.session_id).stdout
    for words in ("acme/app", "preview", "git_push", "approve", "succeeded", "Push it"):
        assert words in shown
    document = json.loads(run("sessions", "show", turn.session_id, "--json").stdout)
    assert (document["id"], document["turns"][0]["human_decision"]) == (turn.session_id, "approve")


def test_sessions_are_listed(run: Run, client: HITLClient, turn: Turn) -> None:
    assert turn.session_id in run("sessions", "list", "--status", "active").stdout
    listed = run("sessions", "list", "--limit", "1", "--json")
    assert [each["id"] for each in json.loads(listed.stdout)] == [turn.session_id]
    client.sessions.create("codex")
    assert "There are more than 1" in run("sessions", "list", "--limit", "1").stderr
    assert turn.session_id not in run("sessions", "list", "--agent", "codex").stdout
    assert run("sessions", "list", "--status", "open").exit_code == 2
