"""Answers in words, and yes or no: `text`, `editable_text` and `boolean`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hitl.server.loops.response_type import Config, ResponseType, in_order, unwrap
from hitl.server.primitives import Checker, Fault
from hitl.server.primitives.validation import boolean, every, integer, optional, record, required, text

_LONGEST: Final = 1000
"""Characters of an answer whose config sets no limit; the guide's default."""

_LIMITS = {
    "max_length": optional(integer(1, 5000)),
    "min_length": optional(integer(0)),
    "placeholder": optional(text()),
    "required": optional(boolean),
    "guidelines": optional(text()),
}


def _filled(config: Config) -> Checker:
    """Return the check of a person's text, which may only be empty where it is not required."""

    def check(place: str, value: object) -> Iterator[Fault]:
        if value == "":
            if config.get("required"):
                yield Fault(place, "is required")
        else:
            yield from text(config.get("min_length", 0), config.get("max_length", _LONGEST))(place, value)

    return check


def _short_enough(config: Config) -> Checker:
    return text(longest=config.get("max_length", _LONGEST))


def _labelled(config: Config, answer: bool) -> Mapping[str, Any]:
    label = config.get("true_label", "True") if answer else config.get("false_label", "False")
    return {"boolean": answer, "boolean_label": label}


TEXT: Final = ResponseType(
    config=every(record(_LIMITS, closed=False), in_order("min_length", "max_length")),
    answer=_filled,
    default=_short_enough,
    bare=lambda given: given,  # a string is never wrapped
    wrapped=lambda _, answer: answer,
)
EDITABLE_TEXT: Final = ResponseType(
    config=every(
        record({**_LIMITS, "draft_text": required(text()), "max_length": required(integer(1, 5000))}, closed=False),
        in_order("min_length", "max_length"),
    ),
    answer=_filled,
    default=_short_enough,
    bare=unwrap("revised_text"),
    wrapped=lambda config, answer: {"revised_text": answer, "was_edited": answer != config["draft_text"]},
)
BOOLEAN: Final = ResponseType(
    config=record(
        {
            **dict.fromkeys(("true_label", "false_label"), optional(text(longest=100))),
            **dict.fromkeys(("true_color", "false_color"), optional(text())),
            **dict.fromkeys(("required", "default_value"), optional(boolean)),
        },
        closed=False,
    ),
    answer=lambda _: boolean,
    default=lambda _: boolean,
    bare=unwrap("boolean"),
    wrapped=_labelled,
)
