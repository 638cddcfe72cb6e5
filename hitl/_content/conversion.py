"""One conversion of a value to JSON: the path that it has reached, and what it is inside of.

How each type is converted is in `converters`, and for readers in docs/reference/content.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias, cast

from hitl._interrupts import reraise_interrupt
from hitl._json import MAX_DEPTH
from hitl.exceptions import ContentError

DEEPEST: Final = MAX_DEPTH

ITEM: Final = "[{!r}]"
FIELD: Final = ".{}"
MEMBER: Final = ""  # the members of a set have no path of their own

UNREADABLE: Final = (AttributeError, TypeError, ValueError, LookupError, ArithmeticError, RuntimeError)
# What half-made objects raise, and properties and serialisers with faults; not what a signal's handler may raise.

Converter: TypeAlias = Callable[["Conversion", Any], Any]


class Conversion:
    """One pass over one value.

    An error ends the pass, so nothing is restored after one, and the path is only put together for its message.
    """

    def __init__(self, root: str, converter_for: Callable[[type], Converter]) -> None:
        self._root = root
        self._converter_for = converter_for
        self._steps: list[str] = []
        self._keys: list[object] = []
        self._open: set[int] = set()

    @property
    def path(self) -> str:
        """The path to the current value, as a Python expression."""
        return self._root + "".join(step.format(key) for step, key in zip(self._steps, self._keys, strict=True))

    def convert_all(self, value: object) -> Any:
        """Return the JSON form of the root; whatever an object does wrong when it is read is a ContentError."""
        try:
            return self.convert(value)
        except ContentError:
            raise
        except UNREADABLE as error:
            reraise_interrupt(error)
            raise self.refuse(f"cannot be read, complete it or leave it out: {safe_repr(error)}") from error

    def convert(self, value: object) -> Any:
        """Return the JSON form of the value at the current path."""
        if type(value) is str and value.isascii():
            return value
        return self._converter_for(type(value))(self, value)

    def array_of(
        self, owner: object, items: Iterable[Any], *, step: str = ITEM, convert: Callable[[Any], Any] | None = None
    ) -> list[Any]:
        """Return the JSON array of the items of `owner`."""
        convert = convert or self.convert
        self._enter(owner, step)
        result: list[Any] = []
        for index, item in enumerate(items):
            self._keys[-1] = index
            result.append(convert(item))
        self._leave(owner)
        return result

    def object_of(self, owner: object, items: Iterable[tuple[Any, Any]], *, step: str = ITEM) -> dict[str, Any]:
        """Return the JSON object of the items of `owner`."""
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

    def apart(self) -> Conversion:
        """Return a conversion of values that are converted again here if one of them is refused there."""
        return Conversion("", self._converter_for)

    def refuse(self, complaint: str) -> ContentError:
        """Return the error about the value at the current path."""
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
        """Return a key as the string that its value would become."""
        if isinstance(key, tuple):  # a key of a pandas MultiIndex
            return ", ".join(map(self._name, cast("Iterable[Any]", key)))
        try:
            value = self.apart().convert(key)
        except ContentError as error:
            raise self._refuse_key(f"has a key that{error}") from error
        if isinstance(value, dict | list):
            raise self._refuse_key(f"has a key of type {type_name(key)}: use text, a number or a date as the key")
        return value if isinstance(value, str) else json.dumps(value)

    def _refuse_key(self, complaint: str) -> ContentError:
        # The complaint is about the mapping, not about the value of the key.
        self._steps.pop()
        self._keys.pop()
        return self.refuse(complaint)


def safe_repr(error: Exception) -> str:
    """Return the repr of what the caller's own code raised, which need not have one."""
    try:
        return f"{error!r:.200}"
    except Exception as fault:
        reraise_interrupt(fault)
        return type(error).__name__


def type_name(value: object) -> str:
    """Return the name of a value's type as error messages show it."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
