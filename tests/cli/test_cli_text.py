from __future__ import annotations

import json
import unicodedata
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl.cli.text import (
    json_text,
    one_line,
    print_facts,
    print_table,
    printable,
    shortened,
    timestamp_text,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, größer, 日本語", "plain, größer, 日本語"),
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("a\u202eb", "a\\u202eb"),
        ("\x9b31m", "\\x9b31m"),
        ("\ud800", "\\ud800"),
        ("two\nlines", "two\nlines"),
        ("no\u00a0break\u3000wide", "no\u00a0break\u3000wide"),
    ],
)
def test_terminal_control_characters_are_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_one_line_has_no_control_characters_and_no_line_breaks(text: str) -> None:
    line = one_line(text)
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in line)
    assert len(line.splitlines()) <= 1


@given(st.text())
def test_json_is_the_same_value_and_safe_to_show(text: str) -> None:
    written = json_text({"text": text})
    assert json.loads(written) == {"text": text}
    assert printable(written) == written


@given(st.text(), st.integers(2, 80))
def test_a_shortened_text_fits(text: str, longest: int) -> None:
    line = shortened(text, longest)
    assert sum(not unicodedata.combining(character) for character in line) <= longest
    assert line == one_line(text) or line.endswith("…")


def test_wide_characters_take_two_columns() -> None:
    assert shortened("日本語日本語", 7) == "日本語…"
    assert shortened("e\u0301" * 5, 5) == "e\u0301" * 5


def test_a_table_keeps_its_columns_whatever_is_in_the_cells(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("ID", "TEXT", "END"), [("rev_1", "日本", "x"), ("2", "one\ntwo\x1b", "y")])
    assert capsys.readouterr().out.splitlines() == [
        "ID     TEXT         END",
        "rev_1  日本         x",
        "2      one two\\x1b  y",
    ]


def test_facts_omit_empty_values_and_indent_multi_line_ones(capsys: pytest.CaptureFixture[str]) -> None:
    print_facts([("id", "rev_1"), ("empty", ""), ("text", "a\nb")])
    assert capsys.readouterr().out == "id     rev_1\ntext   a\n       b\n"


def test_timestamps_are_shown_in_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert timestamp_text(datetime(2027, 1, 20, 8, 30, tzinfo=tokyo)) == "2027-01-19 23:30Z"
    assert timestamp_text(None) == ""
    assert timestamp_text(datetime(1, 1, 1, tzinfo=tokyo)) == "0001-01-01T00:00:00+09:00"
