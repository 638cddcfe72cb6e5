"""A review that two people must approve, answered in the inbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from hitl.server.inbox import inbox_routes
from hitl.server.review_server import ReviewServer

FIELDS = [{"name": "approved", "type": "boolean", "required": True}]
TEMPLATE: dict[str, Any] = {
    "id": "two",
    "name": "Two pairs of eyes",
    "fields": FIELDS,
    "settings": {"approval_threshold": 2},
}


@pytest.fixture
def server() -> Iterator[ReviewServer]:
    server = ReviewServer(templates=[TEMPLATE])
    server.reviews.create_review({"template_id": "two", "content": {}})
    yield server
    server.close()


@pytest.fixture
def browser(server: ReviewServer) -> Iterator[TestClient]:
    app = Starlette(routes=[Mount("/inbox", routes=inbox_routes(server.reviews, server.loops, server.deliveries))])
    with TestClient(app, base_url="http://127.0.0.1:4010") as client:
        yield client


def approve(browser: TestClient, server: ReviewServer, reviewer: str) -> Any:
    version = str(server.reviews.get_review("rev_1")["version"])
    form = {"field.approved": "true", "version": version, "reviewer": reviewer, "decision": "complete"}
    return browser.post("/inbox/reviews/rev_1/answer", data=form)


def test_the_first_to_approve_is_told_that_others_must(browser: TestClient, server: ReviewServer) -> None:
    page = approve(browser, server, "kim@example.com")
    assert page.status_code == 200
    assert "Your approval was recorded" in page.text
    assert "Approved so far by kim@example.com." in page.text


def test_whoever_approves_twice_is_told_and_keeps_the_form(browser: TestClient, server: ReviewServer) -> None:
    approve(browser, server, "kim@example.com")
    page = approve(browser, server, "kim@example.com")
    assert page.status_code == 422
    assert "kim@example.com has approved review rev_1 already" in page.text


def test_the_second_completes_it_and_both_stand_in_the_history(browser: TestClient, server: ReviewServer) -> None:
    approve(browser, server, "kim@example.com")
    page = approve(browser, server, "lee@example.com").text
    assert server.reviews.get_review("rev_1")["status"] == "completed"
    assert "Approved; more approvals required" in page
