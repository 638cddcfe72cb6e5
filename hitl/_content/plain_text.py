"""The JSON text of a value that is plain already, at nearly the speed of `json.dumps`.

Most large content is dicts, lists, texts and numbers, of which nothing has to be converted. To find that out, `marshal`
looks at the types and a set at the keys, both without a step of Python for each value. Everything else is `None` here,
and is for `Conversion` to convert or to refuse.

A large value is written in pieces, between which other threads run: one `json.dumps` of 4 MB would stop them all.
"""

from __future__ import annotations

import json
import marshal
from collections.abc import Callable
from typing import Any, Final

from hitl._interrupts import reraise_interrupt
from hitl._json import MAX_DEPTH

PIECE: Final = 8192  # values that are written in one go, which takes about a millisecond

_OBJECTS: Final = frozenset({dict})
_CONTAINERS: Final = frozenset({dict, list, tuple})
_dumps: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), check_circular=False
).encode  # a circle is nested too deeply, which is found first


class _NotPlainError(Exception):
    """Something in the value would not be written as it is."""


def plain_text(value: object) -> bytes | None:
    """Return the shortest JSON text of a value that needs no conversion; None if it needs one, or has no JSON form."""
    pieces: list[bytes] = []
    try:
        _write(value, MAX_DEPTH, pieces.append)
    except (_NotPlainError, ValueError, TypeError, RuntimeError) as error:  # the last if another thread changes it
        reraise_interrupt(error)
        return None
    return b"".join(pieces)


def is_small(value: object, most: int) -> bool:
    """Return whether the dicts, lists and tuples of a value hold no more values than that; looks at no more of them."""
    try:
        return _levels(value, most) is not None
    except RuntimeError as error:  # another thread changes it meanwhile
        reraise_interrupt(error)
        return False


def _write(value: Any, depth: int, write: Callable[[bytes], object]) -> None:
    """Write a value that may be nested `depth` levels."""
    if depth == 0:
        raise _NotPlainError
    if (text := _piece(value, depth)) is not None:
        write(text)
    elif type(value) in _OBJECTS:
        write(b"{")
        _write_members(dict, list(value.items()), depth, write)
        write(b"}")
    else:
        write(b"[")
        _write_members(list, list(value), depth, write)
        write(b"]")


def _write_members(kind: type, members: list[Any], depth: int, write: Callable[[bytes], object]) -> None:
    """Write the members of a container of this kind, in parts that are small enough."""
    size = max(1, len(members) // 8)
    for start in range(0, len(members), size):
        part = members[start : start + size]
        if start:
            write(b",")
        if (text := _piece(kind(part), depth)) is not None:
            write(text[1:-1])
        elif len(part) > 1:
            _write_members(kind, part, depth, write)
        elif kind is list:
            _write(part[0], depth - 1, write)
        else:
            [(key, value)] = part
            if type(key) is not str:
                raise _NotPlainError
            write(_dumps({key: None}).encode()[1:-5])
            _write(value, depth - 1, write)


def _piece(value: Any, depth: int) -> bytes | None:
    """Return the text of a value, None if it is too large to be written in one go."""
    levels = _levels(value, PIECE)
    if levels is None:
        return None
    marshal.dumps(value)  # ValueError for all types but some exact ones of the interpreter's own
    keys = set[Any]().union(*(each for level in levels for each in level if type(each) in _OBJECTS))
    if len(levels) > depth or any(type(key) is not str for key in keys):
        raise _NotPlainError
    return _dumps(value).encode()


def _levels(value: Any, most: int) -> list[list[Any]] | None:
    """Return the containers in a value by the level that they are at; None if they hold more values than that."""
    levels: list[list[Any]] = []
    level: list[Any] = [value] if type(value) in _CONTAINERS else []
    while level:
        levels.append(level)
        inner: list[Any] = []
        for container in level:
            most -= len(container)
            if most < 0:
                return None
            for each in container.values() if type(container) in _OBJECTS else container:
                if type(each) in _CONTAINERS:
                    inner.append(each)  # noqa: PERF401 - a comprehension takes twice as long for the few that most have
        level = inner
    return levels
