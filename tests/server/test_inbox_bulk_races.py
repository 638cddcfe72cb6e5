"""Two people decide about the same reviews in several tabs, undo, and wait, in any order; a small model says what is left."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from bulk_form import BulkForm
from fake_clock import FakeClock
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from hitl.server.inbox import inbox_routes
from hitl.server.primitives import ApiError
from hitl.server.review_server import ReviewServer

YES = {"name": "approved", "type": "boolean", "required": True}
SECONDS = {"slow": 20, "quick": 5, "at_once": 0}
STATUS = {"approve": "completed", "reject": "rejected"}
PEOPLE = ("kim", "lee")
STEPS = 60


@dataclass
class Tab:
    """A confirmation or its outcome, of one person; `form` is what it sends."""

    person: str
    action: str
    form: BulkForm
    outcome: BulkForm | None = None


@dataclass
class Model:
    """What should be stored: answers that are held, with their end and their tab, and those that are given."""

    held: dict[str, tuple[str, str, datetime, int]] = field(default_factory=dict[str, tuple[str, str, datetime, int]])
    given: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])

    def confirm(self, tab: Tab, seconds: dict[str, int], now: datetime) -> None:
        """Answer what is still open."""
        for review_id in tab.form.ticked:
            if review_id not in self.given and review_id not in self.held:
                until = now + timedelta(seconds=seconds[review_id])
                self.held[review_id] = (STATUS[tab.action], tab.person, until, id(tab))
        self.settle(now)

    def undo(self, tab: Tab) -> None:
        """Take back what the tab still holds."""
        self.held = {review_id: each for review_id, each in self.held.items() if each[3] != id(tab)}

    def settle(self, now: datetime) -> None:
        """Give what is due."""
        for review_id, (status, person, until, _) in list(self.held.items()):
            if until <= now:
                self.given[review_id] = status, person
                del self.held[review_id]


@pytest.fixture
def templates() -> Any:
    return [
        {"id": name, "name": name, "fields": [YES], "settings": {"undo_seconds": seconds}}
        for name, seconds in SECONDS.items()
    ]


@pytest.fixture
def browsers(server: ReviewServer) -> dict[str, TestClient]:
    routes = inbox_routes(
        server.reviews, server.loops, server.deliveries, server.uploads, server.agent_sessions, server.saved_views
    )
    app = Starlette(routes=[Mount("/inbox", routes=routes)])
    base = "http://127.0.0.1:4010"
    return {name: TestClient(app, base_url=base, cookies={"hitl_reviewer": name}) for name in PEOPLE}


@pytest.mark.parametrize("seed", range(6))
def test_what_is_left_is_what_was_confirmed_and_not_undone(
    server: ReviewServer, clock: FakeClock, browsers: dict[str, TestClient], seed: int
) -> None:
    chance, model, tabs = random.Random(seed), Model(), list[Tab]()
    asked = [{"template_id": chance.choice(list(SECONDS)), "content": {"text": "A"}} for _ in range(24)]
    seconds = {
        str(server.reviews.create_review(body).document["id"]): SECONDS[str(body["template_id"])] for body in asked
    }
    for _ in range(STEPS):
        step = chance.choice(["plan", "confirm", "confirm", "undo", "wait", "program"])
        tab = chance.choice(tabs) if tabs else None
        if step == "plan":
            person, action = chance.choice(PEOPLE), chance.choice(list(STATUS))
            picks = [f"{review_id}:1" for review_id in chance.sample(list(seconds), 6)]
            page = browsers[person].post("/inbox/bulk", data={"action": action, "pick": picks}).text
            tabs.append(Tab(person, action, BulkForm(page)))
        elif step == "confirm" and tab and tab.form.ticked:
            model.confirm(tab, seconds, clock.now)
            tab.outcome = tab.form.confirm(browsers[tab.person])
        elif step == "undo" and tab and tab.outcome and 'class="undo"' in tab.outcome.page:
            model.undo(tab)
            tab.outcome.undo(browsers[tab.person])
        elif step == "wait":
            clock.advance(seconds=chance.choice([1, 3, 8]))
            model.settle(clock.now)
        elif step == "program":
            review_id = chance.choice(list(seconds))
            with suppress(ApiError):
                server.reviews.reject(review_id, {}, "max")
            if review_id not in model.given and review_id not in model.held:
                model.given[review_id] = "rejected", "max"
        assert given(server, seconds) == model.given
    clock.advance(minutes=1)
    model.settle(clock.now)
    assert given(server, seconds) == model.given
    assert len(model.given) > len(seconds) // 2
    assert all(len(server.reviews.history(review_id)) <= 2 for review_id in seconds)


def given(server: ReviewServer, review_ids: Any) -> dict[str, tuple[str, str]]:
    found = {review_id: server.reviews.get_review(review_id) for review_id in review_ids}
    return {
        review_id: (review["status"], review["reviewer"])
        for review_id, review in found.items()
        if review["status"] in STATUS.values()
    }
