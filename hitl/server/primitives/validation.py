"""Small checkers that say what is wrong with a JSON value, and combine into the check of a whole body.

A checker is called with the place of a value and the value, and yields a fault for each thing wrong with it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias, cast

from hitl.server.primitives.errors import Fault
from hitl.server.primitives.timestamps import from_wire

MOST_FAULTS = 100
"""The faults of one value that are told; a body may have a hundred thousand."""

Checker: TypeAlias = Callable[[str, object], Iterator[Fault]]

# RFC 3986, section 3: scheme ":" hier-part [ "?" query ] [ "#" fragment ]
_CHARACTER = r"(?:[\w.~!$&'()*+,;=:@-]|%[0-9A-F]{2})"
_HOST = rf"(?:\[[0-9A-F:.]+\]|{_CHARACTER.replace(':@', '')}*)"
_AUTHORITY = rf"(?:{_CHARACTER.replace('@', '')}*@)?{_HOST}(?::\d*)?"
_PATH = rf"(?://{_AUTHORITY}(?:/{_CHARACTER}*)*|/?(?:{_CHARACTER}+(?:/{_CHARACTER}*)*)?)"
_TAIL = rf"(?:{_CHARACTER}|[/?])*"
_URI = re.compile(rf"[A-Z][A-Z0-9+.-]*:{_PATH}(?:\?{_TAIL})?(?:\#{_TAIL})?", re.ASCII | re.IGNORECASE)

_NOT_SENDABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|^\s|\s\Z")


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a JSON object: the check of its value, and whether it is required."""

    check: Checker
    required: bool = False


def required(check: Checker) -> Member:
    """Return a required member."""
    return Member(check, required=True)


def optional(check: Checker) -> Member:
    """Return an optional member."""
    return Member(check)


def text(shortest: int = 0, longest: int | None = None) -> Checker:
    """Accept a string of `shortest` to `longest` characters."""

    def check(place: str, value: object) -> Iterator[Fault]:
        if not isinstance(value, str):
            yield Fault(place, f"must be a string, not {name_of(value)}")
        elif len(value) < shortest:
            yield Fault(place, "must not be empty" if shortest == 1 else f"needs at least {shortest} characters")
        elif longest is not None and len(value) > longest:
            yield Fault(place, f"may have at most {longest} characters, this has {len(value)}")

    return check


def sendable(place: str, value: object) -> Iterator[Fault]:
    """Accept what a form sends back unchanged: a string of one line without white space around it."""
    if isinstance(value, str) and _NOT_SENDABLE.search(value):
        yield Fault(place, "must be one line without white space around it, since a form cannot send others unchanged")


def one_of(*words: str) -> Checker:
    """Accept one of these strings."""

    def check(place: str, value: object) -> Iterator[Fault]:
        if value not in words:
            yield Fault(place, f"must be one of {', '.join(words)}")

    return check


def boolean(place: str, value: object) -> Iterator[Fault]:
    """Accept true or false."""
    if not isinstance(value, bool):
        yield Fault(place, f"must be true or false, not {name_of(value)}")


def number(lowest: float = -math.inf, highest: float = math.inf, *, above: float = -math.inf) -> Checker:
    """Accept a number from `lowest` to `highest`, both included, that is greater than `above`."""

    def check(place: str, value: object) -> Iterator[Fault]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield Fault(place, f"must be a number, not {name_of(value)}")
        elif not lowest <= value <= highest:
            yield Fault(place, f"must be a number{_range(lowest, highest)}")
        elif not value > above:
            yield Fault(place, f"must be greater than {above:g}")

    return check


def integer(lowest: float = -math.inf, highest: float = math.inf) -> Checker:
    """Accept a whole number from `lowest` to `highest`; 3.0 is one, as in JSON Schema."""

    def check(place: str, value: object) -> Iterator[Fault]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield Fault(place, f"must be a whole number, not {name_of(value)}")
        elif (isinstance(value, float) and not value.is_integer()) or not lowest <= value <= highest:
            yield Fault(place, f"must be a whole number{_range(lowest, highest)}")

    return check


def date_time(place: str, value: object) -> Iterator[Fault]:
    """Accept an RFC 3339 date-time with its offset."""
    try:
        from_wire(value if isinstance(value, str) else "")
    except ValueError:
        yield Fault(place, "must be a date-time with an offset, such as 2026-01-20T18:00:00Z")


def uri(place: str, value: object) -> Iterator[Fault]:
    """Accept an absolute URI."""
    if not isinstance(value, str) or not _URI.fullmatch(value):
        yield Fault(place, "must be a URI, such as https://example.com/guide")


def anything(place: str, value: object) -> Iterator[Fault]:  # noqa: ARG001 - it has the shape of every checker
    """Accept every JSON value."""
    return iter(())


def array(item: Checker, fewest: int = 0, most: int | None = None) -> Checker:
    """Accept an array of `fewest` to `most` items that `item` accepts."""

    def check(place: str, value: object) -> Iterator[Fault]:
        if not isinstance(value, list):
            yield Fault(place, f"must be an array, not {name_of(value)}")
            return
        items = cast("list[object]", value)
        if len(items) < fewest:
            yield Fault(place, f"needs at least {fewest} item{'s' if fewest > 1 else ''}")
        if most is not None and len(items) > most:
            yield Fault(place, f"may have at most {most} items, this has {len(items)}")
            return
        for index, each in enumerate(items):
            yield from item(f"{place}[{index}]", each)

    return check


def json_object(place: str, value: object) -> Iterator[Fault]:
    """Accept a JSON object, whatever its members."""
    if not isinstance(value, dict):
        yield Fault(place, f"must be an object, not {name_of(value)}")


def record(members: Mapping[str, Member], *, fewest: int = 0, closed: bool = True) -> Checker:
    """Accept an object with these members, at least `fewest` of them, and no others unless it is not `closed`."""

    def check(place: str, value: object) -> Iterator[Fault]:
        given = cast("dict[str, object]", value)
        yield from _known(members, place, given)
        if closed:
            yield from _unknown(members, place, given)
        if len(given) < fewest:
            yield Fault(place, f"give at least one of {', '.join(members)}")

    return every(json_object, check)


def every(*checks: Checker) -> Checker:
    """Accept what all checkers accept; a later one runs only if those before it found nothing."""

    def check(place: str, value: object) -> Iterator[Fault]:
        for each in checks:
            faults = list(islice(each(place, value), MOST_FAULTS))
            if faults:
                yield from faults
                return

    return check


def unique(key: str) -> Checker:
    """Accept an array of objects that all differ in their member `key`."""

    def check(place: str, value: object) -> Iterator[Fault]:
        seen: set[Any] = set()
        for index, each in enumerate(cast("list[dict[str, Any]]", value)):
            if each[key] in seen:
                yield Fault(f"{place}[{index}].{key}", f"repeats {str(each[key])[:64]!r}; each must be used once")
            seen.add(each[key])

    return check


def same(one: object, other: object) -> bool:
    """Compare two values as JSON does, where true is not 1, inside of arrays and objects, too."""
    if isinstance(one, list) and isinstance(other, list):
        items, others = cast("list[object]", one), cast("list[object]", other)
        return len(items) == len(others) and all(map(same, items, others))
    if isinstance(one, dict) and isinstance(other, dict):
        members, them = cast("dict[str, object]", one), cast("dict[str, object]", other)
        return members.keys() == them.keys() and all(same(members[name], them[name]) for name in members)
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def name_of(value: object) -> str:
    """Return what JSON calls the type of a value."""
    return next((name for kind, name in _NAMES if isinstance(value, kind)), "null")


_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "a boolean"),
    (int, "a number"),
    (float, "a number"),
    (str, "a string"),
    (list, "an array"),
    (dict, "an object"),
)


def _known(members: Mapping[str, Member], place: str, given: Mapping[str, object]) -> Iterator[Fault]:
    for name, member in members.items():
        if name in given:
            yield from member.check(_inside(place, name), given[name])
        elif member.required:
            yield Fault(_inside(place, name), "is required")


def _unknown(members: Mapping[str, Member], place: str, given: Mapping[str, object]) -> Iterator[Fault]:
    for name in given:
        if name not in members:
            yield Fault(_inside(place, name[:64]), f"is unknown here; known are {', '.join(members)}")


def _inside(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _range(lowest: float, highest: float) -> str:
    if math.isinf(lowest) and math.isinf(highest):
        return ""
    if math.isinf(highest):
        return f" of at least {lowest:g}"
    return f" from {lowest:g} to {highest:g}"
