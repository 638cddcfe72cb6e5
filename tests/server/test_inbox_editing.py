"""Text to edit: Preview first, Edit beside it, and Changes once there are some."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from hitl.server.inbox.editing import changes, preview
from hitl.server.inbox.rendering import Code, Pairs, Patch, Text
from hitl.server.review_server import ReviewServer

DRAFT = "# A draft\n\nOf **two** paragraphs."
FIELDS = [
    {"name": "text", "type": "content_display", "label": "Article", "editable": True},
    {"name": "title", "type": "content_display", "label": "Title", "editable": True},
    {"name": "code", "type": "code_display", "label": "Code", "language": "python", "editable": True},
    {"name": "ok", "type": "boolean", "label": "Approve?", "required": True},
]


@pytest.fixture
def templates() -> Any:
    return [{"id": "article", "name": "Article", "fields": FIELDS}]


def ask(server: ReviewServer, **content: Any) -> str:
    created = server.reviews.create_review({"template_id": "article", "content": content})
    return str(created.document["id"])


def checked(page: str) -> list[str]:
    """Return which pane each text shows."""
    return re.findall(r'name="view\.\w+" value="(\w+)" checked', page)


def test_text_is_shown_as_it_will_be_read_and_edited_one_click_away(browser: TestClient, server: ReviewServer) -> None:
    page = browser.get(f"/inbox/reviews/{ask(server, text=DRAFT, code='x = 1')}").text
    assert checked(page) == ["preview", "preview"]
    assert '<strong><span class="md-mark">**</span>two<span class="md-mark">**</span></strong>' in page
    assert page.count('value="changes" disabled><span>Changes <span class="count">0</span>') == 2


def test_a_text_of_one_line_is_edited_in_one(browser: TestClient, server: ReviewServer) -> None:
    page = browser.get(f"/inbox/reviews/{ask(server, title='A “title”')}").text
    assert checked(page) == []
    assert 'value="A “title”" data-line>' in page
    assert '<p class="was" hidden>' in page


def test_a_form_that_comes_back_says_what_was_changed(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server, text=DRAFT, title="Old")
    sent = {"version": "1", "reviewer": "kim", "decision": "complete", "field.text": DRAFT.replace("two", "three")}
    page = browser.post(f"/inbox/reviews/{review_id}/answer", data={**sent, "field.title": "New"}).text
    assert 'value="changes"><span>Changes <span class="count">1</span>' in page
    assert "1 change since it was sent for review." in page
    assert f"<textarea hidden disabled data-original>\n{DRAFT}</textarea>" in page
    assert '<p class="was">was <s dir="auto">Old</s></p>' in page


def test_the_panes_of_what_is_typed_are_drawn_by_the_server(browser: TestClient) -> None:
    sent = {"kind": "edit", "original": DRAFT, "text": "## A draft\r\n\r\nOf <b> *four* paragraphs."}
    page = browser.post("/inbox/preview", data=sent).text
    assert '<em><span class="md-mark">*</span>four<span class="md-mark">*</span></em>' in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert re.search(r'data-pane="changes" data-count="[1-9]"', page)


@pytest.mark.parametrize("sent", [{}, {"kind": "show"}, {"kind": "edit\0"}])
def test_only_what_can_be_edited_is_drawn(browser: TestClient, sent: dict[str, str]) -> None:
    assert browser.post("/inbox/preview", data=sent).status_code == 400


def test_another_site_cannot_have_texts_drawn(browser: TestClient) -> None:
    answer = browser.post("/inbox/preview", data={"kind": "edit"}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


def test_a_preview_is_that_of_the_kind_of_control() -> None:
    patch = "--- a\n+++ b\n@@ -1 +1 @@\n-a\n+b"
    assert preview("edit", "a\r\nb") == Text("a\nb")
    assert preview("edit", patch) == Patch(patch)
    assert preview("edit_code", "x = 1", "python") == Code("x = 1", "python")
    assert preview("edit_code", patch, "python") == Patch(patch)
    assert preview("edit_json", '{"a": "b"}') == Pairs([("a", Text("b"))])
    assert preview("edit_json", '{"a": ') == Text('{"a": ')


@pytest.mark.parametrize(
    ("kind", "before", "after", "count"),
    [
        ("edit", "a b c", "a b c", 0),
        ("edit", "a\nb", "a\r\nb", 0),
        ("edit", "a b c", "a x c y", 2),
        ("edit_json", '{"a": 1}', '{ "a":1 }', 0),
        ("edit_json", '{"a": 1}', '{"a": 2}', 1),
        ("edit_json", '{"a": 1}', '{"a": 2', 1),
    ],
)
def test_changes_are_counted_by_place(kind: str, before: str, after: str, count: int) -> None:
    found = changes(kind, before, after)
    assert (found.count if found else 0) == count
