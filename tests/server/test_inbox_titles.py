"""What a row of the list says about a review."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl.server.inbox.titles import excerpt, plain, title

TEMPLATE = {
    "name": "Article",
    "fields": [{"name": "prompt", "type": "text"}, {"name": "text", "type": "content_display", "editable": True}],
}


def about(content: Any) -> tuple[str, str]:
    review = {"id": "rev_1", "template_id": "tpl_1", "content": content}
    named = title(review, TEMPLATE)
    return named, excerpt(review, TEMPLATE, named)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"text": "A draft", "title": "Solar roofs"}, ("Solar roofs", "A draft")),
        ({"text": "A draft", "subject": "Re: parcel"}, ("Re: parcel", "A draft")),
        ({"prompt": "Write an article", "text": "# Solar *roofs*\n\nBy 2030."}, ("Solar roofs", "By 2030.")),
        ({"url": "https://example.com/a", "text": "Listing"}, ("Listing", "")),
        ({"url": "https://example.com/a"}, ("Article, rev_1", "")),
        ({"text": "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-one\n+two"}, ("x", "+1 −1 in 1 file")),
        ({"rows": [{"n": 1}, {"n": 2}]}, ("Article, rev_1", "2 records")),
        ({"text": "   \n\n- [x] Ship it\n"}, ("Ship it", "")),
        ({"text": "Same\nSame\nOther"}, ("Same", "Other")),
        ({"title": 5, "text": "A"}, ("A", "")),
        ({}, ("Article, rev_1", "")),
        (
            {"action": "refund", "description": "Pay back", "arguments": {"amount": "129.00", "currency": "EUR"}},
            ("refund 129.00 EUR", "Pay back"),
        ),
        ({"action": "refund", "arguments": {"order": "o-1042", "amount": 60.0}}, ("refund o-1042, 60.0", "")),
        ({"action": "stop", "arguments": {}}, ("stop", "")),
        ({"action": "shop:Shop.__init__.<locals>.refund", "arguments": {"n": 5}}, ("refund 5", "")),
        ({"action": "rm -rf *.tmp", "arguments": {"in": "/tmp/x"}}, ("rm -rf *.tmp /tmp/x", "")),
    ],
)
def test_a_row_says_what_its_review_is_about(content: Any, expected: tuple[str, str]) -> None:
    assert about(content) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("## A **bold** _word_", "A bold _word_"),
        ("> - [x] done", "done"),
        ("1. [a link](https://example.com) and ![a picture](x.png)", "a link and a picture"),
        ("2 * 3 * 4 = 24", "2 * 3 * 4 = 24"),
        ("snake_case_name and a*b", "snake_case_name and a*b"),
        ("<b>HTML</b> stays", "<b>HTML</b> stays"),
        ("#hashtag", "#hashtag"),
        ("`code` and ~~gone~~", "code and gone"),
    ],
)
def test_signs_of_markdown_are_left_out_and_nothing_else(line: str, expected: str) -> None:
    assert plain(line) == expected


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_content_has_a_title_of_one_line(content: Any) -> None:
    named, more = about(content if isinstance(content, dict) else {"text": content})
    assert named
    assert len(named) <= 140
    assert len(more) <= 200
    assert len((named + more).splitlines()) == 1


@pytest.mark.parametrize("text", ["*" * 100_000, "[" * 100_000, "**a" * 50_000, "\n" * 500_000, "`a" * 50_000])
def test_a_hostile_text_is_cut_like_any_other(text: str) -> None:
    named, more = about({"text": text})
    assert max(len(named), len(more)) <= 200
