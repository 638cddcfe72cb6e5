"""What changed between two texts or contents, in a time that is linear in their size."""

from __future__ import annotations

import random
from collections.abc import Sequence
from difflib import SequenceMatcher

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl.server.inbox import diffing
from hitl.server.inbox.diffing import Changed, Diff, Stretch, content_diff


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
    assert side(diff, "added") == before
    assert side(diff, "removed") == after


def test_contents_are_compared_key_by_key() -> None:
    before = {"same": 1, "text": "old", "gone": "x"}
    after = {"same": 1, "text": "new", "come": [1]}
    assert content_diff(before, after) == [
        Changed("text", Diff("old", "new")),
        Changed("come", Diff("", [1])),
        Changed("gone", Diff("x", "")),
    ]


def test_values_are_compared_as_their_json() -> None:
    assert Diff([1], [2]).stretches == Diff("[\n  1\n]", "[\n  2\n]").stretches


def test_true_is_not_one() -> None:
    assert [change.key for change in content_diff({"a": True, "b": None}, {"a": 1})] == ["a", "b"]
