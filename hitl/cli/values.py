"""Conversion of arguments and options; each function reports what is wrong as click expects it."""

from __future__ import annotations

import json
import math
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import click

from hitl._json import decode, is_object
from hitl.server.primitives.timestamps import duration

JSON_SOURCE: Final = "JSON|@FILE|-"
"""How help texts name what `json_value` accepts."""

_HOST: Final = re.compile(r"[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]+\]")


def json_value(source: str) -> Any:
    """Return JSON given literally, as `@file`, or as `-` for standard input."""
    try:
        return decode(_read(source))
    except OSError as error:
        raise click.BadParameter(f"{source[1:]} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise click.BadParameter(f"not valid JSON ({error}); pass JSON, @file or - for standard input") from error


def json_object(source: str) -> dict[str, Any]:
    """Return a JSON object, given like any JSON value."""
    found = json_value(source)
    if not is_object(found):
        raise click.BadParameter('a JSON object is required, such as {"text": "..."}')
    return found


def seconds(length: str) -> float:
    """Return the seconds of "90s", "2h", "1h30m", or of a number of seconds."""
    return length_of_time(length).total_seconds()


def length_of_time(length: str) -> timedelta:
    """Return the length of time of such a text."""
    try:
        return duration(_number(length))
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def host_name(text: str) -> str:
    """Return a host as the Host header has it, without a port."""
    if not _HOST.fullmatch(text):
        raise click.BadParameter(f"{text!r} is no host name; write one such as sandbox.local, without a port")
    return text


class WholeNumber(click.IntRange):
    """A whole number; an error says which ones are possible."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            most = "" if self.max is None else f" to {self.max:g}"
            message = f"{error.message.removesuffix('.')}; write a whole number from {self.min}{most}"
            raise click.BadParameter(message, ctx, param) from None


def file_text(name: str) -> str:
    """Return the text of a file in UTF-8."""
    try:
        return Path(name).read_text("utf-8")
    except OSError as error:
        raise click.BadParameter(f"{name} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise click.BadParameter(f"{name} is no text in UTF-8") from error


def pair(text: str) -> tuple[str, str]:
    """Return the two parts of NAME=VALUE."""
    name, found, value = text.partition("=")
    if not found or not name:
        raise click.BadParameter(f"{text!r} is not of the form NAME=VALUE")
    return name, value


def standard_input() -> bytes:
    """Return standard input; empty if it is closed, in which case Python has no file object for it."""
    return b"" if sys.stdin is None else sys.stdin.buffer.read()


def _read(source: str) -> bytes:
    """Return the JSON in UTF-8: PowerShell writes files in UTF-16, and editors a byte order mark."""
    if source != "-" and not source.startswith("@"):
        return source.encode("utf-8", "surrogatepass")
    raw = standard_input() if source == "-" else Path(source[1:]).read_bytes()
    return raw.decode(json.detect_encoding(raw)).encode()


def _number(text: str) -> str | float:
    try:
        number = float(text)
    except ValueError:
        return text
    return text if math.isnan(number) else number
