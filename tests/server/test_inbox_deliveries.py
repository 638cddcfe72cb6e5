"""The log of deliveries in the inbox."""

from __future__ import annotations

from fake_clock import NOON
from starlette.testclient import TestClient

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


def test_each_attempt_says_what_came_of_it(browser: TestClient, server: ReviewServer) -> None:
    call_back(server)
    sql = "INSERT INTO attempts (delivery_number, at, status_code, error, excerpt, duration) VALUES (1, ?, ?, ?, ?, ?)"
    for attempt in ((500, None, "<no>", 0.5), (None, "refused", None, 1.0)):
        server.database.execute(sql, ("2026-11-23T12:00:00.000000Z", *attempt))
    page = browser.get("/inbox/deliveries").text
    assert "<span>HTTP 500 after 0.50 s <code>&lt;no&gt;</code></span>" in page
    assert "<span>refused after 1.00 s</span>" in page
    assert "2 attempts; next attempt 23 Nov 2026, 12:00 UTC" in page
    assert "Failing: no answer, next try in under 1 min" in page
