from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl.server.ecma_regex import LONGEST_TEXT, BadPatternError, Pattern

EMAIL = r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$"


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("", ""),
        ("b", "abc"),
        ("^abc$", "abc"),
        ("^a|b$", "xb"),
        ("^(?:ab|cd)+$", "abcdab"),
        ("^(?P<year>[0-9]{4})-(?<month>[0-9]{2})$", "2026-11"),
        ("^a{2,}$", "aaaa"),
        ("^a{0,2}?$", "aa"),
        ("^a{x}$", "a{x}"),
        (r"^\d+\.\w+\s$", "12._ "),
        (r"^[\d\-x]+$", "1-x"),
        (r"^[^\d]$", "x"),
        (r"^[\D]$", "x"),
        (r"^[a-]$", "-"),
        ("^[]x]+$", "x]"),
        (r"^[\b]$", "\b"),
        (r"\bdog\b", "a dog barks"),
        (r"o\Bg", "dogs og"),
        (r"\Aab\Z", "ab"),
        (r"^\x41\u00e9\n$", "Aé\n"),
        (r"^\$\.\\$", "$.\\"),
        ("^(a*)*$", "aaa"),
        ("^(|a)+$", "aa"),
        ("^.$", "é"),
        (EMAIL, "ann@example.com"),
    ],
)
def test_a_pattern_is_found_where_it_occurs(pattern: str, text: str) -> None:
    assert Pattern(pattern).occurs_in(text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^abc$", "abcd"),
        ("^abc$", "abc\n"),
        ("^.$", "\n"),
        ("^a{2,3}$", "aaaa"),
        ("^a{2}$", "a"),
        (r"^\d$", "٣"),
        (r"^[^a-c]$", "b"),
        (r"^[^\D]$", "x"),
        (r"\bdog\b", "dogs"),
        (EMAIL, "ann at example.com"),
    ],
)
def test_a_pattern_is_not_found_where_it_does_not_occur(pattern: str, text: str) -> None:
    assert not Pattern(pattern).occurs_in(text)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(a", "has a ( without a )"),
        ("a)", "has a ) without a ("),
        ("[a", "has a [ without a ]"),
        ("[]", "has a [ without a ]"),
        ("a\\", "ends with a single \\"),
        ("*a", "has a * with nothing before it to repeat"),
        ("a**", "repeats a repetition; put the inner one into parentheses"),
        ("a{3,2}", "has a repetition whose numbers are in the wrong order"),
        ("[z-a]", "has the range z-a, which is in the wrong order"),
        (r"[\d-z]", "has a range that begins or ends with a class such as \\d"),
        (r"(a)\1", "uses \\1, which is not supported"),
        ("(?=a)", "uses (?=, which is not supported; of such groups only (?: is"),
        ("(?i)a", "uses (?i, which is not supported; of such groups only (?: is"),
        ("(" * 51 + ")" * 51, "has more than 50 parentheses within each other"),
        ("a" * 1001, "may have at most 1000 characters"),
        ("a{501}", "has more than 500 parts, each counted as often as it is repeated"),
        ("((){9999}){9999}", "has more than 500 parts, each counted as often as it is repeated"),
    ],
)
def test_what_is_no_pattern_or_not_supported_is_refused_with_the_reason(pattern: str, reason: str) -> None:
    with pytest.raises(BadPatternError) as caught:
        Pattern(pattern)
    assert str(caught.value) == reason


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^([^!]*)*$", "^a*a*a*a*a*a*$"])
def test_a_pattern_that_would_keep_re_busy_for_ever_is_answered(pattern: str) -> None:
    assert not Pattern(pattern).occurs_in("a" * (LONGEST_TEXT - 1) + "!")


def test_a_longer_text_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 2000 characters"):
        Pattern("a").occurs_in("a" * (LONGEST_TEXT + 1))


PARTS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", "a{1,2}", r"\b", "^", "$"])
PATTERNS = st.recursive(
    PARTS,
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("(?:{}|{})".format, inner, inner),
        st.builds("(?:{}){}".format, inner, st.sampled_from(["*", "+", "?", "{0,2}", "{2}"])),
    ),
    max_leaves=6,
)


@given(PATTERNS, st.text("ab-", max_size=8))
def test_it_finds_what_re_finds(pattern: str, text: str) -> None:
    assert Pattern(pattern).occurs_in(text) == (re.search(pattern, text, re.ASCII) is not None)
