"""Reviews are found by the words that people type, however either of them is spelt in Unicode."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl.server.review_server import ReviewServer
from hitl.server.reviews import ReviewQuery, search


def found(content: Any, words: str, review_id: str = "rev_1") -> bool:
    return search.holds(json.dumps({"id": review_id, "content": content}), search.words_of(words))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"text": "Cafe\u0301"}, "caf\u00e9"),
        ({"text": "Caf\u00e9"}, "CAFE\u0301"),
        ({"text": "STRASSE"}, "stra\u00dfe"),
        ({"text": "\u039f\u0394\u039f\u03a3"}, "\u03bf\u03b4\u03bf\u03c2"),  # a final sigma
        ({"text": "\u041c\u041e\u0421\u041a\u0412\u0410"}, "\u043c\u043e\u0441\u043a\u0432\u0430"),
        ({"text": "\uac00\uac01"}, unicodedata.normalize("NFD", "\uac00\uac01")),
        ({"n": 123456789012345678901234567890}, "123456789012345678901234567890"),
        ({"n": 1e22}, "1e+22"),
        ({"n": -0.95}, "-0.95"),
        ({"text": "before\0after"}, "after"),
        ({"text": "one two three four five six seven eight nine"}, "one two three four five six seven eight nine"),
        ({"text": "100% of a_b"}, "100% a_b"),
        ({"text": "say \"yes\" and \\ or 'no'"}, "\"yes\" \\ 'no'"),
        ({"text": "done \U0001f468\u200d\U0001f469\u200d\U0001f467"}, "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
        ({"a": [{"b": [["Deep"]]}], "c": "other"}, "other deep"),
        ({"text": "x"}, "REV_1"),
        ({"text": "word"}, " word\u3000"),
    ],
)
def test_a_review_is_found_by_what_it_shows(content: Any, words: str) -> None:
    assert found(content, words)
    assert not found(content, f"{words} absent")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"key": 1}, "key"),
        ({"a": "one", "b": "two"}, "onetwo"),
        ({"a": "axb"}, "a_b"),
        ({"a": "ab"}, "a%b"),
        ({"a": "one two three four five six seven eight"}, "one two three four five six seven eight nine"),
        ({"a": None, "b": True}, "null"),
        ({"a": "\n"}, "n"),
    ],
)
def test_a_review_is_not_found_by_what_it_does_not_show(content: Any, words: str) -> None:
    assert not found(content, words, review_id="1")


@given(st.text(min_size=1))
def test_a_word_is_found_in_any_form(text: str) -> None:
    if text.isspace() or not text.split():
        return
    for form in ("NFC", "NFD"):
        assert found([text], unicodedata.normalize(form, text.split()[0]))


def test_long_runs_of_combining_marks_are_normalised_in_parts() -> None:
    text = "a" + "\u0301\u0316" * 5_000
    assert max(len(part) for part in search._chunks(text)) <= 130
    assert "".join(search._chunks(text)) == text
    assert found([text + " caf\u00e9"], "cafe\u0301")


def test_a_composed_character_is_found_wherever_it_stands_in_a_long_word() -> None:
    for length in range(90, 210):
        assert found(["x" * length + "e\u0301\u0323y"], "\u1eb9\u0301y")


def test_the_server_searches_so(server: ReviewServer) -> None:
    template = server.reviews.create_template({"name": "Any", "fields": [{"name": "ok", "type": "boolean"}]}).document[
        "id"
    ]
    created = [
        server.reviews.create_review({"template_id": template, "content": {"t": text}}) for text in ("\u00c9a", "b")
    ]
    listed = server.reviews.list_reviews(ReviewQuery(search="e\u0301A"))
    assert [review["id"] for review in listed.items] == [created[0].document["id"]]
    assert server.reviews.list_reviews(ReviewQuery(search=" ")).total == 2
