"""A value that is made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """Makes its value on first use; threads that race all get the same one.

    `dict.setdefault` is atomic. A lock could be left locked by a fork or by Ctrl-C, and `functools.cached_property`
    gives each of the racing threads a value of its own.
    """

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: dict[str, T] = {}

    def get(self) -> T:
        """Return the value, made now unless it was made before; a racing thread's may be made and dropped."""
        if (found := self._made.get("value")) is not None:
            return found
        return self._made.setdefault("value", self._make())

    def peek(self) -> T | None:
        """Return the value if it was made."""
        return self._made.get("value")
