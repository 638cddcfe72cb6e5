"""The form of a response type; `text_responses`, `choice_responses` and `rating_responses` define the seven."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from hitl.server.primitives import Checker, Fault

Config: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ResponseType:
    """One kind of answer: how it is asked for, checked and kept.

    An answer is *bare*, as `"approve"`, or *wrapped*, as `{"selected_value": "approve", "selected_label": "Approve"}`;
    the documentation shows both. Either is accepted; the wrapped form is kept.
    """

    config: Checker  # of `response_config`; unknown keys pass, as they do at the service: its clients send some
    answer: Callable[[Config], Checker]
    default: Callable[[Config], Checker]  # which need not fill in what a person must
    bare: Callable[[Any], Any]  # what it does not know stays as it is, for the check to refuse
    wrapped: Callable[[Config, Any], Any]
    kept: Callable[[Config], dict[str, Any]] = dict  # the stored form of a checked config


def unwrap(key: str) -> Callable[[Any], Any]:
    """Return what takes an answer out of an object that holds it under `key`."""

    def bare(given: Any) -> Any:
        members = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
        return members.get(key, given)

    return bare


def in_order(lower: str, upper: str) -> Checker:
    """Accept a config whose member `lower` is not greater than `upper`, if it has both."""

    def check(place: str, value: object) -> Iterator[Fault]:
        config = cast("Config", value)
        if lower in config and upper in config and config[lower] > config[upper]:
            yield Fault(f"{place}.{lower}", f"must not be greater than {upper}")

    return check
