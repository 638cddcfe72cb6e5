"""The kinds of answers that a request to a loop may ask for, which users import from `hitl`.

Each checks what it is given before anything is sent, and fills in what the API wants besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final, TypeAlias

from attrs import field, frozen

from hitl._json import Object, as_list, as_text, number, plain, whole
from hitl.exceptions import ConfigurationError

LARGEST: Final = 10**15  # of a number; beyond it not every JSON reader is exact
MOST_OPTIONS: Final = 20
_LONGEST_VALUE, _LONGEST_LABEL = 100, 200  # characters of an option
LONGEST_TEXT: Final = 5000
_MOST_PLACES: Final = 10

Options: TypeAlias = Mapping[str, str] | Iterable[str]


@frozen
class ResponseType:
    """A kind of answer."""

    _name: ClassVar[str]
    _no_answer: ClassVar[Any] = None  # the default of those that have one: the answer of somebody who did nothing

    def question(self, default: Any = None) -> dict[str, Any]:
        """Return the members of the API that ask for it: `response_type`, `response_config` and `default_response`.

        Raises:
            ConfigurationError: if the default is no answer, or if there is none and the kind has none of its own.
        """
        value = self._no_answer if default is None else self._checked(default)
        if value is None:
            raise ConfigurationError(
                "default must be given: the answer that counts if nobody gives one in time, which the API demands"
            )
        return {"response_type": self._name, "response_config": self._config(), "default_response": value}

    def _config(self) -> Object:
        raise NotImplementedError

    def _checked(self, value: object) -> Any:
        raise NotImplementedError


def _options(given: Options) -> dict[str, str]:
    """Return what is chosen from, by value: the words that people see."""
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise ConfigurationError(f"options must be a list of texts, or a dict of labels by value; got {given!r:.80}")
    values: list[Any] = [*given]
    labels: list[Any] = [*given.values()] if isinstance(given, Mapping) else values
    texts = [(as_text(plain(value)), as_text(plain(label))) for value, label in zip(values, labels, strict=True)]
    options = {value: label for value, label in texts if value is not None and label is not None}
    if len(options) < len(texts):
        raise ConfigurationError("options must be different texts, none of them empty")
    if not 1 <= len(options) <= MOST_OPTIONS:
        raise ConfigurationError(f"a request has 1 to {MOST_OPTIONS} options; got {len(options)}")
    for value, label in options.items():
        if len(value) > _LONGEST_VALUE or len(label) > _LONGEST_LABEL:
            raise ConfigurationError(
                f"an option has at most {_LONGEST_VALUE} characters, its label {_LONGEST_LABEL}; got {label!r:.80}"
            )
    return options


@frozen
class SingleSelect(ResponseType):
    """Ask for one of several options, 1 to 20: texts, or a dict of labels by value. The answer is a value.

    Example:
        >>> SingleSelect(["yes", "no"]).options
        {'yes': 'yes', 'no': 'no'}
    """

    __module__ = "hitl"
    _name: ClassVar[str] = "single_select"

    options: dict[str, str] = field(converter=_options)

    def _config(self) -> Object:
        return {"options": _listed(self.options), "required": True}

    def _checked(self, value: object) -> str:
        return _one_of(self.options, value)


@frozen
class MultiSelect(ResponseType):
    """Ask for some of several options: at least `at_least` of them, and at most `at_most`. The answer is a list."""

    __module__ = "hitl"
    _name: ClassVar[str] = "multi_select"
    _no_answer: ClassVar[Any] = []

    options: dict[str, str] = field(converter=_options)
    at_least: int = field(default=0, kw_only=True)
    at_most: int | None = field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        most = len(self.options) if self.at_most is None else whole(self.at_most)
        least = whole(self.at_least)
        if least is None or most is None or not 0 <= least <= most <= len(self.options) or not most:
            raise ConfigurationError(
                f"at_least and at_most must be in order, from 0 to the {len(self.options)} options; got "
                f"{self.at_least!r:.40} and {self.at_most!r:.40}"
            )

    def _config(self) -> Object:
        most = len(self.options) if self.at_most is None else self.at_most
        bounds = {"min_selections": self.at_least, "max_selections": most}
        return {"options": _listed(self.options), **bounds, "required": self.at_least > 0}

    def _checked(self, value: object) -> list[str]:
        chosen = as_list(value)
        if chosen is None:
            raise ConfigurationError(f"default must be a list of options, such as []; got {value!r:.80}")
        found = [_one_of(self.options, each) for each in chosen]
        if len(set(found)) < len(found):
            raise ConfigurationError(f"default names an option twice: {value!r:.80}")
        return found


@frozen
class Rating(ResponseType):
    """Ask for a step on a scale from `lowest` to `highest`; `labels` are words for some of its steps."""

    __module__ = "hitl"
    _name: ClassVar[str] = "rating"

    lowest: float = 1
    highest: float = 5
    step: float = field(default=1, kw_only=True)
    labels: Mapping[float, str] | None = field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        _require_range("lowest", self.lowest, "highest", self.highest)
        if (number(self.step) or 0.0) <= 0:
            raise ConfigurationError(f"step must be a number above 0; got {self.step!r:.80}")

    def _config(self) -> Object:
        lowest, highest, step = map(_plain, (self.lowest, self.highest, self.step))
        scale = {"scale_min": lowest, "scale_max": highest, "scale_step": step, "required": True}
        return scale if self.labels is None else {**scale, "labels": {f"{at:g}": w for at, w in self.labels.items()}}

    def _checked(self, value: object) -> float:
        return _within(self.lowest, self.highest, value)


@frozen
class Number(ResponseType):
    """Ask for a number, with up to `decimal_places`: 0 to 10. Without bounds it may be any up to 10**15."""

    __module__ = "hitl"
    _name: ClassVar[str] = "number"

    at_least: float = -LARGEST
    at_most: float = LARGEST
    decimal_places: int = field(default=2, kw_only=True)
    prefix: str = field(default="", kw_only=True)
    suffix: str = field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        _require_range("at_least", self.at_least, "at_most", self.at_most)
        _require_whole("decimal_places", self.decimal_places, 0, _MOST_PLACES)

    def _config(self) -> Object:
        words = {name: word for name, word in (("prefix", self.prefix), ("suffix", self.suffix)) if word}
        least, most = _plain(self.at_least), _plain(self.at_most)
        bounds = {"min_value": least, "max_value": most, "allow_negative": least < 0}
        return {**bounds, "decimal_places": self.decimal_places, **words, "required": True}

    def _checked(self, value: object) -> float:
        return _within(self.at_least, self.at_most, value)


@frozen
class Text(ResponseType):
    """Ask for a text of up to `max_length` characters, 1 to 5000; `placeholder` is shown where it is written."""

    __module__ = "hitl"
    _name: ClassVar[str] = "text"
    _no_answer: ClassVar[Any] = ""

    max_length: int = 1000
    min_length: int = field(default=0, kw_only=True)
    placeholder: str = field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        _require_whole("max_length", self.max_length, 1, LONGEST_TEXT)
        _require_whole("min_length", self.min_length, 0, self.max_length)

    def _config(self) -> Object:
        hint = {"placeholder": self.placeholder} if self.placeholder else {}
        return {"max_length": self.max_length, "min_length": self.min_length, **hint, "required": True}

    def _checked(self, value: object) -> str:
        if not isinstance(value, str) or len(value) > self.max_length:
            raise ConfigurationError(
                f"default must be a text of at most {self.max_length} characters; got {value!r:.80}"
            )
        return value


@frozen
class Boolean(ResponseType):
    """Ask for yes or no; both labels may have up to 100 characters. The answer is True or False."""

    __module__ = "hitl"
    _name: ClassVar[str] = "boolean"
    _no_answer: ClassVar[Any] = False

    true_label: str = "Yes"
    false_label: str = "No"

    def __attrs_post_init__(self) -> None:
        for each in (self.true_label, self.false_label):
            if as_text(each) is None or len(each) > _LONGEST_VALUE:
                raise ConfigurationError(
                    f"a label must be a text of 1 to {_LONGEST_VALUE} characters; got {each!r:.80}"
                )

    def _config(self) -> Object:
        return {"true_label": self.true_label, "false_label": self.false_label, "required": True}

    def _checked(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise ConfigurationError(f"default must be True or False; got {value!r:.80}")
        return value


def _listed(options: Mapping[str, str]) -> list[Object]:
    # As objects: the service makes values of its own of options that are texts.
    return [{"value": value, "label": label} for value, label in options.items()]


def _one_of(options: Mapping[str, str], value: object) -> str:
    found = plain(value)
    if not isinstance(found, str) or found not in options:
        raise ConfigurationError(f"default must be one of the options {', '.join(options)}; got {value!r:.80}")
    return found


def _require_range(lower: str, least: object, upper: str, most: object) -> None:
    low, high = number(least), number(most)
    is_text = isinstance(least, str) or isinstance(most, str)
    if is_text or low is None or high is None or not -LARGEST <= low <= high <= LARGEST:
        raise ConfigurationError(
            f"{lower} and {upper} must be numbers in order, up to 10**15; got {least!r:.40} and {most!r:.40}"
        )


def _require_whole(name: str, value: object, least: int, most: int) -> None:
    found = whole(value)
    if found is None or not least <= found <= most:
        raise ConfigurationError(f"{name} must be a whole number from {least} to {most}; got {value!r:.80}")


def _within(least: float, most: float, value: object) -> float:
    found = number(value)
    if found is None or not least <= found <= most or isinstance(value, str):
        raise ConfigurationError(f"default must be a number from {least:g} to {most:g}; got {value!r:.80}")
    return _plain(value)


def _plain(value: Any) -> float:
    """Return any kind of number as one that JSON has: an int if it is whole."""
    found = whole(value)
    return float(value) if found is None else found
