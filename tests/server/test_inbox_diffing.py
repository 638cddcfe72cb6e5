"""What changed between two texts or contents, in a time that is linear in their size."""

from __future__ import annotations

import random
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl.server.inbox import diffing
from hitl.server.inbox.diffing import MISSING, Changed, Diff, Stretch, content_diff
from hitl.server.inbox.hidden_characters import unix_lines
from hitl.server.inbox.pieces import pieces


def side(diff: Diff, left_out: str) -> str:
    return "".join(stretch.text for stretch in diff.stretches if stretch.change != left_out)


def test_a_changed_word_is_marked_and_the_rest_stays() -> None:
    assert Diff("It costs 10 euros.", "It costs 99 euros.").stretches == [
        Stretch("It costs "),
        Stretch("10", "removed"),
        Stretch("99", "added"),
        Stretch(" euros."),
    ]


def test_changed_words_in_a_row_are_one_change() -> None:
    diff = Diff("the quick brown fox", "the slow red fox")
    assert [stretch.text for stretch in diff.stretches] == ["the ", "quick brown", "slow red", " fox"]


def test_equal_texts_have_no_change() -> None:
    assert Diff("same", "same").stretches == [Stretch("same")]


def test_a_text_with_too_many_changes_is_compared_by_lines_and_then_as_a_whole() -> None:
    lines = [f"a{number} a {number}\n" for number in range(3_000)]
    changed = [line.replace("a", "b") for line in lines]
    assert [stretch.change for stretch in Diff("".join(lines), "".join(changed)).stretches] == ["removed", "added"]
    some = "".join(new if number % 3 else old for number, (old, new) in enumerate(zip(lines, changed, strict=True)))
    assert Stretch("b1 b 1\nb2 b 2\n", "added") in Diff("".join(lines), some).stretches


def test_a_word_that_moved_far_is_found_around_words_that_occur_once() -> None:
    before = " ".join(f"the {number} of the" for number in range(1_000))
    assert [stretch.change for stretch in Diff(before, before.replace(" 500 ", " 5OO ")).stretches] == [
        "same", "removed", "added", "same",
    ]  # fmt: skip
    moved = [*before.split(" ")[2_000:], *before.split(" ")[:2_000]]
    assert (
        max(len(stretch.text) for stretch in Diff(before, " ".join(moved)).stretches if stretch.change == "same")
        > 7_000
    )


@pytest.mark.parametrize("alphabet", ["ab", "0123456789", "日本語文字列差分", "x" * 31 + "y"])
def test_difflib_compares_only_short_stretches(alphabet: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []

    class Counted(SequenceMatcher[str]):
        def __init__(self, junk: None, a: Sequence[str], b: Sequence[str], *, autojunk: bool) -> None:
            compared.append(len(a) * len(b))
            super().__init__(junk, a, b, autojunk=autojunk)

    monkeypatch.setattr(diffing, "SequenceMatcher", Counted)
    before = " ".join(random.Random(1).choices(alphabet, k=9_000))
    after = " ".join(random.Random(2).choices(alphabet, k=9_000))
    diff = Diff(before, after)
    assert side(diff, "added") == before
    assert sum(compared) < 100 * len(before)
    assert max(compared, default=0) <= 1_000


@given(st.text(), st.text())
def test_both_texts_can_be_read_out_of_their_difference(before: str, after: str) -> None:
    diff = Diff(before, after)
    assert side(diff, "added") == unix_lines(before)
    assert side(diff, "removed") == unix_lines(after)


def test_contents_are_compared_key_by_key() -> None:
    before = {"same": 1, "text": "old", "gone": "x"}
    after = {"same": 1, "text": "new", "come": [1]}
    assert content_diff(before, after) == [
        Changed("text", Diff("old", "new")),
        Changed("come", Diff(MISSING, [1])),
        Changed("gone", Diff("x", MISSING)),
    ]


def test_values_are_compared_as_their_json() -> None:
    assert Diff([1], [2]).stretches == Diff("[\n  1\n]", "[\n  2\n]").stretches


def test_true_is_not_one() -> None:
    assert [change.key for change in content_diff({"a": True, "b": None}, {"a": 1})] == ["a", "b"]


def marked(before: Any, after: Any) -> list[tuple[str, str]]:
    return [(stretch.change, stretch.text) for stretch in Diff(before, after).stretches if stretch.change != "same"]


@pytest.mark.parametrize("vocabulary", ["a the of to in it", "0 1", "w"])
def test_few_changes_among_words_that_all_occur_often_are_marked_alone(vocabulary: str) -> None:
    before = random.Random(1).choices(vocabulary.split(), k=1_100)
    after = [f"new{place}" if place in {20, 500, 900} else word for place, word in enumerate(before)]
    assert marked(" ".join(before), " ".join(after)) == [
        pair for place in (20, 500, 900) for pair in (("removed", before[place]), ("added", after[place]))
    ]


def test_a_word_that_was_put_in_or_left_out_among_frequent_words_is_marked_alone() -> None:
    words = ["the", "of", "a"] * 400
    assert [text.strip() for _, text in marked(" ".join(words), " ".join([*words[:600], "new", *words[600:]]))] == [
        "new"
    ]
    assert marked("a b " * 600 + "c", "b " + "a b " * 599 + "c") != []


@given(st.lists(st.sampled_from("ab"), min_size=40, max_size=120), st.lists(st.sampled_from("ab"), min_size=40))
def test_stretches_without_a_unique_word_are_compared_without_loss(before: list[str], after: list[str]) -> None:
    diff = Diff(" ".join(before), " ".join(after))
    assert (side(diff, "added"), side(diff, "removed")) == (" ".join(before), " ".join(after))


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ("私は猫が好きです", "私は犬が好きです", ["猫", "犬"]),
        ("我今天去北京", "我明天去北京", ["今", "明"]),
        ("สวัสดีครับ", "สวัสดีค่ะ", None),
        ("👨‍👩‍👧 ok", "👨‍👩‍👦 ok", ["👨‍👩‍👧", "👨‍👩‍👦"]),
        ("👍🏻", "👍🏿", ["👍🏻", "👍🏿"]),
        ("🇩🇪🇫🇷", "🇩🇪🇫🇮", ["🇫🇷", "🇫🇮"]),
        ("1️⃣", "2️⃣", ["1️⃣", "2️⃣"]),
        ("🏴󠁧󠁢󠁿", "🏴󠁧󠁡󠁿", None),
        ("café", "cafè", ["café", "cafè"]),
        ("क्षमा करें", "क्षमता करें", ["क्षमा", "क्षमता"]),
        ("❤️", "❤", ["❤️", "❤"]),
        ("がく", "か゚く", ["が", "か゚"]),
    ],
)
def test_what_is_read_as_one_is_marked_as_one(before: str, after: str, changes: list[str] | None) -> None:
    found = [text for _, text in marked(before, after)]
    assert found
    assert changes is None or found == changes
    assert not any(text[0] in "‍️́̀" or "🏻" <= text[0] <= "🏿" for text in found)


@given(st.text())
def test_pieces_put_together_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text


@pytest.mark.parametrize(
    ("before", "after", "note"),
    [
        (1, "1", "whole number → text"),
        (None, "", "null → text"),
        (True, "true", "yes or no → text"),
        ([], {}, "list → object"),
        (1, 1.0, "whole number → number"),
        ("null", None, "text → null"),
        ("a", ["a"], "text → list"),
        (MISSING, "", "missing → text"),
        (MISSING, None, "missing → null"),
    ],
)
def test_a_change_of_type_is_named_and_marked(before: Any, after: Any, note: str) -> None:
    assert Diff(before, after).note == note
    assert Diff(after, before).note == " → ".join(reversed(note.split(" → ")))
    assert marked(before, after)


@pytest.mark.parametrize(
    ("before", "after", "note"),
    [
        ("a\nb", "a\r\nb", "line ends: LF → CR LF"),
        ("a\nb\r\n", "a\nb\n", "line ends: mixed → LF"),
        ("a\r\nb", "a\r\nb", ""),
    ],
)
def test_line_ends_that_changed_are_mentioned_and_mark_nothing(before: str, after: str, note: str) -> None:
    assert Diff(before, after).note == note
    assert marked(before, after) == []
