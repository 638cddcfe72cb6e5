"""Answers by choosing: `single_select` and `multi_select`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias, cast

from hitl.server.loops.response_type import Config, ResponseType, in_order, unwrap
from hitl.server.primitives import Checker, Fault
from hitl.server.primitives.validation import array, boolean, every, integer, optional, record, sendable, text
from hitl.server.primitives.validation import required as needed

Option: TypeAlias = dict[str, Any]

_OPTION_OBJECT = record(
    {
        "value": needed(text(shortest=1, longest=100)),
        "label": needed(text(shortest=1, longest=200)),
        "description": optional(text()),
        "color": optional(text()),
    },
    closed=False,
)
_OPTION_TEXT = text(shortest=1, longest=100)  # it becomes the value, too


def option(given: str | Option) -> Option:
    """Return an option as an object; a string gets a value as the vendor makes it, such as `approve_with_warning`."""
    if isinstance(given, str):
        return {"value": re.sub(r"\s+", "_", given.strip().lower()) or given, "label": given}
    return given


def _an_option(place: str, value: object) -> Iterator[Fault]:
    check, inside = (_OPTION_TEXT, place) if isinstance(value, str) else (_OPTION_OBJECT, f"{place}.value")

    def can_be_chosen(_place: str, given: object) -> Iterator[Fault]:
        return sendable(inside, option(cast("str | Option", given))["value"])

    yield from every(check, can_be_chosen)(place, value)


def _all_different(place: str, value: object) -> Iterator[Fault]:
    values = [option(each)["value"] for each in cast("list[str | Option]", value)]
    for index, each in enumerate(values):
        if each in values[:index]:
            yield Fault(f"{place}[{index}]", f"has the value {each[:64]!r}, as one before it")


_OPTIONS = needed(every(array(_an_option, fewest=1, most=20), _all_different))
_COMMON = {"options": _OPTIONS, "required": optional(boolean), "allow_other": optional(boolean)}


def _kept(config: Config) -> dict[str, Any]:
    return {**config, "options": [option(each) for each in config["options"]]}


def _chosen(config: Config, given: str) -> Option | None:
    """Return the option with this value or else this label, or what else may be typed in."""
    options: list[Option] = [option(each) for each in config["options"]]
    for key in ("value", "label"):
        for each in options:
            if each[key] == given:
                return each
    return {"value": given, "label": given} if config.get("allow_other") and given.strip() else None


def _one(config: Config) -> Checker:
    def check(place: str, value: object) -> Iterator[Fault]:
        if not isinstance(value, str) or _chosen(config, value) is None:
            yield Fault(place, "must match one of the configured options")

    return check


def _enough(config: Config) -> Checker:
    fewest = max(int(config.get("min_selections", 0)), 1 if config.get("required") else 0)
    most = int(config.get("max_selections", len(config["options"]) + 1))
    return every(array(_one(config), fewest, most), _no_repeats(config))


def _no_repeats(config: Config) -> Checker:
    def check(place: str, value: object) -> Iterator[Fault]:
        values = [chosen["value"] for chosen in _all_chosen(config, cast("list[str]", value))]
        if len(set(values)) < len(values):
            yield Fault(place, "must not name an option twice")

    return check


def _all_chosen(config: Config, answer: list[str]) -> list[Option]:
    return [chosen for each in answer if (chosen := _chosen(config, each)) is not None]


def _several(given: Any) -> Any:
    """Take several choices out of their wrapping; a default answer may be a single text, as the documentation shows."""
    bare = unwrap("selected_values")(given)
    return [bare] if isinstance(bare, str) else bare


def _wrapped_one(config: Config, answer: str) -> Mapping[str, Any]:
    (chosen,) = _all_chosen(config, [answer])
    return {"selected_value": chosen["value"], "selected_label": chosen["label"]}


def _wrapped_several(config: Config, answer: list[str]) -> Mapping[str, Any]:
    chosen = _all_chosen(config, answer)
    values, labels = [each["value"] for each in chosen], [each["label"] for each in chosen]
    return {"selected_values": values, "selected_labels": labels}


SINGLE_SELECT: Final = ResponseType(
    config=record({**_COMMON, "randomize_order": optional(boolean)}, closed=False),
    answer=_one,
    default=_one,
    bare=unwrap("selected_value"),
    wrapped=_wrapped_one,
    kept=_kept,
)
MULTI_SELECT: Final = ResponseType(
    config=every(
        record(
            {**_COMMON, "min_selections": optional(integer(0)), "max_selections": optional(integer(1))}, closed=False
        ),
        in_order("min_selections", "max_selections"),
    ),
    answer=_enough,
    default=lambda config: every(array(_one(config)), _no_repeats(config)),
    bare=_several,
    wrapped=_wrapped_several,
    kept=_kept,
)
