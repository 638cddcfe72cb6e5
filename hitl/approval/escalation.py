"""What is done while nobody answers: the values that a gate is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from attrs import field, frozen

from hitl._api import arguments
from hitl._config import seconds
from hitl.exceptions import ConfigurationError
from hitl.models import Priority, Review

RANKS: Final = {"low": 0, "medium": 1, "normal": 1, "high": 2}


def _after(after: float | timedelta) -> float:
    return seconds("after", after)


def _people(to: Sequence[str]) -> tuple[str, ...]:
    return tuple(arguments.addresses("to", to))


@frozen
class Escalation:
    """Ask more people, or ask more urgently, when nobody has answered for a while.

    Attributes:
        after: Seconds since the question was asked, or a timedelta.
        to: E-mail addresses of the people who are asked besides those who are.
        priority: What the priority is raised to: "low", "medium", "high" or "normal"; it is never lowered.

    Raises:
        ConfigurationError: it names neither people nor a priority, or one of its values is wrong.
    """

    after: float = field(converter=_after)
    to: Sequence[str] = field(default=(), converter=_people)
    priority: Priority | None = None

    def __attrs_post_init__(self) -> None:
        if not self.to and self.priority is None:
            raise ConfigurationError("an escalation needs people to ask, as to=[…], or a priority=, or both")
        if self.priority is not None:
            arguments.one_of("priority", self.priority, RANKS)


@frozen
class Reminder:
    """Tell people again when nobody has answered for a while.

    Attributes:
        after: Seconds since the question was asked, or a timedelta.
        send: Called with the review, to tell people in a way of your own; it may be asynchronous in an asynchronous
            gate. What it raises ends the wait, not the question, and the next wait calls it again.

    Raises:
        ConfigurationError: one of its values is wrong.
    """

    after: float = field(converter=_after)
    send: Callable[[Review], Any]

    def __attrs_post_init__(self) -> None:
        if not callable(self.send):
            raise ConfigurationError(
                f"send must be a function of the review that reminds people; got {self.send!r:.80}"
            )
