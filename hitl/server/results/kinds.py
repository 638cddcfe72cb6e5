"""The check of an answer, for each type of field that asks for one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias, cast

from hitl.server.primitives import Fault
from hitl.server.primitives.validation import Checker, anything, array, boolean, every, integer, one_of, text
from hitl.server.results.dates import date_check
from hitl.server.results.fields import Field, validation, words
from hitl.server.results.files import file_check
from hitl.server.results.images import image_check
from hitl.server.results.texts import text_faults

DEFAULT_SCALE: Final = 5

# What browsers take for an address: https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_EMAIL = re.compile(rf"[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*")
_LONGEST_EMAIL = 254  # RFC 5321, section 4.5.3.1.3, without the brackets

_Maker: TypeAlias = Callable[[Field, datetime], Checker]


def answer_check(field: Field, now: datetime) -> Checker:
    """Return the check for an answer to the field, whatever its type; every text must meet the field's pattern."""
    make = _MAKERS.get(field["type"])
    return every(make(field, now) if make else anything, _own_rules(field))


def _own_rules(field: Field) -> Checker:
    def check(_place: str, value: object) -> Iterator[Fault]:
        if isinstance(value, str):
            yield from text_faults(field, value)

    return check


def _text(_field: Field, _now: datetime) -> Checker:
    return text()


def _email(field: Field, _now: datetime) -> Checker:
    def check(place: str, value: object) -> Iterator[Fault]:
        address = cast("str", value)
        if len(address) > _LONGEST_EMAIL or not _EMAIL.fullmatch(address):
            message = validation(field).get("custom_message")
            yield Fault(place, str(message or "must be an e-mail address, such as ann@example.com"))

    return every(text(), check)


def _boolean(_field: Field, _now: datetime) -> Checker:
    return boolean


def _select(field: Field, _now: datetime) -> Checker:
    return one_of(*_values(field))


def _choices(field: Field, _now: datetime) -> Checker:
    return every(array(one_of(*_values(field))), _each_once)


def _rating(field: Field, _now: datetime) -> Checker:
    return integer(1, field.get("scale", DEFAULT_SCALE))


def _datetime(field: Field, now: datetime) -> Checker:
    return every(text(), date_check(field.get("min_date"), now))


def _file(field: Field, _now: datetime) -> Checker:
    return file_check(field)


def _image(field: Field, _now: datetime) -> Checker:
    return image_check(words(field, "tools"))


def _values(field: Field) -> list[str]:
    options: Sequence[Field] = field.get("options") or ()
    return [option["value"] for option in options]


def _each_once(place: str, value: object) -> Iterator[Fault]:
    chosen = cast("list[str]", value)
    repeated = sorted({word for word in chosen if chosen.count(word) > 1})
    if repeated:
        yield Fault(place, f"names {', '.join(repeated)} more than once")


_MAKERS: Final[Mapping[str, _Maker]] = {
    "text": _text,
    "rich_text": _text,
    "boolean": _boolean,
    "checkbox_group": _choices,
    "select": _select,
    "multi_select": _choices,
    "file": _file,
    "image_review": _image,
    "rating": _rating,
    "datetime": _datetime,
    "email": _email,
}
