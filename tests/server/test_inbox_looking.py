"""Pictures beside a form: loading one loses nothing that was typed, and marks are drawn where they were made."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sent_form import SentForm
from starlette.testclient import TestClient

from hitl.server.inbox.marks import is_placed
from hitl.server.review_server import ReviewServer

ADDRESS = "https://images.example.com/a.png"
FILE = "data:text/plain;name=a.txt;base64url,YQ=="
FIELDS = [
    {"name": "text", "type": "content_display", "editable": True},
    {"name": "photo", "type": "image_review", "label": "Photo", "tools": ["approve", "reject", "annotate"]},
    {"name": "proof", "type": "file"},
    {"name": "approved", "type": "boolean", "required": True},
]


@pytest.fixture
def templates() -> Any:
    return [{"id": "photo", "name": "Photo", "fields": FIELDS}]


def ask(server: ReviewServer, photo: str = ADDRESS) -> str:
    body = {"template_id": "photo", "content": {"photo": photo, "text": "A"}}
    return str(server.reviews.create_review(body).document["id"])


def load(browser: TestClient, address: str, *more: tuple[str, str], button: str = "load", **typed: str) -> Any:
    page = browser.get(address).text
    form = SentForm(page).typed(**typed)
    (action,) = set(re.findall(rf'formaction="([^"#]+)#[^"]*" name="{button}"', page))
    sent = {name: texts for name, texts in form.sent("").items() if name != "decision"}
    for name, text in more:
        sent.setdefault(name, []).append(text)
    return browser.post(unescape(action), data={**sent, button: ["images.example.com"]})


def test_loading_a_picture_keeps_what_was_typed_and_chosen(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    chosen = [("field.proof", FILE), ("field.photo", "reject"), ("notes.photo", "Blurred")]
    page = load(browser, f"/inbox/reviews/{review_id}?view=mine&sort=oldest", *chosen, text="Typed")
    assert page.status_code == 200
    assert f'<img src="{ADDRESS}"' in page.text
    assert "https://images.example.com" in page.headers["content-security-policy"]
    assert "hitl_pictures=images.example.com" in page.headers["set-cookie"]
    assert "data-dirty" in page.text
    again = SentForm(page.text)
    assert {("field.text", "Typed"), ("field.proof", FILE), ("field.photo", "reject")} <= set(again.pairs)
    assert "view=mine" in unescape(again.action)
    assert server.reviews.get_review(review_id)["result"] is None


def test_it_is_undone_in_the_same_way(browser: TestClient, server: ReviewServer) -> None:
    browser.cookies.set("hitl_pictures", "images.example.com")
    page = load(browser, f"/inbox/reviews/{ask(server)}", button="unload", text="Typed")
    assert "<img" not in page.text
    assert "images.example.com" not in page.headers["content-security-policy"]
    assert ("field.text", "Typed") in SentForm(page.text).pairs


def test_a_content_that_changed_meanwhile_is_not_shown_as_read(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    form = SentForm(browser.get(f"/inbox/reviews/{review_id}").text)
    server.reviews.update_review(review_id, {"content": {"text": "B"}})
    sent = {**form.sent(""), "load": ["images.example.com"]}
    page = browser.post(f"/inbox/reviews/{review_id}/look", data=sent)
    assert page.status_code == 409
    assert "The content changed while you were reading" in page.text


def test_a_review_that_ended_meanwhile_is_shown_as_it_ended(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    form = SentForm(browser.get(f"/inbox/reviews/{review_id}").text)
    server.reviews.cancel_review(review_id)
    page = browser.post(f"/inbox/reviews/{review_id}/look", data={**form.sent(""), "load": ["images.example.com"]})
    assert (page.status_code, page.headers["location"]) == (303, f"/inbox/reviews/{review_id}")


def test_another_site_cannot_have_a_picture_loaded(browser: TestClient, server: ReviewServer) -> None:
    path = f"/inbox/reviews/{ask(server)}/look"
    answer = browser.post(path, data={"load": "a.example"}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_enter_in_a_field_never_presses_the_button_of_a_picture(browser: TestClient, server: ReviewServer) -> None:
    page = browser.get(f"/inbox/reviews/{ask(server)}").text
    form = page.partition('class="judge"')[2]
    (first, *_) = re.findall(r'<button[^>]*type="submit"[^>]*>', form)
    assert "disabled" in first


def test_marks_are_drawn_on_the_picture_of_a_finished_review(browser: TestClient, server: ReviewServer) -> None:
    browser.cookies.set("hitl_pictures", "images.example.com")
    review_id = ask(server)
    marks = [{"text": "<b>Blurred</b>", "x": 0.125, "y": 0.3, "width": 0.2, "height": 0.15}, {"text": "Dark"}]
    answer = {"approved": False, "photo": {"decision": "reject", "annotations": marks}}
    server.reviews.complete(review_id, answer, "kim")
    page = browser.get(f"/inbox/reviews/{review_id}").text
    assert page.count('<rect x="12.5%" y="30%" width="20%" height="15%"/>') == 1
    assert '<li><span class="no-of">1</span><span dir="auto">&lt;b&gt;Blurred&lt;/b&gt;</span></li>' in page
    assert "Dark" in page
    assert "style=" not in page


def test_a_picture_that_is_not_loaded_still_lists_its_marks(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    mark = {"text": "Blurred", "x": 0, "y": 0, "width": 1, "height": 1}
    answer = {"approved": True, "photo": {"decision": "reject", "annotations": [mark]}}
    server.reviews.complete(review_id, answer, "kim")
    page = browser.get(f"/inbox/reviews/{review_id}").text
    assert "<img" not in page
    assert '<span class="no-of">1</span><span dir="auto">Blurred</span>' in page
    assert 'form="pictures" name="load"' in page  # there is no form to lose


PLACE = {"x": 0.1, "y": 0.1, "width": 0.5, "height": 0.5}


@pytest.mark.parametrize(
    "odd",
    [
        {"x": -0.1},
        {"width": 0},
        {"width": 0.95},
        {"x": True},
        {"y": "0"},
        {"more": 1},
        {"text": 1},
        {"height": float("inf")},
    ],
)
def test_only_a_place_within_the_picture_is_drawn(odd: dict[str, Any]) -> None:
    assert is_placed({"text": "a", **PLACE})
    assert not is_placed({"text": "a", **PLACE, **odd})


@given(
    st.recursive(
        st.none() | st.floats() | st.text(), lambda inner: st.dictionaries(st.sampled_from(["text", *PLACE]), inner)
    )
)
def test_no_note_breaks_the_page(note: Any) -> None:
    assert is_placed(note) in (True, False)
