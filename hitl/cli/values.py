"""What the texts of options and arguments stand for; each function says what is wrong as click wants it said."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from hitl._json import is_object
from hitl.server.primitives.durations import duration

JSON_SOURCE: Final = "JSON|@FILE|-"
"""How help texts name what `json_value` takes."""


def json_value(source: str) -> Any:
    """Return JSON that is written out, `@file` for what a file holds, or `-` for what comes from standard input."""
    try:
        return json.loads(_text(source), parse_constant=_refuse)
    except OSError as error:
        raise click.BadParameter(f"{source[1:]} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"this is not JSON ({error}); write JSON, @file or - for standard input") from error


def json_object(source: str) -> dict[str, Any]:
    """Return a JSON object, given as any JSON is."""
    found = json_value(source)
    if not is_object(found):
        raise click.BadParameter('a JSON object is needed, such as {"text": "..."}')
    return found


def seconds(length: str) -> float:
    """Return the seconds of "90s", "2h", "1h30m", or of a number of seconds."""
    try:
        return duration(_number(length)).total_seconds()
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def pair(text: str) -> tuple[str, str]:
    """Return the two parts of NAME=VALUE."""
    name, found, value = text.partition("=")
    if not found or not name:
        raise click.BadParameter(f"{text!r} is no NAME=VALUE")
    return name, value


def standard_input() -> bytes:
    """Return what comes from standard input; nothing if it was closed, for which Python has no file."""
    return b"" if sys.stdin is None else sys.stdin.buffer.read()


def _text(source: str) -> str | bytes:
    if source == "-":
        return standard_input()
    return Path(source[1:]).read_bytes() if source.startswith("@") else source


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is a word of Python's, not of JSON")  # though Python's parser takes it (RFC 8259, 6)


def _number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
