"""Strict JSON (RFC 8259), for the client and the server, and typed access to decoded values."""

from __future__ import annotations

import gc
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from enum import Enum
from numbers import Integral
from typing import Any, NoReturn, TypeAlias, TypeGuard

from hitl import _compiled_json
from hitl._interrupts import reraise_interrupt

Object: TypeAlias = dict[str, Any]

# The limits of a document, for whoever sends one and for whoever reads it. A request may hold less than a response:
# the review that is made of it comes back with an answer, among others.
MAX_BYTES = 16 * 1024 * 1024
TOO_LARGE = f"it is larger than {MAX_BYTES // (1024 * 1024)} MiB"
MAX_VALUES = 500_000  # counted as commas and opening brackets outside of strings, which is quick
MAX_KEPT_BYTES, MAX_KEPT_VALUES = 15 * 1024 * 1024, 490_000  # of a review, with its answer
MAX_SENT_BYTES, MAX_SENT_VALUES = 12 * 1024 * 1024, 400_000
MAX_DEPTH = 100  # objects and arrays inside each other, in what a caller gives
_MANY_BYTES = 256 * 1024  # of a text that may hold thousands of objects
# To import the compiled reader takes milliseconds; and it lets no other thread run, 17 ms for the longest of these.
_WORTH_COMPILED = range(16 * 1024, 4 * 1024 * 1024)
MAX_DIGITS = sys.int_info.default_max_str_digits  # of a whole number: what Python reads


class TooLargeError(ValueError):
    """A document exceeds one of the limits."""


def decode(content: bytes, *, max_values: int = MAX_VALUES, max_depth: int | None = None) -> Any:  # guard: strict-json
    """Return the value of a JSON text.

    Args:
        content: The text, in UTF-8 without a byte order mark.
        max_values: How many values it may hold; half a million take a fraction of a second.
        max_depth: How many objects and arrays may be nested; None for as many as Python's stack allows.

    Raises:
        ValueError: It is not strict JSON (RFC 8259): not UTF-8, a name twice in an object, a number that is not finite,
            a lone surrogate.
        TooLargeError: It exceeds one of the limits.
    """
    # 16 MiB of `{},{},{}` take 400 MB, and seconds in which no deadline is checked.
    if holds_more(content, max_values):
        raise TooLargeError(f"it holds more than {max_values} values")
    if len(content) > _MANY_BYTES:
        with _collector_paused():
            value = _read(content)
    else:
        value = _read(content)
    if value is _TOO_DEEP or (max_depth is not None and is_deeper(value, max_depth)):
        raise TooLargeError("it is nested too deeply" + (f": more than {max_depth} levels" if max_depth else ""))
    return value


def _read(content: bytes) -> Any:
    if len(content) in _WORTH_COMPILED and (value := _compiled_json.read(content)) is not _compiled_json.IN_DOUBT:
        return value
    text = content.decode("utf-8")
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        return _TOO_DEEP
    # Only an escape can contain one: UTF-8 has no surrogates (RFC 3629, 3). A single character is found fastest.
    if "\\" in text and ("\\ud" in text or "\\uD" in text) and _has_half_a_pair(text):
        raise ValueError("a string contains half of a surrogate pair")
    return value


@contextmanager
def _collector_paused() -> Generator[None, None, None]:
    """Keep Python's garbage collector from running meanwhile, in the whole process.

    Where many objects are made and all of them stay, it would run again and again and find nothing. Each full run looks
    at everything that the process holds, and no thread does anything until it has: for 50 ms beside 4 MB of rows.
    """
    if not gc.isenabled():  # by the program, or for another thread that reads
        yield
        return
    try:
        _paused.append(True)
        gc.disable()
        yield
    finally:
        gc.enable()
        _paused.clear()


def _resume_collector() -> None:
    if _paused:
        gc.enable()
        _paused.clear()


_paused: list[bool] = []  # not empty while it is
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_resume_collector)  # a child has none of its parent's threads


def holds_more(content: bytes, values: int) -> bool:
    """Return whether a JSON text holds more values than that."""
    if len(content) <= values or _separators(content) <= values:  # also those inside strings
        return False
    if b"\\" in content:
        content = content.replace(b"\\\\", b"").replace(b'\\"', b"")
    if content.count(b'"') > 4 * values + 4:  # two for each name and each value: splitting it would take long
        return True
    return sum(map(_separators, content.split(b'"')[::2])) > values


def _separators(text: bytes) -> int:
    return text.count(b",") + text.count(b"[") + text.count(b"{")


def sent_fault(content: bytes) -> str | None:
    """Return why a document could not be read back once it was sent, as "it ..."; None if it could."""
    return _fault(content, MAX_SENT_BYTES, MAX_SENT_VALUES)


def kept_fault(content: bytes) -> str | None:
    """Return why a stored document is too large to be read, as "it ..."; None if it is not."""
    return _fault(content, MAX_KEPT_BYTES, MAX_KEPT_VALUES)


def _fault(content: bytes, most_bytes: int, most_values: int) -> str | None:
    if len(content) > most_bytes:
        return f"it is larger than {most_bytes // 1024**2} MiB"
    return f"it holds more than {most_values} values" if holds_more(content, most_values) else None


class EncodedObject(Object):
    """An object with its JSON text, which is what counts: others may change the values meanwhile."""

    __slots__ = ("text",)

    def __init__(self, value: Object, text: bytes) -> None:
        super().__init__(value)
        self.text = text

    def with_member(self, name: str, value: object) -> EncodedObject:
        """Return the object with one more member."""
        comma = b"," if self else b""
        return EncodedObject({**self, name: value}, self.text[:-1] + comma + encode({name: value})[1:])


def encode(value: Any) -> bytes:
    """Return the shortest JSON text of a plain value."""
    return _dumps(value).encode()


def encode_body(body: Object) -> bytes:
    """Return the shortest JSON text of an object; a member that has a text already is not encoded again."""
    if EncodedObject not in map(type, body.values()):
        return encode(body)
    name = next(name for name, value in body.items() if type(value) is EncodedObject)
    # Only a member itself looks like this: inside strings, quotes are escaped.
    member = encode({name: None})[1:-1]
    return encode({**body, name: None}).replace(member, member.removesuffix(b"null") + body[name].text, 1)


def canonical(content: bytes) -> bytes:
    """Return the JSON text that is the same for equal values: names sorted, no spaces."""
    value = json.loads(content)
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True).encode()


def as_object(value: object) -> Object:
    """Return the value if it is an object, else an empty one."""
    return value if is_object(value) else {}


def is_object(value: object) -> TypeGuard[Object]:
    """Return whether a decoded value is an object."""
    return isinstance(value, dict)


def as_list(value: object) -> list[Any] | None:
    """Return the value if it is a list."""
    return value if is_list(value) else None


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Return whether a value is a list."""
    return isinstance(value, list)


def as_text(value: object) -> str | None:
    """Return the value if it is a non-blank string."""
    return value if isinstance(value, str) and value.strip() else None


def plain(value: object) -> object:
    """Return the value of a member of an enumeration, and a plain `str` for any kind of string.

    The text of `class Priority(str, Enum)` is "high" in JSON, but "Priority.HIGH" where it is formatted.
    """
    if isinstance(value, str):
        return str.__str__(value)
    return plain(value.value) if isinstance(value, Enum) else value


def number(value: object) -> float | None:
    """Return any kind of number, a numeric text or the seconds of a timedelta; None for a bool and all else."""
    found: Any = plain(value)
    if type(found).__name__ in ("bool", "bool_", "bytes", "bytearray"):  # the second is numpy's
        return None
    try:
        return float(found.total_seconds() if isinstance(found, timedelta) else found)
    except (TypeError, ValueError, OverflowError) as error:
        reraise_interrupt(error)
        return None


def whole(value: object) -> int | None:
    """Return any kind of integer; None for a bool and all else."""
    found = plain(value)
    return None if isinstance(found, bool) or not isinstance(found, Integral) else int(found)  # numpy's are Integral


def is_encodable(text: str) -> bool:
    """Return whether UTF-8 can carry a text: it holds no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unique(pairs: list[tuple[str, Any]]) -> Object:
    found = dict(pairs)
    if len(found) != len(pairs):
        # Parsers differ in which of the two they keep (RFC 8259, 4).
        names = Counter(name for name, _ in pairs)
        raise ValueError(f"an object has the same name twice: {names.most_common(1)[0][0][:64]!r}")
    return found


_LARGEST = sys.float_info.max


def _finite(text: str) -> float:
    number = float(text)
    if -_LARGEST <= number <= _LARGEST:
        return number
    raise ValueError(f"the number {text[:40]} is too large")


def _refuse_constant(name: str) -> NoReturn:
    # Python's parser accepts NaN and Infinity, which are not JSON (RFC 8259, 6).
    raise ValueError(f"{name} is not JSON")


def _has_half_a_pair(text: str) -> bool:
    """Return whether a JSON text has an escaped half of a surrogate pair without the other half."""
    high, low = r"\\u[dD][89abAB]..", r"\\u[dD][c-fC-F]"
    return re.search(f"{high}(?!{low})|(?<!{high}){low}", text.replace(r"\\", "  ")) is not None


def is_deeper(value: object, levels: int) -> bool:
    """Return whether a value is nested more than `levels` deep; not by recursion, which could overflow."""
    level: list[Any] = [value] if isinstance(value, _CONTAINERS) else []
    for _ in range(levels):
        if not level:
            return False
        inner: list[Any] = []
        for container in level:
            members = container.values() if is_object(container) else container
            inner += [each for each in members if isinstance(each, _CONTAINERS)]
        level = inner
    return bool(level)


_CONTAINERS = (dict, list)

_TOO_DEEP = object()
_dumps = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse_constant)
