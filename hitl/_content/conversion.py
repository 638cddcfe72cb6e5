"""Plain JSON out of whatever a Python program has at hand, before anything is sent.

This module knows places: how deep, inside of what, and how Python would reach it. What becomes of a value of which type
is in _content_types.py, and for readers in docs/reference/content.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final, cast

from hitl._content.converters import ITEM, converter_for, type_name
from hitl.exceptions import ContentError

DEEPEST: Final = 100
"""Containers inside containers that are still accepted; below the limit of common JSON parsers."""


def to_json(value: object, *, path: str = "content") -> Any:
    """Return `value` made of dict, list, str, int, finite float, bool and None only; the input is not changed.

    Args:
        value: Anything that docs/reference/content.md lists, nested as you like up to 100 levels.
        path: What the value is called in error messages.

    Raises:
        ContentError: Something in it has no JSON form; the message names where it is and what to do.
    """
    return Conversion(path).convert(value)


class Conversion:
    """One pass over one value; knows where it stands and what it is inside of.

    An error ends the pass, so nothing is tidied up after one, and the path is only put together for its message.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._steps: list[str] = []
        self._keys: list[object] = []
        self._open: set[int] = set()

    @property
    def path(self) -> str:
        """Where the pass stands, as Python would reach it."""
        return self._root + "".join(step.format(key) for step, key in zip(self._steps, self._keys, strict=True))

    def convert(self, value: object) -> Any:
        """Return the JSON form of a value that stands here."""
        if type(value) is str and value.isascii():
            return value
        return converter_for(type(value))(self, value)

    def array_of(
        self, owner: object, items: Iterable[Any], *, step: str = ITEM, convert: Callable[[Any], Any] | None = None
    ) -> list[Any]:
        """Return the JSON array of `items`, which are what `owner` consists of."""
        convert = convert or self.convert
        self._enter(owner, step)
        result: list[Any] = []
        for index, item in enumerate(items):
            self._keys[-1] = index
            result.append(convert(item))
        self._leave(owner)
        return result

    def object_of(self, owner: object, items: Iterable[tuple[Any, Any]], *, step: str = ITEM) -> dict[str, Any]:
        """Return the JSON object of `items`, which are what `owner` consists of."""
        self._enter(owner, step)
        result: dict[str, Any] = {}
        for key, item in items:
            self._keys[-1] = key
            name = key if type(key) is str and key.isascii() else self._name(key)
            if name in result:
                raise self._refuse_key(f"has two keys that are the same as text, {name!r}: rename one of them")
            result[name] = self.convert(item)
        self._leave(owner)
        return result

    def refuse(self, complaint: str) -> ContentError:
        """Return the error that says what is wrong with the value that stands here."""
        path = self.path
        return ContentError(f"{path} {complaint}", path=path)

    def _enter(self, owner: object, step: str) -> None:
        if id(owner) in self._open:
            raise self.refuse("is an object that it is itself a part of: JSON has no circular references, leave it out")
        if len(self._steps) == DEEPEST:
            raise self.refuse(f"is nested deeper than {DEEPEST} levels: make the content flatter")
        self._open.add(id(owner))
        self._steps.append(step)
        self._keys.append(None)

    def _leave(self, owner: object) -> None:
        self._open.discard(id(owner))
        self._steps.pop()
        self._keys.pop()

    def _name(self, key: Any) -> str:
        """Return a key as the text that its value would become."""
        if isinstance(key, tuple):  # a key of a pandas MultiIndex
            return ", ".join(map(self._name, cast("Iterable[Any]", key)))
        try:
            value = Conversion("").convert(key)
        except ContentError as error:
            raise self._refuse_key(f"has a key that{error}") from error
        if isinstance(value, dict | list):
            raise self._refuse_key(f"has a key of type {type_name(key)}: use text, a number or a date as the key")
        return value if isinstance(value, str) else json.dumps(value)

    def _refuse_key(self, complaint: str) -> ContentError:
        # The complaint is about the mapping: what stands under the key is not to blame.
        self._steps.pop()
        self._keys.pop()
        return self.refuse(complaint)
