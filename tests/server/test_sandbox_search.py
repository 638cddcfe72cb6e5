"""Reviews are found by the words that people type, however either of them is spelt in Unicode."""

from __future__ import annotations

import asyncio
import json
import unicodedata
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl.server.review_server import ReviewServer
from hitl.server.reviews import ReviewQuery, search, search_store
from hitl.server.search_indexer import SearchIndexer
from hitl.server.storage import ChangeNotifier


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


# The index, which only saves looking at reviews that cannot hold the words

HOSTILE = "abcA\u00e9\u0301\u0323 \0\ud800\udfff\ufffd\uffff\"'*():^-\n\u00df\u1e9e\u0130\u03a3\u03c2\uac00\u1100\u1161\u11a8\U0001f468\u200d"
TEXTS = st.text(st.sampled_from(HOSTILE), max_size=12)
CONTENTS = st.lists(
    st.dictionaries(st.sampled_from(["a", "b", "_hitl"]), TEXTS | st.lists(TEXTS)), min_size=1, max_size=6
)


def index(server: ReviewServer) -> None:
    server.reviews.list_reviews(ReviewQuery(search="somebody searches"))
    while server.reviews.index_texts(behind=0):
        pass


def hits(server: ReviewServer, words: str) -> list[str]:
    return [review["id"] for review in server.reviews.list_reviews(ReviewQuery(search=words, limit=None)).items]


def holding(server: ReviewServer, words: str) -> list[str]:
    listed = server.reviews.list_reviews(ReviewQuery(limit=None)).items
    return [review["id"] for review in listed if search.holds(json.dumps(review), search.words_of(words))]


@given(CONTENTS, CONTENTS, st.lists(TEXTS, min_size=1, max_size=4), st.data())
def test_the_same_reviews_are_found_with_an_index_as_without(
    contents: list[dict[str, Any]], later: list[dict[str, Any]], searches: list[str], data: st.DataObject
) -> None:
    with closing(ReviewServer()) as server:
        for content in contents:
            server.reviews.create_review({"template_id": "template_123", "content": content})
        index(server)
        for number, content in enumerate(later, 1):  # some change, and some are new
            if number % 2 and number <= len(contents) and content:
                server.reviews.update_review(f"rev_{number}", {"content": content})
            else:
                server.reviews.create_review({"template_id": "template_123", "content": content})
        for is_in_step in (False, True):
            if is_in_step:
                index(server)
            text = search.text_of(server.reviews._lists.text(data.draw(st.integers(1, len(contents)))), people=False)
            start = data.draw(st.integers(0, len(text)))
            for words in (*searches, text[start:], text[start : start + 5], text[:start]):
                assert hits(server, words) == holding(server, words)


def test_with_an_index_no_review_is_looked_at_but_those_that_changed_since(
    server: ReviewServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(200):
        server.reviews.create_review({"template_id": "template_123", "content": {"t": f"case-{number}-x"}})
    index(server)
    looked_at: list[str] = []
    holds = search.holds
    monkeypatch.setattr(search, "holds", lambda text, words, **how: looked_at.append(text) or holds(text, words, **how))
    assert (hits(server, "case-77-x"), hits(server, "nowhere"), len(looked_at)) == (["rev_78"], [], 0)
    assert len(hits(server, "x")) == 200  # too short for a trigram
    server.reviews.update_review("rev_78", {"content": {"t": "another"}})
    assert (hits(server, "case-77-x"), hits(server, "another"), len(looked_at)) == ([], ["rev_78"], 2)


def test_names_and_answers_are_found_with_an_index_only_where_they_are_asked_for(server: ReviewServer) -> None:
    body = {"template_id": "template_123", "content": {"t": "draft"}, "assignees": ["kim@example.com"]}
    server.reviews.create_review(body)
    server.reviews.complete("rev_1", {"approved": True, "feedback": "splendid"}, "lee@example.com")
    index(server)
    for word in ("kim@example", "lee", "SPLENDID", "draft"):
        asked = ReviewQuery(search=word, search_people=True)
        assert server.reviews.list_reviews(asked).total == 1
        assert len(hits(server, word)) == (word == "draft")


def test_a_text_that_became_too_large_for_the_index_is_looked_at(server: ReviewServer) -> None:
    server.reviews.create_review({"template_id": "template_123", "content": {"t": "needle"}})
    index(server)
    server.reviews.update_review("rev_1", {"content": {"t": "hay " * 20_000}})
    index(server)
    assert (hits(server, "needle"), hits(server, "hay")) == ([], ["rev_1"])


def test_large_texts_are_looked_at_without_an_index(server: ReviewServer) -> None:
    text = "a word " * 20_000
    server.reviews.create_review({"template_id": "template_123", "content": {"t": text + "needle"}})
    index(server)
    assert hits(server, "needle") == ["rev_1"]


def test_an_index_outlives_its_process_and_is_made_anew_for_another_unicode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "sandbox.db"
    with closing(ReviewServer(data=file)) as server:
        server.reviews.create_review({"template_id": "template_123", "content": {"t": "needle"}})
        assert not server.reviews.index_texts(behind=0)  # nobody has searched
        index(server)
    with closing(ReviewServer(data=file)) as server:
        assert not server.reviews.index_texts(behind=0)
        server.reviews.create_review({"template_id": "template_123", "content": {"t": "another needle"}})
        assert server.reviews.index_texts(behind=0)  # without another search
        assert hits(server, "needle") == ["rev_2", "rev_1"]
    monkeypatch.setattr(unicodedata, "unidata_version", "99.0")
    with closing(ReviewServer(data=file)) as server:
        server.database.execute("UPDATE search_index SET reaches = 1000")
        assert hits(server, "needle") == ["rev_2", "rev_1"]
        index(server)
        assert server.database.row("SELECT reaches, unicode FROM search_index") == (2, "99.0")
        assert hits(server, "needle") == ["rev_2", "rev_1"]


def test_without_fts5_every_review_is_looked_at(server: ReviewServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_store, "_FORM", "fts999(text)")
    search_store.has_trigrams.cache_clear()
    try:
        server.reviews.create_review({"template_id": "template_123", "content": {"t": "needle"}})
        index(server)
        assert (hits(server, "needle"), hits(server, "nowhere")) == (["rev_1"], [])
        assert server.reviews.list_reviews(ReviewQuery(search="needle", assignee="ann@example.com")).total == 0
        assert not search_store.has_trigrams()
    finally:
        search_store.has_trigrams.cache_clear()


@pytest.mark.anyio
async def test_the_indexer_works_until_the_server_closes_whatever_fails() -> None:
    changes = ChangeNotifier()
    results = iter([True, OSError("disk full"), True, False])
    closing_at_last = asyncio.Event()

    def index() -> bool:
        result = next(results)
        if result is False:
            changes.close()
            closing_at_last.set()
        if isinstance(result, OSError):
            raise result
        return result

    await SearchIndexer(changes, index, pause=lambda seconds: asyncio.sleep(0)).run()
    assert closing_at_last.is_set()
