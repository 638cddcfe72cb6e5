"""A sandbox is killed between a proposal and its decision, again and again: no turn is lost or decided by halves."""

from __future__ import annotations

from pathlib import Path

import httpx
from test_sandbox_kill import HEADERS, Lives

from hitl.server.http.listeners import Listener
from hitl.server.review_server import ReviewServer

ROUNDS = 6
DECISIONS = ("approve", "modify", "reject")


def test_nothing_is_lost_between_a_proposal_and_its_decision(tmp_path: Path) -> None:
    data = tmp_path / "reviews.db"
    listener = Listener()
    listener.close()  # for the port; whoever is killed leaves it free
    lives = Lives(data, listener.port)
    http = httpx.Client(base_url=f"{listener.url}/v1/api", headers=HEADERS, timeout=30)
    expected = []
    for number in range(ROUNDS):
        life, _ = lives.begin()
        session = http.post("/sessions", json={}).json()["data"]["session"]
        body = {"action_type": "git_push", "proposed_args": {"number": number}}
        turn = http.post(f"/sessions/{session['id']}/turns", json=body).json()["data"]["turn"]
        lives.end(life)
        life, _ = lives.begin()
        place = f"/sessions/{session['id']}/turns/{turn['id']}"
        assert http.get(f"{place}/wait", params={"timeout": 0}).json()["data"] == {"turn": turn, "pending": True}
        decided = http.put(place, json={"decision": DECISIONS[number % 3]}).json()["data"]["turn"]
        lives.end(life)
        expected.append({**turn, "human_decision": DECISIONS[number % 3]})
        assert decided == expected[-1]
    lives.close()
    http.close()
    with ReviewServer(data=data) as server:
        events = [each.payload["turn"] for each in server.outbox.events_after(0, 1000) if each.event == "turn.resolved"]
        assert events == expected
        for turn in expected:
            request = server.loops.get_request(turn["request_id"])
            assert (request["status"], request["response_data"]["selected_value"]) == (
                "completed",
                turn["human_decision"],
            )
