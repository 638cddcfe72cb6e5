from __future__ import annotations

import io
import sys
from pathlib import Path

import click
import pytest

from hitl.cli.values import json_value, pair, seconds


def test_json_can_be_written_out_or_come_from_a_file_or_from_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "content.json"
    file.write_bytes('{"text": "größer"}'.encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"[1, 2]")))
    assert json_value('"text"') == "text"
    assert json_value(f"@{file}") == {"text": "größer"}
    assert json_value("-") == [1, 2]


@pytest.mark.parametrize("text", ["", "{", "NaN", '{"a": Infinity}', "[" * 100_000, "@/no/such/file", "@"])
def test_what_is_no_json_is_told(text: str) -> None:
    with pytest.raises(click.BadParameter, match="not valid JSON|cannot be read"):
        json_value(text)


@pytest.mark.parametrize(("text", "length"), [("90s", 90), ("2h", 7200), ("1h30m", 5400), ("0.5", 0.5), ("30", 30)])
def test_a_length_of_time_has_units_or_is_in_seconds(text: str, length: float) -> None:
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["soon", "-1", "nan", "inf", ""])
def test_what_is_no_length_of_time_is_told(text: str) -> None:
    with pytest.raises(click.BadParameter):
        seconds(text)


def test_a_pair_may_hold_more_equals_signs() -> None:
    assert pair("query=a=b") == ("query", "a=b")
    assert pair("feedback=") == ("feedback", "")


@pytest.mark.parametrize("text", ["approved", "=true", ""])
def test_what_is_no_pair_is_told(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not of the form NAME=VALUE"):
        pair(text)
