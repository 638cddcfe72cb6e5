"""The log of deliveries in the inbox."""

from __future__ import annotations

from typing import Any

from fake_clock import NOON
from starlette.testclient import TestClient

from hitl.server.inbox.delivery_pages import delivery
from hitl.server.review_server import ReviewServer


def call_back(server: ReviewServer) -> str:
    with server.database.transaction():
        return server.outbox.call_back(
            "http://127.0.0.1:9/<b>", "review.completed", "rev_1", {"event": "<script>alert(1)</script>"}, at=NOON
        )


def test_an_empty_log_says_what_will_be_in_it(browser: TestClient) -> None:
    assert "No deliveries yet" in browser.get("/inbox/deliveries").text


def test_a_delivery_is_listed_with_its_payload_as_text(browser: TestClient, server: ReviewServer) -> None:
    call_back(server)
    page = browser.get("/inbox/deliveries").text
    assert "review.completed" in page
    assert "http://127.0.0.1:9/&lt;b&gt;" in page
    assert "<script>alert" not in page
    assert "Pending" in page
    assert "No deliveries yet" in browser.get("/inbox/deliveries?status=failed").text
    assert "review.completed" in browser.get("/inbox/deliveries?status=nonsense").text


def test_a_delivery_is_sent_again(browser: TestClient, server: ReviewServer) -> None:
    delivery_id = call_back(server)
    server.database.execute("UPDATE deliveries SET status = 'failed', due_at = NULL WHERE id = ?", (delivery_id,))
    assert "Failed" in browser.get("/inbox/deliveries?status=failed").text
    sent = browser.post(f"/inbox/deliveries/{delivery_id}/replay")
    assert sent.headers["location"] == "/inbox/deliveries"
    assert "review.completed" in browser.get("/inbox/deliveries?status=pending").text


def test_only_our_own_page_sends_a_delivery_again(browser: TestClient, server: ReviewServer) -> None:
    path = f"/inbox/deliveries/{call_back(server)}/replay"
    assert browser.post(path, headers={"origin": "https://evil.example"}).status_code == 403
    assert browser.get(path).headers["location"] == "/inbox/deliveries"
    assert browser.post("/inbox/deliveries/none/replay").status_code == 404


def test_each_attempt_says_what_came_of_it() -> None:
    stamp = "2026-11-23T12:00:00.000000Z"
    attempts = [
        {"at": stamp, "status_code": 500, "error": None, "response": "no", "duration": 0.5},
        {"at": stamp, "status_code": None, "error": "refused", "response": None, "duration": None},
    ]
    document: dict[str, Any] = {
        "id": "dlv_1",
        "event": "e",
        "subject_id": "s",
        "url": "u",
        "status": "pending",
        "payload": {},
    }
    told = delivery({**document, "created_at": stamp, "due_at": stamp, "attempts": attempts})
    assert [attempt.outcome for attempt in told.attempts] == ["HTTP 500 after 0.50 s", "refused"]
    assert told.next_try == "23 Nov 2026, 12:00 UTC"
