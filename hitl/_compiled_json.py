"""JSON read by msgspec, where it is installed: a compiled reader, made as strict as `hitl._json`.

It takes half the time of Python's own and refuses what is refused here (NaN, numbers beyond all floats, half surrogate
pairs, bytes that are not UTF-8), except that of several members with one name it keeps the last. To find that out, the
value is written again: each string of the text must be there with its two quotes. Whatever msgspec refuses, or makes
doubtful, is left to `hitl._json`, which also says what is wrong; tests/client/test_compiled_json.py compares the two.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from hitl._interrupts import reraise_interrupt

IN_DOUBT: Final = object()
"""Stands for a text that must be read in another way."""


def read(content: bytes) -> Any:
    """Return the value of a JSON text in UTF-8; IN_DOUBT if there is no msgspec, or the text may not be strict JSON."""
    if (codec := _codec()) is None or (b"\\" in content and b"u0022" in content):  # a quote that is written otherwise
        return IN_DOUBT
    decode, encode = codec
    try:
        value = decode(content)
        text = encode(value)
    except Exception as error:  # its own errors, RecursionError, and that it cannot write what is longer than 64 bits
        reraise_interrupt(error)
        return IN_DOUBT
    return value if text == content or text.count(b'"') == content.count(b'"') else IN_DOUBT


@cache
def _codec() -> tuple[Callable[[bytes], Any], Callable[[Any], bytes]] | None:
    try:
        from msgspec import json
    except ImportError:
        return None
    return json.decode, json.encode
