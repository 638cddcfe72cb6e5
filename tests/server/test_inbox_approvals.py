"""A review that two people must approve, answered in the inbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from hitl.server.inbox import routes
from hitl.server.reviews.service import ReviewService

FIELDS = [{"name": "approved", "type": "boolean", "required": True}]
TEMPLATE: dict[str, Any] = {
    "id": "two",
    "name": "Two pairs of eyes",
    "fields": FIELDS,
    "settings": {"approval_threshold": 2},
}


@pytest.fixture
def desk() -> Iterator[ReviewService]:
    desk = ReviewService(templates=[TEMPLATE])
    desk.create_review({"template_id": "two", "content": {}})
    yield desk
    desk.close()


@pytest.fixture
def browser(desk: ReviewService) -> Iterator[TestClient]:
    app = Starlette(routes=[Mount("/inbox", routes=routes(desk))])
    with TestClient(app, base_url="http://127.0.0.1:4010") as client:
        yield client


def approve(browser: TestClient, desk: ReviewService, reviewer: str) -> Any:
    version = str(desk.get_review("rev_1")["version"])
    form = {"field.approved": "true", "version": version, "reviewer": reviewer, "decision": "complete"}
    return browser.post("/inbox/reviews/rev_1/answer", data=form)


def test_the_first_to_approve_is_told_that_others_must(browser: TestClient, desk: ReviewService) -> None:
    page = approve(browser, desk, "kim@example.com")
    assert page.status_code == 200
    assert "Your approval was recorded" in page.text
    assert "Approved so far by kim@example.com." in page.text


def test_whoever_approves_twice_is_told_and_keeps_the_form(browser: TestClient, desk: ReviewService) -> None:
    approve(browser, desk, "kim@example.com")
    page = approve(browser, desk, "kim@example.com")
    assert page.status_code == 422
    assert "kim@example.com has approved review rev_1 already" in page.text


def test_the_second_completes_it_and_both_stand_in_the_history(browser: TestClient, desk: ReviewService) -> None:
    approve(browser, desk, "kim@example.com")
    page = approve(browser, desk, "lee@example.com").text
    assert desk.get_review("rev_1")["status"] == "completed"
    assert "Approved; more approvals required" in page
