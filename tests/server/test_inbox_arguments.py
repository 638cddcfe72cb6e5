"""The arguments of a call are edited where they stand, and come back as they were where nobody touched them."""

from __future__ import annotations

import json
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sent_form import SentForm
from starlette.testclient import TestClient

from hitl.server.inbox.arguments import arguments_of, folded
from hitl.server.review_server import ReviewServer

CALL = {
    "order_id": "10472",
    "amount": 129.5,
    "currency": "EUR",
    "note": "Sorry.\nThe money is back within 3 days.",
    "notify": True,
    "items": [{"sku": "a", "count": 2}],
    "until": None,
}
FIELDS = [
    {"name": "arguments", "type": "content_display", "label": "Tool call", "editable": True},
    {"name": "approved", "type": "boolean", "label": "Refund?", "required": True},
]
TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=30)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
CALLS = st.dictionaries(TEXTS, st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3)), max_size=6)


@pytest.fixture
def templates() -> Any:
    return [
        {"id": "call", "name": "Call", "fields": FIELDS},
        {"id": "two", "name": "Two", "fields": FIELDS, "settings": {"approval_threshold": 2}},
        {"id": "key", "name": "Key", "fields": FIELDS, "settings": {"key_field": "arguments.order_id"}},
    ]


def ask(server: ReviewServer, call: Any = CALL, template: str = "call") -> str:
    body = {"template_id": template, "content": {"arguments": call}}
    return str(server.reviews.create_review(body).document["id"])


def form_of(browser: TestClient, review_id: str) -> SentForm:
    return SentForm(browser.get(f"/inbox/reviews/{review_id}").text)


def answer(browser: TestClient, form: SentForm, button: str = "approve") -> Any:
    return browser.post(unescape(form.action), data=form.sent(button))


def result(server: ReviewServer, review_id: str) -> Any:
    return server.reviews.get_review(review_id)["result"]


def test_each_argument_has_a_control_of_its_kind(browser: TestClient, server: ReviewServer) -> None:
    page = browser.get(f"/inbox/reviews/{ask(server)}").text
    assert page.count('class="arg') == len(CALL) + 1  # with that of the group
    assert '<input type="text" id="f0" name="inside.t.9.arguments.order_id" value="10472"' in page
    assert 'name="inside.n.9.arguments.amount" value="129.5"' in page
    assert '<option value="true" selected>Yes</option>' in page
    assert 'class="arg key" data-argument="arguments.amount"' in page  # the number that has a currency


def test_what_nobody_touched_comes_back_to_the_letter(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    assert answer(browser, form_of(browser, review_id)).status_code == 303
    assert result(server, review_id) == {"arguments": CALL, "approved": True}


def test_an_argument_keeps_its_type(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    typed = form_of(browser, review_id).typed(amount="109", order_id="007", notify="false", items="[1]", until='"x"')
    assert answer(browser, typed).status_code == 303
    changed = {"amount": 109, "order_id": "007", "notify": False, "items": [1], "until": "x"}
    assert result(server, review_id)["arguments"] == {**CALL, **changed}


def answer_as(browser: TestClient, form: SentForm, reviewer: str) -> str:
    """Approve, and return the page that follows."""
    sent = browser.post(unescape(form.action), data=form.sent("approve", reviewer=reviewer))
    return browser.get(sent.headers["location"]).text


def test_the_second_of_two_begins_with_what_the_first_has_approved(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server, template="two")
    answer_as(browser, form_of(browser, review_id).typed(amount="50"), "ann")
    page = browser.get(f"/inbox/reviews/{review_id}").text
    assert "Approved with changes by ann" in page
    assert 'name="inside.n.9.arguments.amount" value="50"' in page
    answer_as(browser, form_of(browser, review_id), "bob")
    assert result(server, review_id) == {"arguments": {**CALL, "amount": 50}, "approved": True}


def test_whoever_approves_something_else_is_the_first_to_approve_that(
    browser: TestClient, server: ReviewServer
) -> None:
    review_id = ask(server, template="two")
    answer_as(browser, form_of(browser, review_id).typed(amount="50"), "ann")
    page = answer_as(browser, form_of(browser, review_id).typed(amount="129.5"), "bob")
    assert "Approved so far by bob." in page
    assert result(server, review_id) is None, "ann has not approved 129.50"
    answer_as(browser, form_of(browser, review_id), "ann")
    assert result(server, review_id) == {"arguments": CALL, "approved": True}


def test_a_rejection_keeps_what_was_edited_and_nothing_else(browser: TestClient, server: ReviewServer) -> None:
    untouched, touched = ask(server), ask(server)
    answer(browser, form_of(browser, untouched), "reject")
    answer(browser, form_of(browser, touched).typed(amount="1"), "reject")
    assert result(server, untouched) == {"approved": False}
    assert result(server, touched) == {"arguments": {**CALL, "amount": 1}, "approved": False}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("amount", "12,50", "amount must be a number"),
        ("amount", "", "amount must be a number"),
        ("amount", "true", "amount must be a number"),
        ("amount", "NaN", "amount must be a number"),
        ("items", "[1,", "items is not valid JSON"),
    ],
)
def test_what_cannot_be_read_is_refused_beside_its_argument(
    browser: TestClient, server: ReviewServer, name: str, text: str, words: str
) -> None:
    review_id = ask(server)
    refused = answer(browser, form_of(browser, review_id).typed(**{name: text}))
    assert refused.status_code == 422
    assert words in refused.text
    assert refused.text.count('aria-invalid="true"') == 1
    assert (f"inside.{'n' if name == 'amount' else 'j'}.9.arguments.{name}", text) in SentForm(refused.text).pairs
    assert server.reviews.get_review(review_id)["status"] == "created"
    assert answer(browser, SentForm(refused.text).typed(**{name: "5"})).status_code == 303
    assert result(server, review_id)["arguments"] == {**CALL, name: 5}


def test_a_form_that_comes_back_says_what_was_changed(browser: TestClient, server: ReviewServer) -> None:
    form = form_of(browser, ask(server)).typed(amount="109", note="New")
    page = browser.post(unescape(form.action), data={**form.sent("approve"), "version": ["7"]}).text
    assert "<small data-edits>with 2 changes</small>" in page
    assert '<span class="was">was <s dir="auto">129.5</s></span>' in page


def test_the_template_names_what_is_larger(browser: TestClient, server: ReviewServer) -> None:
    page = browser.get(f"/inbox/reviews/{ask(server, template='key')}").text
    assert 'class="arg key" data-argument="arguments.order_id"' in page
    assert page.count('class="arg key"') == 1


def test_the_json_form_takes_the_call_as_a_whole(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    path, wants = f"/inbox/reviews/{review_id}/answer", {"accept": "application/json"}
    form = browser.get(path, headers=wants).json()
    answers = {"approved": True, "arguments": {**CALL, "amount": 1}}
    body = {"form_token": form["form_token"], "version": form["version"], "reviewer": "kim", "decision": "complete"}
    assert browser.post(path, json={**body, "answers": answers}, headers=wants).status_code == 200
    assert result(server, review_id)["arguments"]["amount"] == 1


@pytest.mark.parametrize(
    "call",
    [
        {},
        {"": 1},
        {"a\nb": 1},
        {"a\r": 1},
        {"a": "a bare \r"},
        {"a": "\0"},
        {"\ud800": 1},
        {"a" * 81: 1},
        {str(number): number for number in range(41)},
        [1],
        "a",
    ],
)
def test_what_a_form_would_harm_is_edited_as_a_whole(call: Any) -> None:
    assert arguments_of("arguments", call, call) == []


def test_other_keys_than_those_of_the_call_are_edited_as_a_whole() -> None:
    assert arguments_of("arguments", {"a": 1, "b": 2}, {"a": 1}) == []
    assert arguments_of("arguments", {"a": 1, "b": 2}, {"b": 2, "a": 1}) == []


@given(call=CALLS, field=TEXTS.filter(lambda name: "\r" not in name and "\n" not in name))
def test_controls_that_nobody_touched_make_the_same_call(call: dict[str, Any], field: str) -> None:
    """As browsers send them: with line ends of their own."""
    drawn = arguments_of(field, call, call)
    sent = {each.name: [each.text.replace("\n", "\r\n")] for each in drawn}
    objects, faults = folded(sent)
    assert faults == {}
    assert [each.is_changed for each in drawn] == [False] * len(drawn)
    if drawn:
        again = arguments_of(field, call, json.loads(objects[field][0]))
        assert again == drawn


@given(name=st.text(), text=TEXTS)
def test_no_name_of_a_control_breaks_the_form(name: str, text: str) -> None:
    objects, faults = folded({f"inside.{name}": [text]})
    assert set(faults) <= set(objects)
