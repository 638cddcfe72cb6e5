"""A value that is made at most once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """A cell that the first reader fills; all threads see the same value.

    It needs no lock, which a fork or an interrupt could leave locked: `dict.setdefault` is atomic. Two threads may both
    call `make` at first; the value of one is kept for both.
    """

    __slots__ = ("_values",)

    def __init__(self, value: T | None = None) -> None:
        self._values: dict[None, T] = {} if value is None else {None: value}

    def get(self, make: Callable[[], T]) -> T:
        """Return the value, made by `make` if there is none yet."""
        found = self._values.get(None)
        return self._values.setdefault(None, make()) if found is None else found

    def peek(self) -> T | None:
        """Return the value; None if there is none yet."""
        return self._values.get(None)
