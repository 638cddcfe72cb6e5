"""The check of an answer, for each type of field that asks for one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from fractions import Fraction
from operator import ge, gt, le, lt
from typing import Final, cast

from hitl.server.ecma_regex import LONGEST_TEXT, Pattern
from hitl.server.primitives import Fault, from_wire
from hitl.server.primitives.validation import Checker, anything, array, boolean, every, integer, number, one_of, text
from hitl.server.results.fields import Field, validation, words
from hitl.server.results.files import file_check
from hitl.server.results.images import image_check

TODAY: Final = "today"

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def read_date(text: str) -> datetime:
    """Return the time of a date-time with an offset, or the beginning in UTC of a date; ValueError for others."""
    if _DATE.fullmatch(text):
        return datetime.combine(date.fromisoformat(text), time(tzinfo=UTC))
    return from_wire(text)


def date_check(earliest: str | None, now: datetime) -> Checker:
    """Accept a date or a date-time that is not before `earliest`: a date, a date-time or "today".

    Days begin and end in UTC, and a date without a time lies before nothing on its own day.
    """

    def check(place: str, value: object) -> Iterator[Fault]:
        try:
            found = read_date(str(value))
        except ValueError:
            yield Fault(place, "must be a date such as 2026-01-20, or a date-time such as 2026-01-20T18:00:00Z")
            return
        if earliest and found < _bound(earliest, now, whole_day=_DATE.fullmatch(str(value)) is not None):
            yield Fault(place, f"must not be before {earliest}")

    return check


def _bound(text: str, now: datetime, *, whole_day: bool) -> datetime:
    found = now if text == TODAY else read_date(text)
    if whole_day or text == TODAY:
        return found.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return found


DEFAULT_SCALE: Final = 5

# What browsers take for an address: https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_EMAIL = re.compile(rf"[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*")
_LONGEST_EMAIL = 254  # RFC 5321, section 4.5.3.1.3, without the brackets


def answer_check(field: Field, now: datetime) -> Checker:
    """Return the check for an answer to the field, whatever its type; every string must meet the field's pattern."""

    def meets_own_rules(_place: str, value: object) -> Iterator[Fault]:
        if isinstance(value, str):
            yield from text_faults(field, value)

    return every(_check_of_type(field, now), meets_own_rules)


def text_faults(field: Field, value: str) -> Iterator[Fault]:
    """Yield the faults of a string, in the template's own words if its pattern does not match."""
    name, longest, pattern = field["name"], field.get("max_length"), validation(field).get("pattern")
    if longest is not None and len(value) > longest:
        yield Fault(name, f"may have at most {int(longest)} characters, this has {len(value)}")
    elif pattern and len(value) > LONGEST_TEXT:
        yield Fault(name, f"may have at most {LONGEST_TEXT} characters, because it has a pattern")
    elif pattern and not Pattern(pattern).occurs_in(value):
        yield Fault(name, str(validation(field).get("custom_message") or f"must match the pattern {pattern}"))


def _check_of_type(field: Field, now: datetime) -> Checker:
    option = one_of(*(each["value"] for each in field.get("options") or ()))
    match field["type"]:
        case "text" | "rich_text":
            return text()
        case "boolean":
            return boolean
        case "checkbox_group" | "multi_select":
            return every(array(option), _each_once)
        case "select":
            return option
        case "file":
            return file_check(field)
        case "image_review":
            return image_check(words(field, "tools"))
        case "rating":
            return integer(1, field.get("scale", DEFAULT_SCALE))
        case "number" | "integer" as kind:
            return every(_whole if kind == "integer" else number(), _within(field))
        case "datetime":
            return every(text(), date_check(field.get("min_date"), now))
        case "email":
            return every(text(), _email(field))
        case _:
            return anything


def _whole(place: str, value: object) -> Iterator[Fault]:
    """Accept a whole number, written as one: who asked for an integer must not get 3.0."""
    if type(value) is not int:
        yield Fault(place, "must be a whole number, such as 42")


_BOUNDS: Final[Mapping[str, tuple[Callable[[Fraction, Fraction], bool], str]]] = {
    "minimum": (ge, "at least"),
    "exclusive_minimum": (gt, "greater than"),
    "maximum": (le, "at most"),
    "exclusive_maximum": (lt, "less than"),
    "multiple_of": (lambda value, bound: value % bound == 0, "a multiple of"),
}


def _within(field: Field) -> Checker:
    """Accept a number within the field's bounds, compared as it is written: 0.3 is a multiple of 0.1."""

    def check(place: str, value: object) -> Iterator[Fault]:
        for name, (holds, meaning) in _BOUNDS.items():
            bound = field.get(name)
            if bound is not None and not holds(Fraction(repr(value)), Fraction(repr(bound))):
                yield Fault(place, f"must be {meaning} {bound}")

    return check


def _email(field: Field) -> Checker:
    def check(place: str, value: object) -> Iterator[Fault]:
        address = cast("str", value)
        if len(address) > _LONGEST_EMAIL or not _EMAIL.fullmatch(address):
            message = validation(field).get("custom_message")
            yield Fault(place, str(message or "must be an e-mail address, such as ann@example.com"))

    return check


def _each_once(place: str, value: object) -> Iterator[Fault]:
    chosen = cast("list[str]", value)
    repeated = sorted({word for word in chosen if chosen.count(word) > 1})
    if repeated:
        yield Fault(place, f"names {', '.join(repeated)} more than once")
