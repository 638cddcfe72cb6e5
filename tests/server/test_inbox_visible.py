"""Hidden characters are shown as code points, and writing that needs them stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl.server.inbox.hidden_characters import MAX_MARKED, Part, has_hidden, parts, unix_lines, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("safe\u202etxt.exe", "safe⟨U+202E⟩txt.exe"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("\ufeffmark", "⟨U+FEFF⟩mark"),
        ("tag\U000e0041", "tag⟨U+E0041⟩"),
        ("soft\u00adhyphen", "soft⟨U+00AD⟩hyphen"),
        ("nul\x00bell\x07", "nul⟨U+0000⟩bell⟨U+0007⟩"),
        ("bare\rreturn", "bare⟨U+000D⟩return"),
        ("lone\ud800surrogate", "lone⟨U+D800⟩surrogate"),
        ("line\u2028separator", "line⟨U+2028⟩separator"),
        ("filler\u3164", "filler⟨U+3164⟩"),
        ("a\ufe01b", "a⟨U+FE01⟩b"),
        ("vertical\x0btab", "vertical⟨U+000B⟩tab"),
        ("form\x0cfeed", "form⟨U+000C⟩feed"),
        ("next\x85line", "next⟨U+0085⟩line"),
        ("paragraph\u2029", "paragraph⟨U+2029⟩"),
        ("isolate\u2066x\u2069", "isolate⟨U+2066⟩x⟨U+2069⟩"),
        ("private\ue000\U000f0000\U0010fffd", "private⟨U+E000⟩⟨U+F0000⟩⟨U+10FFFD⟩"),
        ("no\ufdd0\uffff\U0001fffe", "no⟨U+FDD0⟩⟨U+FFFF⟩⟨U+1FFFE⟩"),
        ("unassigned\U00050000", "unassigned⟨U+50000⟩"),
    ],
)
def test_a_hidden_character_is_shown_as_its_code_point(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert has_hidden(text)


@pytest.mark.parametrize(
    "text",
    [
        "plain text, with\ttabs and\nlines",
        "no\u00a0break and thin\u202fspaces",
        "👩\u200d👩\u200d👧 and ❤\ufe0f and 1\ufe0f\u20e3",
        "می\u200cخواهم",
        "क्\u200dष",
        "日本語 ελληνικά é",
    ],
)
def test_writing_stays_as_it_is(text: str) -> None:
    assert visible(text) == text
    assert not has_hidden(text)


def test_a_joiner_between_latin_letters_is_shown() -> None:
    assert visible("pay\u200dpal") == "pay⟨U+200D⟩pal"


def test_line_ends_of_windows_are_plain_line_ends() -> None:
    assert visible("one\r\ntwo") == "one\ntwo"
    assert not has_hidden("one\r\ntwo")


def test_parts_tell_the_hidden_from_the_seen() -> None:
    assert parts("a\u202eb") == [Part("a"), Part("⟨U+202E⟩", hidden=True), Part("b")]
    assert parts("") == []


def test_of_many_hidden_characters_the_last_are_code_points_in_the_text() -> None:
    found = parts("a\u202e" * (MAX_MARKED + 5))
    assert sum(part.hidden for part in found) == MAX_MARKED
    assert found[-1] == Part("a⟨U+202E⟩" * 5)


@given(st.text(alphabet=st.characters(codec=None)))
def test_what_is_shown_can_always_be_encoded_and_is_shown_the_same_again(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert visible(shown) == shown


@pytest.mark.parametrize("text", ["a\r\nb", "\r\r\n", "\r\r\r\n\r\n", "\r\n\r\n", "\n\r"])
def test_line_ends_are_made_alike_once_and_for_all(text: str) -> None:
    once = unix_lines(text)
    assert unix_lines(once) == once
    assert visible(once) == visible(text)
