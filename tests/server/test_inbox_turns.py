"""The page of a request that asks about a turn: what a reviewer sees of it, and what comes of the answer."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fake_clock import FakeClock
from starlette.testclient import TestClient

from hitl.server.loops.accounts import account_of
from hitl.server.review_server import ReviewServer

OWNER = account_of("owner")
CONTEXT = {"repo": "git@github.com:acme/app.git", "branch": "preview", "task": "Export the sessions"}
HOSTILE = "# Fine\n<script>alert(1)</script>   *really*"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def session_id(server: ReviewServer) -> str:
    return str(server.agent_sessions.create(OWNER, {"context": CONTEXT}).document["id"])


def propose(server: ReviewServer, session_id: str, **body: Any) -> dict[str, Any]:
    asked = {"action_type": "git_push", "proposed_tool": "Bash", "proposed_args": {"command": "git push"}, **body}
    return server.agent_sessions.propose(OWNER, session_id, asked).document


def page_of(browser: TestClient, turn: dict[str, Any]) -> str:
    page = browser.get(f"/inbox/requests/{turn['request_id']}")
    assert page.status_code == 200
    return page.text


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main")[2]))


def test_a_turn_shows_its_tool_its_arguments_and_its_session(
    browser: TestClient, server: ReviewServer, session_id: str
) -> None:
    args = {"file_path": "/src/a.py", "content": "a = 1\n    b = 2", "mode": 420, "options": {"force": True}}
    turn = propose(
        server, session_id, action_type="file_write", proposed_tool="Write", proposed_args=args, agent_prompt="Write it"
    )
    page = page_of(browser, turn)
    text = words(page)
    assert "file write with Write" in text
    assert [*re.findall(r'<th scope="row">([^<]+)</th>', page)] == list(args)
    assert re.search(r"a = 1\s*    b = 2", re.sub(r"<[^>]+>", "", page))
    assert "In the agent&#39;s words" in text or "In the agent's words" in text
    assert "Write it" in text
    for shown in (*CONTEXT.values(), "claude, turn 1", session_id):
        assert shown in text
    assert 'name="field.answer"' in page


def test_arguments_are_shown_as_they_are(browser: TestClient, server: ReviewServer, session_id: str) -> None:
    turn = propose(server, session_id, proposed_args={"command": HOSTILE}, agent_prompt=HOSTILE, proposed_tool="<b>x")
    page = page_of(browser, turn)
    assert "<script>alert" not in page
    assert "<b>x" not in page
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]
    assert "# Fine" in table
    assert "*really*" in table


def test_a_turn_without_arguments_says_so(browser: TestClient, server: ReviewServer, session_id: str) -> None:
    turn = server.agent_sessions.propose(OWNER, session_id, {"action_type": "bypass"}).document
    assert "bypass It has no arguments." in words(page_of(browser, turn))


def test_earlier_turns_are_told_in_short(browser: TestClient, server: ReviewServer, session_id: str) -> None:
    turns = [propose(server, session_id, agent_prompt=f"Step {number}") for number in range(1, 14)]
    sessions = server.agent_sessions
    sessions.decide(OWNER, session_id, turns[10]["id"], {"decision": "approve"})
    outcome = {"action": {"success": False, "exit_code": 128}}
    sessions.record_outcome(OWNER, session_id, turns[10]["id"], outcome)
    sessions.decide(OWNER, session_id, turns[11]["id"], {"decision": "reject"})
    text = words(page_of(browser, turns[12]))
    assert "2 before these" in text
    assert "Step 11 Approve, failed, exit code 128" in text
    assert "Step 12 Reject" in text
    assert "Step 10 Not decided" in text
    assert "Step 2 " not in text
    assert "Earlier turns" not in words(page_of(browser, turns[0]))


def test_an_answer_decides_the_turn_and_its_outcome_is_shown(
    browser: TestClient, server: ReviewServer, session_id: str
) -> None:
    turn = propose(server, session_id)
    address = f"/inbox/requests/{turn['request_id']}"
    sent = browser.post(f"{address}/answer", data={"reviewer": "kim@example.com", "field.answer": "approve"})
    assert sent.headers["location"] == f"{address}?sent"
    sessions = server.agent_sessions
    assert sessions.turn(OWNER, session_id, turn["id"])["human_decision"] == "approve"
    assert "What came of it" not in page_of(browser, turn)
    action = {"success": True, "exit_code": 0, "stdout": "Everything up-to-date"}
    sessions.record_outcome(OWNER, session_id, turn["id"], {"action": action, "files_modified": ["a.py"]})
    text = words(page_of(browser, turn))
    assert "The action succeeded, exit code 0." in text
    assert "Everything up-to-date" in text
    assert "a.py" in text


def test_a_comment_on_the_decision_is_shown(browser: TestClient, server: ReviewServer, session_id: str) -> None:
    turn = propose(server, session_id)
    decision = {"decision": "modify", "comment": "Use a branch."}
    server.agent_sessions.decide(OWNER, session_id, turn["id"], decision)
    assert "Use a branch." in words(page_of(browser, turn))
