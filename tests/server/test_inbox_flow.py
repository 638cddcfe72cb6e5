"""From one answer to the next: two buttons, the place in a list, undo, saved views, and all that match."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from fake_clock import NOON, FakeClock
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from hitl.server.inbox import inbox_routes
from hitl.server.review_server import ReviewServer

KIM = "kim@example.com"
TEXT = {"name": "text", "type": "content_display", "editable": True}
YES = {"name": "approved", "type": "boolean", "label": "Publish it?", "required": True}
WHY = {"name": "why", "type": "text", "label": "Why not?", "required": True}
NO: dict[str, Any] = {**WHY, "conditional": {"field": "approved", "value": False}}
PRICE = {"name": "price", "type": "text", "conditional": {"field": "approved", "value": True}}
ROLE = {"name": "spam", "type": "boolean", "label": "Is it fine?", "role": "verdict"}
SPAM = {"name": "spam", "type": "boolean", "label": "Is it spam?", "required": True}
TEMPLATES: dict[str, list[dict[str, Any]]] = {
    "plain": [TEXT, YES, {"name": "feedback", "type": "text"}],
    "reasons": [TEXT, YES, NO, PRICE],
    "role": [ROLE],
    "spam": [SPAM],
    "two": [YES, {"name": "approval", "type": "boolean"}],
    "chained": [{**YES, "conditional": {"field": "spam", "value": False}}, SPAM],
}


@pytest.fixture
def templates() -> Any:
    return [{"id": name, "name": name.capitalize(), "fields": fields} for name, fields in TEMPLATES.items()]


@pytest.fixture
def slow(server: ReviewServer) -> Iterator[TestClient]:
    """A browser of an inbox in which an answer can be taken back for ten seconds, of somebody who is known."""
    routes = inbox_routes(
        server.reviews, server.loops, server.deliveries, server.uploads, server.agent_sessions, server.saved_views, 10
    )
    app = Starlette(routes=[Mount("/inbox", routes=routes)])
    with TestClient(app, base_url="http://127.0.0.1:4010", follow_redirects=False) as client:
        client.cookies.set("hitl_reviewer", KIM)
        yield client


def ask(server: ReviewServer, template: str = "plain", text: str = "A draft", **body: Any) -> str:
    asked = {"template_id": template, "content": {"text": text}, "assignees": [KIM], **body}
    return str(server.reviews.create_review(asked).document["id"])


def press(browser: TestClient, address: str, button: str, who: str = KIM, **typed: str) -> Any:
    """Open a review, type, and press one of its buttons, as a browser without scripts does."""
    page = browser.get(address).text
    form = page.partition('class="judge"')[2]
    action = re.search(r'action="([^"]+/answer[^"]*)"', page)
    assert action is not None
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    fields = {f"field.{name}": value for name, value in typed.items()}
    sent = {"field.text": "A draft", **hidden, "reviewer": who, "decision": button, **fields}
    return browser.post(unescape(action[1]), data=sent)


def rows(browser: TestClient, address: str) -> list[str]:
    """Return the addresses of the reviews in a list."""
    return [unescape(link) for link in re.findall(r'<a class="about" href="([^"]+)"', browser.get(address).text)]


@pytest.mark.parametrize(
    ("template", "buttons"),
    [
        ("plain", ["approve", "reject"]),
        ("reasons", ["approve", "reject"]),
        ("role", ["approve", "reject"]),
        ("spam", ["complete", "reject"]),  # yes to another question is no approval
        ("two", ["complete", "reject"]),
        ("chained", ["complete", "reject"]),
    ],
)
def test_two_buttons_decide_where_one_field_is_the_verdict(
    browser: TestClient, server: ReviewServer, template: str, buttons: list[str]
) -> None:
    page = browser.get(f"/inbox/reviews/{ask(server, template)}").text
    assert re.findall(r'name="decision" value="(\w+)"', page.partition('class="decide')[2]) == buttons
    assert ('name="field.approved"' in page) is (template in ("two", "chained"))


@pytest.mark.parametrize(
    ("button", "typed", "status", "result"),
    [
        ("approve", {}, "completed", {"text": "A draft", "approved": True}),
        (
            "approve",
            {"why": "left open", "price": "5"},
            "completed",
            {"text": "A draft", "approved": True, "price": "5"},
        ),
        ("reject", {"why": "Too dear", "price": "5"}, "rejected", {"approved": False, "why": "Too dear"}),
    ],
)
def test_a_button_takes_along_what_belongs_to_its_verdict(
    browser: TestClient, server: ReviewServer, button: str, typed: dict[str, str], status: str, result: Any
) -> None:
    review_id = ask(server, "reasons")
    assert press(browser, f"/inbox/reviews/{review_id}", button, **typed).status_code == 303
    review = server.reviews.get_review(review_id)
    assert (review["status"], review["result"]) == (status, result)


def test_a_rejection_without_the_reason_that_is_asked_for_is_not_sent(
    browser: TestClient, server: ReviewServer
) -> None:
    review_id = ask(server, "reasons")
    page = press(browser, f"/inbox/reviews/{review_id}", "reject")
    assert page.status_code == 422
    assert '<details class="reject" open>' in page.text
    assert "This is required." in page.text
    assert server.reviews.get_review(review_id)["status"] == "assigned"


def test_an_answer_leads_to_the_next_of_its_list_and_keeps_the_count(
    slow: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    ids: list[str] = []
    for number in range(3):
        ids.append(ask(server, text=f"Draft {number}", priority="high"))
        ask(server, text="Left aside", priority="low")
        clock.now += timedelta(minutes=1)
    first, *_ = rows(slow, "/inbox/?view=mine&priority=high&sort=oldest")
    assert first.startswith(f"/inbox/reviews/{ids[0]}?view=mine&priority=high&sort=oldest&at=")
    for number, following in ((0, ids[1]), (1, ids[2])):
        clock.now += timedelta(seconds=1)
        ask(server, text="Too new", priority="high")
        assert f"<b>{number + 1}</b> of 3" in slow.get(first).text
        first = press(slow, first, "approve").headers["location"]
        assert first.startswith(f"/inbox/reviews/{following}?view=mine&priority=high&sort=oldest&at=")
    page = slow.get(first).text
    assert '<b>Approved</b> · <span dir="auto">Draft 1</span>' in page
    last = press(slow, first, "approve").headers["location"]
    assert last == f"/inbox/?view=mine&priority=high&sort=oldest&last={ids[2]}"


def test_what_was_passed_over_comes_again_at_the_end(slow: TestClient, server: ReviewServer) -> None:
    first, second = ask(server), ask(server)
    passed = next(link for link in rows(slow, "/inbox/?view=mine&sort=oldest") if second in link)
    assert press(slow, passed, "approve").headers["location"].startswith(f"/inbox/reviews/{first}?")


def test_a_review_that_was_opened_by_its_address_alone_is_confirmed_there(
    browser: TestClient, server: ReviewServer
) -> None:
    review_id = ask(server)
    sent = press(browser, f"/inbox/reviews/{review_id}", "approve")
    assert sent.headers["location"] == f"/inbox/reviews/{review_id}/done"


def test_previous_and_next_lead_through_the_list(slow: TestClient, server: ReviewServer) -> None:
    ids = [ask(server, due_date=(NOON + timedelta(hours=hours)).isoformat()) for hours in (3, 1, 2)]
    in_order = [ids[1], ids[2], ids[0]]
    links = rows(slow, "/inbox/?view=mine&sort=due")
    for number, link in enumerate(links):
        page = slow.get(link).text
        assert f"<b>{number + 1}</b> of 3" in page
        neighbours = re.findall(r'rel="(prev|next)" href="/inbox/reviews/(\w+)\?', page)
        before = [("prev", in_order[number - 1])] if number else []
        assert neighbours == before + [("next", each) for each in in_order[number + 1 : number + 2]]


@pytest.mark.parametrize("words", ["", "&q=draft"])
def test_the_place_is_that_of_the_list_with_its_search(slow: TestClient, server: ReviewServer, words: str) -> None:
    for text in ("Draft one", "Other", "Draft two"):
        ask(server, text=text)
    first = rows(slow, f"/inbox/?view=mine{words}")[0]
    assert f"<b>1</b> of {2 if words else 3}" in slow.get(first).text


def undo(browser: TestClient, page: str) -> Any:
    action = re.search(r'action="(/inbox/undo/\w+)"', page)
    assert action is not None
    form = page.partition(action[0])[2].partition("</form>")[0]
    return browser.post(action[1], data={n: unescape(v) for n, v in re.findall(r'name="(\w+)" value="([^"]*)"', form)})


def test_undo_brings_the_review_back_with_everything_that_was_typed(slow: TestClient, server: ReviewServer) -> None:
    ids = [ask(server, text=f"Draft {number}") for number in range(3)]
    first = rows(slow, "/inbox/?view=mine&sort=oldest")[0]
    sent = press(slow, first, "approve", feedback="Nearly", text="A better draft")
    back = undo(slow, slow.get(sent.headers["location"]).text)
    assert back.status_code == 303
    assert back.headers["location"].startswith(f"/inbox/reviews/{ids[0]}?view=mine&sort=oldest&at=")
    page = slow.get(back.headers["location"]).text
    assert "A better draft" in page
    assert "Nearly" in page
    assert "<b>1</b> of 3" in page
    assert server.reviews.get_review(ids[0])["status"] == "assigned"


def test_an_undo_that_comes_too_late_says_so(slow: TestClient, server: ReviewServer, clock: FakeClock) -> None:
    ask(server)
    review_id = ask(server)
    link = next(each for each in rows(slow, "/inbox/?view=mine") if review_id in each)
    page = slow.get(press(slow, link, "approve").headers["location"]).text
    clock.now += timedelta(seconds=10)
    late = undo(slow, page)
    assert late.status_code == 409
    assert "Too late to undo" in late.text
    assert server.reviews.get_review(review_id)["status"] == "completed"


def test_a_held_answer_is_shown_on_its_page_and_to_others(slow: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    sent = press(slow, f"/inbox/reviews/{review_id}", "approve")
    page = slow.get(sent.headers["location"]).text
    assert "Sent in" in page
    assert "Undo" in page
    assert f"/inbox/reviews/{review_id}" not in slow.get("/inbox/?view=open").text
    slow.cookies.set("hitl_reviewer", "lee@example.com")
    assert f"{KIM} has just answered this review" in slow.get(f"/inbox/reviews/{review_id}").text
    refused = press(slow, f"/inbox/reviews/{review_id}", "reject", "lee@example.com")
    assert refused.status_code == 409
    assert f"{KIM} has just answered this review" in refused.text


def test_an_answer_that_was_dropped_comes_back_with_the_reason(
    slow: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    review_id = ask(server)
    press(slow, f"/inbox/reviews/{review_id}", "approve", feedback="Fine")
    server.reviews.update_review(review_id, {"content": {"text": "Another text"}})
    clock.now += timedelta(seconds=10)
    page = slow.get(f"/inbox/reviews/{review_id}").text
    assert "Your answer was not sent" in page
    assert "Fine" in page


def test_without_seconds_there_is_no_undo(browser: TestClient, server: ReviewServer) -> None:
    browser.cookies.set("hitl_reviewer", KIM)
    ask(server)
    review_id = ask(server)
    link = next(each for each in rows(browser, "/inbox/?view=mine") if review_id in each)
    page = browser.get(press(browser, link, "approve").headers["location"]).text
    assert "<b>Approved</b>" in page
    assert "data-undo" not in page
    assert "You can undo" not in page


def test_a_known_reviewer_begins_with_their_own_reviews(browser: TestClient, server: ReviewServer) -> None:
    ask(server, text="For Kim")
    ask(server, text="For Lee", assignees=["lee@example.com"])
    assert "For Lee" in browser.get("/inbox/").text
    browser.cookies.set("hitl_reviewer", KIM)
    page = browser.get("/inbox/").text
    assert "For Lee" not in page
    assert "<title>(1) Mine · HITL</title>" in page


def test_done_reviews_say_what_was_decided_by_whom_and_how_long_it_took(
    browser: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    approved, rejected, answered = ask(server), ask(server), ask(server, "spam")
    clock.now += timedelta(seconds=9)
    server.reviews.complete(approved, {"approved": True}, KIM)
    server.reviews.complete(rejected, {"approved": False, "feedback": "Too long"}, KIM)
    server.reviews.complete(answered, {"spam": True}, KIM)
    page = browser.get("/inbox/?view=done").text
    assert re.findall(r'class="verdict-word (\w+)"', page) == ["answered", "rejected", "approved"]
    assert "“Too long”" in page
    assert len(re.findall(r'<span class="took">.*?9 s</span>', page)) == 3
    assert len(rows(browser, "/inbox/?view=done&reviewer=KIM%40example.com")) == 3
    assert rows(browser, "/inbox/?view=done&reviewer=lee") == []


def test_a_view_is_saved_found_again_and_deleted(browser: TestClient, server: ReviewServer) -> None:
    browser.cookies.set("hitl_reviewer", KIM)
    ask(server, priority="high")
    ask(server)
    saved = browser.post("/inbox/views", data={"name": "Urgent, mine", "back": "?view=mine&priority=high&page=3"})
    assert saved.headers["location"] == "/inbox/?view=mine&priority=high"
    page = browser.get(saved.headers["location"]).text
    assert 'href="/inbox/?view=mine&amp;priority=high" data-go="1"' in page
    assert re.search(r'Urgent, mine</span><span class="count">1</span>', page)
    browser.cookies.set("hitl_reviewer", "lee@example.com")
    assert "Urgent, mine" not in browser.get("/inbox/").text
    browser.cookies.set("hitl_reviewer", KIM)
    delete = re.search(r'action="(/inbox/views/\d+/delete)"', page)
    assert delete is not None
    browser.post(delete[1], data={"back": "?view=mine"})
    assert "Urgent, mine" not in browser.get("/inbox/").text


@pytest.mark.parametrize("name", ["", "x" * 41])
def test_a_view_needs_a_name(browser: TestClient, name: str) -> None:
    assert browser.post("/inbox/views", data={"name": name, "back": "?view=open"}).status_code == 400


def test_no_more_views_are_saved_than_there_are_number_keys(browser: TestClient) -> None:
    codes = [browser.post("/inbox/views", data={"name": f"View {number}"}).status_code for number in range(10)]
    assert codes == [303] * 9 + [409]


def test_all_that_match_are_decided_together_and_taken_back_together(slow: TestClient, server: ReviewServer) -> None:
    ids = [ask(server, text=f"Draft {number}") for number in range(60)]
    other = ask(server, text="Other")
    sent = {"action": "approve", "all": "yes", "back": "?view=mine&q=draft"}
    plan = slow.post("/inbox/bulk", data={**sent, "pick": "rev_404:1"}).text
    assert "Approve 60 reviews?" in plan
    assert "Show all 60" in plan
    picks = [unescape(pick) for pick in re.findall(r'name="pick" value="([^"]+)"', plan)]
    confirm = {"action": "approve", "pick": picks, "confirmed": "yes", "back": "?view=mine"}
    assert "Type 60 to confirm" in slow.post("/inbox/bulk", data={**confirm, "typed": "6"}).text
    ask(server, text="Draft that came later")
    done = slow.post("/inbox/bulk", data={**confirm, "typed": "60"}).text
    assert "Approved 60 reviews" in done
    assert undo(slow, done).status_code == 303
    assert {server.reviews.get_review(each)["status"] for each in [*ids, other]} == {"assigned"}


def test_a_bulk_rejection_leaves_out_what_asks_for_a_reason(browser: TestClient, server: ReviewServer) -> None:
    plain, reasons = ask(server), ask(server, "reasons")
    sent = {"action": "reject", "pick": [f"{plain}:1", f"{reasons}:1"], "confirmed": "yes", "reviewer": KIM}
    page = browser.post("/inbox/bulk", data=sent).text
    assert "its form asks for a reason (why)" in page
    assert server.reviews.get_review(plain)["result"] == {"approved": False}
    assert server.reviews.get_review(reasons)["status"] == "assigned"
