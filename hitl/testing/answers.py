"""Answers of a scripted reviewer, as values: `reject(feedback="Too long")`, `after("72h").approve()`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from hitl.exceptions import ContentError
from hitl.server.primitives.timestamps import Duration, duration

T = TypeVar("T")

Kind: TypeAlias = Literal["approve", "reject", "complete", "edit", "never"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a review.

    Attributes:
        kind: The method of `AnswerBuilder` that made it.
        fields: Values for fields of the template, as JSON values.
        delay: When it is given after the review is created, by the sandbox's clock.
    """

    kind: Kind
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])
    delay: timedelta = timedelta(0)

    def __str__(self) -> str:
        return self.kind if not self.delay else f"{self.kind} after {self.delay}"


class AnswerBuilder(Generic[T]):
    """The possible answers; each is made into an Answer and passed to a function."""

    def __init__(self, use: Callable[[Answer], T], delay: timedelta = timedelta(0)) -> None:
        self._use = use
        self._delay = delay

    def approve(self, **fields: Any) -> T:
        """Complete the review with these fields, and true in the boolean field that the template requires."""
        return self._answer("approve", fields)

    def reject(self, **fields: Any) -> T:
        """Reject the review with exactly these fields in the result."""
        return self._answer("reject", fields)

    def complete(self, result: Mapping[str, Any]) -> T:
        """Complete the review with exactly this result."""
        return self._answer("complete", result)

    def edit(self, **content: Any) -> T:
        """Approve the review with these values in place of the content's; the template must mark them as editable."""
        return self._answer("edit", content)

    def never(self) -> T:
        """Leave the review open on purpose."""
        return self._answer("never", {})

    def after(self, delay: Duration) -> AnswerBuilder[T]:
        """Return the same answers, given after a delay by the sandbox's clock: "2h", "3d", seconds."""
        return AnswerBuilder(self._use, self._delay + duration(delay))

    def _answer(self, kind: Kind, fields: Mapping[str, Any]) -> T:
        return self._use(Answer(kind, json_value(dict(fields)), self._delay))


def json_value(value: Any) -> Any:
    """Return a copy as JSON carries it, so that a test cannot give an answer that no reviewer could."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ContentError(f"the result has no JSON form: {error}", path="result") from error


def _identity(answer: Answer) -> Answer:
    return answer


_BUILDER = AnswerBuilder(_identity)

approve = _BUILDER.approve
reject = _BUILDER.reject
complete = _BUILDER.complete
edit = _BUILDER.edit
never = _BUILDER.never
after = _BUILDER.after
