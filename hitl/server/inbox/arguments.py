"""The arguments of a call that a reviewer may change: each is edited where it stands, and all are sent as one object.

A control is named `inside.KIND.LENGTH.FIELD.KEY`: the kind says how its text is read, and the length of the field's
name where the key begins. What cannot be edited in this way without harm is edited as JSON.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hitl._json import is_list, is_object
from hitl.server.inbox.hidden_characters import unix_lines
from hitl.server.inbox.json_texts import json_fault, parsed, pretty
from hitl.server.primitives.validation import same

PREFIX: Final = "inside."

_NAME: Final = re.compile(r"inside\.([tnj])\.(\d{1,5})\.(.*)", re.ASCII | re.DOTALL)
_MOST: Final = 40
_LONGEST_KEY: Final = 80
_ONE_LINE: Final = 44  # characters that fit beside the name; longer texts get an area
_ROW: Final = 52
_MOST_ROWS: Final = 16
_MARKS: Final = ("currency", "unit")
_MONEY: Final = re.compile(r"(?:[A-Z]{3} ?|[$€£¥₹] ?)?-?[\d.,]*\d(?: ?[A-Z]{3}| ?[$€£¥₹])?")
_NOT_A_NUMBER: Final = "must be a number, such as 129.5"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: its key, the name of its control, how it is drawn, and its text now and at first.

    `control` is "line", "area", "json" or "choice".
    """

    key: str
    name: str
    control: str
    text: str
    original: str
    is_key: bool = False
    error: str = ""

    @property
    def is_changed(self) -> bool:
        """Whether it was edited."""
        return unix_lines(self.text) != unix_lines(self.original)

    @property
    def rows(self) -> int:
        """The rows of its area."""
        lines = self.text.split("\n")
        return min(_MOST_ROWS, sum(1 + len(line) // _ROW for line in lines))


def arguments_of(
    field: str, original: object, held: object, *, key: str | None = None, faulty: bool = False
) -> list[Argument]:
    """Return the arguments of a call, to be edited one by one; none if it is to be edited as a whole.

    `held` is what was typed, `key` the argument that the decision is about; None takes the first amount of money.
    """
    if not is_object(original) or not is_object(held) or list(held) != list(original):
        return []
    if not 0 < len(original) <= _MOST or not all(_is_safe(name, value) for name, value in original.items()):
        return []
    chosen = _first_amount(original) if key is None else key
    return [_argument(field, name, original[name], held[name], name == chosen, faulty) for name in original]


def folded(sent: Mapping[str, list[str]]) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Return the objects that the controls of a form make, as JSON by their fields, and what could not be read."""
    objects: dict[str, dict[str, Any]] = {}
    faults: dict[str, str] = {}
    for name, texts in sent.items():
        if not (found := _NAME.fullmatch(name)):
            continue
        kind, length, rest = found[1], int(found[2]), found[3]
        field, key = rest[:length], rest[length + 1 :]
        value, issue = _read(kind, texts[0])
        objects.setdefault(field, {})[key] = value
        if issue:
            faults[field] = "; ".join(filter(None, (faults.get(field), f"{key} {issue}")))
    return {field: [pretty(value)] for field, value in objects.items()}, faults


def _read(kind: str, text: str) -> tuple[Any, str]:
    """Return what a text means, and what is wrong with it."""
    if kind == "t":
        return unix_lines(text), ""
    try:
        value = parsed(text)
    except ValueError:
        return unix_lines(text), _NOT_A_NUMBER if kind == "n" else f"is not valid JSON: {json_fault(text)}"
    if kind == "n" and not _is_number(value):
        return unix_lines(text), _NOT_A_NUMBER
    return value, ""


def _argument(field: str, key: str, original: object, held: object, is_key: bool, faulty: bool) -> Argument:
    kind, control = _kind(original)
    text, first = (_text(value, kind) for value in (held, original))
    if kind != "t" and isinstance(held, str):  # what could not be read stays as it was typed
        text = held
    if control == "line" and not all(_is_line(each) for each in (text, first)):
        control = "area"
    if control == "choice" and text not in ("true", "false"):
        control = "json"
    error = ""
    if faulty and kind != "t":
        _, issue = _read(kind, text)
        error = f"This {issue}." if issue else ""
    return Argument(key, f"{PREFIX}{kind}.{len(field)}.{field}.{key}", control, text, first, is_key, error)


def _kind(value: object) -> tuple[str, str]:
    """Return how a value is read, and how it is edited."""
    if isinstance(value, str):
        return "t", "line"
    if isinstance(value, bool):
        return "j", "choice"
    return ("n", "line") if _is_number(value) else ("j", "json")


def _text(value: object, kind: str) -> str:
    return value if kind == "t" and isinstance(value, str) else pretty(value)


def _is_line(text: str) -> bool:
    return len(text) <= _ONE_LINE and "\n" not in text


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_safe(name: str, value: object) -> bool:
    """Return whether a form sends a key and its value back as they are."""
    texts = [name, value] if isinstance(value, str) else [name]
    if len(name) > _LONGEST_KEY or not name.strip() or "\n" in name:
        return False
    if any("\r" in text or "\0" in text or any("\ud800" <= each <= "\udfff" for each in text) for text in texts):
        return False
    return isinstance(value, str) or (is_list(value) or is_object(value)) or same(parsed(pretty(value)), value)


def _first_amount(original: Mapping[str, Any]) -> str:
    """Return the first argument that is an amount of money: a text with its currency, or a number beside one."""
    has_currency = any(isinstance(original.get(name), str) for name in _MARKS)
    for name, value in original.items():
        if isinstance(value, str) and any(sign in value for sign in "$€£¥₹") and _MONEY.fullmatch(value):
            return name
        if has_currency and (_is_number(value) or (isinstance(value, str) and re.fullmatch(r"-?\d+[.,]\d\d", value))):
            return name
    return ""
