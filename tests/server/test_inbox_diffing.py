"""What changed between two texts or contents."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hitl.server.inbox.diffing import Changed, Diff, Stretch, content_diff, text_diff


def side(diff: Diff, left_out: str) -> str:
    return "".join(stretch.text for stretch in diff.stretches if stretch.change != left_out)


def test_a_changed_word_is_marked_and_the_rest_stays() -> None:
    assert text_diff("It costs 10 euros.", "It costs 99 euros.").stretches == [
        Stretch("It costs "),
        Stretch("10", "removed"),
        Stretch("99", "added"),
        Stretch(" euros."),
    ]


def test_changed_words_in_a_row_are_one_change() -> None:
    diff = text_diff("the quick brown fox", "the slow red fox")
    assert [stretch.text for stretch in diff.stretches] == ["the ", "quick brown", "slow red", " fox"]


def test_equal_texts_have_no_change() -> None:
    assert text_diff("same", "same").stretches == [Stretch("same")]


def test_a_text_with_too_many_pieces_is_replaced_as_a_whole() -> None:
    before, after = "a\n" * 3000, "b\n" * 3000
    assert [stretch.change for stretch in text_diff(before, after).stretches] == ["removed", "added"]


def test_a_long_text_is_compared_by_lines() -> None:
    lines = [f"line {number} of many words in this text\n" for number in range(500)]
    changed = [*lines[:250], "another line\n", *lines[251:]]
    diff = text_diff("".join(lines), "".join(changed))
    assert Stretch("another line\n", "added") in diff.stretches
    assert Stretch(lines[250], "removed") in diff.stretches


@given(st.text(), st.text())
def test_both_texts_can_be_read_out_of_their_difference(before: str, after: str) -> None:
    diff = text_diff(before, after)
    assert side(diff, "added") == before
    assert side(diff, "removed") == after


def test_contents_are_compared_key_by_key() -> None:
    before = {"same": 1, "text": "old", "gone": "x"}
    after = {"same": 1, "text": "new", "come": [1]}
    assert content_diff(before, after) == [
        Changed("text", text_diff("old", "new")),
        Changed("come", text_diff("", "[\n  1\n]")),
        Changed("gone", text_diff("x", "")),
    ]


def test_true_is_not_one() -> None:
    assert [change.key for change in content_diff({"a": True, "b": None}, {"a": 1})] == ["a", "b"]
