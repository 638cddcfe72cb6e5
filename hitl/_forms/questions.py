"""The questions for single values: which field asks for them, and which answers it takes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TypeAlias

from attrs import evolve, frozen

from hitl._forms.form import Question, misfit
from hitl._json import Object, as_list
from hitl._moments import read_moment

_INTEGER: Final = r"[+-]?[0-9]{1,40}"
_DECIMAL: Final = r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?"
_FLOAT: Final = rf"{_DECIMAL}(?:[eE][+-]?[0-9]{{1,3}})?"
_MOST_PARTS: Final = 400  # of a pattern, for servers that bound the time to match it
_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

Check: TypeAlias = Callable[[Any, str], None]


@frozen
class Bounds:
    """What a value must meet besides its type; None is no bound. `pattern` is found anywhere in a text."""

    ge: Any = None
    gt: Any = None
    le: Any = None
    lt: Any = None
    multiple_of: Any = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None

    @property
    def given(self) -> set[str]:
        """The bounds that are given."""
        return {name for name in _BOUNDS if getattr(self, name) is not None}

    def of_number(self) -> Object:
        """Return the bounds as attributes of a number's field."""
        found = {"minimum": self.ge, "exclusive_minimum": self.gt, "maximum": self.le, "exclusive_maximum": self.lt}
        return {name: value for name, value in {**found, "multiple_of": self.multiple_of}.items() if value is not None}

    def require(self, value: Any, path: str) -> Any:
        """Return the value if it is within the bounds."""
        for name, holds, words in _NUMBER_RULES:
            bound = getattr(self, name)
            if bound is not None and not holds(value, bound):
                misfit(path, f"must be {words} {bound}; got {value}")
        return value

    def require_text(self, value: str, path: str) -> str:
        """Return the text if it is within the bounds."""
        if self.min_length is not None and len(value) < self.min_length:
            misfit(path, f"must have at least {self.min_length} characters; got {len(value)}")
        if self.max_length is not None and len(value) > self.max_length:
            misfit(path, f"may have at most {self.max_length} characters; got {len(value)}")
        if self.pattern is not None and not re.search(self.pattern, value):
            misfit(path, f"must match {self.pattern}; got {value!r:.80}")
        return value


def _is_multiple(value: Any, of: Any) -> bool:
    if isinstance(value, int) and isinstance(of, int):
        return value % of == 0
    return Decimal(str(value)) % Decimal(str(of)) == 0


_NUMBER_RULES: Final[tuple[tuple[str, Callable[[Any, Any], bool], str], ...]] = (
    ("ge", lambda value, bound: value >= bound, "at least"),
    ("gt", lambda value, bound: value > bound, "greater than"),
    ("le", lambda value, bound: value <= bound, "at most"),
    ("lt", lambda value, bound: value < bound, "less than"),
    ("multiple_of", _is_multiple, "a multiple of"),
)
_BOUNDS: Final = ("ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length", "pattern")


def boolean() -> Question:
    """Ask for yes or no."""

    def read(answer: Any, path: str) -> bool:
        if not isinstance(answer, bool):
            misfit(path, f"must be true or false; got {answer!r:.80}")
        return answer

    return Question({"type": "boolean"}, read)


def integer(bounds: Bounds) -> Question:
    """Ask for a whole number."""

    def read(answer: Any, path: str) -> int:
        if type(answer) is not int:
            misfit(path, f"must be a whole number; got {answer!r:.80}")
        return bounds.require(answer, path)  # type: ignore[no-any-return]

    def read_text(answer: Any, path: str) -> int:
        return bounds.require(int(_matched(_INTEGER, answer, path, "a whole number")), path)  # type: ignore[no-any-return]

    plain = Question(_text_field(_INTEGER, "A whole number, such as 42."), read_text)
    return Question({"type": "integer", **bounds.of_number()}, read, plain=plain)


def number(bounds: Bounds) -> Question:
    """Ask for a number, read as a float."""

    def read(answer: Any, path: str) -> float:
        if type(answer) not in (int, float):
            misfit(path, f"must be a number; got {answer!r:.80}")
        return finite(answer, path)

    def read_text(answer: Any, path: str) -> float:
        return finite(_matched(_FLOAT, answer, path, "a number such as 12.5"), path)

    def finite(answer: Any, path: str) -> float:
        try:
            found = float(answer)
        except OverflowError:
            found = math.inf
        if not math.isfinite(found):
            misfit(path, f"is too large for a number; got {answer!r:.80}")
        return bounds.require(found, path)  # type: ignore[no-any-return]

    plain = Question(_text_field(_FLOAT, "A number, such as 12.5."), read_text)
    return Question({"type": "number", **bounds.of_number()}, read, plain=plain)


def decimal(bounds: Bounds) -> Question:
    """Ask for a number that keeps all its digits; a JSON number would have lost some already."""

    def read(answer: Any, path: str) -> Decimal:
        return bounds.require(Decimal(_matched(_DECIMAL, answer, path, "a number such as 12.50")), path)  # type: ignore[no-any-return]

    return Question(_text_field(_DECIMAL, "A number, such as 12.50."), read)


def text(bounds: Bounds) -> Question:
    """Ask for a text."""
    field: Object = {"type": "text"}
    if bounds.max_length is not None:
        field["max_length"] = bounds.max_length
    if bounds.pattern is not None:
        field["validation"] = {"pattern": bounds.pattern}
    elif bounds.min_length is not None and bounds.min_length <= _MOST_PARTS:
        words = f"At least {bounds.min_length} characters."
        field["validation"] = {"pattern": rf"^[\s\S]{{{bounds.min_length},}}", "custom_message": words}

    def read(answer: Any, path: str) -> str:
        if not isinstance(answer, str):
            misfit(path, f"must be a text; got {answer!r:.80}")
        return bounds.require_text(answer, path)

    return Question(field, read)


def email() -> Question:
    """Ask for an e-mail address."""
    return evolve(text(Bounds()), field={"type": "email"})


def day() -> Question:
    """Ask for a date. Not by a `datetime` field, whose control gives a moment: which day that is depends on a zone."""

    def read(answer: Any, path: str) -> date:
        found = _matched(_DATE, answer, path, "a date such as 2027-01-20")
        try:
            return date.fromisoformat(found)
        except ValueError:
            misfit(path, f"is no day of the calendar; got {answer!r:.80}")

    return Question(_text_field(_DATE, "A date, such as 2027-01-20."), read)


def moment() -> Question:
    """Ask for a date and a time with its zone."""

    def read(answer: Any, path: str) -> datetime:
        try:
            found = read_moment(answer) if isinstance(answer, str) else None
        except ValueError:
            found = None
        if found is None or found.utcoffset() is None:
            misfit(path, f"must be a time with its zone, such as 2027-01-20T18:00:00Z; got {answer!r:.80}")
        return found

    return Question({"type": "datetime"}, read)


def choice(options: Mapping[str, Any]) -> Question:
    """Ask for one of several values, which the form sends by these texts."""

    def read(answer: Any, path: str) -> Any:
        if not isinstance(answer, str) or answer not in options:
            misfit(path, f"must be one of {', '.join(options)}; got {answer!r:.80}")
        return options[answer]

    return Question({"type": "select", "options": _options(options)}, read)


def choices(options: Mapping[str, Any], collect: Callable[[Iterable[Any]], Any]) -> Question:
    """Ask for some of several values."""
    one = choice(options)

    def read(answer: Any, path: str) -> Any:
        chosen = as_list(answer)
        if chosen is None:
            misfit(path, f"must be a list; got {answer!r:.80}")
        if len({repr(each) for each in chosen}) < len(chosen):
            misfit(path, "names a value twice")
        return collect([one.read(each, f"{path}[{index}]") for index, each in enumerate(chosen)])

    return Question({"type": "multi_select", "options": _options(options)}, read)


def lines(entry: Question, collect: Callable[[Iterable[Any]], Any]) -> Question:
    """Ask for a list of texts or numbers, one in each line."""
    entry = entry.plain or entry

    def read(answer: Any, path: str) -> Any:
        if not isinstance(answer, str):
            misfit(path, f"must be a text with an entry in each line; got {answer!r:.80}")
        entries = [line.strip() for line in answer.splitlines() if line.strip()]
        return collect([entry.read(each, f"{path}[{index}]") for index, each in enumerate(entries)])

    return Question({"type": "text", "placeholder": "One in each line"}, read)


def _options(options: Mapping[str, Any]) -> list[Object]:
    return [{"value": word, "label": _label(word, value)} for word, value in options.items()]


def _label(word: str, value: object) -> str:
    if isinstance(value, Enum) and isinstance(value.value, str) and value.value.strip():
        return str(value.value)
    return word


def _text_field(pattern: str, message: str) -> Object:
    return {"type": "text", "validation": {"pattern": rf"^\s*(?:{pattern})\s*$", "custom_message": message}}


def _matched(pattern: str, answer: object, path: str, what: str) -> str:
    found = answer.strip() if isinstance(answer, str) else ""
    if not re.fullmatch(pattern, found, re.ASCII):
        misfit(path, f"must be {what}; got {answer!r:.80}")
    return found
