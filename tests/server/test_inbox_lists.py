"""The lists over a real server: views, filters, order, search, and what is done to many reviews at once."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from fake_clock import NOON, FakeClock
from starlette.testclient import TestClient

from hitl.server.inbox.filters import Filters
from hitl.server.review_server import ReviewServer

YES = {"name": "approved", "type": "boolean", "label": "Approve?", "required": True}
TEXT = {"name": "text", "type": "content_display", "label": "Article", "editable": True}
TEMPLATES: list[dict[str, Any]] = [
    {"id": "article", "name": "Article review", "fields": [TEXT, YES, {"name": "note", "type": "text"}]},
    {
        "id": "graded",
        "name": "Graded review",
        "fields": [YES, {"name": "grade", "type": "rating", "label": "Grade", "required": True}],
    },
    {"id": "open_question", "name": "Question", "fields": [{"name": "answer", "type": "text"}]},
    {
        "id": "commented",
        "name": "Commented",
        "fields": [YES, {"name": "comment", "type": "text"}],
        "settings": {"require_comments": True},
    },
    {"id": "fixed", "name": "Fixed", "fields": [YES], "settings": {"allow_reassignment": False}},
    {"id": "hurried", "name": "Hurried", "fields": [YES], "settings": {"timeout_hours": 3}},
]


@pytest.fixture
def templates() -> Any:
    return TEMPLATES


def ask(server: ReviewServer, text: str = "A draft", **body: Any) -> str:
    """Create a review and return its id."""
    created = server.reviews.create_review({"template_id": "article", "content": {"text": text}, **body})
    return str(created.document["id"])


def order(browser: TestClient, server: ReviewServer, action: str, *review_ids: str, **more: str) -> Any:
    """Send the form of the marked reviews, confirmed unless told otherwise."""
    picks = [f"{review_id}:{server.reviews.get_review(review_id)['version']}" for review_id in review_ids]
    sent = {"action": action, "pick": picks, "reviewer": "kim@example.com", "confirmed": "yes", **more}
    return browser.post("/inbox/bulk", data={name: value for name, value in sent.items() if value})


def test_mine_asks_who_the_reviewer_is_and_shows_what_is_assigned_to_them(
    browser: TestClient, server: ReviewServer
) -> None:
    ask(server, "For Kim", assignees=["kim@example.com"])
    ask(server, "For Lee", assignees=["lee@example.com"])
    assert "Who are you?" in browser.get("/inbox/?view=mine").text
    sent = browser.post("/inbox/me", data={"reviewer": "kim@example.com"})
    assert sent.headers["location"] == "/inbox/?view=mine"
    mine = browser.get("/inbox/?view=mine").text
    assert "For Kim" in mine
    assert "For Lee" not in mine
    assert '<span class="count" data-count="mine">1</span>' in mine
    assert "<title>(1) Mine · HITL</title>" in mine


def test_nobody_is_introduced_without_a_name(browser: TestClient) -> None:
    assert browser.post("/inbox/me", data={"reviewer": " "}).status_code == 422
    assert browser.get("/inbox/me").headers["location"] == "/inbox/"


@pytest.mark.parametrize(
    "query",
    [
        "status=assigned", "priority=high", "assignee=kim%40example.com", "template=graded", "due=day", "q=wanted",
        "q=WANTED+one", "q=rev_2", "q=m%C3%9CNCHEN", "q=4711", "q=kim", "age=hour",
    ],
)  # fmt: skip
def test_a_filter_narrows_the_list(browser: TestClient, server: ReviewServer, clock: FakeClock, query: str) -> None:
    clock.now -= timedelta(hours=2)
    ask(server, "Left aside")
    clock.now += timedelta(hours=2)
    wanted = {"text": "The wanted one", "city": "München", "order": 4711}
    ask(
        server,
        template_id="graded",
        content=wanted,
        priority="high",
        assignees=["kim@example.com"],
        due_date=(NOON + timedelta(hours=5)).isoformat(),
    )
    page = browser.get(f"/inbox/?{query}").text
    assert "The wanted one" in page
    assert "Left aside" not in page
    assert 'class="chip on"' in page


@pytest.mark.parametrize("query", ["q=text", "q=order", "q=wanted+gone", "status=completed", "due=overdue", "q=%25"])
def test_what_does_not_fit_is_not_shown(browser: TestClient, server: ReviewServer, query: str) -> None:
    server.reviews.create_review({"template_id": "article", "content": {"text": "The wanted one", "order": 1}})
    page = browser.get(f"/inbox/?{query}").text
    assert ("The wanted one" in page) is (query == "status=completed")  # no status of this view: not a filter


def test_overdue_reviews_can_be_asked_for(browser: TestClient, server: ReviewServer) -> None:
    ask(server, "Too late", due_date=(NOON - timedelta(hours=1)).isoformat())
    ask(server, "In time", due_date=(NOON + timedelta(hours=1)).isoformat())
    page = browser.get("/inbox/?due=overdue").text
    assert "1 h overdue" in page
    assert "In time" not in page


def test_a_time_limit_of_the_template_counts_as_due(browser: TestClient, server: ReviewServer) -> None:
    ask(server, template_id="hurried")
    assert "due in 3 h" in browser.get("/inbox/").text


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["third", "second", "first"]),
        ("oldest", ["first", "second", "third"]),
        ("due", ["second", "third", "first"]),
        ("priority", ["third", "first", "second"]),
        ("nonsense", ["third", "second", "first"]),
    ],
)
def test_the_list_has_an_order(browser: TestClient, server: ReviewServer, sort: str, expected: list[str]) -> None:
    ask(server, "first")
    ask(server, "second", due_date=(NOON + timedelta(hours=1)).isoformat(), priority="low")
    ask(server, "third", due_date=(NOON + timedelta(hours=2)).isoformat(), priority="high")
    page = browser.get(f"/inbox/?sort={sort}").text
    assert sorted(expected, key=lambda name: page.index(f'dir="auto">{name}</span>')) == expected


@pytest.mark.parametrize("query", ["", "?sort=oldest", "?sort=due", "?sort=priority", "?view=mine", "?q=draft"])
def test_reviews_that_are_finished_meanwhile_hide_no_others(
    browser: TestClient, server: ReviewServer, query: str
) -> None:
    browser.cookies.set("hitl_reviewer", "ann@example.com")
    made = [
        ask(server, f"Draft {number}.", assignees=["ann@example.com"], priority=("low", "medium", "high")[number % 3])
        for number in range(60)
    ]
    met: list[str] = []
    address: str | None = f"/inbox/{query}"
    while address is not None:
        page = browser.get(address).text
        shown = re.findall(r'data-review="(rev_\d+)"', page)
        for review_id in shown:
            server.reviews.complete(review_id, {"approved": True}, "ann@example.com")
        met += shown
        follows = re.search(r'rel="next" href="([^"]+)"', page)
        address = unescape(follows[1]) if follows else None
    assert sorted(met) == sorted(made)


def test_a_page_behind_which_nothing_is_left_leads_to_the_first(browser: TestClient, server: ReviewServer) -> None:
    made = [ask(server) for _ in range(30)]
    follows = re.search(r'rel="next" href="([^"]+)"', browser.get("/inbox/").text)
    assert follows is not None
    for review_id in made[:5]:
        server.reviews.cancel_review(review_id)
    assert browser.get(unescape(follows[1])).headers["location"] == "/inbox/?view=open"
    assert browser.get("/inbox/?page=2&after=rubbish").status_code == 303


def test_the_pages_of_a_filtered_list_keep_its_filters(browser: TestClient, server: ReviewServer) -> None:
    for number in range(30):
        ask(server, f"Draft {number}.", priority="high")
    page = browser.get("/inbox/?priority=high&sort=due&q=draft").text
    assert "/inbox/?view=open&q=draft&priority=high&sort=due&page=2" in unescape(page)
    assert "Draft 29." in browser.get("/inbox/?q=draft&priority=high&sort=due&page=2").text


def test_filters_that_find_nothing_offer_the_whole_list(browser: TestClient) -> None:
    page = browser.get("/inbox/?view=done&q=nothing").text
    assert "No reviews match" in page
    assert 'href="/inbox/?view=done"' in page


def test_a_chip_takes_one_filter_away() -> None:
    filters = Filters.read({"q": "a&b", "priority": "high", "page": "3"})
    assert filters.without("q") == "?view=open&priority=high"
    assert filters.link() == "?view=open&q=a%26b&priority=high"
    assert Filters().link() == "?view=open"


def test_marked_reviews_are_approved_with_their_content(browser: TestClient, server: ReviewServer) -> None:
    first, second = ask(server), ask(server, "Another")
    page = order(browser, server, "approve", first, second)
    assert "Approved 2 reviews" in page.text
    assert server.reviews.get_review(first)["result"] == {"text": "A draft", "approved": True}
    assert server.reviews.get_review(second)["reviewer"] == "kim@example.com"


@pytest.mark.parametrize(
    ("action", "status"), [("reject", "rejected"), ("cancel", "cancelled"), ("reassign", "assigned")]
)
def test_marked_reviews_are_acted_on(browser: TestClient, server: ReviewServer, action: str, status: str) -> None:
    first, second = ask(server), ask(server)
    order(browser, server, action, first, second, assignee="lee@example.com")
    assert [server.reviews.get_review(review_id)["status"] for review_id in (first, second)] == [status, status]
    expected = ["lee@example.com"] if action == "reassign" else []
    assert server.reviews.get_review(first)["assignees"] == expected


def test_nothing_is_done_before_it_is_confirmed(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    page = order(browser, server, "cancel", review_id, confirmed="")
    assert "Cancel 1 review?" in page.text
    assert "This cannot be undone." in page.text
    assert server.reviews.get_review(review_id)["status"] == "created"


@pytest.mark.parametrize(
    ("action", "template", "reason"),
    [
        ("approve", "graded", "its form also requires Grade"),
        ("approve", "open_question", "its form has no question that Approve answers"),
        ("approve", "commented", "requires a comment"),
        ("reject", "commented", "requires a comment"),
        ("reassign", "fixed", "does not allow reassignment"),
    ],
)
@pytest.mark.parametrize("confirmed", ["", "yes"])
def test_what_cannot_be_done_at_once_is_left_out_with_the_reason(
    browser: TestClient, server: ReviewServer, action: str, template: str, reason: str, confirmed: str
) -> None:
    fine, other = ask(server), ask(server, template_id=template)
    page = order(browser, server, action, fine, other, confirmed=confirmed, assignee="lee@example.com")
    assert "Skipped: 1 review" in page.text
    assert reason in page.text
    assert (server.reviews.get_review(fine)["version"] > 1) is bool(confirmed)
    assert server.reviews.get_review(other)["version"] == 1


def test_a_review_that_changed_or_ended_meanwhile_is_left_out(browser: TestClient, server: ReviewServer) -> None:
    changed, ended = ask(server), ask(server)
    server.reviews.update_review(changed, {"content": {"text": "Another text"}})
    server.reviews.reject(ended, {}, "lee@example.com")
    sent = {"action": "approve", "pick": [f"{changed}:1", f"{ended}:1", "rev_404:1"], "confirmed": "yes"}
    page = browser.post("/inbox/bulk", data={**sent, "reviewer": "kim@example.com"}).text
    assert "it changed after you selected it" in page
    assert "it is already rejected" in page
    assert "it no longer exists" in page
    assert server.reviews.get_review(changed)["status"] == "created"


@pytest.mark.parametrize(
    ("action", "more", "said"),
    [
        ("approve", {"reviewer": ""}, "Enter your name"),
        ("reassign", {}, "Enter the new reviewer."),
    ],
)
def test_a_missing_name_is_asked_for(
    browser: TestClient, server: ReviewServer, action: str, more: dict[str, str], said: str
) -> None:
    review_id = ask(server)
    page = order(browser, server, action, review_id, **more)
    assert page.status_code == 422
    assert said in page.text
    assert server.reviews.get_review(review_id)["status"] == "created"


@pytest.mark.parametrize("sent", [{"action": "approve"}, {"pick": "rev_1:1"}, {"action": "burn", "pick": "rev_1:1"}])
def test_an_order_without_a_button_or_a_mark_is_not_taken(browser: TestClient, sent: dict[str, str]) -> None:
    assert browser.post("/inbox/bulk", data=sent).status_code == 422


def test_another_site_cannot_give_orders(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    sent = {"action": "cancel", "pick": f"{review_id}:1", "reviewer": "eve", "confirmed": "yes"}
    assert browser.post("/inbox/bulk", data=sent, headers={"origin": "https://evil.example"}).status_code == 403
    assert browser.post("/inbox/me", data=sent, headers={"origin": "https://evil.example"}).status_code == 403
    assert server.reviews.get_review(review_id)["status"] == "created"


def test_the_way_back_leads_nowhere_else(browser: TestClient, server: ReviewServer) -> None:
    page = order(browser, server, "cancel", ask(server), back="https://evil.example/").text
    assert "evil.example" not in page
    assert (
        '<a href="/inbox/?view=mine" data-back>'
        in order(browser, server, "cancel", ask(server), back="?view=mine").text
    )
