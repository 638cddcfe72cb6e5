"""What a template says its buttons do, its common reasons, and for how long an answer can be taken back."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sent_form import SentForm
from starlette.testclient import TestClient

from hitl.server.inbox.consequences import consequences
from hitl.server.primitives import ApiError
from hitl.server.results import BadEffectError, filled, parts
from hitl.server.review_server import ReviewServer

KIM = "kim@example.com"
TEXT = {"name": "text", "type": "content_display", "editable": True}
YES = {"name": "approved", "type": "boolean", "label": "Pay it?", "required": True}
FEEDBACK = {"name": "feedback", "type": "text", "label": "Feedback"}
WHY = {"name": "why", "type": "text", "conditional": {"field": "approved", "value": False}, "required": True}
SETTINGS: dict[str, Any] = {
    "approve_effect": "pays {amount} {currency} to {customer.name}",
    "reject_effect": "sends your reason to the agent",
    "timeout_effect": "the refund is not paid",
    "reject_reasons": ["Amount is wrong", "Needs a photo", "Outside policy"],
    "timeout_hours": 5,
}
CONTENT = {"text": "A", "amount": 129.5, "currency": "EUR", "customer": {"name": "Ann"}}


@pytest.fixture
def templates() -> Any:
    forms = {"refund": [TEXT, YES, FEEDBACK], "asks": [TEXT, YES, WHY], "form": [TEXT, FEEDBACK]}
    return [
        *({"id": name, "name": name, "fields": fields, "settings": SETTINGS} for name, fields in forms.items()),
        {"id": "held", "name": "held", "fields": [TEXT, YES], "settings": {"undo_seconds": 30}},
    ]


def ask(server: ReviewServer, template: str = "refund", **content: Any) -> str:
    body = {"template_id": template, "content": {**CONTENT, **content}}
    return str(server.reviews.create_review(body).document["id"])


def lines(page: str) -> list[str]:
    found = re.search(r'<ul class="consequence">(.*?)</ul>', page, re.DOTALL)
    texts = re.findall(r"<li>(.*?)</li>", found[1], re.DOTALL) if found else []
    return [unescape(re.sub(r"<[^>]+>", "", text)).strip() for text in texts]


def send(browser: TestClient, review_id: str, button: str, *more: tuple[str, str], **typed: str) -> Any:
    form = SentForm(browser.get(f"/inbox/reviews/{review_id}").text).typed(**typed)
    return browser.post(unescape(form.action), data=form.sent(button, *more))


def test_the_page_says_what_each_button_does(browser: TestClient, server: ReviewServer) -> None:
    assert lines(browser.get(f"/inbox/reviews/{ask(server)}").text) == [
        "Approve pays 129.5 EUR to Ann",
        "Reject sends your reason to the agent",
        "No answer in time: the refund is not paid",
    ]
    assert lines(browser.get(f"/inbox/reviews/{ask(server, 'form')}").text)[0].startswith("Submit answer pays")


def test_nothing_is_printed_where_nothing_is_said(browser: TestClient, server: ReviewServer) -> None:
    assert lines(browser.get(f"/inbox/reviews/{ask(server, 'held')}").text) == []
    assert consequences(None, CONTENT, has_verdict=True, has_deadline=True) == []


def test_what_fills_a_sentence_is_marked_and_never_read_as_one(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server, amount="<b>{currency}</b>\n" + "9" * 200, currency="\u202eRUE", customer=None)
    page = browser.get(f"/inbox/reviews/{review_id}").text
    (line, *_) = lines(page)
    assert line.startswith("Approve pays <b>{currency}</b> 999")
    assert line.endswith("RUE to [no customer.name]")
    assert "\u202e" not in page
    assert '<bdi class="filled" data-fill="amount">' in page


@given(text=st.text(), value=st.text())
def test_a_content_never_becomes_a_placeholder(text: str, value: str) -> None:
    try:
        found = filled(text, {"a": value})
    except BadEffectError:
        return
    assert [part.path for part in found] == [part.path for part in parts(text)]


@pytest.mark.parametrize("text", ["{", "}", "pays {amount", "{}", "{{amount}", "a } b", "{a{b}}"])
def test_a_lone_brace_is_refused(server: ReviewServer, text: str) -> None:
    body = {"name": "T", "fields": [YES], "settings": {"approve_effect": text}}
    with pytest.raises(ApiError, match="brace"):
        server.reviews.create_template(body)


def test_doubled_braces_are_braces() -> None:
    assert [part.text for part in filled("{{a}} {a}", {"a": 1})] == ["{a} ", "1"]


@pytest.mark.parametrize(
    ("settings", "issue"),
    [
        ({"approve_effect": 1}, "must be a string"),
        ({"approve_effect": ""}, "must not be empty"),
        ({"reject_effect": "x" * 201}, "at most 200"),
        ({"reject_reasons": "no"}, "must be an array"),
        ({"reject_reasons": ["a"] * 10}, "at most 9"),
        ({"reject_reasons": ["a", "a"]}, "repeats"),
        ({"reject_reasons": [" a"]}, "one line"),
        ({"reject_reasons": ["x" * 81]}, "at most 80"),
        ({"key_field": ""}, "must not be empty"),
        ({"undo_seconds": -1}, "from 0 to 3600"),
        ({"undo_seconds": "10"}, "must be a number"),
        ({"undo_seconds": True}, "must be a number"),
    ],
)
def test_malformed_settings_are_refused_with_their_place(
    server: ReviewServer, settings: dict[str, Any], issue: str
) -> None:
    (name,) = settings
    with pytest.raises(ApiError) as refused:
        server.reviews.create_template({"name": "T", "fields": [YES, FEEDBACK], "settings": settings})
    (fault,) = refused.value.details["errors"]  # type: ignore[index]
    assert fault["field"].startswith(f"settings.{name}")
    assert issue in fault["issue"]


def test_reasons_need_a_field_for_them(server: ReviewServer) -> None:
    with pytest.raises(ApiError, match="reject_reasons: needs a text"):
        server.reviews.create_template({"name": "T", "fields": [YES], "settings": {"reject_reasons": ["a"]}})


def test_ticked_reasons_begin_the_comment(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    page = browser.get(f"/inbox/reviews/{review_id}").text
    assert re.findall(r'name="reason.picked" value="([^"]+)"', page) == SETTINGS["reject_reasons"]
    picked = [("reason.picked", "Amount is wrong"), ("reason.picked", "Needs a photo")]
    form = SentForm(page).typed(**{"reason.text": "Ask again.", "field.feedback": "And this."})
    assert browser.post(unescape(form.action), data=form.sent("reject", *picked)).status_code == 303
    said = "Amount is wrong, Needs a photo\n\nAsk again.\n\nAnd this."
    assert server.reviews.get_review(review_id)["result"] == {"approved": False, "feedback": said}


def test_a_ticked_reason_is_the_reason_that_is_asked_for(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server, "asks")
    assert "reason.text" not in browser.get(f"/inbox/reviews/{review_id}").text
    assert send(browser, review_id, "reject").status_code == 422
    assert send(browser, review_id, "reject", ("reason.picked", "Outside policy")).status_code == 303
    assert server.reviews.get_review(review_id)["result"] == {"approved": False, "why": "Outside policy"}


def test_reasons_are_of_a_rejection_only(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    assert send(browser, review_id, "approve", ("reason.picked", "Amount is wrong")).status_code == 303
    assert server.reviews.get_review(review_id)["result"] == {"approved": True, "text": "A"}


def test_a_reason_that_the_template_does_not_name_is_refused(browser: TestClient, server: ReviewServer) -> None:
    refused = send(browser, ask(server), "reject", ("reason.picked", "Because"))
    assert refused.status_code == 422
    assert "is no reason of this form" in refused.text


def test_a_form_without_a_verdict_has_reasons_too(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server, "form")
    assert send(browser, review_id, "reject", ("reason.picked", "Needs a photo")).status_code == 303
    review = server.reviews.get_review(review_id)
    assert (review["status"], review["result"]) == ("rejected", {"feedback": "Needs a photo"})


def test_a_template_holds_its_answers_as_long_as_it_says(browser: TestClient, server: ReviewServer) -> None:
    browser.cookies.set("hitl_reviewer", "kim%40example.com")
    review_id = ask(server, "held")
    assert "You can undo for 30 seconds" in browser.get(f"/inbox/reviews/{review_id}").text
    assert send(browser, review_id, "approve").status_code == 303
    assert server.reviews.get_review(review_id)["result"] is None
    held = server.reviews.held_answer(review_id, KIM)
    assert held is not None
    server.reviews.undo(held.batch)
    other = ask(server)
    send(browser, other, "approve")
    assert server.reviews.get_review(other)["status"] == "completed"  # the server's own setting


def test_undo_brings_the_reasons_back(browser: TestClient, server: ReviewServer) -> None:
    settings = {**SETTINGS, "undo_seconds": 10}
    server.reviews.update_template("refund", {"settings": settings})
    browser.cookies.set("hitl_reviewer", "kim%40example.com")
    review_id = ask(server)
    send(browser, review_id, "reject", ("reason.picked", "Needs a photo"))
    held = server.reviews.held_answer(review_id, KIM)
    assert held is not None
    server.reviews.undo(held.batch)
    page = browser.get(f"/inbox/reviews/{review_id}").text
    assert '<details class="reject" open>' in page
    assert 'value="Needs a photo" checked' in page
