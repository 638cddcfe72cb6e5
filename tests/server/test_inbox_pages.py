"""The inbox's pages over a real server: what each shows, takes, refuses and never loses."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import anyio
import pytest
from fake_clock import FakeClock
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from hitl.server.inbox import inbox_routes
from hitl.server.inbox.submission import MAX_FORM_BYTES, MAX_FORM_FIELDS
from hitl.server.review_server import ReviewServer

FIELDS = [
    {"name": "text", "type": "content_display", "label": "Article", "editable": True},
    {"name": "approved", "type": "boolean", "label": "Approve?", "required": True},
    {"name": "tags", "type": "checkbox_group", "label": "Tags", "options": [{"value": "a", "label": "A"}]},
    {"name": "feedback", "type": "text", "label": "Feedback", "max_length": 20},
]


@pytest.fixture
def templates() -> Any:
    return [{"id": "article", "name": "Article review", "fields": FIELDS}]


def ask(server: ReviewServer, **body: Any) -> str:
    """Create a review and return its id."""
    created = server.reviews.create_review({"template_id": "article", "content": {"text": "A draft"}, **body})
    return str(created.document["id"])


def form(server: ReviewServer, review_id: str, **changes: Any) -> dict[str, Any]:
    """Return what a browser sends for a filled form."""
    filled: dict[str, Any] = {
        "version": str(server.reviews.get_review(review_id)["version"]),
        "reviewer": "kim@example.com",
        "field.approved": "true",
        "decision": "complete",
    }
    return {name: value for name, value in {**filled, **changes}.items() if value is not None}


def answer(browser: TestClient, server: ReviewServer, review_id: str, **changes: Any) -> Any:
    return browser.post(f"/inbox/reviews/{review_id}/answer", data=form(server, review_id, **changes))


def test_an_empty_inbox_tells_how_to_fill_it(browser: TestClient) -> None:
    page = browser.get("/inbox/")
    assert page.status_code == 200
    assert "No reviews yet" in page.text
    assert "create_review(" in page.text
    assert "No finished reviews yet" in browser.get("/inbox/?view=done").text


def test_the_list_shows_what_waits_and_how_urgent_it_is(
    browser: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    ask(
        server,
        content={"text": "Is this <b>right</b>?"},
        priority="high",
        assignees=["kim@example.com", "lee@example.com"],
    )
    ask(server, due_date=(clock.now + timedelta(hours=2)).isoformat())
    page = browser.get("/inbox/").text
    assert "Is this &lt;b&gt;right&lt;/b&gt;?" in page
    assert "Article review" in page
    assert "kim@example.com +1" in page
    assert "due in 2 h" in page
    assert '<span class="count" data-count="open">2</span>' in page


def test_the_list_is_split_into_pages(browser: TestClient, server: ReviewServer) -> None:
    for number in range(30):
        ask(server, content={"text": f"Draft {number}."})
    first, second = browser.get("/inbox/"), browser.get("/inbox/?page=2")
    assert "Draft 29." in first.text
    assert "Draft 4." not in first.text
    assert "Draft 4." in second.text
    assert "26–30 of 30" in second.text


@pytest.mark.parametrize("page", ["3", "0", "-1", "x", "9" * 40])
def test_a_page_number_that_is_none_leads_to_the_first_page(
    browser: TestClient, server: ReviewServer, page: str
) -> None:
    ask(server)
    answered = browser.get(f"/inbox/?page={page}", follow_redirects=True)
    assert answered.status_code == 200
    assert "A draft" in answered.text


def test_done_reviews_have_a_list_of_their_own(browser: TestClient, server: ReviewServer) -> None:
    server.reviews.complete(ask(server), {"approved": True}, "kim@example.com")
    assert "A draft" not in browser.get("/inbox/").text
    done = browser.get("/inbox/?view=done").text
    assert "A draft" in done
    assert "kim@example.com" in done


def test_opening_a_review_does_not_change_it(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    before = server.reviews.get_review(review_id)
    page = browser.get(f"/inbox/reviews/{review_id}")
    assert page.status_code == 200
    assert f'<form method="post" action="/inbox/reviews/{review_id}/answer"' in page.text
    assert server.reviews.get_review(review_id) == before


def test_a_review_shows_its_content_once_and_the_rest_below(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server, content={"text": "A draft", "source": "gpt-4", "rows": [{"n": 1}, {"n": 2}]})
    page = browser.get(f"/inbox/reviews/{review_id}").text
    assert "Other data" in page
    assert "<table>" in page
    assert "gpt-4" in page


def test_content_stays_text(browser: TestClient, server: ReviewServer) -> None:
    attack = "</textarea><script>alert(1)</script><img src=x onerror=alert(1)>"
    review_id = ask(server, content={"text": f"{attack}\n", attack: attack, "deep": {attack: [attack]}})
    page = browser.get(f"/inbox/reviews/{review_id}").text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert page.count("</textarea>") == 1


def test_hidden_characters_are_visible_everywhere_but_in_the_editor(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server, content={"text": "a\u202eb", "k\u200b": "v\ufeff"})
    page = browser.get(f"/inbox/reviews/{review_id}").text
    assert "⟨U+200B⟩" in page
    assert "⟨U+FEFF⟩" in page
    assert page.count("\u202e") == 1  # in the editor
    assert "\u202e" not in browser.get("/inbox/").text


def test_an_answer_is_taken_and_the_done_page_follows(browser: TestClient, server: ReviewServer) -> None:
    review_id, other = ask(server), ask(server)
    sent = answer(
        browser, server, review_id, **{"field.text": "A better draft", "field.tags": ["a"], "field.feedback": "Fine"}
    )
    assert sent.status_code == 303
    assert sent.headers["location"] == f"/inbox/reviews/{review_id}/done"
    review = server.reviews.get_review(review_id)
    assert (review["status"], review["reviewer"]) == ("completed", "kim@example.com")
    assert review["result"] == {"text": "A better draft", "approved": True, "tags": ["a"], "feedback": "Fine"}
    done = browser.get(sent.headers["location"]).text
    assert "The program that asked can read it now." in done
    assert "verdict-word approved" in done
    assert "edited by the reviewer" in done
    assert f'href="/inbox/reviews/{other}"' in done


def test_the_done_page_offers_the_review_that_waits_longest(
    browser: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    ids: list[str] = []
    for _ in range(3):
        ids.append(ask(server))
        clock.now += timedelta(minutes=1)
    answer(browser, server, ids[1])
    done = browser.get(f"/inbox/reviews/{ids[1]}/done").text
    assert f'<a class="plain" href="/inbox/reviews/{ids[0]}">Next review' in done


def test_the_done_page_of_the_last_review_leads_to_the_inbox(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    answer(browser, server, review_id)
    assert "No more open reviews" in browser.get(f"/inbox/reviews/{review_id}/done").text


def test_a_rejection_needs_no_answers(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    sent = answer(browser, server, review_id, decision="reject", **{"field.approved": None, "field.text": "A draft"})
    assert sent.status_code == 303
    review = server.reviews.get_review(review_id)
    assert (review["status"], review["result"]) == ("rejected", {"approved": False})
    assert "Rejected" in browser.get(sent.headers["location"]).text


def test_a_finished_review_shows_its_answer_instead_of_the_form(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    server.reviews.complete(review_id, {"approved": True, "feedback": "Well done"}, "kim@example.com")
    page = browser.get(f"/inbox/reviews/{review_id}").text
    assert "Well done" in page
    assert '<form method="post"' not in page


def test_an_expired_and_a_cancelled_review_say_so(browser: TestClient, server: ReviewServer, clock: FakeClock) -> None:
    expired = ask(server, due_date=(clock.now + timedelta(hours=1)).isoformat())
    cancelled = ask(server)
    server.reviews.cancel_review(cancelled)
    clock.now += timedelta(hours=2)
    assert "No one answered in time." in browser.get(f"/inbox/reviews/{expired}").text
    assert "cancelled the review on" in browser.get(f"/inbox/reviews/{cancelled}").text


def test_the_done_page_of_an_open_review_leads_to_its_form(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    assert browser.get(f"/inbox/reviews/{review_id}/done").headers["location"] == f"/inbox/reviews/{review_id}"


@pytest.mark.parametrize("action", ["answer", "start"])
def test_the_address_of_a_form_leads_to_its_review(browser: TestClient, server: ReviewServer, action: str) -> None:
    review_id = ask(server)
    assert browser.get(f"/inbox/reviews/{review_id}/{action}").headers["location"] == f"/inbox/reviews/{review_id}"


def test_a_wrong_answer_is_told_beside_its_field_and_nothing_typed_is_lost(
    browser: TestClient, server: ReviewServer
) -> None:
    review_id = ask(server)
    changes = {"field.approved": None, "field.text": "Half a sentence", "field.feedback": "far too long, by a word"}
    page = answer(browser, server, review_id, **changes)
    assert page.status_code == 422
    assert "This is required." in page.text
    assert "This may have at most 20 characters" in page.text
    assert "Half a sentence" in page.text
    assert "far too long, by a word" in page.text
    assert 'value="kim@example.com"' in page.text
    assert "data-dirty" in page.text
    assert server.reviews.get_review(review_id)["status"] == "created"


def test_a_fault_inside_a_list_stands_beside_its_field(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    page = answer(browser, server, review_id, **{"field.tags": ["forged"]})
    assert page.status_code == 422
    assert '<p class="error" id="f2-error">This must be' in page.text


def test_the_message_of_a_template_is_shown_as_it_is(browser: TestClient, server: ReviewServer) -> None:
    mail = {"name": "mail", "type": "email", "validation": {"required": True, "custom_message": "Who may we ask?"}}
    server.reviews.update_template("article", {"fields": [mail]})
    page = answer(browser, server, ask(server))
    assert ">Who may we ask?</p>" in page.text


@pytest.mark.parametrize(
    ("reviewer", "said"), [("", "Enter your name"), ("x" * 255, "at most 254"), (None, "Enter your name")]
)
def test_an_answer_needs_a_name(browser: TestClient, server: ReviewServer, reviewer: str | None, said: str) -> None:
    review_id = ask(server)
    page = answer(browser, server, review_id, reviewer=reviewer, **{"field.feedback": "kept"})
    assert page.status_code == 422
    assert said in page.text
    assert "kept" in page.text


def test_the_reviewer_is_remembered_in_a_cookie_for_the_inbox_only(browser: TestClient, server: ReviewServer) -> None:
    first, second = ask(server), ask(server, assignees=["lee@example.com"])
    assert 'value="lee@example.com"' in browser.get(f"/inbox/reviews/{second}").text
    cookie = answer(browser, server, first, reviewer="Ünal; <k>").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "Path=/inbox" in cookie
    assert "SameSite=strict" in cookie
    assert 'value="Ünal; &lt;k&gt;"' in browser.get(f"/inbox/reviews/{second}").text


def test_others_see_who_is_reviewing_for_some_minutes(
    browser: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    review_id = ask(server)
    before = server.reviews.get_review(review_id)
    pages = ("/inbox/?view=open", f"/inbox/reviews/{review_id}")
    assert browser.post(f"/inbox/reviews/{review_id}/start", data={"reviewer": "Kim"}).status_code == 204
    assert all("Kim is reviewing" in browser.get(page).text for page in pages)
    browser.cookies.set("hitl_reviewer", "KIM")
    assert all("is reviewing" not in browser.get(page).text for page in pages)
    browser.cookies.delete("hitl_reviewer")
    clock.now += timedelta(minutes=10)
    assert all("is reviewing" not in browser.get(page).text for page in pages)
    assert server.reviews.get_review(review_id) == before


def test_who_has_answered_is_not_reviewing_any_more(browser: TestClient, server: ReviewServer) -> None:
    server.reviews.update_template("article", {"settings": {"approval_threshold": 2}})
    review_id = ask(server)
    browser.post(f"/inbox/reviews/{review_id}/start", data={"reviewer": "kim@example.com"})
    answer(browser, server, review_id)
    browser.cookies.delete("hitl_reviewer")
    assert "is reviewing" not in browser.get("/inbox/?view=open").text


@pytest.mark.parametrize(("review_id", "reviewer", "status"), [("rev_1", "", 422), ("rev_404", "kim", 404)])
def test_nobody_without_a_name_is_reviewing_and_nothing_that_is_not_there(
    browser: TestClient, server: ReviewServer, review_id: str, reviewer: str, status: int
) -> None:
    ask(server)
    assert browser.post(f"/inbox/reviews/{review_id}/start", data={"reviewer": reviewer}).status_code == status


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("expired", "This review expired before your answer arrived"),
        ("cancelled", "This review was cancelled while you were reading"),
        ("rejected", "lee@example.com has already rejected this"),
        ("completed", "lee@example.com has already answered this"),
    ],
)
def test_a_review_that_ended_while_it_was_read_says_how(
    browser: TestClient, server: ReviewServer, clock: FakeClock, end: str, said: str
) -> None:
    review_id = ask(server, due_date=(clock.now + timedelta(hours=1)).isoformat())
    late = form(server, review_id, **{"field.feedback": "My view of it"})
    if end == "expired":
        clock.now += timedelta(hours=2)
    elif end == "cancelled":
        server.reviews.cancel_review(review_id)
    else:
        decide = server.reviews.reject if end == "rejected" else server.reviews.complete
        decide(review_id, {"approved": True}, "lee@example.com")
    page = browser.post(f"/inbox/reviews/{review_id}/answer", data=late)
    assert page.status_code == 409
    assert said in page.text
    assert "My view of it" in page.text
    assert server.reviews.get_review(review_id)["status"] == end


def test_a_review_that_expires_while_its_answer_is_checked_is_told_as_too_late(
    browser: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    due = clock.now + timedelta(minutes=9)
    review_id = ask(server, due_date=due.isoformat())
    late = form(server, review_id)
    clock.now, clock.step = due - timedelta(seconds=3), timedelta(seconds=1)
    page = browser.post(f"/inbox/reviews/{review_id}/answer", data=late)
    assert page.status_code == 409
    assert "This review expired before your answer arrived" in page.text


def test_each_approval_is_noted_and_the_last_completes_the_review(browser: TestClient, server: ReviewServer) -> None:
    server.reviews.update_template("article", {"settings": {"approval_threshold": 2}})
    review_id = ask(server)
    noted = browser.get(answer(browser, server, review_id).headers["location"]).text
    assert "Your approval was recorded" in noted
    assert "Approved so far by kim@example.com." in noted
    again = answer(browser, server, review_id)
    assert again.status_code == 422
    assert f"kim@example.com has approved review {review_id} already" in again.text
    sent = answer(browser, server, review_id, reviewer="lee@example.com")
    assert server.reviews.get_review(review_id)["status"] == "completed"
    assert "Approved; more approvals required" in browser.get(sent.headers["location"]).text


def test_changed_content_is_read_before_the_answer_counts(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server, content={"text": "A draft", "price": "10 euros"})
    stale = form(server, review_id, **{"field.feedback": "Cheap enough"})
    server.reviews.update_review(review_id, {"content": {"price": "99 euros"}})
    page = browser.post(f"/inbox/reviews/{review_id}/answer", data=stale)
    assert page.status_code == 409
    assert "The content changed while you were reading" in page.text
    assert "99 euros" in page.text
    assert "Cheap enough" in page.text
    assert server.reviews.get_review(review_id)["status"] == "created"
    assert answer(browser, server, review_id).status_code == 303


def test_a_change_beside_the_content_is_told_as_such(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    page = browser.get(f"/inbox/reviews/{review_id}").text
    fingerprint = page.partition('name="fingerprint" value="')[2].partition('"')[0]
    stale = form(server, review_id, fingerprint=fingerprint)
    server.reviews.update_review(review_id, {"priority": "high"})
    again = browser.post(f"/inbox/reviews/{review_id}/answer", data=stale)
    assert again.status_code == 409
    assert "This review changed while you were reading" in again.text


def test_a_form_without_a_version_is_not_taken_on_trust(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    assert answer(browser, server, review_id, version=None).status_code == 409


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "none"}, 303),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"origin": "http://127.0.0.1:4010"}, 303),
        ({"origin": "http://127.0.0.1:4011"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_another_site_cannot_send_the_form(
    browser: TestClient, server: ReviewServer, headers: dict[str, str], status: int
) -> None:
    review_id = ask(server)
    sent = browser.post(f"/inbox/reviews/{review_id}/answer", data=form(server, review_id), headers=headers)
    assert sent.status_code == status
    assert (server.reviews.get_review(review_id)["status"] == "completed") is (status == 303)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"\xff\xfe", 400),
        (b"reviewer=%ff", 400),
        (b"a=1&" * (MAX_FORM_FIELDS + 1), 400),
        (b"reviewer=" + b"x" * MAX_FORM_BYTES, 413),
    ],
)
def test_what_is_no_form_is_refused(browser: TestClient, server: ReviewServer, body: bytes, status: int) -> None:
    assert browser.post(f"/inbox/reviews/{ask(server)}/answer", content=body).status_code == status


def test_a_browser_that_goes_away_leaves_nothing_behind(server: ReviewServer) -> None:
    review_id = ask(server)
    app = Starlette(
        routes=[
            Mount(
                "/inbox",
                routes=inbox_routes(
                    server.reviews,
                    server.loops,
                    server.deliveries,
                    server.uploads,
                    server.agent_sessions,
                    server.saved_views,
                ),
            )
        ]
    )
    path = f"/inbox/reviews/{review_id}/answer"
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": [],
        "query_string": b"",
        "root_path": "",
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    anyio.run(app, scope, receive, send)
    assert sent[0]["status"] == 400
    assert server.reviews.get_review(review_id)["status"] == "created"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("reviews/rev_404", "This review does not exist."),
        ("reviews/rev_404/done", "This review does not exist."),
        ("nothing/here", "This page does not exist"),
        ("reviews/%2e%2e%2fx", "This page does not exist"),
    ],
)
def test_what_does_not_exist_is_a_page_too(browser: TestClient, path: str, said: str) -> None:
    page = browser.get(f"/inbox/{path}")
    assert page.status_code == 404
    assert said in page.text
    assert "Back to the inbox" in page.text


def test_a_review_whose_template_is_gone_can_still_be_read(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    server.reviews.complete(review_id, {"approved": True}, "kim@example.com")
    server.reviews.delete_template("article")
    assert "A draft" in browser.get(f"/inbox/reviews/{review_id}").text
    assert "A draft" in browser.get("/inbox/?view=done").text


@pytest.mark.parametrize("path", ["", "reviews/rev_1", "reviews/rev_404", "static/inbox.css", "static/inbox.js"])
def test_every_answer_carries_the_headers_that_keep_it_harmless(
    browser: TestClient, server: ReviewServer, path: str
) -> None:
    ask(server)
    headers = browser.get(f"/inbox/{path}").headers
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    if "static" not in path:
        assert headers["cache-control"] == "no-store"


def test_pages_hold_no_inline_script_or_style(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    for path in ("", f"reviews/{review_id}"):
        page = browser.get(f"/inbox/{path}").text
        assert page.count("<script") == page.count('<script src="/inbox/static/') > 0
        assert "<style" not in page
        assert " style=" not in page
        assert " onclick" not in page


def request_part(page: str) -> str:
    """Return the words of what a page shows of a request, without its JSON and its history."""
    shown = re.sub(r'<details class="raw.*?</details>', "", page.partition("<main")[2], flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", shown)).split())


@pytest.mark.parametrize(
    ("content", "is_editable", "times"),
    [
        ({"question": "Is it right?", "context": "A sofa"}, False, 1),
        ({"question": "Is it right?"}, False, 1),
        ({"question": "Is it right?\n\nSay why."}, False, 1),
        ({"question": "Is it right?", "context": "A sofa"}, True, 2),
        ({"question": "Is it **right**?"}, False, 1),  # in the title without its marks, below it as it is
        ({"question": "- Is it right?\n- Or not?"}, False, 2),
        ({"title": "Sofa", "question": "Is it right?"}, False, 1),
        ({"text": "Is it right?"}, False, 2),  # content to judge, which may look like its title
    ],
)
def test_a_question_is_said_once(
    browser: TestClient, server: ReviewServer, content: dict[str, str], is_editable: bool, times: int
) -> None:
    shown = [{"name": name, "type": "content_display", "editable": is_editable} for name in content]
    fields = [*shown, {"name": "yes", "type": "boolean", "label": "Yes?"}]
    template = server.reviews.create_template({"name": "Question", "fields": fields}).document
    review_id = ask(server, template_id=template["id"], content=content)
    open_page = browser.get(f"/inbox/reviews/{review_id}").text
    server.reviews.reject(review_id, {}, "kim@example.com")
    ended = browser.get(f"/inbox/reviews/{review_id}").text
    for page in (open_page, ended):
        words = request_part(page)
        assert words.count("Is it right?") == times
        assert ("Say why." in words, "A sofa" in words) == ("Say why." in str(content), "context" in content)
        assert "no content" not in words
        assert content["question" if "question" in content else "text"].splitlines()[0] in page  # in the JSON, too
