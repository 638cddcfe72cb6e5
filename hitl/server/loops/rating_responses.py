"""Answers by a number: `rating` and `number`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, cast

from hitl.server.loops.response_type import Config, ResponseType, unwrap
from hitl.server.primitives import Checker, Fault
from hitl.server.primitives.validation import boolean, every, integer, json_object, number, optional, record, text

# The pages and the clients disagree about what the bounds are called; the first name is the one of openapi.yaml.
_MOST_RATING: Final = ("scale_max", "max_value", "max")
_LEAST_RATING: Final = ("scale_min", "min_value", "min")
_STEP: Final = ("scale_step", "step")
_MOST_NUMBER: Final = ("max_value", "max")
_LEAST_NUMBER: Final = ("min_value", "min")

_LARGEST: Final = 1e15  # beyond it, a number of JSON is no longer exact in every client
_DECIMAL_PLACES: Final = 2  # unless the config says otherwise

_BOUND = optional(number(-_LARGEST, _LARGEST))
_BOUNDS = dict.fromkeys((*_MOST_RATING, *_LEAST_RATING), _BOUND)


def _given(config: Config, names: tuple[str, ...], otherwise: float) -> float:
    return next((config[name] for name in names if name in config), otherwise)


def _has_range(highest: tuple[str, ...], bounds: Callable[[Config], tuple[float, float]]) -> Checker:
    """Accept a config that has one of the `highest`, with a number between the bounds that it sets."""

    def check(place: str, value: object) -> Iterator[Fault]:
        config = cast("Config", value)
        name = next((name for name in highest if name in config), None)
        if name is None:
            yield Fault(f"{place}.{highest[0]}", "is required")
        elif bounds(config)[0] > config[name]:
            yield Fault(f"{place}.{name}", f"must be at least {bounds(config)[0]:g}, the least that is possible")

    return check


def _words(place: str, value: object) -> Iterator[Fault]:
    """Accept the words of a rating's steps, as `{"1": "Poor", "5": "Excellent"}`."""
    for step, word in cast("dict[str, object]", value).items():
        yield from text()(f"{place}.{step[:64]}", word)


def _scale(config: Config) -> tuple[float, float]:
    return _given(config, _LEAST_RATING, 1), _given(config, _MOST_RATING, _LARGEST)


def _on_scale(config: Config) -> Checker:
    least, most = _scale(config)
    step = _given(config, _STEP, 1)

    def on_a_step(place: str, value: object) -> Iterator[Fault]:
        # As the digits say: 0.3 is three steps of 0.1, which it is not in binary.
        if (Fraction(repr(value)) - Fraction(repr(least))) % Fraction(repr(step)):
            yield Fault(place, f"must be {least:g} or a number of steps of {step:g} above it")

    return every(number(least, most), on_a_step)


def _rated(config: Config, answer: float) -> Mapping[str, Any]:
    label = config.get("labels", {}).get(f"{answer:g}")
    return {"rating": answer} if label is None else {"rating": answer, "rating_label": label}


def _range(config: Config) -> tuple[float, float]:
    negative = bool(config.get("allow_negative"))
    least = _given(config, _LEAST_NUMBER, -_LARGEST if negative else 0)
    return least if negative else max(least, 0), _given(config, _MOST_NUMBER, _LARGEST)


def _in_range(config: Config) -> Checker:
    least, most = _range(config)
    places = int(config.get("decimal_places", _DECIMAL_PLACES))

    def short_enough(place: str, value: object) -> Iterator[Fault]:
        if -_exponent(cast("float", value)) > places:
            yield Fault(place, f"may have at most {places} decimal places" if places else "must be a whole number")

    return every(number(least, most), short_enough)


def _formatted(config: Config, answer: float) -> Mapping[str, Any]:
    places = config.get("decimal_places")
    digits = f"{_decimal(answer):f}" if places is None else f"{answer:.{int(places)}f}"
    return {"number": answer, "formatted_value": f"{config.get('prefix', '')}{digits}{config.get('suffix', '')}"}


def _decimal(value: float) -> Decimal:
    return Decimal(repr(value))


def _exponent(value: float) -> int:
    return cast("int", _decimal(value).normalize().as_tuple().exponent)


RATING: Final = ResponseType(
    config=every(
        record(
            {
                **_BOUNDS,
                **dict.fromkeys(_STEP, optional(number(above=0))),
                "labels": optional(every(json_object, _words)),
                "required": optional(boolean),
            },
            closed=False,
        ),
        _has_range(_MOST_RATING, _scale),
    ),
    answer=_on_scale,
    default=_on_scale,
    bare=unwrap("rating"),
    wrapped=_rated,
)
NUMBER: Final = ResponseType(
    config=every(
        record(
            {
                **_BOUNDS,
                "decimal_places": optional(integer(0, 10)),
                **dict.fromkeys(("allow_negative", "required"), optional(boolean)),
                **dict.fromkeys(("prefix", "suffix", "placeholder"), optional(text())),
            },
            closed=False,
        ),
        _has_range(_MOST_NUMBER, _range),
    ),
    answer=_in_range,
    default=_in_range,
    bare=unwrap("number"),
    wrapped=_formatted,
)
