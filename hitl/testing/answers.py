"""What a scripted reviewer says, as a value: `reject(feedback="Too long")`, `after("72h").approve()`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from hitl.server.primitives.durations import Duration, duration
from hitl.testing.json_values import plain

T = TypeVar("T")

Kind: TypeAlias = Literal["approve", "reject", "complete", "edit", "never"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer that has yet to be given.

    Attributes:
        kind: Which of the methods of `Verdicts` made it.
        fields: The values for fields of the template, as plain JSON.
        delay: How long after the question it is given, by the sandbox's clock.
    """

    kind: Kind
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])
    delay: timedelta = timedelta(0)

    def __str__(self) -> str:
        return self.kind if not self.delay else f"{self.kind} after {self.delay}"


class Verdicts(Generic[T]):
    """The answers there are; each is made into an Answer and handed on."""

    def __init__(self, hand_on: Callable[[Answer], T], delay: timedelta = timedelta(0)) -> None:
        self._hand_on = hand_on
        self._delay = delay

    def approve(self, **fields: Any) -> T:
        """Complete the review with these fields, and true in the boolean field that the template requires."""
        return self._say("approve", fields)

    def reject(self, **fields: Any) -> T:
        """Reject the review, with these fields in the result and no others."""
        return self._say("reject", fields)

    def complete(self, result: Mapping[str, Any]) -> T:
        """Complete the review with exactly this result."""
        return self._say("complete", result)

    def edit(self, **content: Any) -> T:
        """Approve the review with these values in place of the content's; the template must mark them as editable."""
        return self._say("edit", content)

    def never(self) -> T:
        """Leave the review unanswered, on purpose."""
        return self._say("never", {})

    def after(self, delay: Duration) -> Verdicts[T]:
        """Return the same answers, given so long after the question by the sandbox's clock: "2h", "3d", seconds."""
        return Verdicts(self._hand_on, self._delay + duration(delay))

    def _say(self, kind: Kind, fields: Mapping[str, Any]) -> T:
        return self._hand_on(Answer(kind, plain(fields), self._delay))


def _itself(answer: Answer) -> Answer:
    return answer


_SAID = Verdicts(_itself)

approve = _SAID.approve
reject = _SAID.reject
complete = _SAID.complete
edit = _SAID.edit
never = _SAID.never
after = _SAID.after
